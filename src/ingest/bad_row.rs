//! Bad rows as reported to a user: the line, the value and the reason.

use crate::schema::fault::Fault;

/// One fault of a row that was excluded from a load.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct BadRow {
    /// The line in the file (a header is line 1); for JSON lists and Parquet the row number, from 1.
    pub line: u64,
    /// The column at fault; `None` if the fault concerns the whole row.
    pub column: Option<String>,
    /// The value as read from the source.
    pub value: String,
    /// What is wrong with the value and how to correct it.
    pub reason: String,
}

impl std::fmt::Display for BadRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {}: {}", self.line, self.reason)
    }
}

/// One [`BadRow`] for each fault of a row.
pub fn bad_rows(line: u64, faults: &[Fault]) -> impl Iterator<Item = BadRow> + '_ {
    faults.iter().map(move |fault| BadRow {
        line,
        column: Some(fault.column.clone()).filter(|c| !c.is_empty()),
        value: fault.got.clone(),
        reason: fault.to_string(),
    })
}
