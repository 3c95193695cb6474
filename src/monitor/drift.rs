//! Two samples compared: figures, tests, one verdict.

use serde::{Deserialize, Serialize};

use super::sample::Sample;

/// What became of rows, beside a reference.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Whether any column drifted.
    pub drift: bool,
    /// How many rows there were.
    pub rows: Sides,
    /// Family-wise chance of a false alarm in this verdict.
    pub level: f64,
    /// The columns both have, in the reference's order.
    pub columns: Vec<ColumnDrift>,
    /// Columns that could not be compared, by name.
    pub skipped: Vec<String>,
}

/// A figure of either side.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sides {
    /// Of the reference.
    pub reference: u64,
    /// Of the rows compared with it.
    pub current: u64,
}

/// One column of it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnDrift {
    /// Its name.
    pub name: String,
    /// Whether it drifted.
    pub drift: bool,
    /// What changed, in words; none where nothing did.
    pub change: Option<String>,
}

/// Compares rows with a reference, at a family-wise level in (0, 1).
pub fn compare(_reference: &Sample, _current: &Sample, _level: f64) -> Drift {
    todo!()
}
