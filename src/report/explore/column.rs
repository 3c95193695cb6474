//! One column: its statistics, its distribution, and the distribution by the target.

use serde::Serialize;

use super::views::{FEW, View, Views};
use crate::ingest::infer::{NO_LEVEL, Values};
use crate::report::chart;
use crate::schema::date::DateForm;
use crate::schema::level::shortest;
use crate::stats::interval::Interval;
use crate::stats::moments::Moments;
use crate::stats::quantile::quantile;

/// Levels that a distribution lists; the rarer ones are counted together.
const MOST_LEVELS: usize = 20;
/// Bins of a histogram.
const MOST_BINS: usize = 24;
/// Interquartile ranges beyond the quartiles at which a histogram ends: one far value would leave one bar of the rest.
const REACH: f64 = 4.0;
/// Tukey's rule of outliers.
const RULE: &str =
    "Tukey: more than 1.5 interquartile ranges below the first or above the third quartile";

/// A column.
#[derive(Clone, Debug, Serialize)]
pub struct Column {
    pub name: String,
    /// What it is taken for, as `spec infer` says it.
    pub kind: &'static str,
    pub why: String,
    /// Rows of the table without a value.
    pub missing: u64,
    pub distinct: u64,
    pub statistics: Statistics,
    pub distribution: Option<Distribution>,
    pub by_target: Option<ByTarget>,
    /// Findings about this column alone.
    pub issues: Vec<String>,
    /// Whether a model reads it.
    pub used: bool,
    /// What the inferred spec does with it.
    pub treatment: String,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Statistics {
    Number(NumberStatistics),
    Date {
        present: u64,
        min: String,
        max: String,
    },
    Level {
        present: u64,
        /// The most frequent level and its rows.
        most: String,
        most_rows: u64,
        /// Levels of a single row.
        single: u64,
        /// Shannon entropy in nats.
        entropy: f64,
        /// Characters of the shortest and the longest.
        shortest: usize,
        longest: usize,
    },
    Empty {
        present: u64,
    },
}

/// Statistics of the values of the sampled rows.
#[derive(Clone, Debug, Serialize)]
pub struct NumberStatistics {
    pub present: u64,
    pub mean: f64,
    /// Standard deviation of the sample (n − 1); `None` for one value.
    pub sd: Option<f64>,
    pub min: f64,
    pub q25: f64,
    pub median: f64,
    pub q75: f64,
    pub max: f64,
    /// Third standardised moment; `None` without spread.
    pub skewness: Option<f64>,
    pub zeros: u64,
    pub negative: u64,
    pub outliers: Outliers,
}

/// Values far from the others.
#[derive(Clone, Debug, Serialize)]
pub struct Outliers {
    pub rule: &'static str,
    /// Bounds beyond which a value is an outlier.
    pub low: f64,
    pub high: f64,
    pub rows: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum Distribution {
    /// Rows between each edge and the next; a value on an edge counts above it, the last edge included.
    Bins {
        edges: Vec<f64>,
        counts: Vec<u64>,
        below: u64,
        above: u64,
    },
    Levels {
        levels: Vec<LevelRows>,
        /// Rows of the levels that are not listed.
        other: u64,
    },
}

#[derive(Clone, Debug, Serialize)]
pub struct LevelRows {
    pub level: String,
    pub rows: u64,
}

#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub enum ByTarget {
    Bins {
        edges: Vec<f64>,
        positive: Vec<u64>,
        negative: Vec<u64>,
    },
    Levels {
        levels: Vec<LevelShare>,
    },
}

/// Share of positive rows of a level, with Wilson's 95 % interval.
#[derive(Clone, Debug, Serialize)]
pub struct LevelShare {
    pub level: String,
    pub positive: u64,
    pub negative: u64,
    pub share: f64,
    pub low: f64,
    pub high: f64,
}

/// All columns of a table.
pub fn columns(views: &Views<'_>) -> Vec<Column> {
    let of = |view: &View<'_>| {
        let distribution = distribution(view);
        let is_target = views
            .target
            .as_ref()
            .is_some_and(|t| views.columns[t.column].name() == view.name());
        let labels = views.target.as_ref().map(|t| t.labels);
        let by_target = labels
            .filter(|_| !is_target)
            .zip(distribution.as_ref())
            .and_then(|(labels, distribution)| by_target(view, distribution, labels));
        let column = view.column;
        Column {
            name: column.note.name.clone(),
            kind: column.note.kind,
            why: column.note.why.clone(),
            missing: column.missing,
            distinct: column.distinct,
            statistics: statistics(view),
            distribution,
            by_target,
            issues: Vec::new(),
            used: column.note.used,
            treatment: column.treatment.clone(),
        }
    };
    views.columns.iter().map(of).collect()
}

