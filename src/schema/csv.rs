//! Delimited text (CSV, TSV) into rows, line by line.
//!
//! RFC 4180 with what tables in the wild bring along: a byte-order mark, CRLF or LF, quoted newlines, `""` for a quote.

mod watch;

use std::io::Read;
use std::ops::ControlFlow;

use super::column::Schema;
use super::number::NumberForm;
use super::row::Row;
use super::text::{self, Header, HeaderFault};
use watch::Watch;

/// More columns than any table this is meant for; a header beyond it is a mistake or an attack.
pub const MOST_COLUMNS: usize = 10_000;

/// More bytes than any row has; a row beyond it has swallowed the rest of the table, and must not fill the memory.
pub const LONGEST_ROW: u64 = 16 << 20;

/// Text that cannot be read as a table at all.
#[derive(Debug, thiserror::Error)]
pub enum CsvFault {
    /// Nothing there.
    #[error("it is empty: a line of column names is needed first")]
    Empty,
    /// The first line is not text.
    #[error("the first line is not UTF-8; save the table as UTF-8")]
    HeaderNotUtf8,
    /// A header without end.
    #[error("the header has {0} columns, {MOST_COLUMNS} are the most; is the delimiter right?")]
    TooManyColumns(usize),
    /// Names that cannot be used.
    #[error(transparent)]
    Header(#[from] HeaderFault),
    /// A quote that swallows the rest.
    #[error("a quote opened in the row of line {0} is never closed")]
    OpenQuote(u64),
    /// Reading failed.
    #[error("reading failed: {0}")]
    Io(#[from] csv::Error),
}

/// Why a line has no row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Broken {
    /// Another number of cells than the header.
    #[error("{cells} cells where the header has {header}")]
    Ragged {
        /// Cells of the line.
        cells: usize,
        /// Cells of the header.
        header: usize,
    },
    /// Not text.
    #[error("the line is not UTF-8")]
    NotUtf8,
}

/// One line of the table: its number (the header is line 1) and its row, which may have faults, or why there is none.
pub type Line<'r> = (u64, Result<&'r mut Row, Broken>);

/// What the reader hands each line to; it may break off.
pub type EachLine<'a> = &'a mut dyn FnMut(Line<'_>) -> ControlFlow<()>;

/// Resolves a header and reads every line into `row`, handing each over.
///
/// # Errors
/// [`CsvFault`]; lines read before the error have been handed over.
pub fn rows(
    schema: &Schema,
    source: impl Read,
    delimiter: u8,
    row: &mut Row,
    each: EachLine<'_>,
) -> Result<(), CsvFault> {
    let mut lines = Lines::new(source, delimiter)?;
    let names = lines.header()?;
    let header = Header::resolve(schema, names.iter().map(String::as_str), row.purpose())?;
    header.tell(row);
    let form = NumberForm::default();
    while let Some((line, cells)) = lines.next()? {
        let outcome = cells.and_then(|cells| {
            row.clear();
            for (slot, cell) in header.slots().iter().zip(cells) {
                let cell = std::str::from_utf8(cell).map_err(|_| Broken::NotUtf8)?;
                text::put(schema, *slot, cell, &form, row);
            }
            row.finish(schema);
            Ok(&mut *row)
        });
        if each((line, outcome)).is_break() {
            break;
        }
    }
    Ok(())
}

/// A table of text, line by line, before anything is known of its columns.
pub struct Lines<R> {
    reader: csv::Reader<Watch<R>>,
    record: csv::ByteRecord,
    columns: usize,
    line: u64,
}

impl<R: Read> Lines<R> {
    /// Begins to read.
    ///
    /// # Errors
    /// When the source cannot be read.
    pub fn new(source: R, delimiter: u8) -> Result<Lines<R>, CsvFault> {
        let watch = Watch::new(source, delimiter).map_err(csv::Error::from)?;
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .from_reader(watch);
        Ok(Lines {
            reader,
            record: csv::ByteRecord::new(),
            columns: 0,
            line: 1,
        })
    }

    /// The names of the first line.
    ///
    /// # Errors
    /// When there is none, or it cannot be a header.
    pub fn header(&mut self) -> Result<Vec<String>, CsvFault> {
        if !self.advance()? {
            return Err(CsvFault::Empty);
        }
        if self.reader.get_ref().ended_open() {
            return Err(CsvFault::OpenQuote(self.line));
        }
        self.columns = self.record.len();
        if self.columns > MOST_COLUMNS {
            return Err(CsvFault::TooManyColumns(self.columns));
        }
        let name = |cell: &[u8]| std::str::from_utf8(cell).map(str::to_owned);
        let names: Result<_, _> = self.record.iter().map(name).collect();
        names.map_err(|_| CsvFault::HeaderNotUtf8)
    }

    /// The next line: its number and its cells, as many as the header has names.
    ///
    /// # Errors
    /// When reading fails, or the table ends within quotes.
    #[expect(clippy::should_implement_trait, reason = "it lends its cells")]
    #[expect(clippy::type_complexity, reason = "a line is what it says")]
    pub fn next(&mut self) -> Result<Option<(u64, Result<&csv::ByteRecord, Broken>)>, CsvFault> {
        let more = self.advance()?;
        if self.reader.get_ref().ended_open() {
            return Err(CsvFault::OpenQuote(self.line)); // what it swallowed is no row
        }
        if more {
            let cells = self.record.len();
            let ragged = Broken::Ragged {
                cells,
                header: self.columns,
            };
            let whole = (cells == self.columns).then_some(&self.record);
            return Ok(Some((self.line, whole.ok_or(ragged))));
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<bool, CsvFault> {
        let more = self.reader.read_byte_record(&mut self.record)?;
        if more {
            self.line = self.reader.get_mut().next_row();
        }
        Ok(more)
    }
}

#[cfg(test)]
mod tests;
