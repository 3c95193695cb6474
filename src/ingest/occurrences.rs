//! Counts how often each row without an id has occurred in a load, so that equal rows count as different rows and a repeated
//! load identifies each of them again.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::schema::{Cell, Row};

/// Maximum number of distinct contents with a counter of their own (about 100 MB).
const MOST: usize = 1 << 22;

/// Binary logarithm of the number of shared counters (64 MB), which serve all other contents.
const SHARED_BITS: u32 = 24;

/// Occurrence counters by content. Once the maximum is reached, further contents share counters by hash: equal rows still
/// get different numbers, and the same rows in the same order get the same numbers. In another order they may not.
#[derive(Debug)]
pub(super) struct Occurrences {
    own: FxHashMap<u64, u32>,
    shared: Vec<u32>,
    most: usize,
}

impl Default for Occurrences {
    fn default() -> Occurrences {
        Occurrences::of(MOST)
    }
}

impl Occurrences {
    fn of(most: usize) -> Occurrences {
        Occurrences {
            own: FxHashMap::default(),
            shared: Vec::new(),
            most,
        }
    }

    /// Whether shared counters are in use.
    pub(super) fn is_full(&self) -> bool {
        !self.shared.is_empty()
    }

    /// The number of equal rows before this one; 0 for a row that has an id.
    pub(super) fn before(&mut self, row: &Row) -> u32 {
        if !row.id().is_missing() {
            return 0;
        }
        let content = digest(row);
        if let Some(count) = self.own.get_mut(&content) {
            *count += 1;
            return *count;
        }
        if self.own.len() < self.most {
            self.own.insert(content, 0);
            return 0;
        }
        if !self.is_full() {
            self.shared = vec![0; 1 << SHARED_BITS];
        }
        let count = &mut self.shared[(content >> (u64::BITS - SHARED_BITS)) as usize];
        *count += 1;
        *count - 1
    }

    pub(super) fn clear(&mut self) {
        self.own.clear();
        self.shared.clear();
    }
}

fn digest(row: &Row) -> u64 {
    let mut hasher = FxHasher::default();
    let view = row.view();
    for cell in view.cells {
        match *cell {
            Cell::Missing => 0_u8.hash(&mut hasher),
            Cell::Number(v) => (1_u8, v.to_bits()).hash(&mut hasher),
            Cell::Level(level) => (2_u8, level).hash(&mut hasher),
            Cell::Text(span) => (3_u8, span.get(view.text)).hash(&mut hasher),
        }
    }
    row.target().hash(&mut hasher);
    hasher.finish()
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;
    use crate::schema::fixture::wines;
    use crate::schema::json;
    use crate::schema::row::Purpose;

    #[test]
    fn equal_rows_are_told_apart_however_many_others_there_are() {
        let schema = wines();
        let mut row = Row::new(&schema, Purpose::Keep);
        let load = |order: &mut dyn Iterator<Item = usize>, row: &mut Row| {
            let mut occurrences = Occurrences::of(10);
            let mut numbers = Vec::new();
            for n in order {
                let text = format!(r#"{{"colour": "red", "sugar": {n}}}"#);
                json::line(&schema, text.as_bytes(), row).unwrap();
                numbers.push((n, occurrences.before(row)));
            }
            (numbers, occurrences.is_full())
        };
        // 100 distinct contents, three times each, where only 10 have counters of their own.
        let thrice = || (0..300).map(|i| i % 100);
        let (numbers, is_full) = load(&mut thrice(), &mut row);
        let different: HashSet<_> = numbers.iter().collect();
        assert!(is_full);
        assert_eq!(different.len(), 300);
        assert_eq!(load(&mut thrice(), &mut row).0, numbers, "the same load");
        let grown = load(&mut thrice().chain(0..5), &mut row).0;
        assert_eq!(grown[..300], numbers, "a load that grew");
        let few = load(&mut (0..30).map(|i| i % 10), &mut row);
        assert!(!few.1);
        assert!(
            few.0
                .iter()
                .enumerate()
                .all(|(i, (_, n))| *n == i as u32 / 10)
        );
    }
}
