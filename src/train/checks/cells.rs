//! What the checks share: how many rows they look at, and a number for a cell.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::schema::Cell;

/// Rows that a check looks at: with more, no figure here would change.
pub(super) const MOST_ROWS: usize = 50_000;

/// The value of a cell as a number that equal values share.
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