fn statistics(view: &View<'_>) -> Statistics {
    let present = view.known;
    if present == 0 {
        return Statistics::Empty { present };
    }
    match &view.column.values {
        Values::Numbers(_) => {
            numbers(view).map_or(Statistics::Empty { present }, Statistics::Number)
        }
        Values::Dates(_) => {
            let sorted = sorted(view);
            let form = DateForm::default();
            let write = |v: Option<&f64>| v.map_or_else(String::new, |v| form.write(*v));
            Statistics::Date {
                present,
                min: write(sorted.first()),
                max: write(sorted.last()),
            }
        }
        Values::Levels { names, codes } => {
            let counts = counts(names, codes);
            let share = |count: &u64| *count as f64 / present as f64;
            let lengths = || names.iter().map(|name| name.chars().count());
            Statistics::Level {
                present,
                most: names.first().cloned().unwrap_or_default(),
                most_rows: counts.first().copied().unwrap_or(0),
                single: counts.iter().filter(|count| **count == 1).count() as u64,
                entropy: counts
                    .iter()
                    .map(share)
                    .map(|p| -p * p.ln())
                    .sum::<f64>()
                    .max(0.0),
                shortest: lengths().min().unwrap_or(0),
                longest: lengths().max().unwrap_or(0),
            }
        }
    }
}

fn sorted(view: &View<'_>) -> Vec<f64> {
    let ranked = view.numbers.as_ref();
    ranked.map_or_else(Vec::new, |ranked| ranked.sorted().collect())
}

fn numbers(view: &View<'_>) -> Option<NumberStatistics> {
    let sorted = sorted(view);
    let at = |q: f64| quantile(&sorted, q);
    let (low, high) = fences(&sorted, 1.5)?;
    // Cubes of enormous numbers overflow long before the numbers do.
    let reach = sorted.iter().fold(0.0, |r: f64, v| r.max(v.abs()));
    let unit = if reach > 1e100 { reach } else { 1.0 };
    let moments: Moments = sorted.iter().map(|v| v / unit).collect();
    let mean = moments.mean()?;
    let sd = moments.population_sd().filter(|sd| *sd > 0.0);
    let skewness = sd.map(|sd| {
        let cubes: f64 = sorted
            .iter()
            .map(|v| ((v / unit - mean) / sd).powi(3))
            .sum();
        cubes / sorted.len() as f64
    });
    let count = |is: &dyn Fn(&f64) -> bool| sorted.iter().filter(|v| is(v)).count() as u64;
    Some(NumberStatistics {
        present: view.known,
        mean: mean * unit,
        sd: moments.sample_sd().map(|sd| sd * unit),
        min: at(0.0)?,
        q25: at(0.25)?,
        median: at(0.5)?,
        q75: at(0.75)?,
        max: at(1.0)?,
        // What rounding leaves of a symmetric column is none.
        skewness: skewness
            .filter(|s| s.is_finite())
            .map(|s| if s.abs() < 1e-12 { 0.0 } else { s }),
        zeros: count(&|v| *v == 0.0),
        negative: count(&|v| *v < 0.0),
        outliers: Outliers {
            rule: RULE,
            low,
            high,
            rows: count(&|v| *v < low || *v > high),
        },
    })
}

