//! The predictions that wait to be sent, oldest first. Pure.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

/// A prediction as one line of JSON, with its number: the predictions of a spool are numbered in the order of their arrival.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub number: u64,
    pub text: Arc<str>,
}

/// How much one request may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Most {
    pub lines: usize,
    pub bytes: u64,
}

/// What the file lacks of the queue.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Change {
    /// Predictions below this number wait no longer.
    pub front: u64,
    /// Numbers above `front` that wait no longer either.
    pub dropped: Vec<Range<u64>>,
    /// Predictions that are not in the file.
    pub lines: Vec<Line>,
    /// Number of the prediction that comes next.
    pub next: u64,
}

impl Change {
    /// Everything that a file has to hold, for these lines.
    pub fn of(lines: &[Line]) -> Change {
        let next = lines.last().map_or(0, |line| line.number + 1);
        Change {
            front: lines.first().map_or(next, |line| line.number),
            dropped: Vec::new(),
            lines: lines.to_vec(),
            next,
        }
    }
}

/// Predictions that wait. Those that are being sent stay until they are acknowledged.
#[derive(Debug, Default)]
pub struct Queue {
    lines: VecDeque<Line>,
    /// Number of the prediction that comes next.
    next: u64,
    /// Length of all lines together.
    bytes: u64,
    /// How many of the oldest are being sent.
    sending: usize,
    /// How many of the oldest are of an earlier run, whose last acknowledgements may be unknown.
    inherited: usize,
    /// Predictions below this number were given to the file, which may be writing them.
    given: u64,
    /// Predictions below this number are in the file, unless they wait no longer.
    written: u64,
    /// The front of the queue that the file knows.
    noted: u64,
    /// Numbers that were dropped after they had been given to the file, which does not know it yet.
    dropped: Vec<Range<u64>>,
}

impl Queue {
    /// A queue of what a file holds. The source may have acknowledged any of it before the process ended.
    pub fn inherited(lines: Vec<Line>) -> Queue {
        let next = lines.last().map_or(0, |line| line.number + 1);
        Queue {
            bytes: lines.iter().map(|line| line.text.len() as u64).sum(),
            inherited: lines.len(),
            given: next,
            written: next,
            noted: lines.first().map_or(next, |line| line.number),
            next,
            lines: lines.into(),
            ..Queue::default()
        }
    }

    pub fn extend(&mut self, texts: impl IntoIterator<Item = Arc<str>>) {
        for text in texts {
            self.bytes += text.len() as u64;
            let number = self.next;
            self.lines.push_back(Line { number, text });
            self.next += 1;
        }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// Drops the oldest lines, until the others fit into `limit`; returns how many were dropped. Lines that are being sent or
    /// that an earlier run may have sent stay, so that none is dropped that the source has.
    pub fn shed(&mut self, limit: u64) -> usize {
        let kept = self.sending.max(self.inherited).min(self.lines.len());
        let mut surplus = 0;
        for line in self.lines.range(kept..) {
            if self.bytes <= limit {
                break;
            }
            self.bytes -= line.text.len() as u64;
            surplus += 1;
        }
        for line in self.lines.drain(kept..kept + surplus) {
            if line.number < self.given {
                extend(&mut self.dropped, line.number..line.number + 1);
            }
        }
        surplus
    }

    /// The oldest lines, at least one and at most `most`, which are being sent from now on.
    pub fn send(&mut self, most: Most) -> Vec<Arc<str>> {
        let mut bytes = 0;
        let fits = |line: &&Line| {
            bytes += line.text.len() as u64;
            bytes <= most.bytes
        };
        let fitting = self.lines.iter().take(most.lines).take_while(fits).count();
        self.sending = fitting.max(1).min(self.lines.len());
        let sent = self.lines.range(..self.sending);
        sent.map(|line| line.text.clone()).collect()
    }

    /// Removes the lines that are being sent.
    pub fn sent(&mut self) {
        for line in self.lines.drain(..self.sending) {
            self.bytes -= line.text.len() as u64;
        }
        self.inherited = self.inherited.saturating_sub(self.sending);
        self.sending = 0;
    }

    /// Whether the file lacks nothing.
    pub fn is_written(&self) -> bool {
        self.written == self.next && self.noted == self.front() && self.dropped.is_empty()
    }

    /// Gives the file what it lacks, until [`Queue::wrote`] or [`Queue::failed`].
    pub fn change(&mut self) -> Change {
        self.given = self.next;
        let from = self
            .lines
            .partition_point(|line| line.number < self.written);
        Change {
            front: self.front(),
            dropped: std::mem::take(&mut self.dropped),
            lines: self.lines.range(from..).cloned().collect(),
            next: self.next,
        }
    }

    /// Gives the file everything that waits, in place of what it holds.
    pub fn everything(&mut self) -> Change {
        Change {
            lines: self.lines.iter().cloned().collect(),
            ..self.change()
        }
    }

    /// Notes that the file holds what it was given.
    pub fn wrote(&mut self, change: &Change) {
        (self.written, self.noted) = (change.next, change.front);
    }

    /// Notes that the file does not hold what it was given.
    pub fn failed(&mut self, change: Change) {
        for later in std::mem::replace(&mut self.dropped, change.dropped) {
            extend(&mut self.dropped, later);
        }
    }

    /// How many of the lines that wait are in the file.
    pub fn in_file(&self) -> usize {
        self.lines
            .partition_point(|line| line.number < self.written)
    }

    /// The number of the oldest line.
    fn front(&self) -> u64 {
        self.lines.front().map_or(self.next, |line| line.number)
    }
}

/// Adds a range to those before it.
fn extend(ranges: &mut Vec<Range<u64>>, range: Range<u64>) {
    match ranges.last_mut().filter(|last| last.end == range.start) {
        Some(last) => last.end = range.end,
        None => ranges.push(range),
    }
}

#[allow(
    clippy::single_range_in_vec_init,
    reason = "lists of ranges, of which some have one"
)]
#[cfg(test)]
mod tests {
    use super::*;

