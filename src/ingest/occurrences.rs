//! How often a row without an id has come so far in one load: equal rows are different rows, and a load that is repeated
//! finds them all again.

use std::hash::{Hash, Hasher};

use rustc_hash::{FxHashMap, FxHasher};

use crate::schema::{Cell, Row};

/// Different contents that are counted, some 100 MB of them. Beyond, a row that is new is taken for the first of its kind:
/// of equal ones among those, one counts.
const MOST: usize = 1 << 22;

/// Counts by content.
#[derive(Debug, Default)]
pub(super) struct Occurrences(FxHashMap<u64, u32>);

impl Occurrences {
    /// How many rows equal to this one came before it; 0 for a row with an id of its own.
    pub(super) fn before(&mut self, row: &Row) -> u32 {
        if !row.id().is_missing() {
            return 0;
        }
        let content = digest(row);
        let is_full = self.0.len() >= MOST;
        match self.0.get_mut(&content) {
            Some(count) => {
                *count += 1;
                *count
            }
            None => {
                if !is_full {
                    self.0.insert(content, 0);
                }
                0
            }
        }
    }

    /// Begins another source.
    pub(super) fn clear(&mut self) {
        self.0.clear();
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
