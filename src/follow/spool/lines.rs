//! The lines of the spool file.
//!
//! ```text
//! titanic-spool 2
//! 0123456789abcdef + 17 {"seq":0,"time":"…","kind":"prediction",…}
//! 0123456789abcdef - 3 17
//! ```
//!
//! `+` is a prediction with its number; `-` says that the predictions from the first number on and below the second one wait no
//! longer, because the source acknowledged them or because they were dropped. Each line begins with the first 16 digits of the
//! SHA-256 of what follows. Every number below the last one is in a line of either kind, so that a number without a line is a
//! prediction whose line is damaged.
//!
//! Revision 1 had predictions alone, without `+` and number. It is read, and not written any more.

use std::collections::BTreeMap;
use std::ops::Range;

use super::queue::{Change, Line};
use crate::registry::digest;

/// The first line: format and revision.
pub const HEADER: &str = "titanic-spool 2\n";

/// The first line of revision 1.
const HEADER_1: &str = "titanic-spool 1\n";

/// Digits of the checksum of a line.
const CHECKSUM: usize = 16;

/// What a spool file held when it was opened.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    pub lines: Vec<Line>,
    /// Number of predictions whose line is damaged.
    pub damaged: u64,
}

/// The lines that bring a file up to a change. `noted` is the front that it knows, `next` the number that it expects.
pub fn encoded(change: &Change, noted: u64, next: u64) -> String {
    let mut text = String::with_capacity(
        change
            .lines
            .iter()
            .map(|line| line.text.len() + 48)
            .sum::<usize>()
            + 64,
    );
    let settle = |text: &mut String, range: Range<u64>| {
        if !range.is_empty() {
            push(text, &format!("- {} {}", range.start, range.end));
        }
    };
    settle(&mut text, noted..change.front);
    for range in &change.dropped {
        settle(&mut text, range.clone());
    }
    let mut next = next.max(change.front);
    for line in &change.lines {
        // Those between were dropped before they were written.
        settle(&mut text, next..line.number);
        push(&mut text, &format!("+ {} {}", line.number, line.text));
        next = line.number + 1;
    }
    settle(&mut text, next..change.next);
    text
}

fn push(text: &mut String, line: &str) {
    text.push_str(&digest(line.as_bytes())[..CHECKSUM]);
    text.push(' ');
    text.push_str(line);
    text.push('\n');
}

/// What a file holds, without lines that are incomplete or damaged; `None` if it is no spool of a known revision.
pub fn read(bytes: &[u8]) -> Option<Found> {
    // The process may have ended before the first line was complete.
    let is_begun = |header: &str| header.as_bytes().starts_with(bytes);
    if is_begun(HEADER) || is_begun(HEADER_1) {
        return Some(Found::default());
    }
    if let Some(body) = bytes.strip_prefix(HEADER_1.as_bytes()) {
        return Some(read_1(body));
    }
    let body = bytes.strip_prefix(HEADER.as_bytes())?;
    let mut lines = BTreeMap::new();
    let mut settled: Vec<Range<u64>> = Vec::new();
    let (mut end, mut damaged_at_end) = (0, 0);
    for line in complete(body) {
        let Some(record) = checked(line).and_then(Record::of) else {
            damaged_at_end += u64::from(!is_settlement(line));
            continue;
        };
        let reached = match record {
            Record::Prediction(line) => {
                let number = line.number;
                lines.insert(number, line);
                number + 1
            }
            Record::Settled(range) => {
                let end = range.end;
                settled.push(range);
                end
            }
        };
        if reached > end {
            // Damaged lines before this one are numbers that are missing.
            (end, damaged_at_end) = (reached, 0);
        }
    }
    for range in &settled {
        let numbers: Vec<u64> = lines.range(range.clone()).map(|(n, _)| *n).collect();
        numbers.iter().for_each(|number| drop(lines.remove(number)));
    }
    let missing = end - covered(settled, &lines);
    Some(Found {
        lines: lines.into_values().collect(),
        damaged: missing + damaged_at_end,
    })
}

/// What a line says.
enum Record {
    Prediction(Line),
    Settled(Range<u64>),
}

impl Record {
    fn of(text: &str) -> Option<Record> {
        let (kind, rest) = text.split_once(' ')?;
        let (first, rest) = rest.split_once(' ')?;
        let first = first.parse().ok().filter(|first| *first < u64::MAX)?;
        match kind {
            "+" => Some(Record::Prediction(Line {
                number: first,
                text: rest.into(),
            })),
            "-" => {
                let end = rest.parse().ok().filter(|end| first < *end)?;
                Some(Record::Settled(first..end))
            }
            _ => None,
        }
    }
}

/// Whether a damaged line was not that of a prediction, as far as it can be seen.
fn is_settlement(line: &[u8]) -> bool {
    line.get(CHECKSUM..CHECKSUM + 3) == Some(b" - ")
}

/// How many numbers have a line of either kind.
fn covered(mut settled: Vec<Range<u64>>, lines: &BTreeMap<u64, Line>) -> u64 {
    settled.sort_by_key(|range| range.start);
    let (mut count, mut reached) = (lines.len() as u64, 0);
    for range in settled {
        let from = range.start.max(reached);
        count += range.end.saturating_sub(from);
        reached = reached.max(range.end);
    }
    count
}

