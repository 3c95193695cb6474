//! Scores by the id of their prediction, held until its label arrives.

use std::collections::{HashMap, VecDeque};

/// Maximum scores held, about 10 MiB; the oldest is dropped. A row whose label arrives later is scored again.
const MOST: usize = 1 << 16;

#[derive(Debug, Default)]
pub struct Scores {
    by_id: HashMap<String, f64>,
    order: VecDeque<String>,
}

impl Scores {
    pub fn keep(&mut self, id: String, score: f64) {
        self.order.push_back(id.clone());
        self.by_id.insert(id, score);
        if self.order.len() > MOST
            && let Some(oldest) = self.order.pop_front()
        {
            self.by_id.remove(&oldest);
        }
    }

    pub fn take(&mut self, id: &str) -> Option<f64> {
        self.by_id.remove(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_go_first_and_each_is_given_once() {
        let mut scores = Scores::default();
        (0..=MOST).for_each(|n| scores.keep(n.to_string(), n as f64));
        assert_eq!((scores.take("0"), scores.by_id.len()), (None, MOST));
        assert_eq!((scores.take("1"), scores.take("1")), (Some(1.0), None));
    }
}
