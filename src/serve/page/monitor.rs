//! The monitor section of the page: the latest drift verdict per column, the model's performance as measured with labels and
//! as estimated without them, and earlier verdicts.

use maud::{Markup, html};

use super::text::when;
use crate::monitor::cbpe::{Estimated, NOTE};
use crate::monitor::drift::ColumnDrift;
use crate::monitor::verdict::{Brief, Verdict};
use crate::serve::views::{Filled, Monitor, Performance};
use crate::stats::interval::Interval;

/// Maximum number of earlier verdicts shown.
const SHOWN: usize = 8;

/// Metrics shown for both the measured and the estimated performance.
const FIGURES: [&str; 5] = ["accuracy", "precision", "recall", "f1", "auc"];

pub fn draw(seen: &Monitor) -> Markup {
    let Filled { size, filled } = seen.window;
    let slices = seen
        .slices
        .iter()
        .filter_map(|slice| slice.verdict.as_ref());
    html! {
        section #monitor data-part aria-labelledby="monitor-title" {
            h2 #monitor-title { "Monitor" }
            @match &seen.verdict {
                None => p { "No verdict yet: it takes a window of predictions." },
                Some(verdict) => (draw_verdict(verdict)),
            }
            p.muted.hint {
                "In the window: " (filled) " of " (size) " predictions "
                progress max=(size) value=(filled) aria-label="predictions in the window" {}
                @if seen.skipped > 0 { " · " (seen.skipped) " predictions came too fast for any window" }
            }
            @for slice in slices.filter(|verdict| verdict.drift.drift) {
                p.alarm { (slice.change().unwrap_or_default()) }
            }
            @for column in &seen.unwatched {
                p.alarm { "monitor.slices: " (column.column) " is not watched: " (column.why) }
            }
            (performance(seen.performance.as_ref(), seen.estimated.as_ref()))
            (history(seen))
        }
    }
}

fn draw_verdict(verdict: &Verdict) -> Markup {
    let rows = verdict.drift.rows;
    html! {
        @match verdict.change() {
            None => p { strong { "No drift" } " in " (rows.current) " predictions beside " (rows.reference)
                " training rows of " (verdict.model) "." },
            Some(change) => {
                p.alarm { "Drift: " (change) }
                p.muted { (rows.current) " predictions beside " (rows.reference) " training rows of " (verdict.model) "." }
            },
        }
        @if let Some(retrain) = &verdict.retrain {
            p { @if retrain.asked { "A training is requested." } @else { "No training for it: " (retrain.why) "." } }
        }
        div.aside role="region" tabindex="0" aria-label="drift of each column" {
            table {
                thead { tr {
                    th { "column" } th.number { "adjusted p" } th.number { "effect" } th.number { "PSI" }
                    th.number { "missing" } th { "what changed" }
                } }
                tbody { @for column in &verdict.drift.columns { (draw_column(column)) } }
            }
        }
    }
}

fn draw_column(column: &ColumnDrift) -> Markup {
    let share = |share: Option<f64>| share.map_or("–".into(), |s| format!("{:.0} %", 100.0 * s));
    html! {
        tr {
            td { @if column.drift { strong.alarm { (column.name) } } @else { (column.name) } }
            td.number { (column.p_adjusted.map_or("–".into(), probability)) }
            td.number { (number(column.effect)) }
            td.number { (number(column.psi)) }
            td.number { (share(column.missing.reference)) " → " (share(column.missing.current)) }
            td {
                (column.change.as_deref().unwrap_or_default())
                @if let Some(needed) = column.needed {
                    span.muted { " not sure yet; about " (needed) " rows like these would show it" }
                }
            }
        }
    }
}

fn performance(live: Option<&Performance>, estimated: Option<&Estimated>) -> Markup {
    let window = live.and_then(|live| live.last.as_ref().or(live.open.as_ref()));
    let decayed = live.and_then(|live| live.decayed.as_ref());
    html! {
        h3 { "Performance" }
        @if let Some(decayed) = decayed { p.alarm { (decayed.says) } }
        @if window.is_none() && estimated.is_none() {
            p.muted { "No label has come, and no window is full." }
        } @else {
            div.aside role="region" tabindex="0" aria-label="performance" { table {
                thead { tr {
                    th { "" }
                    th.number { @match window { Some(w) => { "measured with " (w.n) " labels" } None => "measured with labels" } }
                    th.number { "estimated without labels" }
                } }
                tbody { @for name in FIGURES {
                    tr {
                        td { (name.replace("f1", "F1").replace("auc", "AUC")) }
                        td.number { (window.and_then(|w| w.get(name))
                            .map_or("–".into(), |f| with(f.value, f.interval))) }
                        td.number { (estimated.map_or("–".into(), |e| with(e.estimate.get(name), e.intervals.get(name)))) }
                    }
                } }
            } }
            p.muted.hint { (NOTE) }
        }
    }
}

fn history(seen: &Monitor) -> Markup {
    let shown = seen.verdict.as_ref().map(Verdict::brief);
    let before: Vec<&Brief> = seen
        .history
        .iter()
        .filter(|brief| Some(*brief) != shown.as_ref())
        .take(SHOWN)
        .collect();
    html! {
        @if !before.is_empty() {
            h3 { "Earlier verdicts" }
            ol.story { @for brief in before { li { (line(brief)) } } }
        }
    }
}

fn line(brief: &Brief) -> Markup {
    html! {
        span.muted { (when(brief.time)) } " " span.name { (brief.model) }
        @if let Some(slice) = &brief.slice { ", " (slice) }
        " · " @match &brief.change { Some(change) => (change), None => "no drift" }
    }
}

fn with(value: Option<f64>, interval: Option<Interval>) -> String {
    match interval {
        Some(Interval { low, high }) => format!("{} ({low:.3} – {high:.3})", number(value)),
        None => number(value),
    }
}

fn number(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.3}"))
}

/// Formats a p-value: three decimals, or the bound that it is below.
pub(super) fn probability(p: f64) -> String {
    match p {
        p if p < 0.0001 => "< 0.0001".to_owned(),
        p if p < 0.001 => format!("{p:.4}"),
        p => format!("{p:.3}"),
    }
}