/// Bounds so many interquartile ranges beyond the quartiles.
pub fn fences(sorted: &[f64], ranges: f64) -> Option<(f64, f64)> {
    let (first, third) = (quantile(sorted, 0.25)?, quantile(sorted, 0.75)?);
    let reach = ranges * (third - first);
    let within = |v: f64| v.clamp(f64::MIN, f64::MAX);
    Some((within(first - reach), within(third + reach)))
}

/// A few whole numbers, such as a class or a count: each is a level.
fn are_few(view: &View<'_>) -> bool {
    view.distinct <= FEW && view.is_whole()
}

fn distribution(view: &View<'_>) -> Option<Distribution> {
    if view.known == 0 {
        return None;
    }
    match &view.column.values {
        Values::Numbers(values) if are_few(view) => {
            let mut levels: Vec<f64> = sorted(view);
            levels.dedup();
            let count = |level: f64| LevelRows {
                level: shortest(level),
                rows: values.iter().filter(|v| **v == level).count() as u64,
            };
            Some(Distribution::Levels {
                levels: levels.into_iter().map(count).collect(),
                other: 0,
            })
        }
        Values::Numbers(_) | Values::Dates(_) => {
            let sorted = sorted(view);
            let edges = edges(&sorted)?;
            let (first, last) = (edges[0], edges[edges.len() - 1]);
            let mut counts = vec![0; edges.len() - 1];
            let (mut below, mut above) = (0, 0);
            for value in &sorted {
                match bin(&edges, *value) {
                    Some(bin) => counts[bin] += 1,
                    None if *value < first => below += 1,
                    None => above += u64::from(*value > last),
                }
            }
            Some(Distribution::Bins {
                edges,
                counts,
                below,
                above,
            })
        }
        Values::Levels { names, codes } => {
            let counts = counts(names, codes);
            let listed = names.iter().zip(&counts).take(MOST_LEVELS);
            Some(Distribution::Levels {
                levels: listed
                    .map(|(level, rows)| LevelRows {
                        level: level.clone(),
                        rows: *rows,
                    })
                    .collect(),
                other: counts.iter().skip(MOST_LEVELS).sum(),
            })
        }
    }
}

/// Edges of a histogram, of equal width.
fn edges(sorted: &[f64]) -> Option<Vec<f64>> {
    let (min, max) = (*sorted.first()?, *sorted.last()?);
    let (low, high) = fences(sorted, REACH)?;
    let (low, high) = match low < high {
        true => (low.max(min), high.min(max)),
        false => (min, max),
    };
    if !(high - low).is_finite() || high <= low {
        let half = if min == 0.0 { 0.5 } else { min.abs() / 2.0 };
        let wide = [min - half, min + half];
        return (min == max && wide[0].is_finite() && wide[1].is_finite()).then(|| wide.into());
    }
    let bins = ((sorted.len() as f64).sqrt().ceil() as usize).clamp(5, MOST_BINS);
    let is_whole = sorted.iter().all(|value| value.fract() == 0.0);
    match is_whole && high - low <= 2.0 * MOST_BINS as f64 {
        true => Some(chart::edges(low.ceil(), high.floor(), true, bins)),
        false => Some(rounded(low, high, bins)),
    }
}

