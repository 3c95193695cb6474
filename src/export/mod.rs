//! Events on their way out of the store: which ones, as lines of JSON or as a Parquet table with real columns.

pub mod table;

use std::io::Write;

use jiff::Timestamp;

use crate::ingest::WriteFault;
use crate::store::event::{Line, LineError, Record};
use crate::store::kind::Kind;
use crate::store::{File, Store, StoreError, maintenance};

#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Filter {
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only from this time on.
    pub since: Option<Timestamp>,
    /// Only before this time.
    pub until: Option<Timestamp>,
    /// Only up to this number: two readings under the same number see the same events.
    pub last: Option<u64>,
}

impl Filter {
    /// Whether it wants an event.
    pub fn wants(&self, event: &Record<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == event.kind())
            && self.since.is_none_or(|since| since <= event.time)
            && self.until.is_none_or(|until| event.time < until)
            && self.last.is_none_or(|last| event.seq <= last)
    }
}

/// Why an export ends early.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store fails under the reading.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// It cannot be written.
    #[error("the export cannot be written: {0}")]
    Io(#[from] std::io::Error),
    /// It cannot be written as a table.
    #[error(transparent)]
    Write(#[from] WriteFault),
    /// Another source of events fails.
    #[error("{0}")]
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// A line is no event.
    #[error("line {line} of the export is no event: {why}")]
    Line {
        /// Its number within the export, or within the page it was read with; from 1.
        line: u64,
        why: LineError,
    },
}

/// What is done with each event.
pub type Each<'a> = &'a mut dyn FnMut(&Record<'_>) -> Result<(), ExportError>;

/// Where events come from, in their order.
pub trait Events {
    /// Hands on every event that the filter wants, until one fails.
    ///
    /// # Errors
    /// When they cannot be read, or what `each` says.
    fn each(&self, filter: &Filter, each: Each<'_>) -> Result<(), ExportError>;

    /// Writes every event that the filter wants as a line of JSON; gives how many.
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

/// A store that this process has open alone.
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

/// Events of one reading of a running store: a reader that waits for its client must not hold the file meanwhile.
const PAGE: usize = 2048;

/// Bytes of one reading.
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

/// Events of one reading: at most 2,048, and about 1 MiB of lines.
#[derive(Debug)]
pub struct Page {
    /// The events, a line each.
    pub lines: Vec<String>,
    /// The number after which the next page begins.
    pub after: u64,
}

/// Reads one page. With a `last` in the filter it comes to that number in the end.
///
/// # Errors
/// When it cannot be read.
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
