//! What differs from one database to the next.

use std::fmt::Debug;
use std::time::Duration;

use futures_util::future::LocalBoxFuture;

use super::query::Query;
use super::rows::Receiver;
use crate::ingest::source::retry::Failure;

/// What is asked of a database.
pub(super) struct Ask<'a> {
    pub url: &'a str,
    pub query: &'a Query,
    pub cursor: Option<&'a str>,
    pub timeout: Duration,
}

pub(super) trait Engine: Debug + Sync {
    /// How its addresses begin.
    fn schemes(&self) -> &'static [&'static str];

    /// Whether an address can be one, in words if not.
    fn check(&self, url: &str) -> Result<(), String>;

    /// A name as an identifier.
    fn quoted(&self, name: &str) -> String;

    /// Connects, asks, hands over every row.
    fn run<'a>(
        &'a self,
        ask: &'a Ask<'a>,
        to: &'a mut Receiver<'_>,
    ) -> LocalBoxFuture<'a, Result<(), Failure>>;
}

impl Ask<'_> {
    /// The cursor as it is bound where a database compares numbers and texts by itself: below everything at first.
    pub(super) fn bound(&self) -> Bound<'_> {
        match self.cursor {
            None => Bound::Whole(i64::MIN),
            Some(text) => text.parse().map_or(Bound::Text(text), Bound::Whole),
        }
    }
}

/// A cursor to bind.
pub(super) enum Bound<'a> {
    Whole(i64),
    Text(&'a str),
}
