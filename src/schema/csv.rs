//! Delimited text (CSV, TSV) into rows, line by line.
//!
//! RFC 4180 with what tables in the wild bring along: a byte-order mark, CRLF or LF, quoted newlines, `""` for a quote.

mod watch;

use std::io::Read;
use std::ops::ControlFlow;

use super::column::Schema;
use super::row::Row;
use super::text::{self, Header, HeaderFault};
use watch::Watch;

/// More columns than any table this is meant for; a header beyond it is a mistake or an attack.
pub const MOST_COLUMNS: usize = 10_000;

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
    let watch = Watch::new(source, delimiter).map_err(csv::Error::from)?;
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .from_reader(watch);
    let mut record = csv::ByteRecord::new();
    if !reader.read_byte_record(&mut record)? {
        return Err(CsvFault::Empty);
    }
    let mut line = reader.get_mut().next_row();
    if reader.get_ref().ended_open() {
        return Err(CsvFault::OpenQuote(line));
    }
    if record.len() > MOST_COLUMNS {
        return Err(CsvFault::TooManyColumns(record.len()));
    }
    let names: Vec<&str> = record
        .iter()
        .map(std::str::from_utf8)
        .collect::<Result<_, _>>()
        .map_err(|_| CsvFault::HeaderNotUtf8)?;
    let header = Header::resolve(schema, names.iter().copied(), row.purpose())?;
    let columns = names.len();
    while reader.read_byte_record(&mut record)? {
        line = reader.get_mut().next_row();
        let outcome = if record.len() == columns {
            read_record(schema, &header, &record, row)
        } else {
            Err(Broken::Ragged {
                cells: record.len(),
                header: columns,
            })
        };
        let outcome = match outcome {
            Ok(()) => Ok(&mut *row),
            Err(broken) => Err(broken),
        };
        if each((line, outcome)).is_break() {
            return Ok(());
        }
    }
    if reader.get_ref().ended_open() {
        return Err(CsvFault::OpenQuote(line));
    }
    Ok(())
}

fn read_record(
    schema: &Schema,
    header: &Header,
    record: &csv::ByteRecord,
    row: &mut Row,
) -> Result<(), Broken> {
    row.clear();
    for (slot, cell) in header.slots().iter().zip(record) {
        let cell = std::str::from_utf8(cell).map_err(|_| Broken::NotUtf8)?;
        text::put(schema, *slot, cell, row);
    }
    row.finish(schema);
    Ok(())
}

#[cfg(test)]
mod tests;
