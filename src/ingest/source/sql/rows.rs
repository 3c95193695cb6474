//! Converts the rows of a query and passes them to the receiver.

use std::time::Duration;

use futures_util::{Stream, StreamExt};

use super::cell::{self, Found};
use super::failure::failure;
use super::query::Query;
use super::trail::Trail;
use crate::ingest::rows::{Rows, SourceRow};
use crate::ingest::source::kind::Pull;
use crate::ingest::source::retry::Failure;
use crate::ingest::source::runtime::within;

use crate::schema::row::Purpose;
use crate::schema::text::Header;
use crate::schema::{Row, Slot};

/// Function that reads a cell of a database row.
pub(super) type ReadCell<R> = for<'r> fn(&'r R, usize) -> Result<Found<'r>, String>;

/// Receives the columns of a query, then its rows.
pub(super) struct Receiver<'a> {
    pull: &'a Pull<'a>,
    query: &'a Query,
    to: &'a mut dyn Rows,
    row: Row,
    /// For each column of the query: its slot in the schema; `None` if the column is ignored.
    slots: Vec<Option<Slot>>,
    /// Index of the cursor column in the query.
    cursor: Option<usize>,
    trail: Trail,
    count: u64,
    /// Whether the receiver ended the reading.
    ended: bool,
}

impl<'a> Receiver<'a> {
    pub(super) fn new(pull: &'a Pull<'a>, query: &'a Query, to: &'a mut dyn Rows) -> Receiver<'a> {
        Receiver {
            row: Row::new(pull.schema, pull.purpose),
            pull,
            query,
            to,
            slots: Vec::new(),
            cursor: None,
            trail: Trail::default(),
            count: 0,
            ended: false,
        }
    }

    /// Number of rows passed on so far.
    pub(super) fn count(&self) -> u64 {
        self.count
    }

    /// Whether a column of the query is used, as a cell or as the cursor.
    pub(super) fn wants(&self, i: usize) -> bool {
        self.cursor == Some(i) || self.slots.get(i).is_some_and(Option::is_some)
    }

    /// Maps the columns of the query to the schema by name.
    pub(super) fn columns(&mut self, names: &[&str]) -> Result<(), Failure> {
        let schema = self.pull.schema;
        let query = self.query;
        let is_cursor = |name: &str| query.cursor.as_deref() == Some(name);
        let infers = self.pull.purpose == Purpose::Infer;
        let known = |name: &str| infers || schema.slot(name).is_some();
        let kept = |name: &&str| known(name) || !(is_cursor(name) || query.whole_table);
        let resolved: Vec<&str> = names.iter().copied().filter(|n| kept(n)).collect();
        let header = Header::resolve(schema, resolved, self.pull.purpose);
        let header = header.map_err(|e| Failure::lasting(e.to_string()))?;
        header.tell(&mut self.row);
        self.slots = match infers {
            true => header.slots().iter().copied().map(Some).collect(),
            false => names.iter().map(|name| schema.slot(name)).collect(),
        };
        self.cursor = names.iter().position(|name| is_cursor(name));
        if let (Some(column), None) = (&query.cursor, self.cursor) {
            let has = names.join(", ");
            let why = format!("the cursor `{column}` is not among the columns of the query: {has}");
            return Err(Failure::lasting(why));
        }
        let stray: Vec<&str> = names
            .iter()
            .copied()
            .filter(|n| !known(n) && !is_cursor(n))
            .collect();
        if !stray.is_empty() {
            let note = format!(
                "columns that the spec does not have are left out: {}",
                stray.join(", ")
            );
            self.pull.world.say(&note);
        }
        Ok(())
    }

    /// Passes every row to the receiver.
    pub(super) async fn rows<R>(
        &mut self,
        mut rows: impl Stream<Item = Result<R, sqlx::Error>> + Unpin,
        timeout: Duration,
        read: ReadCell<R>,
    ) -> Result<(), Failure> {
        while let Some(row) = within(timeout, rows.next()).await? {
            let row = row.map_err(failure)?;
            if self.advance(&row, read)? {
                continue;
            }
            break;
        }
        Ok(())
    }

    /// Passes one row to the receiver; returns whether it wants more.
    fn advance<R>(&mut self, found: &R, read: ReadCell<R>) -> Result<bool, Failure> {
        let schema = self.pull.schema;
        if let Some(at) = self.cursor {
            let value = read(found, at).map_err(Failure::lasting)?;
            if let Some(passed) = self.trail.step(&value).map_err(Failure::lasting)? {
                self.to.reached(passed);
            }
        }
        self.row.clear();
        for (i, slot) in self.slots.iter().enumerate() {
            let Some(slot) = slot else { continue };
            match read(found, i) {
                Ok(value) => cell::put(schema, *slot, &value, &self.query.form, &mut self.row),
                Err(why) => self.row.faults.push(cell::unreadable(schema, *slot, why)),
            }
        }
        self.row.finish(schema);
        self.count += 1;
        let row = SourceRow {
            line: self.count,
            row: Ok(&mut self.row),
        };
        self.ended = self.to.row(row).is_break();
        Ok(!self.ended)
    }

    /// Reports the final cursor after the last row, unless the receiver ended the reading early.
    pub(super) fn finish(self) {
        let before = self.pull.cursor.map(str::to_owned);
        if let Some(reached) = self.trail.current.or(before).filter(|_| !self.ended) {
            self.to.reached(reached);
        }
    }
}
