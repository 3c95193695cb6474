//! Labelled rows, and the content of a row without its label.

use crate::schema::{RowView, Schema, Table, json};

/// Labelled rows whose label arrived after a given event, in the order of their events.
#[derive(Debug)]
pub struct Labelled {
    /// The rows with their current label as the target.
    pub table: Table,
    /// Rows that were labelled before that event and whose label was corrected after it.
    pub corrected: Vec<Corrected>,
    /// Number of the last event that was read.
    pub through: u64,
    /// SHA-256 over the ids, in order, which identifies the rows.
    pub digest: String,
    /// Rows that the current schema does not accept any more.
    pub left_out: usize,
}

/// A row whose label was corrected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// Content of the row, as [`content`] returns it.
    pub content: Vec<u8>,
    /// Whether the corrected label is the positive value. The old label was the other value.
    pub positive: bool,
}

/// The content of a row without its label; training treats rows of equal content as the same.
pub fn content(schema: &Schema, row: RowView<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    json::write::object(schema, row, &mut text);
    text
}
