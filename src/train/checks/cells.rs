//! Shared by the checks: the limit on the rows they read, and a hash of a cell.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::schema::Cell;

/// Maximum rows that a check reads; more would not change its statistics noticeably.
pub(super) const MOST_ROWS: usize = 50_000;

/// Hash of a cell: equal values have equal hashes.
pub(super) fn digest(cell: Cell, text: &str) -> u64 {
    let mut hasher = FxHasher::default();
    match cell {
        Cell::Missing => 0_u8.hash(&mut hasher),
        Cell::Number(v) => (1_u8, v.to_bits()).hash(&mut hasher),
        Cell::Level(level) => (2_u8, level).hash(&mut hasher),
        Cell::Text(span) => (3_u8, span.get(text)).hash(&mut hasher),
    }
    hasher.finish()
}
