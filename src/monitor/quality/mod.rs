//! Drifts that retraining cannot fix, with the reason: the input is corrupt, and a model trained on it
//! would learn the corruption.
//!
//! Genuine changes are not reported here: more rows of one level, higher values or a third of the values missing are what
//! retraining is for.

mod unit;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drift::{ColumnDrift, Drift, Test};
use super::sample::{Column, Levels, Numbers, Observed, Sample};

/// Share of rows without a value from which on a column is blank.
const BLANK: f64 = 0.95;

/// A column whose share of rows without a value in the reference is at least this cannot become blank.
const WAS_BLANK: f64 = 0.5;

/// Probability below which an observation does not count as chance.
const NO_CHANCE: f64 = 1e-4;

/// Minimum length of a missing-value run that is reported.
const SHORTEST: u64 = 8;

/// A column in which one value has at least this share in the reference cannot become constant.
const WAS_CONSTANT: f64 = 0.9;

/// Share of levels never seen before from which on a column is corrupt.
const UNKNOWN: f64 = 0.5;

/// Minimum rows (for constants and levels, rows with a value); fewer may be alike by chance.
const LEAST: u64 = 20;

/// A data-quality issue: a drift that retraining cannot fix.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DataQualityIssue")]
pub struct QualityIssue {
    pub column: String,
    pub kind: IssueKind,
    /// One sentence that explains why retraining would not help.
    pub why: String,
}

/// The kind of a data-quality issue.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum IssueKind {
    /// The column has no values any more, or had none in a long run of rows.
    Blank,
    /// The column has only one value.
    Constant,
    /// The column has mostly levels never seen before.
    Unknown,
    /// The numbers of the column are in another unit than before.
    Unit,
}

/// The drifts of a verdict that retraining cannot fix, in the order of its columns. `reference` and `current` are the
/// samples that the verdict compared; `tail` holds the last rows of `current`, in which a recent corruption is not diluted.
pub fn issues(
    reference: &Sample,
    current: &Sample,
    tail: Option<&Sample>,
    drift: &Drift,
) -> Vec<QualityIssue> {
    let drifted = drift.columns.iter().filter(|column| column.drift);
    let issues = drifted.filter_map(|column| {
        let of = |sample: &'_ Sample| -> Option<Column> {
            let like = |c: &&Column| c.name == column.name && column.kind.is_of(&c.observed);
            sample.columns.iter().find(like).cloned()
        };
        let (before, now) = (of(reference)?, of(current)?);
        let of_tail = || unsound_tail(column, &before, &of(tail?)?);
        let (kind, why) = issue_of(column, &before, &now, drift.level).or_else(of_tail)?;
        Some(QualityIssue {
            column: column.name.clone(),
            kind,
            why,
        })
    });
    issues.collect()
}

fn issue_of(
    column: &ColumnDrift,
    reference: &Column,
    current: &Column,
    level: f64,
) -> Option<(IssueKind, String)> {
    let name = &column.name;
    if let Some(blank) = blank(name, &reference.observed, &current.observed) {
        return Some(blank);
    }
    if let Some(gap) = gap(&reference.observed, &current.observed) {
        let why = format!(
            "{name} had no value in {gap} rows one after the other: its source was broken, and there is nothing to learn from"
        );
        return Some((IssueKind::Blank, why));
    }
    if current.observed.present() < LEAST {
        return None;
    }
    match (&reference.observed, &current.observed) {
        (Observed::Category(before), Observed::Category(now)) => levels(name, before, now),
        (Observed::Number(before), Observed::Number(now)) => {
            numbers(name, before, now).or_else(|| {
                let proven = |t: &super::drift::Tested| t.test == Test::Ks && t.p_adjusted <= level;
                column.tests.iter().any(proven).then_some(())?;
                let unit = unit::of(&before.values, &now.values)?;
                let why = format!("{name} looks as if it came in another unit: {unit} the values fit the reference again");
                Some((IssueKind::Unit, why))
            })
        }
        _ => None,
    }
}

