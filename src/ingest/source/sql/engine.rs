//! The trait of a database engine: everything in which databases differ.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::query::Query;
use super::rows::Receiver;
use crate::ingest::source::retry::Failure;

/// Parameters of a query run.
pub(super) struct Ask<'a> {
    pub url: &'a str,
    pub query: &'a Query,
    pub cursor: Option<&'a str>,
    pub timeout: Duration,
}

pub(super) trait Engine: Debug + Sync {
    /// The URL schemes of the engine.
    fn schemes(&self) -> &'static [&'static str];

    /// Checks that an address is valid for the engine; the error is text.
    fn check(&self, url: &str) -> Result<(), String>;

    /// The name quoted as an identifier.
    fn quoted(&self, name: &str) -> String;

    /// Connects, runs the query and passes every row to `to`.
    fn run<'a>(
        &'a self,
        ask: &'a Ask<'a>,
        to: &'a mut Receiver<'_>,
    ) -> LocalBoxFuture<'a, Result<(), Failure>>;
}

impl Ask<'_> {
    /// The cursor as a query parameter, for databases that compare numbers and texts dynamically. Without a cursor it is the
    /// smallest integer, so that every row follows it.
    pub(super) fn bound(&self) -> Bound<'_> {
        match self.cursor {
            None => Bound::Whole(i64::MIN),
            Some(text) => text.parse().map_or(Bound::Text(text), Bound::Whole),
        }
    }
}

/// A cursor as a query parameter.
pub(super) enum Bound<'a> {
    Whole(i64),
    Text(&'a str),
}
