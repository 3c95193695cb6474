//! Window of rows in flight: bounded in number, answered in any order, released in the order they were sent.

use std::collections::VecDeque;

/// Maximum number of rows in flight: enough to hide a round trip, and few enough that the buffers on both sides hold all
/// responses, even with contributions.
const MOST: usize = 64;

/// Rows that were sent and whose responses are not printed yet.
#[derive(Debug)]
pub struct Window<T> {
    rows: VecDeque<(u64, Option<T>)>,
}

impl<T> Default for Window<T> {
    fn default() -> Window<T> {
        Window {
            rows: VecDeque::new(),
        }
    }
}

impl<T> Window<T> {
    /// Number of rows that may still be sent.
    pub fn room(&self) -> usize {
        MOST - self.rows.len()
    }

    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Adds a row; `answer` is set for an invalid row that is not sent, because its response is already known.
    pub fn push(&mut self, reference: u64, answer: Option<T>) {
        self.rows.push_back((reference, answer));
    }

    /// Stores the response to a row; returns false if no row with this reference waits for one.
    pub fn answer(&mut self, reference: u64, answer: T) -> bool {
        match self
            .rows
            .iter_mut()
            .find(|(r, a)| *r == reference && a.is_none())
        {
            Some((_, place)) => {
                *place = Some(answer);
                true
            }
            None => false,
        }
    }

    /// Removes and returns the response to the oldest row, if it has arrived.
    pub fn next(&mut self) -> Option<(u64, T)> {
        self.rows.front()?.1.as_ref()?;
        let (reference, answer) = self.rows.pop_front()?;
        Some((reference, answer?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_out_in_the_order_of_the_rows() {
        let mut window = Window::default();
        window.push(10, None);
        window.push(11, Some("bad"));
        window.push(12, None);
        assert_eq!(window.room(), MOST - 3);
        assert!(window.answer(12, "c"));
        assert_eq!(window.next(), None);
        assert!(window.answer(10, "a"));
        assert!(!window.answer(10, "again") && !window.answer(99, "unknown"));
        assert_eq!(
            [window.next(), window.next(), window.next()],
            [Some((10, "a")), Some((11, "bad")), Some((12, "c"))]
        );
        assert!(window.is_empty() && window.next().is_none());
    }
}