/// The lines of a file of revision 1.
fn read_1(body: &[u8]) -> Found {
    let mut found = Found::default();
    for line in complete(body) {
        match checked(line) {
            Some(text) => found.lines.push(Line {
                number: found.lines.len() as u64,
                text: text.into(),
            }),
            None => found.damaged += 1,
        }
    }
    found
}

/// The lines of a body without the last one if it is incomplete.
fn complete(body: &[u8]) -> impl Iterator<Item = &[u8]> {
    let end = body.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    let lines = body[..end].split(|byte| *byte == b'\n');
    lines.filter(|line| !line.is_empty())
}

/// The text of a line whose checksum is right.
fn checked(line: &[u8]) -> Option<&str> {
    let (checksum, text) = std::str::from_utf8(line).ok()?.split_once(' ')?;
    (checksum == &digest(text.as_bytes())[..CHECKSUM]).then_some(text)
}

#[allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges, of which some have one"
)]
#[cfg(test)]
mod tests {
    use super::*;

    fn line(number: u64) -> Line {
        Line {
            number,
            text: format!(r#"{{"id":"{number}","name":"Ä b"}}"#).into(),
        }
    }

    fn change(front: u64, dropped: &[Range<u64>], numbers: &[u64], next: u64) -> Change {
        Change {
            front,
            dropped: dropped.to_vec(),
            lines: numbers.iter().map(|number| line(*number)).collect(),
            next,
        }
    }

    fn check(body: &str, numbers: &[u64], damaged: u64) {
        let found = read(format!("{HEADER}{body}").as_bytes()).unwrap();
        let lines: Vec<Line> = numbers.iter().map(|number| line(*number)).collect();
        assert_eq!(found, Found { lines, damaged }, "{body}");
    }

    #[test]
    fn what_was_acknowledged_or_dropped_is_left_out() {
        let mut body = encoded(&change(0, &[], &[0, 1, 2, 3], 4), 0, 0);
        check(&body, &[0, 1, 2, 3], 0);
        body += &encoded(&change(1, &[2..3], &[4, 6], 8), 0, 4);
        check(&body, &[1, 3, 4, 6], 0);
        body += &encoded(&change(8, &[], &[], 8), 1, 8);
        check(&body, &[], 0);
        // A file that begins with a later number, as one that was written anew.
        check(&encoded(&change(5, &[], &[5, 9], 12), 0, 0), &[5, 9], 0);
    }

    #[test]
    fn damaged_lines_count_unless_the_source_has_them() {
        let whole = encoded(&change(0, &[], &[0, 1, 2], 3), 0, 0);
        let of = |body: &str, number: usize| {
            let mut lines: Vec<String> = body.lines().map(str::to_owned).collect();
            lines[number] = lines[number].replacen(['"', '-'], "x", 1);
            lines.join("\n") + "\n"
        };
        check(&of(&whole, 0), &[1, 2], 1);
        check(&of(&whole, 2), &[0, 1], 1);
        let acknowledged = whole.clone() + &encoded(&change(2, &[], &[], 3), 0, 3);
        check(&acknowledged, &[2], 0);
        check(&of(&acknowledged, 0), &[2], 0);
        check(&of(&acknowledged, 2), &[], 1);
        // Two lines in one.
        let joined = whole.replacen('\n', " ", 1);
        check(&joined, &[2], 2);
    }

    #[test]
    fn every_flipped_bit_is_noticed() {
        let whole = format!("{HEADER}{}", encoded(&change(0, &[], &[0, 1], 2), 0, 0));
        for at in HEADER.len()..whole.len() - 1 {
            let mut damaged = whole.clone().into_bytes();
            damaged[at] ^= 1;
            let found = read(&damaged).unwrap();
            assert!(found.damaged > 0 && found.lines.len() < 2, "{at}");
        }
    }

    #[test]
    fn an_incomplete_end_is_left_out() {
        let whole = format!("{HEADER}{}", encoded(&change(0, &[], &[0, 1], 2), 0, 0));
        let first = HEADER.len() + encoded(&change(0, &[], &[0], 1), 0, 0).len();
        for length in 0..=whole.len() {
            let expected = u64::from(length >= first) + u64::from(length == whole.len());
            let found = read(&whole.as_bytes()[..length]).unwrap();
            let lines: Vec<Line> = (0..expected).map(line).collect();
            assert_eq!(found, Found { lines, damaged: 0 }, "{length}");
        }
    }

    #[test]
    fn numbers_of_any_size_are_read() {
        let most = u64::MAX;
        for text in [
            format!("+ {most} {{}}"),
            format!("- 0 {most}"),
            format!("- {most} 3"),
        ] {
            let mut body = String::new();
            push(&mut body, &text);
            read(format!("{HEADER}{body}").as_bytes()).unwrap();
        }
    }

    #[test]
    fn a_file_of_revision_1_is_read_and_a_later_one_is_not() {
        let mut old = HEADER_1.to_owned();
        push(&mut old, &line(0).text);
        push(&mut old, &line(1).text);
        let found = read(old.as_bytes()).unwrap();
        assert_eq!(found.lines, [line(0), line(1)]);
        assert_eq!(read(b"titanic-spool 3\n"), None);
        assert_eq!(read(b"notes"), None);
    }
}
