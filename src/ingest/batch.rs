//! A source in batches: bounded memory between whoever reads and whoever writes.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::collect::bad_rows;
use super::fault::{ReadFault, SinkFault};
use super::source::{Rows, SourceRow, World};
use crate::schema::column::Policy;
use crate::schema::fault::Fault;
use crate::schema::table::TooMuchText;
use crate::schema::{Row, Schema, Table};

/// Rows of one batch: enough to pay for a commit, few enough to forget.
pub const BATCH: usize = 1024;

/// Some rows of one file, page or query, in its order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The file, page or database, without credentials.
    pub source: Arc<str>,
    /// The good rows with their ids and, where they came along, targets.
    pub table: Table,
    /// Where each good row stood: its line (a header is line 1), else its number from 1.
    pub lines: Vec<u64>,
    /// The bad rows.
    pub bad: Vec<Bad>,
    /// How far the source has been read once this batch is stored: belongs into the same commit as its rows. None as long
    /// as nothing is finished.
    pub cursor: Option<String>,
}

/// A bad row: everything that is wrong with it.
#[derive(Clone, Debug)]
pub struct Bad {
    /// As in [`Batch::lines`].
    pub line: u64,
    /// Never empty.
    pub faults: Vec<Fault>,
}

/// A bad row as it is kept and shown: one record a row.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Quarantined {
    /// The file, page or database.
    pub source: String,
    /// As in [`Batch::lines`].
    pub line: u64,
    /// The first column to blame; none where the row as a whole is.
    pub column: Option<String>,
    /// Its value as it came.
    pub value: String,
    /// All that is wrong, and what to do.
    pub reason: String,
}

impl std::fmt::Display for Quarantined {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}, line {}: {}", self.source, self.line, self.reason)
    }
}

impl Batch {
    /// Rows read, good and bad.
    pub fn read(&self) -> usize {
        self.lines.len() + self.bad.len()
    }

    /// The bad rows as records.
    pub fn quarantined(&self) -> impl Iterator<Item = Quarantined> + '_ {
        self.bad.iter().map(|bad| {
            let mut entries = bad_rows(bad.line, &bad.faults);
            let first = entries.next();
            let (column, value, mut reason) = first
                .map(|f| (f.column, f.value, f.reason))
                .unwrap_or_default();
            entries.for_each(|more| reason = format!("{reason}; {}", more.reason));
            Quarantined {
                source: self.source.to_string(),
                line: bad.line,
                column,
                value,
                reason,
            }
        })
    }
}

/// What became of the good rows of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Rows that are new.
    pub stored: u64,
    /// Rows that were there already.
    pub repeated: u64,
}

/// Where batches go. It is called in order, and waits as long as it must: the source is read no faster.
pub trait Sink {
    /// Takes a batch; its bad rows are the sink's to keep, too.
    ///
    /// # Errors
    /// Ends the load.
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault>;
}

impl<F: FnMut(Batch) -> Result<Taken, SinkFault>> Sink for F {
    fn take(&mut self, batch: Batch) -> Result<Taken, SinkFault> {
        self(batch)
    }
}

/// What a load came to.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Tally {
    /// Rows read, good and bad.
    pub read: u64,
    /// Rows that are new.
    pub stored: u64,
    /// Rows that were there already.
    pub repeated: u64,
    /// Bad rows.
    pub quarantined: u64,
    /// Files that were passed over.
    pub skipped: u64,
    /// How far the source has been read; none if it does not tell.
    #[serde(skip)]
    pub cursor: Option<String>,
}

/// Gathers rows into batches.
pub(super) struct Batcher<'a> {
    schema: Arc<Schema>,
    world: &'a dyn World,
    sink: &'a mut dyn Sink,
    strict: bool,
    batch: Batch,
    tally: Tally,
    fault: Option<ReadFault>,
}

