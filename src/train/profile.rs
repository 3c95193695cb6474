//! The reference profile of a training table, which monitoring compares live rows with.

use rustc_hash::FxHashMap;

use crate::schema::column::{Kind, Levels};
use crate::schema::{Cell, Table};
use crate::stats::profile::{
    CategoryProfile, ColumnProfile, NumberProfile, Observed, Profile, TextProfile,
};

/// Profiles every column, and the probabilities that the model gives to rows it was not fitted on.
pub fn of(table: &Table, scores: impl Iterator<Item = f64>) -> Profile {
    let columns = table
        .schema()
        .columns()
        .iter()
        .enumerate()
        .map(|(i, column)| {
            let cells = || table.column(i);
            let observed = match &column.kind {
                Kind::Number { .. } => {
                    Observed::Number(NumberProfile::of(cells().map(|c| c.as_number())))
                }
                Kind::Category { levels } => {
                    let common = common(levels, cells(), table.text());
                    let text = |cell: Cell| match cell {
                        Cell::Level(level) => Some(levels[level as usize].as_str()),
                        Cell::Text(span) => Some(span.get(table.text())),
                        _ => None,
                    };
                    Observed::Category(CategoryProfile::of(common, cells().map(text)))
                }
                Kind::Text | Kind::Date(_) => Observed::Text(TextProfile::of(
                    cells().map(|c| (!c.is_missing()).then_some(())),
                )),
            };
            ColumnProfile {
                name: column.name.clone(),
                observed,
            }
        });
    Profile {
        columns: columns.collect(),
        scores: Some(NumberProfile::of(scores.map(Some))),
    }
}

/// The levels that a profile counts by name, sorted by name: those of the spec or, for an open category,
/// the most frequent ones.
fn common<'a>(
    levels: &'a Levels,
    cells: impl Iterator<Item = Cell>,
    text: &'a str,
) -> Vec<&'a str> {
    /// Maximum levels: comparing more of them one by one carries little information.
    const MOST: usize = 1000;
    if !levels.is_open() {
        return levels.iter().map(String::as_str).collect();
    }
    let mut counts: FxHashMap<&str, u64> = FxHashMap::default();
    for cell in cells {
        if let Cell::Text(span) = cell {
            *counts.entry(span.get(text)).or_default() += 1;
        }
    }
    let mut counts: Vec<(&str, u64)> = counts.into_iter().collect();
    counts.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    let mut names: Vec<&str> = counts
        .into_iter()
        .take(MOST)
        .map(|(name, _)| name)
        .collect();
    names.sort_unstable();
    names
}
