//! Options of a source beside its address.

use std::time::Duration;

use super::http::next::Next;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::schema::Dialect;

/// Options of a source, in addition to its address.
#[derive(Clone, Debug)]
pub struct Options {
    /// JSON: the field that holds the list of rows, `data.rows` or `/data/rows`.
    pub items: Option<String>,
    /// The dialect of text: delimiter, encoding and number form.
    pub format: Dialect,
    /// Web APIs: how the next page is found; by the `Link` header if not set.
    pub next: Option<Next>,
    /// Databases: the query; `:cursor` in it stands for the cursor of the last pull.
    pub query: Option<String>,
    /// Databases: the table to read, if there is no query.
    pub table: Option<String>,
    /// Databases: the column whose values are the cursor.
    pub cursor: Option<String>,
    /// Maximum wait for a response.
    pub timeout: Duration,
    /// Maximum number of retries of a request.
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
    /// The parsed `items` option.
    pub(super) fn items(&self) -> Result<Option<Field>, ReadError> {
        let field = self.items.as_deref().map(str::parse::<Field>);
        field
            .transpose()
            .map_err(|error| ReadError::Usage(error.to_string()))
    }

    /// Rejects options that do not apply to a kind of source.
    pub(super) fn only(&self, kind: &str, known: &[&str]) -> Result<(), ReadError> {
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
            Some((name, _, home)) => Err(ReadError::Usage(format!(
                "`{name}` is for {home}; {kind} does not have it, leave it out"
            ))),
        }
    }
}
