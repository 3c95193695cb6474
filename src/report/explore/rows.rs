//! What rows have in common: repeated rows and columns, missing patterns, groups.

use std::hash::{DefaultHasher, Hash, Hasher};

use rayon::prelude::*;
use rustc_hash::FxHashMap;
use serde::Serialize;

use super::views::{FEW, View, Views};
use crate::ingest::infer::{NO_LEVEL, Values};
use crate::stats::association::contingency::MISSING;

/// Patterns that are listed, the most frequent.
const MOST_PATTERNS: usize = 50;
/// Pairs of rows of a group that are compared with each other.
const MOST_PAIRS: usize = 50_000;
/// Columns that are tried as keys, and as a part of a key of two.
const MOST_KEYS: usize = 60;
const MOST_PARTS: usize = 12;

/// How much of the table is there twice.
#[derive(Clone, Debug, Serialize)]
pub struct Duplicates {
    /// Rows equal to an earlier row.
    pub rows: u64,
    /// Columns equal to an earlier column.
    pub columns: usize,
    /// Rows of the sample equal to an earlier one but for columns that name the rows; `None` if no column does.
    pub rows_without_ids: Option<u64>,
    /// Columns that are equal, the first of each before its copies.
    pub equal_columns: Vec<Vec<String>>,
}

/// Rows that lack the same columns.
#[derive(Clone, Debug, Serialize)]
pub struct Pattern {
    /// The columns without a value; none for complete rows.
    pub columns: Vec<String>,
    pub rows: u64,
}

/// Rows that share a key, such as those of one household.
#[derive(Clone, Debug, Serialize)]
pub struct Group {
    pub key: Vec<String>,
    /// Keys that occur in more than one row.
    pub groups: u64,
    /// Rows of the largest group.
    pub largest: u64,
    /// Rows that share their key with another.
    pub rows: u64,
    /// The column in which rows of a group agree most beyond chance.
    pub agrees_in: String,
    /// Share of pairs of rows of a group that agree in it, and of any two rows.
    pub agreement: f64,
    pub by_chance: f64,
    /// The same for the target.
    pub target: Option<Agreement>,
}

/// Shares of pairs of rows that have the same label.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Agreement {
    pub within: f64,
    pub by_chance: f64,
    /// Pairs of rows with a label.
    pub pairs: usize,
}

pub fn duplicates(views: &Views<'_>) -> Duplicates {
    let equal_columns = equal_columns(views);
    let is_other = |view: &&View<'_>| view.column.note.kind != "id" && !view.names_rows();
    let others: Vec<&View<'_>> = views.columns.iter().filter(is_other).collect();
    let is_named = others.len() < views.columns.len() && others.len() > 1;
    Duplicates {
        rows: views.table.repeated_rows,
        columns: equal_columns.iter().map(|group| group.len() - 1).sum(),
        rows_without_ids: is_named.then(|| repeated(&others, views.rows)),
        equal_columns,
    }
}

fn equal_columns(views: &Views<'_>) -> Vec<Vec<String>> {
    let mut found: FxHashMap<u64, Vec<usize>> = FxHashMap::default();
    for (i, view) in views.columns.iter().enumerate() {
        if view.known == 0 {
            continue;
        }
        let mut hasher = DefaultHasher::new();
        match &view.column.values {
            Values::Numbers(values) | Values::Dates(values) => {
                values.iter().for_each(|v| bits(*v).hash(&mut hasher));
            }
            Values::Levels { names, codes } => (names, codes).hash(&mut hasher),
        }
        found.entry(hasher.finish()).or_default().push(i);
    }
    let mut groups: Vec<Vec<usize>> = found.into_values().filter(|g| g.len() > 1).collect();
    groups.sort();
    let name = |i: &usize| views.columns[*i].name().to_owned();
    groups
        .iter()
        .map(|g| g.iter().map(name).collect())
        .collect()
}

/// The bits of a number; those of all missing numbers are the same.
fn bits(value: f64) -> u64 {
    if value.is_finite() {
        value.to_bits()
    } else {
        u64::MAX
    }
}

