//! Detects the delimiter from the first lines.

use super::{Delimiter, Dialect};

/// Size of the sample that is examined, in bytes.
pub const SAMPLE: usize = 32 << 10;

/// Maximum number of rows that are examined.
const ROWS: usize = 50;

/// The delimiters that are tried.
pub(super) const CANDIDATES: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A parser for the beginning of a text, which returns the header as the first row.
pub(super) fn reader(text: &[u8], delimiter: u8, comment: Option<u8>) -> csv::Reader<&[u8]> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter)
        .comment(comment)
        .from_reader(text)
}

/// The delimiter at the beginning of a text, and how it was determined.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Start {
    /// The delimiter of its cells.
    pub delimiter: u8,
    /// Whether the delimiter was detected and differs from the fallback.
    pub found: bool,
    /// Length in bytes of a first line `sep=;`, as Excel writes it; 0 without one.
    pub separator_line: usize,
}

impl Start {
    /// Examines a sample of a text; `whole` says whether the sample is the whole text.
    pub fn of(text: &[u8], whole: bool, dialect: &Dialect) -> Start {
        let (named, length) = separator_line(text);
        let (delimiter, usual) = match (dialect.delimiter, named) {
            (Delimiter::Char(byte), _) => (byte, byte),
            (Delimiter::Auto { usual }, Some(byte)) => (byte, usual),
            (Delimiter::Auto { usual }, None) => {
                let comment = dialect.comment;
                (best(&text[length..], whole, comment, usual), usual)
            }
        };
        Start {
            delimiter,
            found: delimiter != usual,
            separator_line: length,
        }
    }
}

/// The delimiter that a first line `sep=;` names, and the length of that line in bytes.
fn separator_line(text: &[u8]) -> (Option<u8>, usize) {
    let Some(end) = text.iter().position(|b| *b == b'\n') else {
        return (None, 0);
    };
    let line = text[..end].trim_ascii_end();
    let line = line.strip_prefix(b"\"").unwrap_or(line);
    let line = line.strip_suffix(b"\"").unwrap_or(line);
    let tab = text[..end].ends_with(b"=\t") || text[..end].ends_with(b"=\t\r");
    match line {
        [s, e, p, b'=', byte]
            if [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" && byte.is_ascii() =>
        {
            (Some(*byte), end + 1)
        }
        [s, e, p, b'='] if tab && [s, e, p].map(u8::to_ascii_lowercase) == *b"sep" => {
            (Some(b'\t'), end + 1)
        }
        _ => (None, 0),
    }
}

/// The candidate with the largest share of rows that have as many cells as the header; ties go to the one with more numbers,
/// then to the one with more columns.
fn best(text: &[u8], whole: bool, comment: Option<u8>, usual: u8) -> u8 {
    let others = CANDIDATES.iter().copied().filter(|byte| *byte != usual);
    let all = std::iter::once(usual).chain(others);
    let mut best = None;
    for candidate in all.filter(|byte| may_separate(text, comment, *byte)) {
        let shape = Shape::of(text, whole, candidate, comment);
        let Some(fit) = shape.fit() else { continue };
        if best.is_none_or(|(_, other)| fit > other) {
            best = Some((candidate, fit));
        }
    }
    match best {
        Some((candidate, _)) => candidate,
        None if is_blank_delimited(text, whole, comment) => b' ',
        None => usual,
    }
}

/// Whether the cells are separated by spaces, as R's `write.table` writes them: every name of the header is quoted, and every
/// row has as many cells as the header, or one more (its row name). Spaces alone prove nothing: they occur within texts.
fn is_blank_delimited(text: &[u8], whole: bool, comment: Option<u8>) -> bool {
    let mut lines = text.split(|b| matches!(b, b'\n' | b'\r'));
    let header = lines.find(|line| !line.is_empty() && line.first().copied() != comment);
    let names = header.and_then(|line| line.strip_prefix(b"\"")?.strip_suffix(b"\""));
    let Some(names) = names else { return false };
    let gaps = names.windows(3).filter(|gap| gap == b"\" \"").count();
    let quotes = names.iter().filter(|b| **b == b'"').count();
    let shape = Shape::of(text, whole, b' ', comment).0;
    let Some(((columns, _), rows)) = shape.split_first() else {
        return false;
    };
    let all = |cells: usize| rows.iter().all(|(row, _)| *row == cells);
    gaps > 0 && quotes == 2 * gaps && (all(*columns) || all(columns + 1))
}

/// Whether the character occurs in the header. A header with a quote counts as well: it may go over several lines.
fn may_separate(text: &[u8], comment: Option<u8>, byte: u8) -> bool {
    let mut lines = text.split(|b| matches!(b, b'\n' | b'\r'));
    let header = lines.find(|line| !line.is_empty() && line.first().copied() != comment);
    header.is_some_and(|line| line.contains(&byte) || line.contains(&b'"'))
}

/// The first rows as split by one delimiter: number of cells, and number of those that look like numbers.
struct Shape(Vec<(usize, usize)>);

impl Shape {
    fn of(text: &[u8], whole: bool, delimiter: u8, comment: Option<u8>) -> Shape {
        let mut reader = reader(text, delimiter, comment);
        let mut record = csv::ByteRecord::new();
        let mut rows = Vec::new();
        while rows.len() < ROWS {
            match reader.read_byte_record(&mut record) {
                Ok(true) => {
                    let numbers = record.iter().filter(|cell| like_a_number(cell)).count();
                    rows.push((record.len(), numbers));
                }
                // The last row of a sample is complete only if the sample is the whole text.
                _ if whole || rows.len() < 2 => break,
                _ => {
                    rows.pop();
                    break;
                }
            }
        }
        Shape(rows)
    }

    /// Share of rows with as many cells as the header, share of numeric cells (both in thousandths), number of columns.
    fn fit(&self) -> Option<(usize, usize, usize)> {
        let (&(columns, _), rows) = self.0.split_first()?;
        if columns < 2 {
            return None;
        }
        let share = |part: usize, of: usize| part * 1000 / of.max(1);
        let fitting = rows.iter().filter(|(cells, _)| *cells == columns).count();
        let cells = rows.iter().map(|(cells, _)| cells).sum();
        let numbers = rows.iter().map(|(_, numbers)| numbers).sum();
        let fitting = if rows.is_empty() {
            1000
        } else {
            share(fitting, rows.len())
        };
        Some((fitting, share(numbers, cells), columns))
    }
}

fn like_a_number(cell: &[u8]) -> bool {
    let cell = cell.trim_ascii();
    let known = |b: &u8| b.is_ascii_digit() || matches!(b, b'.' | b',' | b'-' | b'+');
    cell.iter().any(u8::is_ascii_digit) && cell.iter().all(known)
}
