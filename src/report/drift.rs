//! The drift report as an HTML page.

use maud::{Markup, html};

use super::{html, visible};
use crate::monitor::drift::{ColumnDrift, Drift, Kind, Test};

const STYLE: &str = include_str!("drift.css");

/// An HTML document with the comparison of each named window with one reference.
pub fn page(reference: &str, windows: &[(String, Drift)]) -> String {
    let drifted = windows.iter().filter(|(_, drift)| drift.drift).count();
    let summary = match (windows.len(), drifted) {
        (1, 0) => "No drift".to_owned(),
        (1, _) => "Drift".to_owned(),
        (all, 0) => format!("No drift in {all} windows"),
        (all, some) => format!("Drift in {some} of {all} windows"),
    };
    let body = html! {
        header {
            h1 { (summary) }
            p { "Compared with " strong { (visible(reference)) } "." }
        }
        @for (name, drift) in windows {
            (window(name, drift))
        }
        (legend())
    };
    html::file(&summary, &[STYLE], &body)
}

fn window(name: &str, drift: &Drift) -> Markup {
    let names: Vec<&str> = drift
        .columns
        .iter()
        .filter(|c| c.drift)
        .map(|c| c.name.as_str())
        .collect();
    html! {
        section data-drift=(drift.drift) {
            h2 { (visible(name)) }
            p.verdict {
                @if names.is_empty() { "No column drifted" } @else { "Drifted: " strong { (visible(&names.join(", "))) } }
                "; " (drift.rows.current) " rows beside " (drift.rows.reference)
                ", chance of a false alarm at most " (format!("{:.2} %", 100.0 * drift.level)) "."
            }
            div.wide {
                table {
                    thead {
                        tr {
                            th { "Column" }
                            th { "What changed" }
                            th.number { "Effect" }
                            th { "Test" }
                            th.number { "p adjusted" }
                            th.number { "PSI" }
                            th.number { "Jensen–Shannon" }
                            th.number { "Wasserstein" }
                            th.number { "Missing" }
                        }
                    }
                    tbody {
                        @for column in &drift.columns { (row(column)) }
                    }
                }
            }
            @if !drift.skipped.is_empty() {
                p.skipped { "Not compared: " (drift.skipped.join(", ")) "." }
            }
        }
    }
}

fn row(column: &ColumnDrift) -> Markup {
    let kind = match column.kind {
        Kind::Number => "number",
        Kind::Category => "category",
        Kind::Score => "the model's probability",
    };
    let missing = &column.missing;
    html! {
        tr.drifted[column.drift] {
            th scope="row" { (visible(&column.name)) small { (kind) } }
            td {
                @if let Some(change) = &column.change { (visible(change)) }
                @else if column.needed.is_none() { span.faint { "nothing to speak of" } }
                @if let Some(needed) = column.needed {
                    div.faint { "not sure yet: about " (needed) " rows would show it" }
                }
            }
            td.number { (bar(column.effect)) }
            td.test { (column.test.map_or("–", Test::words)) }
            td.number { (column.p_adjusted.map_or_else(|| "–".to_owned(), small)) }
            td.number { (figure(column.psi)) }
            td.number { (figure(column.js)) }
            td.number { (figure(column.wasserstein)) }
            td.number { (percent(missing.reference)) " → " (percent(missing.current)) }
        }
    }
}

/// A share as a bar chart.
fn bar(effect: Option<f64>) -> Markup {
    let Some(effect) = effect else {
        return html! { "–" };
    };
    let width = format!("{:.1}", 60.0 * effect.clamp(0.0, 1.0));
    html! {
        svg width="60" height="8" viewBox="0 0 60 8" aria-hidden="true" {
            rect.track width="60" height="8" rx="2" {}
            rect.bar width=(width) height="8" rx="2" {}
        }
        " " (format!("{effect:.2}"))
    }
}

fn figure(figure: Option<f64>) -> String {
    figure.map_or_else(|| "–".to_owned(), |v| format!("{v:.3}"))
}

fn percent(share: Option<f64>) -> String {
    share.map_or_else(|| "–".to_owned(), |share| format!("{:.0} %", 100.0 * share))
}

fn small(p: f64) -> String {
    match p < 1e-3 {
        true => format!("{p:.0e}"),
        false => format!("{p:.3}"),
    }
}

fn legend() -> Markup {
    html! {
        footer {
            h2 { "How to read it" }
            p {
                "A column drifted where a test proves it: with no drift at all, the chance of any alarm in a window is at most \
                 the level named, at any number of rows. The figures say how much, not how sure."
            }
            dl {
                dt { "Effect" } dd { "share of the rows that would have to change for both sides to look alike to the test" }
                dt { "p adjusted" } dd { "chance of such a difference without drift, after Holm's adjustment over all tests of the window" }
                dt { "PSI" } dd { "population stability index over the reference's deciles or over levels; noise in small windows" }
                dt { "Jensen–Shannon" } dd { "distance of the two distributions over the same bins, from 0 to 1" }
                dt { "Wasserstein" } dd { "how far values moved on average, in the reference's standard deviations" }
            }
            p {
                "It cannot see what leaves every single column as it was: columns that change together, or another outcome for the \
                 same rows."
            }
        }
    }
}