fn bits_at(view: &View<'_>, row: usize) -> u64 {
    match &view.column.values {
        Values::Numbers(values) | Values::Dates(values) => bits(values[row]),
        Values::Levels { codes, .. } => u64::from(codes[row]),
    }
}

fn repeated(columns: &[&View<'_>], rows: usize) -> u64 {
    let mut met: FxHashMap<u64, ()> = FxHashMap::default();
    let digest = |row: usize| {
        let mut hasher = DefaultHasher::new();
        columns
            .iter()
            .for_each(|c| bits_at(c, row).hash(&mut hasher));
        hasher.finish()
    };
    (0..rows)
        .filter(|row| met.insert(digest(*row), ()).is_some())
        .count() as u64
}

pub fn missing_patterns(views: &Views<'_>) -> Vec<Pattern> {
    let holed: Vec<&View<'_>> = views
        .columns
        .iter()
        .filter(|view| view.known < views.rows as u64)
        .collect();
    let mut counts: FxHashMap<Vec<u64>, u64> = FxHashMap::default();
    let mut pattern = vec![0_u64; holed.len().div_ceil(64)];
    for row in 0..views.rows {
        pattern.fill(0);
        for (i, view) in holed.iter().enumerate() {
            pattern[i / 64] |= u64::from(!view.present[row]) << (i % 64);
        }
        match counts.get_mut(&pattern) {
            Some(count) => *count += 1,
            None => drop(counts.insert(pattern.clone(), 1)),
        }
    }
    let mut counts: Vec<(Vec<u64>, u64)> = counts.into_iter().collect();
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
    let columns = |pattern: &[u64]| {
        let lacks = |i: &usize| pattern[i / 64] >> (i % 64) & 1 == 1;
        let lacking = (0..holed.len()).filter(lacks);
        lacking.map(|i| holed[i].name().to_owned()).collect()
    };
    let listed = counts.iter().take(MOST_PATTERNS);
    listed
        .map(|(pattern, rows)| Pattern {
            columns: columns(pattern),
            rows: *rows,
        })
        .collect()
}

/// Columns, alone or two together, whose equal values mark rows that belong together.
///
/// A key has many values of a few rows each, and rows that share it agree far more often than any two rows in a column in
/// which agreement is rare (or in the target): names of columns play no part. A key of two columns counts if neither is a
/// key alone.
pub fn groups(views: &Views<'_>) -> Vec<Group> {
    let candidates: Vec<&View<'_>> = views
        .features()
        .map(|(_, view)| view)
        .filter(|view| view.known > FEW && view.distinct > FEW && !view.names_rows())
        .take(MOST_KEYS)
        .collect();
    // Columns in which two rows rarely agree by chance: agreement in them is a sign.
    let rare: Vec<(&View<'_>, f64)> = candidates
        .par_iter()
        .filter(|view| view.distinct < view.known)
        .map(|view| (*view, chance(view, views.rows)))
        .filter(|(_, by_chance)| *by_chance <= 0.05)
        .collect();
    let is_key = |view: &&View<'_>| view.numbers.is_none() || view.is_whole();
    let mut found: Vec<Group> = Vec::new();
    for view in candidates.iter().copied().filter(|v| is_key(v)) {
        found.extend(group(views, &[view], &rare));
    }
    let is_part = |view: &&View<'_>| {
        let is_alone = found.iter().any(|group| group.key == [view.name()]);
        let reaches = view.known * 2 > views.rows as u64;
        !is_alone && reaches && is_key(view) && view.distinct < view.known
    };
    let parts: Vec<&View<'_>> = candidates
        .iter()
        .copied()
        .filter(is_part)
        .take(MOST_PARTS)
        .collect();
    let mut pairs = Vec::new();
    for (i, a) in parts.iter().enumerate() {
        for b in &parts[i + 1..] {
            pairs.extend(group(views, &[a, b], &rare));
        }
    }
    found.extend(pairs);
    found.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.key.cmp(&b.key)));
    found.truncate(20);
    found
}

