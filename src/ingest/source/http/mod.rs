//! The source kind for web APIs: reads rows page by page over HTTP(S).
//!
//! Each page is received completely before its first row is passed on, so that a broken response never yields part of its
//! rows. The size of a page ([`answer::LARGEST`]) and the number of pages are therefore bounded.

mod answer;
mod client;
mod link;
pub mod next;
mod page;
mod place;

use std::collections::HashSet;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use url::Url;

use super::address::masked;
use super::kind::{Kind, Pull};
use super::options::Options;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::rows::Rows;
use crate::schema::Dialect;
use client::Session;
use next::Next;
use place::Place;

/// Maximum number of pages of a source; if there are more, the paging is most likely endless.
const MOST_PAGES: usize = 100_000;

#[derive(Debug)]
struct Http {
    url: Url,
    name: String,
    items: Option<Field>,
    next: Next,
    dialect: Dialect,
    timeout: Duration,
    retries: u32,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadError>> {
    let scheme = text.split_once("://")?.0.to_ascii_lowercase();
    (scheme == "http" || scheme == "https").then(|| {
        let http = Http::new(text, options);
        http.map(|http| Arc::new(http) as _)
    })
}

impl Http {
    fn new(text: &str, options: &Options) -> Result<Http, ReadError> {
        options.only("a web API", &["items", "next"])?;
        let name = masked(text);
        let usage = |why: String| ReadError::Usage(why);
        Ok(Http {
            url: Url::parse(text).map_err(|e| usage(format!("{name} is not an address: {e}")))?,
            items: options.items()?,
            next: options.next.clone().unwrap_or(Next::Link),
            dialect: options.format.clone(),
            timeout: options.timeout,
            retries: options.retries,
            name,
        })
    }
}

impl Kind for Http {
    fn name(&self) -> &str {
        &self.name
    }

    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError> {
        let session = Session::open(&self.url, self.timeout, self.retries, pull.world)?;
        let Place { at, etag } = Place::read(pull.cursor);
        let mut walk = Walk {
            http: self,
            session,
            seen: HashSet::new(),
            before: Vec::new(),
        };
        let mut url = at.map_or_else(|| self.url.clone(), |at| place::resume(&self.url, &at));
        let mut tag = etag;
        for _ in 0..MOST_PAGES {
            match walk.page(&url, tag.take(), pull, to)? {
                Some(next) => url = next,
                None => return Ok(()),
            }
        }
        let why = format!("there are more than {MOST_PAGES} pages; is `next` right?");
        Err(ReadError::remote(&self.name, why))
    }
}

/// State of one traversal of the pages.
struct Walk<'a> {
    http: &'a Http,
    session: Session<'a>,
    seen: HashSet<Url>,
    before: Vec<u8>,
}

impl Walk<'_> {
    /// Reads one page. Returns the address of the next page, if there is one and the receiver wants more rows.
    fn page(
        &mut self,
        url: &Url,
        tag: Option<String>,
        pull: &Pull<'_>,
        to: &mut dyn Rows,
    ) -> Result<Option<Url>, ReadError> {
        let name = masked(url.as_str());
        let content = ReadError::content(&name);
        let numbered = matches!(self.http.next, Next::Page { .. });
        if !self.seen.insert(url.clone()) {
            return Err(content(
                "it was read before: the paging goes in circles".into(),
            ));
        }
        let Some(answer) =
            self.session
                .get(url, tag.as_deref(), numbered && self.seen.len() > 1)?
        else {
            return Ok(None); // past the last page
        };
        let mut rows = 0;
        if let Some(body) = answer.body.as_deref() {
            if to.begin(&name).is_break() {
                return Ok(None);
            }
            let reading = pull.reading(&self.http.dialect, self.http.items.as_ref());
            let read = page::rows(&answer, body, &reading, to);
            let ControlFlow::Continue(read) = read.map_err(&content)? else {
                return Ok(None);
            };
            rows = read;
            if numbered && rows == 0 {
                return Ok(None); // the page before was the last
            }
            if numbered && self.before == body {
                return Err(content(
                    "it is the same as the page before: is the parameter of `next` right?".into(),
                ));
            }
        }
        to.reached(Place::of(&self.http.url, url, answer.etag.clone()).write());
        let next = self.http.next.after(url, &answer).map_err(&content)?;
        self.before = answer.body.unwrap_or_default();
        if next.as_ref() != Some(url) {
            return Ok(next);
        }
        match self.http.next {
            // When there is nothing new, a polling API may return the same cursor that it received.
            Next::Cursor { .. } if rows == 0 => Ok(None),
            _ => Err(content(
                "it names itself as the next page, so that the pages have no end; is `next` right? `next: none` (--next \
                 none) reads this page alone"
                    .into(),
            )),
        }
    }
}
