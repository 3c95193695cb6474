//! Rows as monitoring looks at them: column by column, without knowing where they came from.

use serde::{Deserialize, Serialize};

/// Some rows, column by column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    /// How many.
    pub rows: u64,
    /// Their columns, each of as many rows.
    pub columns: Vec<Column>,
}

/// A column of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub observed: Observed,
}

/// What a column holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    /// Numbers.
    Number(Numbers),
    /// Levels.
    Category(Levels),
    /// The model's probabilities, watched as a column.
    Score(Numbers),
}

/// The numbers of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Rows without a finite value.
    pub missing: u64,
    /// Rows with one.
    pub present: u64,
    /// The values in ascending order, all finite; of more than a profile keeps, an even part of them.
    pub values: Vec<f64>,
}

/// The levels of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Rows without a value.
    pub missing: u64,
    /// Each level with its rows, also levels without any, in the order in which they became known: those of the spec first.
    pub counts: Vec<(String, u64)>,
    /// Rows whose level was not kept by name: a profile has no names for what its spec does not know.
    pub unnamed: u64,
}
