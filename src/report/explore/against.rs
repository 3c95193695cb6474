//! Two tables beside each other, with the drift verdict.

use super::column::rounded;
use super::exploration::Exploration;
use super::words::{list, p_value, percent, short};
use crate::monitor::drift::{ColumnDrift, Test};
use crate::monitor::sample::{Levels, Numbers, Observed, Sample};
use crate::report::chart::{Axis, Chart, Counts, bars, histogram, plain};
use crate::report::document::{Block, Section};
use crate::report::table::Table;
use crate::stats::quantile::quantile;

/// Columns drawn side by side.
const CHARTS: usize = 12;
const BINS: usize = 16;
const LEVELS: usize = 8;
/// Whole numbers that are drawn as levels.
const FEW: usize = 10;

/// Both sides of a comparison: name and rows.
pub struct Sides {
    pub reference: (String, Sample),
    pub current: (String, Sample),
}

pub fn section(e: &Exploration, sides: &Sides) -> Option<Section> {
    let drift = e.against.as_ref()?;
    let drifted: Vec<&ColumnDrift> = drift.columns.iter().filter(|c| c.drift).collect();
    let names: Vec<String> = drifted.iter().map(|c| c.name.clone()).collect();
    let verdict = match names.is_empty() {
        true => "No drift.".to_owned(),
        false => format!("Drift in {}.", list(&names)),
    };
    let section = Section::new("against", "Beside the reference").with(format!(
        "{} ({} rows) beside {} ({} rows): {verdict} The chance of any false alarm is at most {}.",
        sides.current.0,
        plain(drift.rows.current as f64),
        sides.reference.0,
        plain(drift.rows.reference as f64),
        percent(drift.level)
    ));
    let mut order: Vec<&ColumnDrift> = drift.columns.iter().collect();
    let effect = |c: &ColumnDrift| c.effect.unwrap_or(0.0);
    order.sort_by(|a, b| {
        let by_effect = || effect(b).total_cmp(&effect(a));
        b.drift.cmp(&a.drift).then_with(by_effect)
    });
    let headings = [
        "column",
        "drift",
        "test",
        "p adjusted#",
        "effect#",
        "psi#",
        "missing before#",
        "missing now#",
        "change",
    ];
    let mut table = Table::new("Columns beside the reference", &headings);
    for column in order.iter().take(1_000) {
        let figure = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
        let share = |v: Option<f64>| v.map_or_else(|| "–".to_owned(), percent);
        table.row([
            short(&column.name),
            if column.drift { "yes" } else { "no" }.to_owned(),
            column.test.map_or("–", Test::words).to_owned(),
            column.p_adjusted.map_or_else(|| "–".to_owned(), p_value),
            figure(column.effect),
            figure(column.psi),
            share(column.missing.reference),
            share(column.missing.current),
            column.change.clone().unwrap_or_default(),
        ]);
    }
    let charts: Vec<Chart> = order
        .iter()
        .take(CHARTS)
        .filter_map(|column| chart(&column.name, sides))
        .collect();
    let section = section.with(table);
    let section = match drift.skipped.is_empty() {
        true => section,
        false => section.with(format!("Not compared: {}.", list(&drift.skipped))),
    };
    Some(match charts.is_empty() {
        true => section,
        false => section.with(Block::Charts(charts)),
    })
}

fn chart(name: &str, sides: &Sides) -> Option<Chart> {
    let of = |sample: &'_ Sample| {
        let found = sample.columns.iter().find(|c| c.name == name);
        found.map(|c| c.observed.clone())
    };
    match (of(&sides.reference.1)?, of(&sides.current.1)?) {
        (Observed::Number(a), Observed::Number(b)) => numbers(name, &a, &b),
        (Observed::Category(a), Observed::Category(b)) => Some(levels(name, &a, &b)),
        _ => None,
    }
}

/// The values of both sides if they are a few whole numbers.
fn few(reference: &Numbers, current: &Numbers) -> Option<Vec<f64>> {
    let mut values = [reference.values.as_slice(), &current.values].concat();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let is_whole = values.iter().all(|v| v.fract() == 0.0);
    (values.len() <= FEW && is_whole).then_some(values)
}

fn numbers(name: &str, reference: &Numbers, current: &Numbers) -> Option<Chart> {
    if let Some(values) = few(reference, current) {
        let share = |side: &Numbers, value: f64| {
            let rows = side.values.iter().filter(|v| **v == value).count();
            rows as f64 / side.values.len().max(1) as f64
        };
        let of = |side: &Numbers| -> Vec<f64> {
            values.iter().map(|value| share(side, *value)).collect()
        };
        let names = values.iter().map(|value| plain(*value)).collect();
        return Some(beside(name, names, &of(reference), &of(current)));
    }
    let end = |q: f64| {
        let ends = [&reference.values, &current.values].map(|values| quantile(values, q));
        ends.into_iter().flatten()
    };
    let low = end(0.005).fold(f64::INFINITY, f64::min);
    let high = end(0.995).fold(f64::NEG_INFINITY, f64::max);
    if !(high - low).is_finite() || high <= low {
        return None;
    }
    let edges = rounded(low, high, BINS);
    let count = |values: &[f64]| -> Vec<f64> {
        // The last edge belongs to the last bin.
        let last = edges.last().copied().unwrap_or(f64::NAN);
        let up_to = |edge: &f64| match *edge == last {
            true => values.partition_point(|v| v <= edge) as f64,
            false => values.partition_point(|v| v < edge) as f64,
        };
        edges
            .windows(2)
            .map(|pair| up_to(&pair[1]) - up_to(&pair[0]))
            .collect()
    };
    let (before, now) = (count(&reference.values), count(&current.values));
    let all = [
        Counts {
            series: "reference",
            counts: &before,
        },
        Counts {
            series: "this table",
            counts: &now,
        },
    ];
    Some(histogram(short(name), &short(name), "", &edges, &all))
}

fn levels(name: &str, reference: &Levels, current: &Levels) -> Chart {
    let share = |levels: &Levels, name: &str| {
        let rows: u64 = levels.counts.iter().map(|(_, n)| n).sum();
        let of = levels.counts.iter().find(|(level, _)| level == name);
        of.map_or(0.0, |(_, n)| *n as f64 / rows.max(1) as f64)
    };
    let mut names: Vec<String> = reference
        .counts
        .iter()
        .map(|(level, _)| level.clone())
        .collect();
    let is_new = |level: &&String| !reference.counts.iter().any(|(known, _)| known == *level);
    names.extend(
        current
            .counts
            .iter()
            .map(|(level, _)| level)
            .filter(is_new)
            .cloned(),
    );
    let most = |name: &String| f64::max(share(reference, name), share(current, name));
    names.sort_by(|a, b| most(b).total_cmp(&most(a)).then(a.cmp(b)));
    names.truncate(LEVELS);
    let of = |side: &Levels| -> Vec<f64> { names.iter().map(|name| share(side, name)).collect() };
    let (before, now) = (of(reference), of(current));
    let names = names.iter().map(|level| short(level)).collect();
    beside(name, names, &before, &now)
}

/// Shares of both sides by level.
fn beside(name: &str, levels: Vec<String>, reference: &[f64], current: &[f64]) -> Chart {
    let series = [("reference", reference), ("this table", current)];
    let axis = Axis::names(short(name), levels);
    bars(short(name), axis, Axis::share("share of the rows"), &series)
}
