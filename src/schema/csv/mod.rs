//! Reads delimited text (CSV, TSV) into rows, line by line.
//!
//! The format is RFC 4180 with common deviations: other delimiters and encodings ([`Dialect`]), a byte-order mark, CRLF or
//! LF, newlines within quotes, `""` for a quote.

mod ambiguity;
mod limits;
mod watch;

use std::io::{self, BufRead, BufReader, Cursor, Read};
use std::ops::ControlFlow;

use super::column::Schema;
use super::dialect::decode::{self, Utf8};
use super::dialect::notice::Note;
use super::dialect::{Above, Delimiter, Dialect, Notice, SAMPLE, Start, has_row_names};
use super::row::Row;
use super::text::{self, Header, HeaderError};
use ambiguity::Ambiguity;
pub use limits::{LONGEST_ROW, MOST_COLUMNS};
use watch::Watch;

/// Why a text cannot be read as a table at all.
#[derive(Debug, thiserror::Error)]
pub enum CsvError {
    #[error("it is empty: a line of column names is needed first")]
    Empty,
    #[error("the first line is not UTF-8")]
    HeaderNotUtf8,
    /// The text looks like UTF-16 but has no byte-order mark.
    #[error("it looks like {0} without a byte-order mark")]
    NoMark(&'static str),
    /// There are title or comment lines above the header.
    #[error("{}", above(.0))]
    Above(Above),
    #[error("the header has {0} columns, {MOST_COLUMNS} are the most; is the delimiter right?")]
    TooManyColumns(usize),
    /// A column name is missing, duplicated or unknown.
    #[error(transparent)]
    Header(#[from] HeaderError),
    /// A quoted cell never ends and swallows the rest of the table.
    #[error("a quote opened in the row of line {0} is never closed")]
    OpenQuote(u64),
    #[error("reading failed: {0}")]
    Io(#[from] csv::Error),
}

fn above(above: &Above) -> String {
    let what = match (above.comment, above.lines) {
        (Some(mark), _) => format!("comments that begin with {mark}"),
        (None, 1) => "a title".to_owned(),
        (None, lines) => format!("{lines} lines"),
    };
    let header = above.lines + 1;
    format!(
        "above its header, line {header}, it has {what}: the lines from there on have as many cells as each other"
    )
}

/// Why a line cannot be read as a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokenLineError {
    /// The line has another number of cells than the header.
    #[error("{cells} cells where the header has {header}")]
    Ragged {
        /// Number of cells of the line.
        cells: usize,
        /// Number of cells of the header.
        header: usize,
    },
    #[error("the line is not UTF-8")]
    NotUtf8,
}

/// One line of the table: its number (the header is line 1) and its row, which may have faults, or the reason why it cannot
/// be read as a row.
pub type Line<'r> = (u64, Result<&'r mut Row, BrokenLineError>);

/// Callback that receives each line; it can stop the reading.
pub type EachLine<'a> = &'a mut dyn FnMut(Line<'_>) -> ControlFlow<()>;

/// Resolves the header against the schema, then reads line by line into `row` and passes each one to `each`.
///
/// # Errors
/// When the text is not a table, or reading fails; lines before the error have already been passed on.
pub fn rows(
    schema: &Schema,
    source: impl Read,
    dialect: &Dialect,
    row: &mut Row,
    each: EachLine<'_>,
    note: Note<'_>,
) -> Result<(), CsvError> {
    let mut lines = Lines::new(source, dialect)?;
    let names = lines.header()?;
    lines.notice().map(&mut *note);
    let header = Header::resolve(schema, names.iter().map(String::as_str), row.purpose())?;
    header.tell(row);
    header.notices().for_each(&mut *note);
    let form = dialect.number_form();
    let mut ambiguity = Ambiguity::of(schema, header.slots());
    while let Some((line, cells)) = lines.next()? {
        let outcome = cells.and_then(|cells| {
            row.clear();
            let text =
                std::str::from_utf8(cells.as_slice()).map_err(|_| BrokenLineError::NotUtf8)?;
            for (place, slot) in header.slots().iter().enumerate() {
                // `None` if a cell ends in the middle of a UTF-8 character.
                let cell = cells.range(place).and_then(|span| text.get(span));
                let cell = cell.ok_or(BrokenLineError::NotUtf8)?;
                if header.is_nameless(place) {
                    header.check_empty(cell, row);
                    continue;
                }
                ambiguity.see(place, cell, &form);
                text::put(schema, *slot, cell, &form, row);
            }
            row.finish(schema);
            Ok(&mut *row)
        });
        if each((line, outcome)).is_break() {
            return Ok(());
        }
    }
    ambiguity.notices(schema, header.slots()).for_each(note);
    Ok(())
}

/// A text table, read line by line without knowledge of its columns.
pub struct Lines<R> {
    reader: csv::Reader<Watch<Begun<R>>>,
    record: csv::ByteRecord,
    columns: usize,
    line: u64,
    notice: Option<Notice>,
    no_mark: Option<&'static str>,
    above: Option<Above>,
    /// Whether the first column holds row names (as R writes them) for which the header has no name.
    row_names: bool,
}

/// The buffered sample that was used for detection, followed by the rest of the text.
type Begun<R> = io::Chain<Cursor<Vec<u8>>, BufReader<Utf8<R>>>;

impl<R: Read> Lines<R> {
    pub fn new(source: R, dialect: &Dialect) -> Result<Lines<R>, CsvError> {
        let failed = |e: io::Error| CsvError::Io(csv::Error::from(e));
        let text = Utf8::new(source, dialect.encoding).map_err(failed)?;
        let foreign = text.foreign();
        let mut text = BufReader::with_capacity(SAMPLE, text);
        for _ in 0..dialect.skip {
            text.skip_until(b'\n').map_err(failed)?;
        }
        let mut first = Vec::new();
        let most = SAMPLE as u64;
        text.by_ref()
            .take(most)
            .read_to_end(&mut first)
            .map_err(failed)?;
        let whole = (first.len() as u64) < most;
        let start = Start::of(&first, whole, dialect);
        let no_mark = decode::looks_like_utf16(&first);
        let table = &first[start.separator_line..];
        let above = Above::of(table, whole, dialect);
        let row_names = has_row_names(table, whole, start.delimiter, dialect.comment);
        let mut begun = Cursor::new(first);
        begun.set_position(start.separator_line as u64);
        let before = dialect.skip + u64::from(start.separator_line > 0);
        let (delimiter, comment) = (start.delimiter, dialect.comment);
        let watch = Watch::new(begun.chain(text), delimiter, comment, before + 1);
        let reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(delimiter)
            .comment(comment)
            .from_reader(watch);
        Ok(Lines {
            reader,
            record: csv::ByteRecord::new(),
            columns: 0,
            line: before + 1,
            notice: found(start, foreign, dialect),
            no_mark,
            above: above.filter(|_| start.separator_line == 0),
            row_names,
        })
    }

    /// A notice that names the detected parts of the dialect, if they differ from the defaults.
    pub fn notice(&self) -> Option<Notice> {
        self.notice.clone()
    }

    /// The column names in the first line.
    ///
    /// # Errors
    /// When there is no first line, or it cannot be a header.
    pub fn header(&mut self) -> Result<Vec<String>, CsvError> {
        if !self.advance()? {
            return Err(CsvError::Empty);
        }
        if self.reader.get_ref().ended_open() {
            return Err(CsvError::OpenQuote(self.line));
        }
        self.columns = self.record.len();
        if self.columns > MOST_COLUMNS {
            return Err(CsvError::TooManyColumns(self.columns));
        }
        if let Some(encoding) = self.no_mark {
            return Err(CsvError::NoMark(encoding));
        }
        let name = |cell: &[u8]| std::str::from_utf8(cell).map(str::to_owned);
        let names: Result<Vec<_>, _> = self.record.iter().map(name).collect();
        let mut names = names.map_err(|_| CsvError::HeaderNotUtf8)?;
        if let Some(above) = self.above {
            return Err(CsvError::Above(above));
        }
        if self.row_names {
            names.insert(0, String::new());
            self.columns += 1;
        }
        Ok(names)
    }

    /// The next line: its number and its cells, exactly as many as the header has names.
    ///
    /// # Errors
    /// When reading fails, or the table ends within quotes.
    #[expect(clippy::should_implement_trait, reason = "it lends its cells")]
    #[expect(clippy::type_complexity, reason = "a line is what it says")]
    pub fn next(
        &mut self,
    ) -> Result<Option<(u64, Result<&csv::ByteRecord, BrokenLineError>)>, CsvError> {
        let more = self.advance()?;
        if self.reader.get_ref().ended_open() {
            return Err(CsvError::OpenQuote(self.line)); // what it swallowed is no row
        }
        if more {
            let cells = self.record.len();
            let ragged = BrokenLineError::Ragged {
                cells,
                header: self.columns,
            };
            let whole = (cells == self.columns).then_some(&self.record);
            return Ok(Some((self.line, whole.ok_or(ragged))));
        }
        Ok(None)
    }

    fn advance(&mut self) -> Result<bool, CsvError> {
        let more = self.reader.read_byte_record(&mut self.record)?;
        if more {
            self.line = self.reader.get_mut().next_row();
        }
        Ok(more)
    }
}

/// A notice that names those parts of the dialect that were detected rather than configured.
fn found(start: Start, foreign: Option<&str>, dialect: &Dialect) -> Option<Notice> {
    let named = matches!(dialect.delimiter, Delimiter::Char(_));
    let delimiter = (start.found && !named).then(|| match start.delimiter {
        b'\t' => "tab between cells".to_owned(),
        b' ' => "a blank between cells".to_owned(),
        byte => format!("{:?} between cells", char::from(byte)),
    });
    let encoding = foreign
        .filter(|_| dialect.encoding == decode::Encoding::Auto)
        .map(|name| format!("encoding {name}"));
    let both: Vec<String> = delimiter.into_iter().chain(encoding).collect();
    (!both.is_empty()).then(|| Notice::plain(format!("read as text with {}", both.join(" and "))))
}

#[cfg(test)]
mod tests;
