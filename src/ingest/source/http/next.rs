//! Paging methods: the Link header, a cursor in the body, or a page number.

use std::fmt;
use std::str::FromStr;

use url::Url;

use super::answer::Answer;
use super::link;
use crate::ingest::error::FormatError;
use crate::ingest::field::{Field, FieldError};

/// The method by which the address of the next page is found.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
#[serde(try_from = "String")]
pub enum Next {
    /// `none`: there is only one page.
    None,
    /// `link`: the header `Link: <…>; rel="next"` (RFC 8288).
    Link,
    /// `cursor:FIELD:PARAM`: the value of FIELD in the body becomes the query parameter PARAM, until it is null, "" or absent.
    Cursor {
        /// The field of the body that holds the cursor.
        field: Field,
        /// The query parameter that receives the cursor.
        param: String,
    },
    /// `page:PARAM`: the query parameter PARAM is incremented, starting from the number in the address or else 1, until a
    /// page has no rows or does not exist.
    Page { param: String },
}

/// Text that does not say how the next page is found.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NextError {
    #[error(
        "`{0}` does not say how the next page is found; write link, none, cursor:FIELD:PARAM or page:PARAM, such as cursor:next:after or page:page"
    )]
    Unknown(String),
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl FromStr for Next {
    type Err = NextError;

    fn from_str(text: &str) -> Result<Next, NextError> {
        let parts: Vec<&str> = text.split(':').collect();
        match parts[..] {
            ["none"] => Ok(Next::None),
            ["link"] => Ok(Next::Link),
            ["page", param] if !param.is_empty() => Ok(Next::Page {
                param: param.into(),
            }),
            ["cursor", field, param] if !param.is_empty() => Ok(Next::Cursor {
                field: field.parse()?,
                param: param.into(),
            }),
            _ => Err(NextError::Unknown(text.to_owned())),
        }
    }
}

impl TryFrom<String> for Next {
    type Error = NextError;

    fn try_from(text: String) -> Result<Next, NextError> {
        text.parse()
    }
}

impl fmt::Display for Next {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Next::None => f.write_str("none"),
            Next::Link => f.write_str("link"),
            Next::Cursor { field, param } => write!(f, "cursor:{field}:{param}"),
            Next::Page { param } => write!(f, "page:{param}"),
        }
    }
}

impl Next {
    /// The address of the page after this one; `None` if it was the last page.
    pub(super) fn after(&self, url: &Url, answer: &Answer) -> Result<Option<Url>, FormatError> {
        match self {
            Next::None => Ok(None),
            Next::Link => {
                let target = answer.links.iter().find_map(|header| link::next(header));
                target.map(|target| linked(url, &target)).transpose()
            }
            Next::Cursor { field, param } => {
                let body = answer.body.as_deref();
                let value = body.map(|body| cursor(field, body)).transpose()?.flatten();
                Ok(value.map(|value| with(url, param, &value)))
            }
            Next::Page { param } => {
                let number = url.query_pairs().find(|(name, _)| name == param);
                let number = number.and_then(|(_, n)| n.parse::<u64>().ok()).unwrap_or(1);
                Ok(Some(with(url, param, &(number + 1).to_string())))
            }
        }
    }
}

/// The same address with a query parameter set.
fn with(url: &Url, param: &str, value: &str) -> Url {
    let others = url
        .query_pairs()
        .into_owned()
        .filter(|(name, _)| name != param);
    let others: Vec<_> = others.collect();
    let mut url = url.clone();
    url.query_pairs_mut()
        .clear()
        .extend_pairs(others)
        .append_pair(param, value);
    url
}

