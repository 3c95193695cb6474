//! The cursor of a web API: the last page that was read.

use serde::{Deserialize, Serialize};
use url::Url;

/// The last page that was read, with its ETag.
#[derive(Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// Path and query parameters of the page. Parameters that are in the configured address are left out: they may be
    /// secrets, and the cursor is persisted.
    pub at: Option<String>,
    /// The ETag of the page: if it is unchanged at the next pull, there are no new rows.
    pub etag: Option<String>,
}

impl Place {
    /// Parses a cursor; an unreadable cursor restarts from the first page.
    pub(super) fn read(cursor: Option<&str>) -> Place {
        let place = cursor.and_then(|text| serde_json::from_str(text).ok());
        place.unwrap_or_default()
    }

    pub(super) fn of(base: &Url, page: &Url, etag: Option<String>) -> Place {
        let known: Vec<_> = base.query_pairs().collect();
        let mut more = page
            .query_pairs()
            .filter(|pair| !known.contains(pair))
            .peekable();
        let at = (page != base).then(|| match more.peek() {
            None => page.path().to_owned(),
            Some(_) => {
                let mut query = url::form_urlencoded::Serializer::new(String::new());
                format!("{}?{}", page.path(), query.extend_pairs(more).finish())
            }
        });
        Place { at, etag }
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).expect("two texts are JSON")
    }
}

/// The address to resume at: the configured address with the path and parameters of the cursor.
pub(super) fn resume(base: &Url, at: &str) -> Url {
    let (path, query) = at.split_once('?').unwrap_or((at, ""));
    let mut url = base.clone();
    url.set_path(path);
    let kept: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    let own = base.query_pairs().into_owned();
    let own: Vec<_> = own
        .filter(|(name, _)| kept.iter().all(|(n, _)| n != name))
        .collect();
    let all: Vec<_> = own.into_iter().chain(kept).collect();
    url.set_query(None);
    if !all.is_empty() {
        url.query_pairs_mut().extend_pairs(all);
    }
    url
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_leads_back_and_holds_no_secret() {
        let check = |base: &str, page: &str, at: Option<&str>| {
            let (base, page) = (Url::parse(base).unwrap(), Url::parse(page).unwrap());
            let place = Place::of(&base, &page, None);
            assert_eq!(place.at.as_deref(), at);
            let there = at.map_or_else(|| base.clone(), |at| resume(&base, at));
            let pairs = |url: &Url| {
                let mut pairs: Vec<_> = url.query_pairs().into_owned().collect();
                pairs.sort();
                (url.path().to_owned(), pairs)
            };
            assert_eq!(pairs(&there), pairs(&page));
            assert_eq!(Place::read(Some(&place.write())), place);
        };
        check("http://a/rows", "http://a/rows", None);
        check("http://a/rows?key=s", "http://a/rows?key=s", None);
        check(
            "http://a/rows?key=s",
            "http://a/rows?key=s&after=5",
            Some("/rows?after=5"),
        );
        check(
            "http://a/rows?page=1&key=s",
            "http://a/rows?key=s&page=7",
            Some("/rows?page=7"),
        );
        check("http://a/rows", "http://a/more/2", Some("/more/2"));
        check("http://a/r", "http://a/r?q=a%26b+c", Some("/r?q=a%26b+c"));
        assert_eq!(Place::read(Some("nonsense")), Place::default());
    }
}
