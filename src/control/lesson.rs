//! What is learnt from: a table, and the store's labelled rows that came since. The jobs of a server and the command line
//! put it together in the same way.

use super::labelled::Labelled;
use crate::ingest::Loaded;
use crate::schema::table::TooMuchText;

/// A table, the end of which may be the store's rows.
#[derive(Debug)]
pub struct Lesson {
    /// All of it.
    pub loaded: Loaded,
    /// Which of it are the store's rows; none where the store was not asked.
    pub stored: Option<Stored>,
}

/// The store's part of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// How many rows at its end.
    pub rows: usize,
    /// Up to which event the store was read.
    pub through: u64,
    /// Digest of their ids.
    pub digest: String,
}

impl From<Loaded> for Lesson {
    fn from(loaded: Loaded) -> Lesson {
        Lesson {
            loaded,
            stored: None,
        }
    }
}

impl Lesson {
    /// A table, and the rows that came since.
    ///
    /// # Errors
    /// When there is too much text for one table.
    pub fn new(mut loaded: Loaded, fresh: Labelled) -> Result<Lesson, TooMuchText> {
        let Labelled {
            table,
            through,
            digest,
            left_out,
        } = fresh;
        loaded.table.append(&table)?;
        loaded.read += table.len() + left_out;
        loaded.left_out += left_out;
        let stored = Stored {
            rows: table.len(),
            through,
            digest,
        };
        Ok(Lesson {
            loaded,
            stored: Some(stored),
        })
    }

    /// How many rows at its end are the store's.
    pub fn fresh(&self) -> usize {
        self.stored.as_ref().map_or(0, |stored| stored.rows)
    }

    /// How many rows are from where, as the ledger and `train --json` have it.
    pub fn origin(&self) -> serde_json::Value {
        let fresh = self.fresh();
        serde_json::json!({"table": self.loaded.table.len() - fresh, "store": fresh})
    }
}
