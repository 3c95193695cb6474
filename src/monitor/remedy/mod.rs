//! Drifts that a retraining cannot help, and why: what came in is broken, and a model that learns it learns the breakage.
//!
//! Meant to say nothing about a change of the world: more of one level, higher values, a third of them missing are what a
//! retraining is for.

mod unit;

use rustc_hash::FxHashMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drift::{ColumnDrift, Drift, Test};
use super::sample::{Column, Levels, Numbers, Observed, Sample};

/// Share of rows without a value from which on a column is blank.
const BLANK: f64 = 0.95;

/// Share of rows without a value, in the reference, from which on that is nothing new.
const WAS_BLANK: f64 = 0.5;

/// What happens less often than this does not happen by chance.
const NO_CHANCE: f64 = 1e-4;

/// Rows without a value one after the other that are looked at.
const SHORTEST: u64 = 8;

/// Share of one value, in the reference, from which on a column that has no other now is nothing new.
const WAS_CONSTANT: f64 = 0.9;

/// Share of levels never seen before from which on a column is not what it was.
const UNKNOWN: f64 = 0.5;

/// Rows with a value that it takes to say anything: fewer may well be alike by chance.
const LEAST: u64 = 20;

/// A drift that retraining cannot help.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DataQualityIssue")]
pub struct Ailment {
    pub column: String,
    /// What is wrong with it.
    pub kind: Ailing,
    /// Why a retraining would not help, in a sentence.
    pub why: String,
}

/// What is wrong with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Ailing {
    /// It has no values any more.
    Blank,
    /// It has one value only.
    Constant,
    /// It has mostly levels that were never seen.
    Unknown,
    /// Its numbers are the old ones in another unit.
    Unit,
}

/// The drifts of a verdict that retraining cannot help, in the order of its columns. The samples are those it compared; `tail`
/// are the last of the rows, where a source that broke a while ago shows undiluted.
pub fn remedy(
    reference: &Sample,
    current: &Sample,
    tail: Option<&Sample>,
    drift: &Drift,
) -> Vec<Ailment> {
    let drifted = drift.columns.iter().filter(|column| column.drift);
    let ailing = drifted.filter_map(|column| {
        let of = |sample: &'_ Sample| -> Option<Column> {
            let like = |c: &&Column| c.name == column.name && column.kind.is_of(&c.observed);
            sample.columns.iter().find(like).cloned()
        };
        let (before, now) = (of(reference)?, of(current)?);
        let of_tail = || broken(column, &before, &of(tail?)?);
        let (kind, why) = ailment(column, &before, &now, drift.level).or_else(of_tail)?;
        Some(Ailment {
            column: column.name.clone(),
            kind,
            why,
        })
    });
    ailing.collect()
}

fn ailment(
    column: &ColumnDrift,
    reference: &Column,
    current: &Column,
    level: f64,
) -> Option<(Ailing, String)> {
    let name = &column.name;
    if let Some(blank) = blank(name, &reference.observed, &current.observed) {
        return Some(blank);
    }
    if let Some(gap) = gap(&reference.observed, &current.observed) {
        let why = format!(
            "{name} had no value in {gap} rows one after the other: its source was broken, and there is nothing to learn from"
        );
        return Some((Ailing::Blank, why));
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
                Some((Ailing::Unit, why))
            })
        }
        _ => None,
    }
}

/// The same of the last rows: what is broken now, whatever the rows before. A unit takes more rows to tell.
fn broken(column: &ColumnDrift, reference: &Column, tail: &Column) -> Option<(Ailing, String)> {
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

fn blank(name: &str, before: &Observed, now: &Observed) -> Option<(Ailing, String)> {
    let now = now.missing_share().filter(|now| *now >= BLANK)?;
    before.missing_share().filter(|was| *was < WAS_BLANK)?;
    let now = 100.0 * now;
    let why = format!("{name} has gone blank ({now:.0} % missing): there is nothing to learn from");
    Some((Ailing::Blank, why))
}

/// Rows without a value one after the other, where that is no chance: a source that was broken for part of a window, while a
/// world in which more is missing misses here and there. Of `n` rows that miss with chance `p` each, `n pʳ` bounds the chance
/// of `r` in a row (Boole). `p` is the larger of what it was and what it is, the `r` among them: too large rather than too small.
fn gap(before: &Observed, now: &Observed) -> Option<u64> {
    let (was, is) = (before.missing_share()?, now.missing_share()?);
    let (gap, rows) = (now.gap(), (now.missing() + now.present()) as f64);
    let chance = rows * was.max(is).powf(gap as f64);
    (gap >= SHORTEST && was < WAS_BLANK && chance < NO_CHANCE).then_some(gap)
}

fn levels(name: &str, before: &Levels, now: &Levels) -> Option<(Ailing, String)> {
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
        return Some((Ailing::Unknown, why));
    }
    let (only, _) = now.counts.iter().find(|(_, rows)| *rows == present)?;
    let share =
        seen.get(only.as_str()).copied().unwrap_or(0) as f64 / before.present().max(1) as f64;
    is_no_chance(share, present).then(|| (Ailing::Constant, constant(name, &format!("{only:?}"))))
}

fn numbers(name: &str, before: &Numbers, now: &Numbers) -> Option<(Ailing, String)> {
    let (first, last) = (now.values.first()?, now.values.last()?);
    if first != last {
        return None;
    }
    let alike = before.values.iter().filter(|v| *v == first).count();
    let share = alike as f64 / before.values.len().max(1) as f64;
    is_no_chance(share, now.present).then(|| (Ailing::Constant, constant(name, &first.to_string())))
}

/// Whether so many rows with the same value are no chance, where it had this share.
fn is_no_chance(share: f64, rows: u64) -> bool {
    share < WAS_CONSTANT && share.powf(rows as f64) < NO_CHANCE
}

fn constant(name: &str, value: &str) -> String {
    format!("{name} is {value} in every row: it tells nothing any more")
}