/// Resolves a link to the next page. It must lead to the same server, because the credentials are only for that server.
fn linked(url: &Url, target: &str) -> Result<Url, FormatError> {
    let next = url.join(target);
    let mut next =
        next.map_err(|e| format!("the address of the next page is not valid ({target}): {e}"))?;
    if next.origin() != url.origin() {
        return Err(format!(
            "the next page is at another server ({}), which is not followed",
            next.origin().ascii_serialization()
        )
        .into());
    }
    // A link without a user keeps the credentials of the current address. Setting them cannot fail for http and https.
    let _ = next.set_username(url.username());
    let _ = next.set_password(url.password());
    Ok(next)
}

fn cursor(field: &Field, body: &[u8]) -> Result<Option<String>, FormatError> {
    let Some(found) = field.pick(body)? else {
        return Ok(None);
    };
    match serde_json::from_str(found.get()) {
        Ok(serde_json::Value::Null | serde_json::Value::Bool(false)) => Ok(None),
        Ok(serde_json::Value::String(text)) => Ok(Some(text).filter(|t| !t.is_empty())),
        Ok(serde_json::Value::Number(number)) => Ok(Some(number.to_string())),
        _ => {
            Err(format!("the field `{field}` is not a cursor, which is a text or a number").into())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ways_are_read_as_they_are_written() {
        for text in ["link", "none", "cursor:meta.next:after", "page:p"] {
            assert_eq!(text.parse::<Next>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "links",
            "link:x",
            "page",
            "page:",
            "cursor:next",
            "cursor::x",
            "cursor:a:",
        ] {
            assert!(text.parse::<Next>().is_err(), "{text}");
        }
    }

    fn answer(link: &str, body: &str) -> Answer {
        Answer {
            links: vec![link.into()],
            body: Some(body.into()),
            ..Answer::default()
        }
    }

    #[test]
    fn each_way_leads_to_the_next_page() {
        let check =
            |way: &str, url: &str, link: &str, body: &str, expected: Result<Option<&str>, &str>| {
                let url = Url::parse(url).unwrap();
                let next = way
                    .parse::<Next>()
                    .unwrap()
                    .after(&url, &answer(link, body));
                let next = next.map(|n| n.map(|n| n.to_string()));
                let next = next.map_err(|error| error.to_string());
                match (next, expected) {
                    (Ok(next), Ok(expected)) => assert_eq!(next.as_deref(), expected),
                    (Err(said), Err(expected)) => assert!(said.contains(expected), "{said}"),
                    (next, _) => panic!("{way} {url}: {next:?}"),
                }
            };
        check(
            "page:p",
            "http://a/r?x=1",
            "",
            "",
            Ok(Some("http://a/r?x=1&p=2")),
        );
        check(
            "page:p",
            "http://a/r?p=0&x=1",
            "",
            "",
            Ok(Some("http://a/r?x=1&p=1")),
        );
        let after = "cursor:meta.next:after";
        check(
            after,
            "http://a/r?after=1",
            "",
            r#"{"meta": {"next": 7}}"#,
            Ok(Some("http://a/r?after=7")),
        );
        check(
            after,
            "http://a/r",
            "",
            r#"{"meta": {"next": "a&b"}}"#,
            Ok(Some("http://a/r?after=a%26b")),
        );
        for end in [
            r#"{"meta": {"next": null}}"#,
            r#"{"meta": {"next": ""}}"#,
            r#"{"meta": null}"#,
            "{}",
        ] {
            check(after, "http://a/r", "", end, Ok(None));
        }
        check(
            after,
            "http://a/r",
            "",
            r#"{"meta": {"next": [1]}}"#,
            Err("is not a cursor"),
        );
        check(
            "link",
            "http://u:s@a/r?p=1",
            "<?p=2>; rel=next",
            "",
            Ok(Some("http://u:s@a/r?p=2")),
        );
        check(
            "link",
            "http://a/r",
            "<http://b/r>; rel=next",
            "",
            Err("another server (http://b)"),
        );
        check(
            "link",
            "http://a/r",
            "<https://a/r>; rel=next",
            "",
            Err("another server (https://a)"),
        );
        check("link", "http://a/r", "", "", Ok(None));
    }
}