fn group(views: &Views<'_>, key: &[&View<'_>], rare: &[(&View<'_>, f64)]) -> Option<Group> {
    let mut members: FxHashMap<Vec<u64>, Vec<usize>> = FxHashMap::default();
    for row in 0..views.rows {
        if key.iter().all(|view| view.present[row]) {
            let key = key.iter().map(|view| bits_at(view, row)).collect();
            members.entry(key).or_default().push(row);
        }
    }
    let keys = members.len();
    let mut shared: Vec<Vec<usize>> = members.into_values().filter(|m| m.len() > 1).collect();
    shared.sort();
    let rows: usize = shared.iter().map(Vec::len).sum();
    let largest = shared.iter().map(Vec::len).max()?;
    let is_shared = rows * 20 >= views.rows && shared.len() >= 5;
    // A value of a category has many rows; a key has few.
    let is_fine = keys as f64 * 20.0 >= views.rows as f64 && largest * 20 <= views.rows.max(100);
    if !is_shared || !is_fine {
        return None;
    }
    let pairs = pairs_of(&shared);
    let is_other = |(view, _): &&(&View<'_>, f64)| key.iter().all(|k| k.name() != view.name());
    let agreeing = rare
        .iter()
        .filter(is_other)
        .filter_map(|(view, by_chance)| {
            let value = |row: usize| view.present[row].then(|| bits_at(view, row));
            let (within, compared) = agreement(&pairs, value)?;
            let counts = compared >= 5 && within >= 0.5;
            counts.then(|| (view.name().to_owned(), within, *by_chance))
        });
    let (agrees_in, agreement_of, by_chance) =
        agreeing.max_by(|a, b| (a.1 - a.2).total_cmp(&(b.1 - b.2)))?;
    let target = views.target.as_ref().and_then(|target| {
        let (within, pairs) = agreement(&pairs, |row| target.labels[row].map(u64::from))?;
        let positive = target.labels.iter().filter(|l| **l == Some(true)).count() as f64;
        let all = target.labels.iter().filter(|l| l.is_some()).count().max(1) as f64;
        let share = positive / all;
        Some(Agreement {
            within,
            by_chance: share * share + (1.0 - share).powi(2),
            pairs,
        })
    });
    Some(Group {
        key: key.iter().map(|view| view.name().to_owned()).collect(),
        groups: shared.len() as u64,
        largest: largest as u64,
        rows: rows as u64,
        agrees_in,
        agreement: agreement_of,
        by_chance,
        target,
    })
}

/// Pairs of rows of a group, neighbours in a ring so that large groups do not count by the square of their size.
fn pairs_of(groups: &[Vec<usize>]) -> Vec<(usize, usize)> {
    let ring = |rows: &Vec<usize>| {
        let closing = (rows.len() > 2).then(|| (rows[rows.len() - 1], rows[0]));
        let pairs: Vec<(usize, usize)> = rows.windows(2).map(|w| (w[0], w[1])).collect();
        pairs.into_iter().chain(closing)
    };
    groups.iter().flat_map(ring).take(MOST_PAIRS).collect()
}

/// Share of the pairs whose rows have the same value, and the pairs of which both have one.
fn agreement(
    pairs: &[(usize, usize)],
    value: impl Fn(usize) -> Option<u64>,
) -> Option<(f64, usize)> {
    let (mut same, mut all) = (0, 0);
    for (a, b) in pairs {
        if let Some((x, y)) = value(*a).zip(value(*b)) {
            all += 1;
            same += usize::from(x == y);
        }
    }
    (all > 0).then(|| (same as f64 / all as f64, all))
}

/// Probability that two rows with a value have the same one.
fn chance(view: &View<'_>, rows: usize) -> f64 {
    let mut counts: FxHashMap<u64, u64> = FxHashMap::default();
    for row in (0..rows).filter(|row| view.present[*row]) {
        *counts.entry(bits_at(view, row)).or_default() += 1;
    }
    let squares: f64 = counts.values().map(|n| (*n as f64).powi(2)).sum();
    squares / (view.known as f64).powi(2).max(1.0)
}

const _: () = assert!(NO_LEVEL == MISSING, "both mark a row without a value");
