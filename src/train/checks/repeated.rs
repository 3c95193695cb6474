//! Rows that come in groups, such as several rows of one person: in different folds they make figures too good.

use rustc_hash::FxHashMap;

use super::cells::{MOST_ROWS, digest};
use crate::schema::fault::Problem;
use crate::schema::{Table, WarningSummary};

/// Sizes of groups that are rows of one person or thing; larger ones are levels.
const SIZES: std::ops::RangeInclusive<usize> = 2..=50;

/// Share of a column's values that stand in such groups from which on it may be a key.
const IN_GROUPS: f64 = 0.5;

/// Share of neighbours in a group that agree in a column which follows the key.
const FOLLOWS: f64 = 0.9;

/// Share of any two rows that agree in a column so often that its agreement says nothing.
const ANYWAY: f64 = 0.75;

/// Share of rows that are copies of others from which on they are named.
const COPIES: f64 = 0.01;

/// Rows whose values are held in memory at once: eight bytes a value.
const MOST_KEYS: usize = 1 << 20;

/// Names columns that are keys of groups of rows, and rows that are copies of others.
///
/// A key is a column most values of which repeat two to fifty times, where the rows of a value agree on at least a third,
/// and no less than two, of the columns that do not agree anyway. Copies are rows that are equal in every column, where the
/// columns have so many different values that equal rows do not come about by chance.
pub(super) fn check(table: &Table, is_used: impl Fn(usize) -> bool, summary: &mut WarningSummary) {
    let text = table.text();
    let columns = table.schema().columns();
    if table.len() < 20 {
        return; // too few to tell chance from kinship
    }
    // Values, column by column: equal values have equal numbers.
    let keys: Vec<Vec<u64>> = (0..columns.len())
        .map(|i| {
            table
                .rows()
                .take(MOST_KEYS)
                .map(|row| digest(row.cells[i], text))
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
        // Columns that go with the key repeat with it: the key itself is rather one that no feature is made of.
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

/// A number of rows in words, with what it was counted over: 1 in `part` of the values of the first `seen` rows of `all`.
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

/// Groups of rows that share a value.
struct Groups {
    /// Rows in groups; of a long table estimated from some of the values.
    rows: usize,
    /// One in so many values was looked at.
    part: u64,
    /// The rows of each group that was looked at.
    kept: Vec<Vec<usize>>,
}

/// The groups of a column; none where it is no key. Of a long table some values, with all of their rows.
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

/// Share of pairs that have the same value.
fn within<'a>(keys: &[u64], pairs: impl Iterator<Item = &'a [usize]>) -> f64 {
    let (mut same, mut all) = (0_u32, 0_u32);
    for pair in pairs.take(MOST_ROWS) {
        same += u32::from(keys[pair[0]] == keys[pair[1]]);
        all += 1;
    }
    f64::from(same) / f64::from(all.max(1))
}

/// Share of neighbours that have the same value.
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
        // Each value in four rows, spread over the keys as a hash spreads them.
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
