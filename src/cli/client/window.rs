//! Rows in flight: bounded in number, answered in any order, handed out in theirs.

use std::collections::VecDeque;

/// Enough to hide a round trip; few enough that both sides' buffers hold them all, explained ones too.
const MOST: usize = 64;

/// Rows sent and not yet printed.
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
    /// How many more rows may be sent.
    pub fn room(&self) -> usize {
        MOST - self.rows.len()
    }

    /// Whether nothing is in flight.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row is sent; where its answer is known already (it was not fit to be sent), with it.
    pub fn push(&mut self, reference: u64, answer: Option<T>) {
        self.rows.push_back((reference, answer));
    }

    /// Takes an answer in; false if nobody waits for it.
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

    /// The next answer in the order of the rows, once it is there.
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