    const ALL: Most = Most {
        lines: 9,
        bytes: 99,
    };

    fn queue(lines: &[&str]) -> Queue {
        let mut queue = Queue::default();
        queue.extend(lines.iter().map(|line| Arc::from(*line)));
        queue
    }

    fn at_most(lines: usize) -> Most {
        Most { lines, ..ALL }
    }

    fn check(queue: &Queue, lines: &[&str]) {
        let found: Vec<&str> = queue.lines.iter().map(|line| &*line.text).collect();
        assert_eq!(found, lines);
        assert_eq!(queue.len(), lines.len());
        assert_eq!(queue.bytes(), lines.concat().len() as u64);
    }

    /// The change, which is written.
    fn written(queue: &mut Queue) -> (u64, Vec<Range<u64>>, Vec<u64>) {
        let change = queue.change();
        queue.wrote(&change);
        let numbers = change.lines.iter().map(|line| line.number).collect();
        (change.front, change.dropped, numbers)
    }

    #[test]
    fn lines_stay_until_they_are_acknowledged() {
        let mut queue = queue(&["a", "bb", "ccc"]);
        assert_eq!(queue.send(at_most(2)).len(), 2);
        check(&queue, &["a", "bb", "ccc"]);
        // It failed, and is tried with fewer.
        assert_eq!(queue.send(at_most(1)), [Arc::from("a")]);
        queue.sent();
        check(&queue, &["bb", "ccc"]);
        assert_eq!(queue.send(ALL).len(), 2);
        queue.sent();
        check(&queue, &[]);
        assert!(queue.send(ALL).is_empty());
    }

    #[test]
    fn a_request_is_bounded_by_bytes_and_holds_a_line_at_least() {
        let mut queue = queue(&["a", "bb", "ccc", "dddd"]);
        for (bytes, expected) in [(10, 4), (9, 3), (6, 3), (5, 2), (1, 1), (0, 1)] {
            let most = Most { lines: 9, bytes };
            assert_eq!(queue.send(most).len(), expected, "{bytes}");
        }
    }

    #[test]
    fn the_oldest_are_dropped_but_not_those_being_sent() {
        let mut queue = queue(&["a", "bb", "ccc", "dddd"]);
        queue.send(at_most(1));
        assert_eq!(queue.shed(10), 0);
        assert_eq!(queue.shed(9), 1);
        check(&queue, &["a", "ccc", "dddd"]);
        assert_eq!(queue.shed(0), 2);
        check(&queue, &["a"]);
        queue.sent();
        check(&queue, &[]);
    }

    #[test]
    fn what_an_earlier_run_may_have_sent_is_not_dropped() {
        let line = |number: u64| Line {
            number,
            text: "aa".into(),
        };
        let mut queue = Queue::inherited(vec![line(3), line(4), line(7)]);
        assert!(queue.is_written());
        queue.extend(["b".into(), "c".into()]);
        assert_eq!(queue.shed(7), 1);
        assert_eq!(queue.shed(0), 1);
        check(&queue, &["aa", "aa", "aa"]);
        queue.send(at_most(2));
        queue.sent();
        assert_eq!(queue.shed(0), 0);
        queue.send(at_most(1));
        queue.sent();
        queue.extend(["d".into()]);
        assert_eq!(queue.shed(0), 1);
        check(&queue, &[]);
    }

    #[test]
    fn the_file_gets_what_it_lacks() {
        let mut queue = queue(&["a", "b", "c", "d"]);
        assert!(!queue.is_written());
        assert_eq!(written(&mut queue), (0, vec![], vec![0, 1, 2, 3]));
        assert!(queue.is_written());
        assert_eq!(queue.in_file(), 4);
        queue.send(at_most(1));
        queue.extend(["e".into()]);
        assert_eq!(queue.in_file(), 4);
        assert_eq!(queue.shed(3), 2);
        assert_eq!(written(&mut queue), (0, vec![1..3], vec![4]));
        queue.sent();
        assert!(!queue.is_written());
        assert_eq!(written(&mut queue), (3, vec![], vec![]));
        queue.send(ALL);
        queue.sent();
        assert_eq!(written(&mut queue), (5, vec![], vec![]));
        assert!(queue.is_written());
    }

    #[test]
    fn what_could_not_be_written_is_given_again() {
        let mut queue = queue(&["a", "b"]);
        let change = queue.change();
        // Dropped meanwhile, although the file may have it.
        queue.extend(["c".into()]);
        assert_eq!(queue.shed(2), 1);
        queue.failed(change);
        assert_eq!(queue.in_file(), 0);
        let change = queue.change();
        assert_eq!((change.front, &*change.dropped), (1, &[0..1][..]));
        assert_eq!(change.lines.len(), 2);
        queue.shed(1);
        queue.failed(change);
        assert_eq!(written(&mut queue), (2, vec![0..2], vec![2]));
        // All of it, in place of the file.
        let change = queue.everything();
        assert_eq!((change.front, change.lines.len()), (2, 1));
    }
}
