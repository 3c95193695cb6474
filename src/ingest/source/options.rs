//! What can be said about a source beside its name.

use std::time::Duration;

use super::http::next::Next;
use crate::ingest::error::ReadFault;
use crate::ingest::field::Field;
use crate::schema::Dialect;

/// What can be said about a source beside its name.
#[derive(Clone, Debug)]
pub struct Options {
    /// JSON: the field that holds the list of rows, `data.rows` or `/data/rows`.
    pub items: Option<String>,
    /// How text is written.
    pub format: Dialect,
    /// Web APIs: how the next page is found; by its `Link` header where this is not said.
    pub next: Option<Next>,
    /// Databases: the query; `:cursor` in it is where the last pull ended.
    pub query: Option<String>,
    /// Databases: the table, where there is no query.
    pub table: Option<String>,
    /// Databases: the column that says how far a pull came.
    pub cursor: Option<String>,
    /// Longest wait for one answer.
    pub timeout: Duration,
    /// How often a request is tried again.
    pub retries: u32,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            items: None,
            format: Dialect::default(),
            next: None,
            query: None,
            table: None,
            cursor: None,
            timeout: Duration::from_secs(30),
            retries: 5,
        }
    }
}

impl Options {
    /// The field of `items`.
    pub(super) fn items(&self) -> Result<Option<Field>, ReadFault> {
        let field = self.items.as_deref().map(str::parse::<Field>);
        field
            .transpose()
            .map_err(|error| ReadFault::Usage(error.to_string()))
    }

    /// Refuses options that a kind of source does not have.
    pub(super) fn only(&self, kind: &str, known: &[&str]) -> Result<(), ReadFault> {
        let given = [
            ("items", self.items.is_some(), "JSON"),
            ("next", self.next.is_some(), "web APIs"),
            ("query", self.query.is_some(), "databases"),
            ("table", self.table.is_some(), "databases"),
            ("cursor", self.cursor.is_some(), "databases"),
        ];
        let stray = given
            .iter()
            .find(|(name, is, _)| *is && !known.contains(name));
        match stray {
            None => Ok(()),
            Some((name, _, home)) => Err(ReadFault::Usage(format!(
                "`{name}` is for {home}; {kind} does not have it, leave it out"
            ))),
        }
    }
}
