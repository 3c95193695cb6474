//! Labelled rows, and what they say without their label.

use crate::schema::{RowView, Schema, Table, json};

/// Labelled rows whose truth came after a moment, in the order of their events.
#[derive(Debug)]
pub struct Labelled {
    /// The rows, with their target as it is known now.
    pub table: Table,
    /// Rows that were labelled before that moment, and whose truth was corrected after it.
    pub corrected: Vec<Corrected>,
    /// The moment up to which the store was read, as the number of an event.
    pub through: u64,
    /// SHA-256 over the ids, in order: which rows these were.
    pub digest: String,
    /// Rows that this schema does not take any more.
    pub left_out: usize,
}

/// A row whose truth is another than it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corrected {
    /// What it says, as [`content`] has it.
    pub content: Vec<u8>,
    /// Whether its target has its positive value. Before, it had the other one.
    pub positive: bool,
}

/// What a row says, without its truth: rows of the same content are the same to whoever learns from them.
pub fn content(schema: &Schema, row: RowView<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    json::write::object(schema, row, &mut text);
    text
}
