//! Loads a source for comparison without validation: every value that parses is used, including values for which a row
//! would otherwise be rejected.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::ReadError;
use super::notes::told;
use super::rows::{Rows, SourceRow};
use crate::schema::table::TooMuchTextError;
use crate::schema::{Notice, Schema, Table, WarningSummary};

/// A table loaded for comparison.
#[derive(Clone, Debug)]
pub struct Seen {
    /// All rows that could be parsed; a value that does not parse is missing.
    pub table: Table,
    /// For each column of the schema, in its order: whether the source has it.
    pub has: Vec<bool>,
    /// Names of the other columns of the source: the id, the target and columns that are not in the schema.
    pub others: BTreeSet<String>,
    /// Lines that could not be parsed as rows.
    pub left_out: u64,
    /// Values that could not be parsed.
    pub unreadable: u64,
    /// Notices about the table as a whole, without duplicates.
    pub notices: Vec<String>,
    /// Warnings by column, such as numbers in text that would mean something else with the other decimal separator.
    pub warnings: WarningSummary,
}

pub(super) struct Looker {
    seen: Seen,
    full: Option<TooMuchTextError>,
}

impl Looker {
    pub(super) fn new(schema: &Arc<Schema>) -> Looker {
        Looker {
            seen: Seen {
                table: Table::new(schema.clone()),
                has: vec![false; schema.columns().len()],
                others: BTreeSet::new(),
                left_out: 0,
                unreadable: 0,
                notices: Vec::new(),
                warnings: WarningSummary::default(),
            },
            full: None,
        }
    }

    pub(super) fn finish(self) -> Result<Seen, ReadError> {
        match self.full {
            Some(full) => Err(full.into()),
            None => Ok(self.seen),
        }
    }
}

impl Rows for Looker {
    fn begin(&mut self, _name: &str) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn notice(&mut self, notice: Notice) {
        told(notice, &mut self.seen.notices, &mut self.seen.warnings);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.notice(Notice::skipped(name, why));
    }

    fn row(&mut self, SourceRow { row, .. }: SourceRow<'_>) -> ControlFlow<()> {
        let Ok(row) = row else {
            self.seen.left_out += 1;
            return ControlFlow::Continue(());
        };
        if let Some(met) = row.met() {
            for (has, met) in self.seen.has.iter_mut().zip(&met.columns) {
                *has |= met;
            }
            for name in &met.others {
                if !self.seen.others.contains(name) {
                    self.seen.others.insert(name.clone());
                }
            }
        }
        if row.is_no_row() {
            self.seen.left_out += 1;
            return ControlFlow::Continue(());
        }
        self.seen.unreadable += row.unreadable();
        self.full = self.seen.table.push(row).err();
        match self.full {
            Some(_) => ControlFlow::Break(()),
            None => ControlFlow::Continue(()),
        }
    }
}
