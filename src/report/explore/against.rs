//! Two tables beside each other, with the drift verdict.

use super::beside::{BesideColumn, Places, by_effect};
use super::exploration::Exploration;
use super::words::{list, p_value, percent, short};
use crate::monitor::drift::{ColumnDrift, Test};
use crate::report::chart::{Axis, Chart, Counts, bars, histogram, plain};
use crate::report::document::{Block, Section};
use crate::report::table::Table;

pub fn section(e: &Exploration) -> Option<Section> {
    let (drift, beside) = e.against.as_ref().zip(e.beside.as_ref())?;
    let drifted: Vec<&ColumnDrift> = drift.columns.iter().filter(|c| c.drift).collect();
    let names: Vec<String> = drifted.iter().map(|c| c.name.clone()).collect();
    let verdict = match names.is_empty() {
        true => "No drift.".to_owned(),
        false => format!("Drift in {}.", list(&names)),
    };
    let section = Section::new("against", "Beside the reference").with(format!(
        "{} ({} rows) beside {} ({} rows): {verdict} The chance of any false alarm is at most {}.",
        short(&e.source),
        plain(drift.rows.current as f64),
        short(&beside.reference),
        plain(drift.rows.reference as f64),
        percent(drift.level)
    ));
    let order = by_effect(drift);
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
    let charts: Vec<Chart> = beside.columns.iter().map(chart).collect();
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

fn chart(column: &BesideColumn) -> Chart {
    let name = short(&column.name);
    let (reference, current) = (&column.reference, &column.current);
    match &column.places {
        Places::Edges(edges) => {
            let all = [("reference", reference), ("this table", current)];
            let all = all.map(|(series, counts)| Counts { series, counts });
            histogram(name.clone(), &name, "", edges, &all)
        }
        Places::Levels(levels) => {
            let axis = Axis::names(name.clone(), levels.iter().map(|l| short(l)).collect());
            let all = [("reference", reference.as_slice()), ("this table", current)];
            bars(name, axis, Axis::share("share of the rows"), &all)
        }
    }
}