/// Checks the last rows only, which show current corruption regardless of earlier rows. Units are not checked, as
/// that takes more rows.
fn unsound_tail(
    column: &ColumnDrift,
    reference: &Column,
    tail: &Column,
) -> Option<(IssueKind, String)> {
    let (name, rows) = (
        &column.name,
        tail.observed.missing() + tail.observed.present(),
    );
    if rows < LEAST {
        return None;
    }
    let found = blank(name, &reference.observed, &tail.observed);
    let found = found.or_else(|| match (&reference.observed, &tail.observed) {
        _ if tail.observed.present() < LEAST => None,
        (Observed::Category(before), Observed::Category(now)) => levels(name, before, now),
        (Observed::Number(before), Observed::Number(now)) => numbers(name, before, now),
        _ => None,
    });
    found.map(|(kind, why)| (kind, format!("in the last {rows} rows {why}")))
}

fn blank(name: &str, before: &Observed, now: &Observed) -> Option<(IssueKind, String)> {
    let now = now.missing_share().filter(|now| *now >= BLANK)?;
    before.missing_share().filter(|was| *was < WAS_BLANK)?;
    let now = 100.0 * now;
    let why = format!("{name} has gone blank ({now:.0} % missing): there is nothing to learn from");
    Some((IssueKind::Blank, why))
}

/// Length of the longest missing-value run, if it is too long for chance. Such a run shows a source that failed for part of
/// a window, whereas values that are merely missing more often are missing at scattered rows. If each of `n` rows is missing
/// with probability `p`, the probability of a run of `r` is at most `n pʳ` (Boole). `p` is the larger of the shares before
/// and now, and the latter includes the run itself, so the bound is conservative.
fn gap(before: &Observed, now: &Observed) -> Option<u64> {
    let (was, is) = (before.missing_share()?, now.missing_share()?);
    let (gap, rows) = (now.gap(), (now.missing() + now.present()) as f64);
    let chance = rows * was.max(is).powf(gap as f64);
    (gap >= SHORTEST && was < WAS_BLANK && chance < NO_CHANCE).then_some(gap)
}

fn levels(name: &str, before: &Levels, now: &Levels) -> Option<(IssueKind, String)> {
    let seen = before.counts.iter().filter(|(_, rows)| *rows > 0);
    let seen: FxHashMap<&str, u64> = seen.map(|(level, rows)| (level.as_str(), *rows)).collect();
    let present = now.present();
    let known = now
        .counts
        .iter()
        .filter(|(level, _)| seen.contains_key(level.as_str()));
    let known: u64 = known.map(|(_, rows)| rows).sum();
    let unknown = 1.0 - known as f64 / present as f64;
    if before.unnamed == 0 && unknown >= UNKNOWN {
        let why = format!(
            "{:.0} % of {name} are levels never seen before: it looks corrupt",
            100.0 * unknown
        );
        return Some((IssueKind::Unknown, why));
    }
    let (only, _) = now.counts.iter().find(|(_, rows)| *rows == present)?;
    let share =
        seen.get(only.as_str()).copied().unwrap_or(0) as f64 / before.present().max(1) as f64;
    is_no_chance(share, present)
        .then(|| (IssueKind::Constant, constant(name, &format!("{only:?}"))))
}

fn numbers(name: &str, before: &Numbers, now: &Numbers) -> Option<(IssueKind, String)> {
    let (first, last) = (now.values.first()?, now.values.last()?);
    if first != last {
        return None;
    }
    let alike = before.values.iter().filter(|v| *v == first).count();
    let share = alike as f64 / before.values.len().max(1) as f64;
    is_no_chance(share, now.present)
        .then(|| (IssueKind::Constant, constant(name, &first.to_string())))
}

/// Whether `rows` equal values are too many for chance, given the share of that value in the reference.
fn is_no_chance(share: f64, rows: u64) -> bool {
    share < WAS_CONSTANT && share.powf(rows as f64) < NO_CHANCE
}

fn constant(name: &str, value: &str) -> String {
    format!("{name} is {value} in every row: it carries no information any more")
}
