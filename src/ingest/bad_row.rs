//! Bad rows as they are shown: where, which value, why.

use crate::schema::fault::Fault;

/// A row that was left out.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// Line in the file (the header is line 1); for JSON lists and Parquet the number of the row, from 1.
    pub line: u64,
    /// Column, where one is to blame.
    pub column: Option<String>,
    /// The value as it came.
    pub value: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// The bad rows in a row's faults: one entry a fault.
pub fn bad_rows(line: u64, faults: &[Fault]) -> impl Iterator<Item = BadRow> + '_ {
    faults.iter().map(move |fault| BadRow {
        line,
        column: Some(fault.column.clone()).filter(|c| !c.is_empty()),
        value: fault.got.clone(),
        reason: fault.to_string(),
    })
}
