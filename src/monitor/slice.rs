//! A slice: the rows that have one level of one column. It is monitored like all rows, against its own reference.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::schema::{Cell, Kind, RowView, Schema};

/// Maximum levels of a column that is sliced: the slices share the false alarm rate, and more would leave each too little.
const MOST_LEVELS: usize = 20;

/// The rows of one level of one column.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Slice {
    pub column: String,
    pub level: String,
}

impl fmt::Display for Slice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.column, self.level)
    }
}

/// Why a column cannot be sliced.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "UnwatchedColumn")]
pub struct Unwatched {
    /// The column as requested.
    pub column: String,
    pub why: String,
}

impl Slice {
    /// The slices of a column, one per level.
    ///
    /// # Errors
    /// If the column cannot be sliced, with the reason.
    pub fn of(schema: &Schema, column: &str) -> Result<Vec<Slice>, Unwatched> {
        let refuse = |why: String| Unwatched {
            column: column.to_owned(),
            why,
        };
        let known = schema.columns().iter().find(|c| c.name == column);
        let Some(known) = known else {
            return Err(refuse("the live model has no such column".into()));
        };
        let Kind::Category { levels } = &known.kind else {
            return Err(refuse(
                "it is not a category: a slice is a level of one".into(),
            ));
        };
        if levels.len() > MOST_LEVELS {
            let many = levels.len();
            return Err(refuse(format!(
                "it has {many} levels, and at most {MOST_LEVELS} can be watched"
            )));
        }
        let slice = |level: &String| Slice {
            column: column.to_owned(),
            level: level.clone(),
        };
        Ok(levels.iter().map(slice).collect())
    }

    /// Whether the slice contains the row.
    pub fn has(&self, schema: &Schema, row: RowView<'_>) -> bool {
        let at = schema.columns().iter().position(|c| c.name == self.column);
        let Some(at) = at else {
            return false;
        };
        match row.cells[at] {
            Cell::Level(level) => schema.columns()[at].levels()[level as usize] == self.level,
            _ => false, // missing, or a level the model does not know
        }
    }
}
