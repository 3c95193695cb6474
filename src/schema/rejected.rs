//! A row that does not fit the schema, as every source, the quarantine and every report describe it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::cell::{Cell, Span};
use super::fault::Fault;
use super::row::Row;

/// A row that does not fit the schema, with all its faults in one record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rejected {
    /// Where the row came from.
    pub source: String,
    /// Line in its source, where the header is line 1; none where the source has no lines.
    pub line: Option<u64>,
    /// The first column with an invalid value.
    pub column: String,
    /// The invalid value.
    pub value: String,
    /// What is wrong with the row, and what is allowed.
    pub reason: String,
    /// The row as it came, for a later retry; none where its bounds in the source are unknown. Reports leave it out: only the
    /// quarantine itself and a batch on its way there write it, beside the other members.
    #[serde(default, skip_serializing)]
    #[schemars(skip)]
    pub row: Option<String>,
}

impl Rejected {
    /// The record of a row with `faults`; none without faults. Column and value are those of the first fault, and the reason
    /// lists all. `row` writes the row as it came.
    pub fn of(
        faults: &[Fault],
        source: &str,
        line: Option<u64>,
        row: impl FnOnce() -> Option<String>,
    ) -> Option<Rejected> {
        let first = faults.first()?;
        let reasons: Vec<String> = faults.iter().map(ToString::to_string).collect();
        Some(Rejected {
            source: source.into(),
            line,
            column: first.column.clone(),
            value: first.got.clone(),
            reason: reasons.join("; "),
            row: row(),
        })
    }
}

impl std::fmt::Display for Rejected {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.source)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// The id and the faults of a row that is left out of a table, for an output with one line per row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The row's own id, if it has one.
    pub id: Option<String>,
    pub faults: Vec<Fault>,
}

impl LeftOut {
    /// Takes the faults out of a row.
    pub fn take(row: &mut Row) -> LeftOut {
        LeftOut {
            id: row.id_text(),
            faults: std::mem::take(&mut row.faults),
        }
    }

    /// Its line of the output: an id without a prediction.
    pub fn answer(&self, row: usize) -> Answer<'_> {
        let text = self.id.as_deref().unwrap_or_default();
        let id = self.id.as_ref().map(|_| Cell::Text(Span::of(text, text)));
        Answer {
            row,
            id: Some(id.unwrap_or_default()),
            text,
            said: None,
        }
    }
}
