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

/// What went wrong, and whether another try may help.
pub(super) fn failure(error: sqlx::Error) -> Failure {
    // Postgres: starting up, too many connections. MySQL: too many connections.
    const BUSY: &[&str] = &["57P03", "53300", "08004"];
    match &error {
        sqlx::Error::Io(why) => Failure::passing(format!("no connection: {why}")),
        sqlx::Error::Database(why) => {
            let busy = why.code().is_some_and(|code| BUSY.contains(&&*code));
            match busy {
                true => Failure::passing(why.message()),
                false => Failure::lasting(why.message()),
            }
        }
        other => Failure::lasting(other.to_string()),
    }
}
