//! Check for rows that come in groups, such as several rows of one person: split across folds, they inflate the metrics.

use rustc_hash::FxHashMap;

use super::cells::{MOST_ROWS, digest};
use crate::schema::fault::Problem;
use crate::schema::{Table, WarningSummary};

/// Sizes of groups that count as rows of one person or thing; a larger group is taken for a category level.
const SIZES: std::ops::RangeInclusive<usize> = 2..=50;

/// Share of a column's values that must be in such groups for the column to be a candidate key.
const IN_GROUPS: f64 = 0.5;

/// Share of consecutive rows of a group that must agree in a column for that column to follow the key.
const FOLLOWS: f64 = 0.9;

/// A column in which at least this share of arbitrary neighbouring rows agree is ignored: its agreement carries no information.
const ANYWAY: f64 = 0.75;

/// Minimum share of copied rows, of all rows, that is reported.
const COPIES: f64 = 0.01;

/// Maximum values whose hashes are held in memory at once, at eight bytes per value; those of the first rows.
const MOST_KEYS: usize = 1 << 22;

/// Rows whose values are compared in any case.
const LEAST_ROWS: usize = 1_000;

/// Reports columns that are keys of groups of rows, and rows that are copies of other rows.
///
/// A column is a key when most of its values repeat two to fifty times, and rows with the same value agree on at least a
/// third, and at least two, of the columns in which arbitrary rows differ. Copies are rows that are equal in every column,
/// in a table whose columns have so many different values that equal rows do not occur by chance.
pub(super) fn check(
    table: &Table,
    is_used: impl Fn(usize) -> bool,
    stopped: &dyn Fn() -> bool,
    summary: &mut WarningSummary,
) {
    let text = table.text();
    let columns = table.schema().columns();
    if table.len() < 20 {
        return; // too few to tell chance from kinship
    }
    let rows = (MOST_KEYS / columns.len().max(1)).max(LEAST_ROWS);
    // Hashes of the values, column by column.
    let keys: Vec<Vec<u64>> = (0..columns.len())
        .map(|i| {
            table
                .column(i)
                .take(rows)
                .map(|cell| digest(cell, text))
                .collect()
        })
        .collect();
    let missing = digest(crate::schema::Cell::Missing, text);
    let anyway: Vec<f64> = keys
        .iter()
        .map(|keys| agreement(keys, 0..keys.len()))
        .collect();
    let (mut best, mut key): (Option<(usize, bool, usize, String)>, usize) = (None, 0);
    for (i, column) in columns.iter().enumerate() {
        if stopped() {
            return;
        }
        let Some(Groups { rows, part, kept }) = groups(&keys[i], missing) else {
            continue;
        };
        let telling: Vec<usize> = (0..columns.len())
            .filter(|j| *j != i && anyway[*j] < ANYWAY)
            .collect();
        let pairs = || kept.iter().flat_map(|rows| rows.windows(2));
        let follows = |j: &&usize| within(&keys[**j], pairs()) >= FOLLOWS;
        let following: Vec<&str> = telling
            .iter()
            .filter(follows)
            .map(|j| columns[*j].name.as_str())
            .collect();
        if following.len() < 2 || 3 * following.len() < telling.len() {
            continue;
        }
        let (n, free) = (following.len(), !is_used(i));
        // Columns that follow the key repeat as it does; the likelier key is a column that no feature is made from.
        if best.as_ref().is_none_or(|(m, f, ..)| (n, free) > (*m, *f)) {
            let counted = counted(rows, part, keys[i].len(), table.len());
            let detail = format!(
                "{counted} share their value with others, and agree in {}: figures are too good where rows of one value \
                 stand in different folds; evaluation: {{groups: {}}} keeps them together",
                listed(&following),
                column.name,
            );
            best = Some((n, free, rows, detail));
            key = i;
        }
    }
    if let Some((_, _, rows, detail)) = best {
        let name = &columns[key].name;
        summary.say(name, Problem::RepeatedKey, rows as u64, detail);
    }
    copies(table, &keys, summary);
}

/// A row count as text, with its basis: 1 in `part` of the values among the first `seen` of `all` rows.
fn counted(rows: usize, part: u64, seen: usize, all: usize) -> String {
    let of = match seen < all {
        true => format!(" of the first {seen}"),
        false => String::new(),
    };
    match part {
        1 => format!("{rows} rows{of}"),
        part => format!("about {rows} rows{of} (counted over 1 in {part} of the values)"),
    }
}

/// Groups of rows that share a value in one column.
struct Groups {
    /// Rows in groups; in a long table, an estimate from a sample of the values.
    rows: usize,
    /// One in `part` values was sampled.
    part: u64,
    /// The rows of each sampled group.
    kept: Vec<Vec<usize>>,
}

