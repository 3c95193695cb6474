//! Groups the rows of a source into batches and passes them to a sink.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::batch::{BATCH, Batch, Sink, Tally};
use super::error::ReadError;
use super::identity::identity;
use super::notes::Notes;
use super::occurrences::Occurrences;
use super::rows::{Rows, SourceRow};
use super::source::World;
use crate::schema::row::Purpose;
use crate::schema::table::TooMuchTextError;
use crate::schema::{Notice, Rejected, Row, Schema};

/// Notice for a source with more different rows without an id than [`Occurrences`] counts exactly.
const REORDERED: &str = "it has more than 4 million different rows without an id: each counts, and the same file again adds \
                         none, but with its rows in another order some would count again; name a column that tells the rows \
                         apart as id in the spec";

/// Collects rows and passes a batch to the sink whenever one is full.
pub(super) struct Batcher<'a> {
    schema: Arc<Schema>,
    world: &'a dyn World,
    sink: &'a mut dyn Sink,
    strict: bool,
    batch: Batch,
    tally: Tally,
    fault: Option<ReadError>,
    notes: Notes,
    occurrences: Occurrences,
    /// The identity of the whole source; `None` if each of its parts is identified separately, as the files of a folder are.
    whole: Option<Arc<str>>,
}

impl<'a> Batcher<'a> {
    pub(super) fn new(
        schema: &Arc<Schema>,
        strict: bool,
        whole: Option<Arc<str>>,
        world: &'a dyn World,
        sink: &'a mut dyn Sink,
    ) -> Batcher<'a> {
        Batcher {
            schema: schema.clone(),
            world,
            sink,
            strict,
            batch: Batch::empty("".into(), "".into(), schema),
            tally: Tally::default(),
            fault: None,
            notes: Notes::new(schema, Purpose::Keep),
            occurrences: Occurrences::default(),
            whole,
        }
    }

    /// Passes the remaining rows to the sink. An error of the batcher or the sink takes precedence over `outcome`, the
    /// result of reading the source.
    pub(super) fn finish(mut self, outcome: Result<(), ReadError>) -> Result<Tally, ReadError> {
        if self.fault.is_none() {
            let moved = self.batch.cursor != self.tally.cursor;
            if self.batch.read() > 0 || moved {
                let _ = self.flush();
            }
        }
        match self.fault {
            Some(fault) => Err(fault),
            None => outcome.map(|()| {
                self.tally.warnings = self.notes.finish().to_list();
                self.tally
            }),
        }
    }

    fn fail(&mut self, fault: ReadError) -> ControlFlow<()> {
        self.fault = Some(fault);
        ControlFlow::Break(())
    }

    fn flush(&mut self) -> ControlFlow<()> {
        let next = Batch {
            cursor: self.batch.cursor.clone(),
            ..Batch::empty(
                self.batch.source.clone(),
                self.batch.origin.clone(),
                &self.schema,
            )
        };
        let batch = std::mem::replace(&mut self.batch, next);
        self.tally.read += batch.read() as u64;
        self.tally.bad += batch.bad.len() as u64;
        self.tally.cursor.clone_from(&batch.cursor);
        match self.sink.take(batch) {
            Err(fault) => self.fail(ReadError::Sink(fault)),
            Ok(taken) => {
                self.tally.count(taken);
                ControlFlow::Continue(())
            }
        }
    }

    fn keep(&mut self, line: u64, row: &Row) -> Result<(), TooMuchTextError> {
        self.batch.table.push(row)?;
        self.batch.lines.push(line);
        let was_full = self.occurrences.is_full();
        self.batch.occurrences.push(self.occurrences.before(row));
        if self.occurrences.is_full() && !was_full {
            self.notice(Notice::plain(REORDERED.to_owned()));
        }
        Ok(())
    }
}

impl Rows for Batcher<'_> {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        if self.batch.read() > 0 {
            self.flush()?;
        }
        self.batch.source = name.into();
        self.batch.origin = match &self.whole {
            Some(whole) => whole.clone(),
            None => {
                self.occurrences.clear();
                identity(name).into()
            }
        };
        ControlFlow::Continue(())
    }

    fn row(&mut self, SourceRow { line, mut row }: SourceRow<'_>) -> ControlFlow<()> {
        match &mut row {
            Ok(row) => {
                self.notes.row(row);
                row.set_apart(&self.schema);
            }
            Err(fault) => self.notes.faults(std::slice::from_ref(fault)),
        }
        let faults = match &row {
            Ok(row) => row.faults.as_slice(),
            Err(fault) => std::slice::from_ref(fault),
        };
        if self.strict
            && let Some(fault) = faults.first()
        {
            return self.fail(ReadError::Strict {
                name: self.batch.source.to_string(),
                line,
                fault: Box::new(fault.clone()),
            });
        }
        let as_it_came = || row.as_ref().ok()?.as_it_came(&self.schema);
        match Rejected::of(faults, &self.batch.source, Some(line), as_it_came) {
            Some(rejected) => self.batch.bad.push(rejected),
            None => {
                if let Ok(row) = row
                    && let Err(full) = self.keep(line, row)
                {
                    return self.fail(full.into());
                }
            }
        }
        if self.batch.read() < BATCH {
            return ControlFlow::Continue(());
        }
        if self.world.stopped() {
            return self.fail(ReadError::Stopped);
        }
        self.flush()
    }

    fn notice(&mut self, notice: Notice) {
        let known = self.notes.notices.len();
        self.notes.notice(notice);
        for text in &self.notes.notices[known..] {
            self.world.say(&format!("{}: {text}", self.batch.source));
        }
    }

    fn reached(&mut self, cursor: String) {
        self.batch.cursor = Some(cursor);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.tally.skipped += 1;
        self.world.say(&format!("skipped {name}: {why}"));
    }

    fn unreadable(&mut self, name: &str, fault: &ReadError) -> ControlFlow<()> {
        if self.strict || self.fault.is_some() {
            return ControlFlow::Break(());
        }
        self.skipped(name, &fault.why());
        ControlFlow::Continue(())
    }
}
