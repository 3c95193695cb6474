//! The predictions that wait to be sent, oldest first. Pure.

use std::collections::VecDeque;
use std::sync::Arc;

/// Predictions as lines of JSON. Those that are being sent stay until they are acknowledged.
#[derive(Debug, Default)]
pub struct Queue {
    lines: VecDeque<Arc<str>>,
    /// Length of all lines together.
    bytes: u64,
    /// How many of the oldest are being sent.
    sending: usize,
}

impl Queue {
    pub fn extend(&mut self, lines: impl IntoIterator<Item = Arc<str>>) {
        for line in lines {
            self.bytes += line.len() as u64;
            self.lines.push_back(line);
        }
    }

    pub fn len(&self) -> usize {
        self.lines.len()
    }

    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    pub fn lines(&self) -> Vec<Arc<str>> {
        self.lines.iter().cloned().collect()
    }

    /// Drops the oldest lines that are not being sent, until the others fit into `limit`; returns how many were dropped.
    pub fn shed(&mut self, limit: u64) -> usize {
        let mut surplus = 0;
        for line in self.lines.range(self.sending..) {
            if self.bytes <= limit {
                break;
            }
            self.bytes -= line.len() as u64;
            surplus += 1;
        }
        self.lines.drain(self.sending..self.sending + surplus);
        surplus
    }

    /// The oldest lines, at most `most`, which are being sent from now on.
    pub fn send(&mut self, most: usize) -> Vec<Arc<str>> {
        self.sending = self.lines.len().min(most);
        self.lines.range(..self.sending).cloned().collect()
    }

    /// Removes the lines that are being sent.
    pub fn sent(&mut self) {
        for line in self.lines.drain(..self.sending) {
            self.bytes -= line.len() as u64;
        }
        self.sending = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(lines: &[&str]) -> Queue {
        let mut queue = Queue::default();
        queue.extend(lines.iter().map(|line| Arc::from(*line)));
        queue
    }

    fn check(queue: &Queue, lines: &[&str]) {
        let found = queue.lines();
        let found: Vec<&str> = found.iter().map(|line| &**line).collect();
        assert_eq!(found, lines);
        assert_eq!(queue.len(), lines.len());
        assert_eq!(queue.bytes(), lines.concat().len() as u64);
    }

    #[test]
    fn lines_stay_until_they_are_acknowledged() {
        let mut queue = queue(&["a", "bb", "ccc"]);
        assert_eq!(queue.send(2).len(), 2);
        check(&queue, &["a", "bb", "ccc"]);
        // It failed, and is tried with fewer.
        assert_eq!(queue.send(1), [Arc::from("a")]);
        queue.sent();
        check(&queue, &["bb", "ccc"]);
        assert_eq!(queue.send(9).len(), 2);
        queue.sent();
        check(&queue, &[]);
        assert!(queue.send(9).is_empty());
    }

    #[test]
    fn the_oldest_are_dropped_but_not_those_being_sent() {
        let mut queue = queue(&["a", "bb", "ccc", "dddd"]);
        queue.send(1);
        assert_eq!(queue.shed(10), 0);
        assert_eq!(queue.shed(9), 1);
        check(&queue, &["a", "ccc", "dddd"]);
        assert_eq!(queue.shed(0), 2);
        check(&queue, &["a"]);
        queue.sent();
        check(&queue, &[]);
    }
}
