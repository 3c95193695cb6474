//! Associations of pairs of columns.

use std::borrow::Cow;
use std::collections::BTreeSet;

use rayon::prelude::*;
use serde::Serialize;

use super::views::{FEW, View, Views};
use crate::ingest::infer::Values;
use crate::stats::association::Measured;
use crate::stats::association::biserial::point_biserial;
use crate::stats::association::contingency::{Contingency, MISSING};
use crate::stats::association::rank::{Ranked, spearman};
use crate::stats::two_sample::chi2;

/// Pairs beside those with the target that are listed, the strongest.
const MOST: usize = 1_000;
/// Values that the search for the strongest pairs looks at; with more pairs it looks at fewer rows of each.
const WORK: usize = 200_000_000;
/// Rows below which a search says little.
const LEAST_ROWS: usize = 200;

/// Rows below which levels count as one for the strength of mutual information.
const LEAST_LEVEL: f64 = 10.0;
/// Level of the G test below which mutual information counts as chance.
const LEVEL: f64 = 0.01;

/// How the association of a pair is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    Spearman,
    CramersV,
    PointBiserial,
    MutualInformation,
}

/// The association of two columns.
#[derive(Clone, Debug, Serialize)]
pub struct Association {
    pub a: String,
    pub b: String,
    pub measure: Measure,
    pub value: f64,
    /// Ends of the 95 % interval; `None` where the rows do not give one.
    pub low: Option<f64>,
    pub high: Option<f64>,
    /// Rows with both values.
    pub rows: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cramers_v_uncorrected: Option<f64>,
    /// Strength in [0, 1] for all measures: |r|, V, and √(1 − exp(−2 I)) of mutual information less its bias, with rare levels
    /// as one; 0 where it may be chance.
    pub strength: f64,
}

/// How many pairs were looked at.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Pairs {
    pub tested: usize,
    pub shown: usize,
    /// Rows on which the strongest pairs were searched, if not all; what is listed is computed on all.
    pub searched_rows: Option<usize>,
}

/// The association of every column with the target, and the strongest among the columns, each by strength.
pub fn associations(views: &Views<'_>) -> (Vec<Association>, Pairs) {
    let mut with_target: Vec<Association> = match &views.target {
        None => Vec::new(),
        Some(target) => {
            let name = views.columns[target.column].name();
            let of = |(_, view): (usize, &View<'_>)| {
                beside_target(view, target.labels, &target.codes, name)
            };
            views.features().flat_map(of).collect()
        }
    };
    sort(&mut with_target);
    let targets: BTreeSet<&str> = with_target.iter().map(|found| found.a.as_str()).collect();
    let target_pairs = targets.len();

    let usable: Vec<&View<'_>> = views
        .features()
        .map(|(_, view)| view)
        .filter(|view| !view.is_free() && view.distinct > 1)
        .collect();
    let all: Vec<(usize, usize)> = (0..usable.len())
        .flat_map(|a| (a + 1..usable.len()).map(move |b| (a, b)))
        .collect();
    let most_rows = (WORK / all.len().max(1)).max(LEAST_ROWS);
    let is_search = all.len() > MOST && most_rows < views.rows;
    let searched: Vec<(usize, usize)> = match is_search {
        false => all.clone(),
        true => strongest(&usable, &all, views.rows, most_rows),
    };
    let sides: Vec<Side<'_>> = usable.iter().map(|view| Side::of(view)).collect();
    let mut among: Vec<Association> = searched
        .par_iter()
        .filter_map(|(a, b)| Some(between(&sides[*a], &sides[*b])?.named(&sides[*a], &sides[*b])))
        .collect();
    sort(&mut among);
    among.truncate(MOST);
    let pairs = Pairs {
        tested: all.len() + target_pairs,
        shown: among.len() + target_pairs,
        searched_rows: is_search.then_some(most_rows),
    };
    with_target.extend(among);
    (with_target, pairs)
}

fn sort(found: &mut [Association]) {
    found.sort_by(|a, b| {
        let names = || (&a.a, &a.b, a.measure).cmp(&(&b.a, &b.b, b.measure));
        b.strength.total_cmp(&a.strength).then_with(names)
    });
}

fn beside_target(
    view: &View<'_>,
    labels: &[Option<bool>],
    codes: &[u32],
    target: &str,
) -> Vec<Association> {
    if view.is_free() || view.distinct < 2 {
        return Vec::new();
    }
    let table = Contingency::of(&view.codes, codes);
    let linear = view.numbers.as_ref().and_then(|ranked| {
        let measured = point_biserial(ranked.values(), labels)?;
        Some(Found::of(Measure::PointBiserial, measured))
    });
    let levels = (view.numbers.is_none() || view.distinct <= FEW).then(|| cramers_v(&table));
    let shared = information(&table);
    [linear, levels.flatten(), shared]
        .into_iter()
        .flatten()
        .map(|found| found.association(view.name(), target))
        .collect()
}

