//! A whole source as it is, for those who compare and do not judge: every value that parses, also what a row would be refused
//! for.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::ReadFault;
use super::notes::told;
use super::rows::{Rows, SourceRow};
use crate::schema::table::TooMuchText;
use crate::schema::{Notice, Schema, Table, WarningSummary};

/// A table that was looked at.
#[derive(Clone, Debug)]
pub struct Seen {
    /// Every row that is one; a value that does not parse is missing.
    pub table: Table,
    /// Which of the schema's columns the source has, in its order.
    pub has: Vec<bool>,
    /// What else it has, by name: the id, the target, what the schema does not know.
    pub others: BTreeSet<String>,
    /// Lines that are no rows.
    pub left_out: u64,
    /// Values that do not parse.
    pub unreadable: u64,
    /// What is worth telling of the table as a whole, each once.
    pub notices: Vec<String>,
    /// Numbers of text that would mean something else under the other decimal sign.
    pub warnings: WarningSummary,
}

pub(super) struct Looker {
    seen: Seen,
    full: Option<TooMuchText>,
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

    pub(super) fn finish(self) -> Result<Seen, ReadFault> {
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