/// The groups of a column, or `None` if it is no key. A long table is sampled by value: a sampled value has all of its rows.
fn groups(keys: &[u64], missing: u64) -> Option<Groups> {
    let part = keys.len().div_ceil(MOST_ROWS).max(1) as u64;
    let is_seen = |key: u64| key != missing && (part == 1 || (key >> 32).is_multiple_of(part));
    let mut groups: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    let mut values = 0;
    for (row, key) in keys.iter().enumerate().filter(|(_, key)| is_seen(**key)) {
        groups.entry(*key).or_default().push(row);
        values += 1;
    }
    let mut kept: Vec<Vec<usize>> = groups
        .into_values()
        .filter(|rows| SIZES.contains(&rows.len()))
        .collect();
    kept.sort_unstable();
    let rows: usize = kept.iter().map(Vec::len).sum();
    let is_key = values > 0 && rows as f64 >= IN_GROUPS * f64::from(values) && kept.len() >= 5;
    is_key.then(|| Groups {
        rows: rows * part as usize,
        part,
        kept,
    })
}

/// Share of pairs of rows that have the same value.
fn within<'a>(keys: &[u64], pairs: impl Iterator<Item = &'a [usize]>) -> f64 {
    let (mut same, mut all) = (0_u32, 0_u32);
    for pair in pairs.take(MOST_ROWS) {
        same += u32::from(keys[pair[0]] == keys[pair[1]]);
        all += 1;
    }
    f64::from(same) / f64::from(all.max(1))
}

/// Share of consecutive rows that have the same value.
fn agreement(keys: &[u64], rows: impl IntoIterator<Item = usize>) -> f64 {
    let mut rows = rows.into_iter();
    let Some(mut last) = rows.next() else {
        return 1.0;
    };
    let (mut same, mut all) = (0_u32, 0_u32);
    for row in rows.take(MOST_ROWS) {
        same += u32::from(keys[row] == keys[last]);
        all += 1;
        last = row;
    }
    f64::from(same) / f64::from(all.max(1))
}

fn listed(names: &[&str]) -> String {
    const SHOWN: usize = 4;
    match names.len().checked_sub(SHOWN) {
        Some(more @ 1..) => format!("{} and {more} more columns", names[..SHOWN].join(", ")),
        _ => names.join(", "),
    }
}

fn copies(table: &Table, keys: &[Vec<u64>], summary: &mut WarningSummary) {
    const CHANCE: f64 = 10.0; // possible rows a row of the table
    let rows = table.len().min(MOST_ROWS);
    let distinct = |keys: &Vec<u64>| {
        let seen: rustc_hash::FxHashSet<u64> = keys[..rows].iter().copied().collect();
        (seen.len() as f64).ln()
    };
    let possible: f64 = keys.iter().map(distinct).sum();
    if possible < (CHANCE * rows as f64).ln() {
        return;
    }
    let mut seen: FxHashMap<u64, ()> = FxHashMap::default();
    let whole = |row: usize| {
        let mix = |all: u64, keys: &Vec<u64>| {
            (all.rotate_left(5) ^ keys[row]).wrapping_mul(0x517c_c1b7_2722_0a95)
        };
        keys.iter()
            .fold(u64::from(table.target(row) == Some(true)), mix)
    };
    let copies = (0..rows)
        .filter(|row| seen.insert(whole(*row), ()).is_some())
        .count();
    if copies as f64 >= COPIES * rows as f64 && copies > 1 {
        let of = if rows < table.len() {
            format!(" of the first {rows}")
        } else {
            String::new()
        };
        let detail = format!(
            "{copies} rows{of} are copies of other rows: figures are too good where copies stand in different folds; \
             remove them, unless they are different cases"
        );
        summary.say("", Problem::RepeatedKey, copies as u64, detail);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_that_was_not_counted_in_full_is_said_to_be_about_right() {
        // Each value occurs in four rows; multiplication spreads the values as a hash would.
        let keys = |rows: u64| -> Vec<u64> {
            let spread = |row: u64| (row / 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            (0..rows).map(spread).collect()
        };
        let few = groups(&keys(4_000), 1).unwrap();
        assert_eq!((few.rows, few.part), (4_000, 1));
        assert_eq!(counted(few.rows, few.part, 4_000, 4_000), "4000 rows");
        let many = groups(&keys(400_000), 1).unwrap();
        assert_eq!(many.part, 8);
        assert!(many.rows.abs_diff(400_000) < 20_000, "{}", many.rows);
        assert_eq!(
            counted(160, many.part, 400_000, 500_000),
            "about 160 rows of the first 400000 (counted over 1 in 8 of the values)"
        );
    }
}
