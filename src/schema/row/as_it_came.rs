//! Writes a row with its original values, including those that were rejected.

use super::Row;
use crate::schema::cell::Cell;
use crate::schema::column::{Column, Schema};
use crate::schema::fault::{Fault, Problem};
use crate::schema::json::write;

/// Maximum length in bytes of a row that is stored for another attempt.
const LONGEST: usize = 64 << 10;

impl Row {
    /// The row as a JSON object of its original values, including the rejected ones. `None` if one of them was not
    /// preserved, or if the object would be longer than 64 KiB.
    pub fn as_it_came(&self, schema: &Schema) -> Option<String> {
        let mut members = Vec::new();
        if let (Some(column), Some(id)) = (schema.id(), self.id_text()) {
            members.push(write::id_member(column, &id));
        }
        if let Some(positive) = self.target {
            let target = schema.target();
            let label = serde_json::to_string(target.label(positive)).ok()?;
            members.push(write::member(&target.column, &label));
        }
        for (column, json) in self.refused.values() {
            members.push(write::member(column, json?));
        }
        let is_kept = |fault: &&Fault| {
            let admitted = |(column, cell): (&Column, &Cell)| {
                column.name == fault.column && !cell.is_missing()
            };
            fault.problem == Problem::Missing
                || self
                    .refused
                    .values()
                    .any(|(column, _)| column == fault.column)
                || schema.columns().iter().zip(&self.cells).any(admitted)
        };
        if !self.faults.iter().all(|fault| is_kept(&fault)) {
            return None;
        }
        let mut text = Vec::with_capacity(256);
        write::object(schema, self.view(), &mut text);
        let admitted = String::from_utf8(text).ok()?;
        let admitted = &admitted[1..admitted.len() - 1];
        if !admitted.is_empty() {
            members.push(admitted.to_owned());
        }
        let whole = format!("{{{}}}", members.join(","));
        (whole.len() <= LONGEST).then_some(whole)
    }
}
