//! Collects statistics of every column over all rows of a source, before its schema is known.

use std::ops::ControlFlow;

use rustc_hash::FxHashMap;

use super::column::{Column, Seen};
use crate::ingest::rows::{Rows, SourceRow};
use crate::schema::row::raw::RawCell;
use crate::schema::{Notice, Row};

/// The collected statistics of a source.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub columns: Vec<Column>,
    by_name: FxHashMap<String, usize>,
    /// For each column of the current file, its index in `columns`.
    places: Vec<usize>,
    pub rows: u64,
    /// Lines that could not be parsed as rows, and the reason for the first of them.
    pub unreadable: u64,
    pub first_unreadable: Option<String>,
    /// Notices about the files as a whole.
    pub notices: Vec<String>,
}

impl Survey {
    fn column(&mut self, name: &str) -> usize {
        if let Some(place) = self.by_name.get(name) {
            return *place;
        }
        self.columns.push(Column::new(name));
        self.by_name.insert(name.to_owned(), self.columns.len() - 1);
        self.columns.len() - 1
    }

    /// Index in `columns` of a column of the current file.
    pub fn place(&self, at: usize) -> usize {
        self.places[at]
    }

    fn add(&mut self, row: &Row) {
        let Some(raw) = row.raw() else { return };
        for name in &raw.names()[self.places.len()..] {
            let place = self.column(name);
            self.places.push(place);
        }
        self.rows += 1;
        let text = row.raw_text();
        for (place, cell) in raw.cells() {
            let seen = match cell {
                RawCell::Number(v) if v.is_nan() => continue,
                RawCell::Number(v) => Seen::Number(*v),
                RawCell::Flag(v) => Seen::Flag(*v),
                RawCell::Text(span) => Seen::Text(span.get(text)),
                RawCell::Nested => Seen::Nested,
            };
            self.columns[self.places[*place]].add(seen);
        }
    }
}

impl Rows for Survey {
    fn begin(&mut self, _name: &str) -> ControlFlow<()> {
        self.places.clear();
        ControlFlow::Continue(())
    }

    fn notice(&mut self, notice: Notice) {
        if !self.notices.contains(&notice.text) {
            self.notices.push(notice.text);
        }
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.notice(Notice::skipped(name, why));
    }

    fn row(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        let fault = match row {
            Ok(row) if row.faults.is_empty() => {
                self.add(row);
                return ControlFlow::Continue(());
            }
            Ok(row) => row.faults[0].to_string(),
            Err(fault) => fault.to_string(),
        };
        self.unreadable += 1;
        self.first_unreadable
            .get_or_insert_with(|| format!("line {line}: {fault}"));
        ControlFlow::Continue(())
    }
}
