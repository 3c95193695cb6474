//! What is learnt from: a table, and the store's labelled rows that came since. The jobs of a server and the command line
//! put it together in the same way.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::ingest::Loaded;
use crate::schema::Table;
use crate::schema::table::TooMuchText;
use crate::trainset::labelled::{Corrected, Labelled, content};

/// A table, the end of which may be the store's rows.
#[derive(Debug)]
pub struct Lesson {
    pub loaded: Loaded,
    /// Which of it are the store's rows; none where the store was not asked.
    pub stored: Option<Stored>,
}

/// The store's part of a table.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// How many rows at its end.
    pub rows: usize,
    /// How many rows before them have another truth than when they were learnt.
    pub corrected: usize,
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
    /// A table, and the rows that came since. A row of the table whose truth was corrected since has the new one, where it
    /// stands: it was seen, and is none of those that came.
    ///
    /// # Errors
    /// When there is too much text for one table.
    pub fn new(mut loaded: Loaded, fresh: Labelled) -> Result<Lesson, TooMuchText> {
        let Labelled {
            table,
            corrected,
            through,
            digest,
            left_out,
        } = fresh;
        let corrected = correct(&mut loaded.table, corrected);
        loaded.table.append(&table)?;
        loaded.read += table.len() + left_out;
        loaded.left_out += left_out;
        let stored = Stored {
            rows: table.len(),
            corrected,
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

    /// The store's rows at the end that a champion of the table before them never saw: all, or with the group of each row
    /// given those whose group is not among the rows before them.
    pub fn unseen(&self, groups: Option<&[Option<u64>]>) -> Vec<usize> {
        let fresh = self.loaded.table.len() - self.fresh()..self.loaded.table.len();
        let Some(groups) = groups else {
            return fresh.collect();
        };
        let learnt: HashSet<u64> = groups[..fresh.start].iter().flatten().copied().collect();
        let is_unseen = |row: &usize| groups[*row].is_none_or(|group| !learnt.contains(&group));
        fresh.filter(is_unseen).collect()
    }

    /// How many rows are from where, as the ledger and `train --json` have it.
    pub fn origin(&self) -> serde_json::Value {
        let fresh = self.fresh();
        serde_json::json!({
            "table": self.loaded.table.len() - fresh,
            "store": fresh,
            "corrected": self.stored.as_ref().map_or(0, |stored| stored.corrected),
        })
    }
}

/// Puts corrections into the rows they are of; gives how many found theirs. Tables keep no ids: a row is known by its content
/// and the truth it had, and rows that are the same in both are interchangeable. The store's rows stand at the end, so the
/// last such row is taken.
fn correct(table: &mut Table, corrected: Vec<Corrected>) -> usize {
    let mut open: HashMap<(Vec<u8>, bool), usize> = HashMap::new();
    for Corrected { content, positive } in corrected {
        *open.entry((content, !positive)).or_default() += 1;
    }
    let mut found = 0;
    for row in (0..table.len()).rev() {
        if open.is_empty() {
            break;
        }
        let Some(positive) = table.target(row) else {
            continue;
        };
        let key = (content(table.schema(), table.row(row)), positive);
        let Entry::Occupied(mut left) = open.entry(key) else {
            continue;
        };
        *left.get_mut() -= 1;
        if *left.get() == 0 {
            left.remove();
        }
        table.correct(row, !positive);
        found += 1;
    }
    found
}

#[cfg(test)]
mod tests;