/// A column as one side of a pair.
struct Side<'v> {
    name: &'v str,
    ranked: Option<Cow<'v, Ranked>>,
    codes: Cow<'v, [u32]>,
    /// A category of two levels, as a flag.
    flags: Option<Vec<Option<bool>>>,
}

impl<'v> Side<'v> {
    fn of(view: &'v View<'_>) -> Side<'v> {
        Side {
            name: view.name(),
            ranked: view.numbers.as_ref().map(Cow::Borrowed),
            flags: flags(view, &view.codes),
            codes: view.codes.as_slice().into(),
        }
    }

    /// The column at some rows only.
    fn at(view: &'v View<'_>, rows: &[usize]) -> Side<'v> {
        let codes: Vec<u32> = rows.iter().map(|row| view.codes[*row]).collect();
        let numbers = view.numbers.as_ref().map(|ranked| {
            let values = rows.iter().map(|row| ranked.values()[*row]);
            Cow::Owned(Ranked::of(values.collect()))
        });
        Side {
            name: view.name(),
            ranked: numbers,
            flags: flags(view, &codes),
            codes: codes.into(),
        }
    }
}

fn flags(view: &View<'_>, codes: &[u32]) -> Option<Vec<Option<bool>>> {
    let is_flag = view.distinct == 2 && matches!(view.column.values, Values::Levels { .. });
    let flag = |code: &u32| (*code != MISSING).then_some(*code == 0);
    is_flag.then(|| codes.iter().map(flag).collect())
}

struct Found {
    measure: Measure,
    measured: Measured,
    uncorrected: Option<f64>,
    strength: f64,
}

impl Found {
    fn of(measure: Measure, measured: Measured) -> Found {
        Found {
            measure,
            measured,
            uncorrected: None,
            strength: measured.value.abs(),
        }
    }

    fn named(self, a: &Side<'_>, b: &Side<'_>) -> Association {
        self.association(a.name, b.name)
    }

    fn association(self, a: &str, b: &str) -> Association {
        Association {
            a: a.to_owned(),
            b: b.to_owned(),
            measure: self.measure,
            value: self.measured.value,
            low: self.measured.interval.map(|i| i.low),
            high: self.measured.interval.map(|i| i.high),
            rows: self.measured.rows,
            cramers_v_uncorrected: self.uncorrected,
            strength: self.strength,
        }
    }
}

/// The measure that suits the kinds of both columns.
fn between(a: &Side<'_>, b: &Side<'_>) -> Option<Found> {
    match (&a.ranked, &b.ranked) {
        (Some(x), Some(y)) => Some(Found::of(Measure::Spearman, spearman(x, y)?)),
        (None, None) => cramers_v(&Contingency::of(&a.codes, &b.codes)),
        (Some(x), None) | (None, Some(x)) => match a.flags.as_ref().or(b.flags.as_ref()) {
            Some(flags) => {
                let measured = point_biserial(x.values(), flags)?;
                Some(Found::of(Measure::PointBiserial, measured))
            }
            None => information(&Contingency::of(&a.codes, &b.codes)),
        },
    }
}

fn cramers_v(table: &Contingency) -> Option<Found> {
    let v = table.cramers_v()?;
    Some(Found {
        uncorrected: Some(v.uncorrected),
        ..Found::of(Measure::CramersV, v.corrected)
    })
}

fn information(table: &Contingency) -> Option<Found> {
    let measured = table.mutual_information()?;
    // Independent columns share some by chance (Miller, 1955), and rare levels more than that accounts for.
    let pooled = table.pooled(LEAST_LEVEL);
    let (shared, freedom) = (pooled.mutual_information()?.value, pooled.freedom());
    let rows = measured.rows as f64;
    let beyond = shared - freedom / (2.0 * rows);
    let is_chance = || chi2::survival(2.0 * rows * shared, freedom as u64) > LEVEL;
    Some(Found {
        strength: match freedom > 0.0 && beyond > 0.0 && !is_chance() {
            true => (1.0 - (-2.0 * beyond).exp()).sqrt(),
            false => 0.0,
        },
        ..Found::of(Measure::MutualInformation, measured)
    })
}

/// The strongest pairs by rows spread over the table.
fn strongest(
    usable: &[&View<'_>],
    all: &[(usize, usize)],
    rows: usize,
    most_rows: usize,
) -> Vec<(usize, usize)> {
    let at: Vec<usize> = (0..most_rows).map(|i| i * rows / most_rows).collect();
    let sides: Vec<Side<'_>> = usable.par_iter().map(|view| Side::at(view, &at)).collect();
    let mut found: Vec<(f64, usize)> = all
        .par_iter()
        .enumerate()
        .filter_map(|(i, (a, b))| Some((between(&sides[*a], &sides[*b])?.strength, i)))
        .collect();
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    found.iter().take(MOST).map(|(_, i)| all[*i]).collect()
}
