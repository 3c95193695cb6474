//! The training set: a table, and the labelled rows of the store that arrived since. Training jobs and the command line
//! build it by the same code.

use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

use crate::ingest::Loaded;
use crate::registry::evidence::Origin;
use crate::schema::Table;
use crate::schema::table::TooMuchTextError;
use crate::trainset::labelled::{Corrected, Labelled, content};

/// A training table, whose last rows may come from the store.
#[derive(Debug)]
pub struct TrainingSet {
    pub loaded: Loaded,
    /// The rows from the store; `None` if the store was not read.
    pub stored: Option<Stored>,
}

/// The part of a training set that comes from the store.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// Number of rows at the end of the table.
    pub rows: usize,
    /// Number of earlier rows whose label was corrected since they were trained on.
    pub corrected: usize,
    /// Number of the last event that was read from the store.
    pub through: u64,
    /// Digest of the rows' ids.
    pub digest: String,
}

impl From<Loaded> for TrainingSet {
    fn from(loaded: Loaded) -> TrainingSet {
        TrainingSet {
            loaded,
            stored: None,
        }
    }
}

impl TrainingSet {
    /// Appends the new labelled rows to a table, and applies label corrections to the table's rows in place: the champion
    /// was trained on those rows, so they are not new.
    ///
    /// # Errors
    /// If there is too much text for one table.
    pub fn new(mut loaded: Loaded, fresh: Labelled) -> Result<TrainingSet, TooMuchTextError> {
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
        Ok(TrainingSet {
            loaded,
            stored: Some(stored),
        })
    }

    /// Number of rows from the store, at the end of the table.
    pub fn fresh(&self) -> usize {
        self.stored.as_ref().map_or(0, |stored| stored.rows)
    }

    /// The rows from the store that a champion of the earlier rows was not trained on: all of them or, given the group of
    /// each row, those whose group has no earlier row.
    pub fn unseen(&self, groups: Option<&[Option<u64>]>) -> Vec<usize> {
        let fresh = self.loaded.table.len() - self.fresh()..self.loaded.table.len();
        let Some(groups) = groups else {
            return fresh.collect();
        };
        let learnt: HashSet<u64> = groups[..fresh.start].iter().flatten().copied().collect();
        let is_unseen = |row: &usize| groups[*row].is_none_or(|group| !learnt.contains(&group));
        fresh.filter(is_unseen).collect()
    }

    pub fn origin(&self) -> Origin {
        let store = self.fresh();
        Origin {
            table: self.loaded.table.len() - store,
            store,
            corrected: self.stored.as_ref().map_or(0, |stored| stored.corrected),
        }
    }
}

/// Applies corrections to the rows that they belong to and returns how many rows were found. Tables store no ids, so a row
/// is identified by its content and its old label; rows equal in both are interchangeable. The last such row is corrected,
/// because the store's rows are at the end.
fn correct(table: &mut Table, corrected: Vec<Corrected>) -> usize {
    let mut open: HashMap<(Vec<u8>, bool), usize> = HashMap::new();
    for Corrected { content, positive } in corrected {
        *open.entry((content, !positive)).or_default() += 1;
    }
    let (mut found, mut cells) = (0, Vec::new());
    for row in (0..table.len()).rev() {
        if open.is_empty() {
            break;
        }
        let Some(positive) = table.target(row) else {
            continue;
        };
        let key = (
            content(table.schema(), table.row(row, &mut cells)),
            positive,
        );
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