impl<'a> Batcher<'a> {
    pub(super) fn new(
        schema: &Arc<Schema>,
        strict: bool,
        world: &'a dyn World,
        sink: &'a mut dyn Sink,
    ) -> Batcher<'a> {
        Batcher {
            schema: schema.clone(),
            world,
            sink,
            strict,
            batch: empty("".into(), schema),
            tally: Tally::default(),
            fault: None,
        }
    }

    /// Hands the rest over. `outcome` is what the source said; a fault of our own came before it.
    pub(super) fn finish(mut self, outcome: Result<(), ReadFault>) -> Result<Tally, ReadFault> {
        if self.fault.is_none() {
            let moved = self.batch.cursor != self.tally.cursor;
            if self.batch.read() > 0 || moved {
                let _ = self.flush();
            }
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => outcome.map(|()| self.tally),
        }
    }

    fn fail(&mut self, fault: ReadFault) -> ControlFlow<()> {
        self.fault = Some(fault);
        ControlFlow::Break(())
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let next = Batch {
            cursor: self.batch.cursor.clone(),
            ..empty(self.batch.source.clone(), &self.schema)
        };
        let batch = std::mem::replace(&mut self.batch, next);
        self.tally.read += batch.read() as u64;
        self.tally.quarantined += batch.bad.len() as u64;
        self.tally.cursor.clone_from(&batch.cursor);
        match self.sink.take(batch) {
            Err(fault) => self.fail(ReadFault::Sink(fault)),
            Ok(taken) => {
                self.tally.stored += taken.stored;
                self.tally.repeated += taken.repeated;
                ControlFlow::Continue(())
            }
        }
    }

    fn keep(&mut self, line: u64, row: &Row) -> Result<(), TooMuchText> {
        self.batch.table.push(row)?;
        self.batch.lines.push(line);
        Ok(())
    }
}

impl Rows for Batcher<'_> {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        if self.batch.read() > 0 {
            self.flush()?;
        }
        self.batch.source = name.into();
        ControlFlow::Continue(())
    }

    fn row(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        let faults = match row {
            Ok(row) => {
                set_apart(&self.schema, row);
                if row.faults.is_empty() {
                    if let Err(full) = self.keep(line, row) {
                        return self.fail(full.into());
                    }
                    Vec::new()
                } else {
                    std::mem::take(&mut row.faults)
                }
            }
            Err(fault) => vec![fault],
        };
        if self.strict
            && let Some(bad) = bad_rows(line, &faults).next()
        {
            let name = self.batch.source.to_string();
            return self.fail(ReadFault::Strict { name, bad });
        }
        if !faults.is_empty() {
            self.batch.bad.push(Bad { line, faults });
        }
        if self.batch.read() < BATCH {
            return ControlFlow::Continue(());
        }
        if self.world.stopped() {
            return self.fail(ReadFault::Stopped);
        }
        self.flush()
    }

    fn reached(&mut self, cursor: String) {
        self.batch.cursor = Some(cursor);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.tally.skipped += 1;
        self.world.say(&format!("skipped {name}: {why}"));
    }
}

fn empty(source: Arc<str>, schema: &Arc<Schema>) -> Batch {
    Batch {
        source,
        table: Table::new(schema.clone()),
        lines: Vec::new(),
        bad: Vec::new(),
        cursor: None,
    }
}

/// Values that the spec wants set apart keep a row out of the store until somebody has looked at it.
fn set_apart(schema: &Schema, row: &mut Row) {
    let apart = row.warnings.iter().filter(|w| w.quarantine);
    let faults = apart.map(|warning| {
        let column = schema
            .columns()
            .iter()
            .find(|c| c.name == warning.column && c.policy == Policy::Quarantine);
        Fault {
            column: warning.column.clone(),
            problem: warning.problem,
            got: warning.value.clone(),
            allowed: column.map_or_else(String::new, |c| c.allowed()),
            remedy: "the spec sets such rows apart".into(),
        }
    });
    let faults: Vec<Fault> = faults.collect();
    row.faults.extend(faults);
}
