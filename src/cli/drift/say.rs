//! Formats a drift verdict for people.

use crate::cli::out::shown;
use crate::cli::short::named;
use crate::cli::table;
use crate::monitor::drift::{Drift, Test};

/// The verdict as one sentence, followed by one line per column.
pub fn verdict(reference: &str, current: &str, drift: &Drift) -> String {
    let mut text = format!(
        "{current} ({} rows) beside {reference} ({} rows): {}\n",
        drift.rows.current,
        drift.rows.reference,
        headline(drift)
    );
    let mut rows = table::new([
        "column",
        "drift",
        "test",
        "p adjusted",
        "effect",
        "psi",
        "js",
        "wasserstein",
        "missing",
    ]);
    let cell = |figure: Option<f64>| figure.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"));
    let percent = |share: Option<f64>| {
        share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share))
    };
    for column in &drift.columns {
        rows.add_row([
            column.name.clone(),
            if column.drift { "yes" } else { "no" }.to_owned(),
            column.test.map_or("–", Test::words).to_owned(),
            column.p_adjusted.map_or_else(|| "–".to_owned(), p_value),
            cell(column.effect),
            cell(column.psi),
            cell(column.js),
            cell(column.wasserstein),
            format!(
                "{} → {}",
                percent(column.missing.reference),
                percent(column.missing.current)
            ),
        ]);
    }
    text.push_str(&table::text(&rows));
    for column in &drift.columns {
        if let Some(change) = &column.change {
            text.push_str(&format!("\n{}: {change}", named(&column.name)));
        }
    }
    for column in &drift.columns {
        if let Some(needed) = column.needed {
            let name = named(&column.name);
            text.push_str(&format!(
                "\n{name}: not sure yet; if it stays like this, about {needed} rows would show it"
            ));
        }
    }
    if !drift.skipped.is_empty() {
        text.push_str(&format!(
            "\nnot compared: {}",
            drift
                .skipped
                .iter()
                .map(|name| named(name))
                .collect::<Vec<_>>()
                .join(", ")
        ));
    }
    shown(&text)
}

fn headline(drift: &Drift) -> String {
    let drifted = drift.columns.iter().filter(|c| c.drift);
    let names: Vec<String> = drifted.map(|c| named(&c.name)).collect();
    match names.is_empty() {
        true => format!("no drift (level {})", drift.level),
        false => format!("drift in {} (level {})", names.join(", "), drift.level),
    }
}

/// Formats a p-value briefly, without rounding a positive value to zero.
fn p_value(p: f64) -> String {
    match p {
        p if p < 1e-300 => "< 1e-300".to_owned(),
        p if p < 1e-3 => format!("{p:.0e}"),
        p => format!("{p:.3}"),
    }
}
