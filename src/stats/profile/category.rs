//! The profile of a categorical column: number of rows per level.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CategoryProfile {
    pub rows: u64,
    /// Rows without a value.
    pub missing: u64,
    /// Number of rows of each known level, in the order given; levels without rows are included.
    pub levels: Vec<Level>,
    /// Rows whose level is none of the known ones.
    pub unseen: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Level {
    pub name: String,
    /// Number of rows with the level.
    pub count: u64,
}

impl CategoryProfile {
    /// Counts values (`None` where missing) over the given levels; a level given twice counts once.
    pub fn of<'a>(
        levels: impl IntoIterator<Item = &'a str>,
        values: impl IntoIterator<Item = Option<&'a str>>,
    ) -> CategoryProfile {
        let mut profile = CategoryProfile::default();
        let mut places = HashMap::new();
        for name in levels {
            places.entry(name).or_insert_with(|| {
                profile.levels.push(Level {
                    name: name.to_owned(),
                    count: 0,
                });
                profile.levels.len() - 1
            });
        }
        for value in values {
            profile.rows += 1;
            match value.map(|name| places.get(name)) {
                None => profile.missing += 1,
                Some(None) => profile.unseen += 1,
                Some(Some(place)) => profile.levels[*place].count += 1,
            }
        }
        profile
    }

    pub(super) fn check(&self) -> Result<(), &'static str> {
        let mut names = std::collections::HashSet::new();
        if !self.levels.iter().all(|level| names.insert(&level.name)) {
            return Err("a level is listed twice");
        }
        // Summed as u128, so that counts from a damaged file cannot overflow.
        let counts = self
            .levels
            .iter()
            .map(|level| level.count)
            .chain([self.missing, self.unseen]);
        if counts.map(u128::from).sum::<u128>() == u128::from(self.rows) {
            Ok(())
        } else {
            Err("the counts do not add up to the rows")
        }
    }
}
