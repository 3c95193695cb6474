//! Detects what surrounds the column names of a text table: title lines, comments, and the row names that R writes.

use super::Dialect;
use super::sniff::{CANDIDATES, reader};

/// Maximum number of lines that are examined.
const LINES: usize = 50;

/// Maximum number of lines above a header; more than that are not a title.
const MOST_ABOVE: usize = 20;

/// Title or comment lines above the header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Above {
    pub lines: u64,
    /// Comment character that all of the lines begin with; `None` if they are not comments.
    pub comment: Option<char>,
}

impl Above {
    /// Finds the lines above the header, which is the first line with as many cells as all lines after it; `None` if the
    /// text begins with its header.
    pub fn of(text: &[u8], whole: bool, dialect: &Dialect) -> Option<Above> {
        let lines: Vec<&[u8]> = lines(text, whole);
        let is_row = |line: &[u8]| {
            let is_comment = line.first().is_some_and(|b| Some(*b) == dialect.comment);
            !is_comment && !line.trim_ascii().is_empty()
        };
        let rows: Vec<usize> = (0..lines.len()).filter(|i| is_row(lines[*i])).collect();
        let mut found = None;
        for delimiter in CANDIDATES {
            let counted: Vec<usize> = rows.iter().map(|i| cells(lines[*i], delimiter)).collect();
            let last = *counted.last()?;
            let same = counted.iter().rev().take_while(|n| **n == last).count();
            let above = counted.len() - same;
            if last == 1 {
                continue;
            }
            if above == 0 {
                return None; // it begins with its header
            }
            let head: Vec<&[u8]> = rows[..above].iter().map(|i| lines[*i]).collect();
            let header = rows[above];
            let fits = same >= above.max(2) && header <= MOST_ABOVE;
            if found.is_none() && fits && are_above(&head, &counted) {
                let lines = header as u64;
                let comment = comment_of(&head);
                found = Some(Above { lines, comment });
            }
        }
        found
    }
}

/// Whether these lines are titles (one cell each) or comments. A line with an open quote is neither: a quoted column name
/// may go over several lines.
fn are_above(head: &[&[u8]], counted: &[usize]) -> bool {
    let is_open = |line: &&[u8]| line.iter().filter(|b| **b == b'"').count() % 2 == 1;
    let is_mark = |line: &[u8]| line.starts_with(b"#") || line.starts_with(b"%");
    let mut lines = head.iter().zip(counted);
    !head.iter().any(is_open) && lines.all(|(line, cells)| *cells == 1 || is_mark(line))
}

/// The comment character that all of these lines begin with, if they have one in common.
fn comment_of(head: &[&[u8]]) -> Option<char> {
    ['#', '%'].into_iter().find(|mark| {
        head.iter()
            .all(|line| line.first().copied().map(char::from) == Some(*mark))
    })
}

/// Whether the first column has no name in the header. R's `write.table` writes one name less than the rows have cells, and
/// its row names are all different.
pub fn has_row_names(text: &[u8], whole: bool, delimiter: u8, comment: Option<u8>) -> bool {
    let mut rows: Vec<csv::ByteRecord> = reader(text, delimiter, comment)
        .byte_records()
        .map_while(Result::ok)
        .take(LINES)
        .collect();
    if !whole {
        rows.pop(); // it may be cut off
    }
    let Some((header, rows)) = rows.split_first() else {
        return false;
    };
    let (cells, width) = (header.len(), header.len() + 1);
    let mut names: Vec<&[u8]> = rows
        .iter()
        .map(|row| row.get(0).unwrap_or_default())
        .collect();
    names.sort_unstable();
    let all_differ = names.windows(2).all(|pair| pair[0] != pair[1]);
    let ends_empty = rows
        .iter()
        .all(|row| row.get(cells).is_none_or(<[u8]>::is_empty));
    cells > 1
        && rows.len() > 1
        && rows.iter().all(|row| row.len() == width)
        && all_differ
        && !ends_empty
}

fn lines(text: &[u8], whole: bool) -> Vec<&[u8]> {
    let mut lines: Vec<&[u8]> = text.split(|b| *b == b'\n').take(LINES).collect();
    if !whole {
        lines.pop();
    }
    lines
}

fn cells(line: &[u8], delimiter: u8) -> usize {
    let mut quoted = false;
    let mut cells = 1;
    for byte in line {
        quoted ^= *byte == b'"';
        cells += usize::from(*byte == delimiter && !quoted);
    }
    cells
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_above_the_header_are_found() {
        let check = |text: &str, expected: Option<(u64, Option<char>)>| {
            let found = Above::of(text.as_bytes(), true, &Dialect::AUTO);
            assert_eq!(found.map(|a| (a.lines, a.comment)), expected, "{text:?}");
        };
        check("Report\na,b\n1,2\n", Some((1, None)));
        check("Report of 2024\n\na;b\n1;2\n3;4\n", Some((2, None)));
        check(
            "# made by x, y and z\n# more\na\tb\n1\t2\n",
            Some((2, Some('#'))),
        );
        for text in [
            "a,b\n1,2\n",
            "a\n1\n2\n",
            "#a,b\n1,2\n3,4\n",
            "a,b\n1,2,3\n4,5,6\n", // ragged, and no title
            "Report\na,b\n",
            "amount;grade\n1,5;x\n2,5;y\n", // a decimal comma
            "text\nhello\nmore\nand, more\nand, more\n",
            "\"a\nb\",c\n1,2\n3,4\n",
            "",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn names_of_rows_are_told_from_ragged_rows() {
        let check = |text: &str, expected: bool| {
            assert_eq!(
                has_row_names(text.as_bytes(), true, b',', None),
                expected,
                "{text:?}"
            );
        };
        check("a,b\n1,x,y\n2,x,y\n", true);
        check("\"a\",\"b\"\n\"Mazda RX4\",x,y\n\"Fiat\",x,y\n", true);
        for text in [
            "a,b\n1,x,y\n", // one row may as well be a slip
            "a,b\n1,x,y\n1,x,y\n",
            "a,b\nx,y,\nz,y,\n", // a delimiter at the end
            "a,b\n1,x,y\n2,x\n",
            "a\n1,x\n2,y\n",
            "a,b\nx,y\n",
        ] {
            check(text, false);
        }
    }
}