/// Edges at multiples of a round step that cover a range in at most so many bins, one more where it begins within one.
pub fn rounded(low: f64, high: f64, bins: usize) -> Vec<f64> {
    let rough = (high - low) / bins as f64;
    let power = 10_f64.powf(rough.log10().floor());
    let steps = [1.0, 2.0, 2.5, 5.0, 10.0].map(|factor| factor * power);
    let step = steps.into_iter().find(|step| *step >= rough * (1.0 - 1e-9));
    let step = step.unwrap_or(rough);
    let first = (low / step).floor();
    let last = (high / step).ceil().max(first + 1.0);
    let count = last - first;
    // Steps that numbers of this size cannot tell apart.
    if !(1.0..=2.0 * MOST_BINS as f64).contains(&count) || first.abs() > 1e15 {
        let width = (high - low) / bins as f64;
        return (0..=bins).map(|i| low + i as f64 * width).collect();
    }
    // To twelve digits, so that three steps of 0.1 are 0.3.
    let tidy = |v: f64| format!("{v:.12e}").parse().unwrap_or(v);
    (0..=count as usize)
        .map(|i| tidy((first + i as f64) * step))
        .collect()
}

/// The bin of a value; `None` beyond the edges.
fn bin(edges: &[f64], value: f64) -> Option<usize> {
    let last = edges.len() - 1;
    let after = edges.partition_point(|edge| *edge <= value);
    match after {
        0 => None,
        after if after <= last => Some(after - 1),
        _ => (value == edges[last]).then_some(last - 1),
    }
}

fn counts(names: &[String], codes: &[u32]) -> Vec<u64> {
    let mut counts = vec![0; names.len()];
    for code in codes.iter().filter(|code| **code != NO_LEVEL) {
        counts[*code as usize] += 1;
    }
    counts
}

fn by_target(
    view: &View<'_>,
    distribution: &Distribution,
    labels: &[Option<bool>],
) -> Option<ByTarget> {
    match (distribution, &view.column.values) {
        (
            Distribution::Bins { edges, counts, .. },
            Values::Numbers(values) | Values::Dates(values),
        ) => {
            let mut by = [vec![0; counts.len()], vec![0; counts.len()]];
            for (value, label) in values.iter().zip(labels) {
                if let Some((bin, label)) = bin(edges, *value).zip(*label) {
                    by[usize::from(label)][bin] += 1;
                }
            }
            let [negative, positive] = by;
            Some(ByTarget::Bins {
                edges: edges.clone(),
                positive,
                negative,
            })
        }
        (Distribution::Levels { levels, .. }, _) => {
            // The codes of numbers are in their order, as the levels are.
            let mut by = vec![[0_u64; 2]; levels.len()];
            for (code, label) in view.codes.iter().zip(labels) {
                if let (Some(of), Some(label)) = (by.get_mut(*code as usize), label) {
                    of[usize::from(*label)] += 1;
                }
            }
            let share = |(level, [negative, positive]): (&LevelRows, [u64; 2])| {
                let rows = positive + negative;
                let interval = Interval::wilson(positive, rows, 0.95)?;
                Some(LevelShare {
                    level: level.level.clone(),
                    positive,
                    negative,
                    share: positive as f64 / rows as f64,
                    low: interval.low,
                    high: interval.high,
                })
            };
            Some(ByTarget::Levels {
                levels: levels.iter().zip(by).filter_map(share).collect(),
            })
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_have_round_edges_and_hold_every_value() {
        assert_eq!(
            rounded(0.42, 80.0, 10),
            [0.0, 10.0, 20.0, 30.0, 40.0, 50.0, 60.0, 70.0, 80.0]
        );
        assert_eq!(rounded(0.0, 0.3, 3), [0.0, 0.1, 0.2, 0.3]);
        for (low, high) in [
            (-1e9, 1e9),
            (1e-300, 2e-300),
            (1e15, 1e15 + 4.0),
            (-3.0, 1e300),
        ] {
            let edges = rounded(low, high, 10);
            assert!(edges.is_sorted() && edges[0] <= low, "{edges:?}");
            assert!(*edges.last().unwrap() >= high * (1.0 - 1e-12), "{edges:?}");
        }
    }

    #[test]
    fn values_on_an_edge_count_above_it() {
        let edges = [0.0, 1.0, 2.0];
        let found = [-0.1, 0.0, 1.0, 2.0, 2.1].map(|v| bin(&edges, v));
        assert_eq!(found, [None, Some(0), Some(1), Some(1), None]);
    }
}
