//! Export of events from the store, filtered, as lines of JSON or as a Parquet table with typed columns.

pub mod table;

use std::io::Write;

use jiff::Timestamp;

use crate::ingest::WriteError;
use crate::store::event::{Line, LineError, Record};
use crate::store::kind::Kind;
use crate::store::{File, Store, StoreError, maintenance};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only events of this kind.
    pub kind: Option<Kind>,
    /// Only events at or after this time.
    pub since: Option<Timestamp>,
    /// Only events before this time.
    pub until: Option<Timestamp>,
    /// Only events up to this number, so that two reads with the same number return the same events.
    pub last: Option<u64>,
}

impl Filter {
    /// Whether the event passes the filter.
    pub fn wants(&self, event: &Record<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == event.kind())
            && self.since.is_none_or(|since| since <= event.time)
            && self.until.is_none_or(|until| event.time < until)
            && self.last.is_none_or(|last| event.seq <= last)
    }
}

/// Why an export failed.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store failed during the read.
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("the export cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// The table cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// Another source of events failed.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// A line is not a valid event.
    #[error("line {line} of the export is not an event: {why}")]
    Line {
        /// Line number within the export, or within the page that it was read from, from 1.
        line: u64,
        why: LineError,
    },
}

/// Callback for each event.
pub type Each<'a> = &'a mut dyn FnMut(&Record<'_>) -> Result<(), ExportError>;

/// A source of events in ascending order of their numbers.
pub trait Events {
    /// Calls `each` for every event that passes the filter, until a call fails.
    ///
    /// # Errors
    /// If the events cannot be read, or the error of `each`.
    fn each(&self, filter: &Filter, each: Each<'_>) -> Result<(), ExportError>;

    /// Writes every event that passes the filter as a line of JSON; returns their number.
    fn lines(&self, filter: &Filter, to: &mut dyn Write) -> Result<u64, ExportError> {
        let mut count = 0;
        self.each(filter, &mut |event| {
            count += 1;
            Ok(writeln!(to, "{}", event.line())?)
        })?;
        to.flush()?;
        Ok(count)
    }
}

/// A store file that is open exclusively in this process.
impl Events for File {
    fn each(&self, filter: &Filter, each: Each<'_>) -> Result<(), ExportError> {
        let mut done = Ok(());
        maintenance::events(self, |event| {
            if filter.wants(event) {
                done = each(event);
            }
            done.is_ok()
        })?;
        done
    }
}

/// Maximum events per read transaction of a running store, which must not stay open while a slow client is served.
const PAGE: usize = 2048;

/// Maximum bytes of one page, approximately.
const PAGE_BYTES: usize = 1 << 20;

/// The store of a running server, read page by page.
impl Events for Store {
    fn each(&self, filter: &Filter, each: Each<'_>) -> Result<(), ExportError> {
        let last = filter.last.map_or_else(|| self.last(), Ok)?;
        let filter = Filter {
            last: Some(last),
            ..*filter
        };
        let mut after = 0;
        while after < last {
            let page = page(self, &filter, after)?;
            for (number, line) in (1..).zip(&page.lines) {
                each_line(line, number, each)?;
            }
            after = page.after;
        }
        Ok(())
    }
}

/// A page of events: at most 2,048, and about 1 MiB of lines.
#[derive(Debug)]
pub struct Page {
    /// The events, one JSON line each.
    pub lines: Vec<String>,
    /// Event number after which the next page begins.
    pub after: u64,
}

/// Reads the page of events after number `after`. With `last` set in the filter, `Page::after` reaches that number at the end.
pub fn page(store: &Store, filter: &Filter, after: u64) -> Result<Page, StoreError> {
    let last = filter.last.unwrap_or(u64::MAX);
    let (mut lines, mut bytes, mut seen) = (Vec::new(), 0, after);
    let mut full = false;
    store.after(after, |event| {
        full = lines.len() == PAGE || bytes >= PAGE_BYTES;
        if full || event.seq > last {
            return false;
        }
        seen = event.seq;
        if filter.wants(event) {
            let line = event.line();
            bytes += line.len();
            lines.push(line);
        }
        true
    })?;
    let after = if full { seen } else { last };
    Ok(Page { lines, after })
}

/// Hands on the event of a line, whose number is said where it is none.
///
/// # Errors
/// [`ExportError::Line`], or what `each` says.
pub fn each_line(line: &str, number: u64, each: Each<'_>) -> Result<(), ExportError> {
    let fault = |why: LineError| ExportError::Line { line: number, why };
    let line = Line::parse(line).map_err(fault)?;
    let record = line.record().map_err(|broken| fault(broken.into()));
    each(&record?)
}
