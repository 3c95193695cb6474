//! The data page: each column now against the training rows, the quarantine, the sources and the stored events.

use maud::{Markup, html};

use super::monitor::probability;
use super::text::time_of;
use crate::monitor::drift::ColumnDrift;
use crate::pulls::view::SourceView;
use crate::report::chart::{Axis, Chart, Counts, Size, bars, edges, histogram};
use crate::report::html::figure;
use crate::report::visible;
use crate::serve::views::Event;
use crate::stats::profile::{ColumnProfile, Observed};
use crate::store::rows::Quarantined;

const SIZE: Size = Size::of(290.0, 180.0);
/// Intervals of a histogram, and levels of a column that are drawn.
const BINS: usize = 20;
const MOST_LEVELS: usize = 10;

/// A column of the latest predictions.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recent {
    /// Values of a number, unsorted.
    pub numbers: Vec<f64>,
    /// Values of a category or text.
    pub texts: Vec<String>,
    pub missing: u64,
    pub rows: u64,
}

/// What the page shows of one column.
pub struct ColumnView<'a> {
    pub profile: &'a ColumnProfile,
    pub unit: &'a str,
    pub recent: &'a Recent,
    pub drift: Option<&'a ColumnDrift>,
}

/// Everything that the page shows.
pub struct View<'a> {
    pub model: &'a str,
    pub columns: Vec<ColumnView<'a>>,
    pub quarantine: &'a [Quarantined],
    pub quarantined: u64,
    pub sources: &'a [SourceView],
    pub events: &'a [Event],
    pub explorer: Explorer<'a>,
}

/// What the explorer of events was asked for.
pub struct Explorer<'a> {
    pub kinds: &'a [&'static str],
    pub kind: Option<&'a str>,
    pub after: u64,
    /// Number after which there are more events.
    pub next: Option<u64>,
}

/// Draws the page.
pub fn draw(view: &View<'_>) -> Markup {
    let recent = view.columns.first().map_or(0, |column| column.recent.rows);
    html! {
        section aria-labelledby="columns-title" {
            h2 #columns-title { "Columns" }
            p.muted { "The latest " (recent) " predictions beside the training rows of " (view.model) "." }
            div.charts {
                @for (i, column) in view.columns.iter().enumerate().filter(|(_, column)| !is_text(column)) { (draw_column(column, i)) }
            }
            @if view.columns.iter().any(is_text) {
                h3 { "Free text" }
                dl { @for column in view.columns.iter().filter(|column| is_text(column)) {
                    dt { (column.profile.name) } dd { (draw_hint(column)) }
                } }
            }
        }
        (quarantine(view))
        (sources(view.sources))
        (explorer(view))
    }
}

fn draw_column(column: &ColumnView<'_>, i: usize) -> Markup {
    html! {
        div.column {
            @if let Some(chart) = chart(column) { (figure(&chart, &format!("column-{i}"), SIZE)) }
            @else { h3 { (column.profile.name) } }
            (draw_hint(column))
        }
    }
}

fn is_text(column: &ColumnView<'_>) -> bool {
    matches!(column.profile.observed, Observed::Text(_))
}

/// Draws the missing share and the drift of a column.
fn draw_hint(column: &ColumnView<'_>) -> Markup {
    let profile = column.profile;
    let share = |missing: u64, rows: u64| match rows {
        0 => "–".to_owned(),
        rows => format!("{:.1} %", 100.0 * missing as f64 / rows as f64),
    };
    let (rows, missing) = match &profile.observed {
        Observed::Number(found) => (found.rows, found.missing),
        Observed::Category(found) => (found.rows, found.missing),
        Observed::Text(found) => (found.rows, found.missing),
    };
    html! {
        p.hint {
            "missing " (share(missing, rows)) " → " (share(column.recent.missing, column.recent.rows))
            @if let Some(drift) = column.drift {
                @if let Some(p) = drift.p_adjusted { " · adjusted p " (probability(p)) }
                @if let Some(psi) = drift.psi { " · PSI " (format!("{psi:.3}")) }
                @if drift.drift {
                    " · " strong.alarm { "drifted: " (drift.change.as_deref().unwrap_or_default()) }
                    " · " a href={ "/data/rows?column=" (encoded(&profile.name)) } { "rows that differ most" }
                }
            }
        }
    }
}

/// A name as a value of a query.
fn encoded(name: &str) -> String {
    let mut text = String::new();
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => text.push(byte as char),
            byte => text.push_str(&format!("%{byte:02X}")),
        }
    }
    text
}

fn chart(column: &ColumnView<'_>) -> Option<Chart> {
    let name = &column.profile.name;
    match &column.profile.observed {
        Observed::Number(found) => {
            let (low, high) = (found.min?, found.max?);
            let recent = &column.recent.numbers;
            let (low, high) = recent
                .iter()
                .fold((low, high), |(a, b), v| (a.min(*v), b.max(*v)));
            let is_whole = found.sample.iter().chain(recent).all(|v| v.fract() == 0.0);
            let edges = edges(low, high, is_whole, BINS);
            let count = |values: &[f64]| {
                let mut counts = vec![0.0; edges.len() - 1];
                for value in values {
                    let after = edges.partition_point(|edge| edge <= value);
                    counts[after.clamp(1, edges.len() - 1) - 1] += 1.0;
                }
                counts
            };
            let (then, now) = (count(&found.sample), count(recent));
            let mut all = vec![Counts {
                series: "training",
                counts: &then,
            }];
            if !recent.is_empty() {
                all.push(Counts {
                    series: "now",
                    counts: &now,
                });
            }
            Some(histogram(name, name, column.unit, &edges, &all))
        }
        Observed::Category(found) => {
            let mut levels: Vec<(&str, u64)> = found
                .levels
                .iter()
                .map(|l| (l.name.as_str(), l.count))
                .collect();
            levels.sort_by_key(|level| std::cmp::Reverse(level.1));
            levels.truncate(MOST_LEVELS);
            let share = |part: f64, whole: u64| if whole == 0 { 0.0 } else { part / whole as f64 };
            let then: Vec<f64> = levels
                .iter()
                .map(|l| share(l.1 as f64, found.rows - found.missing))
                .collect();
            let texts = &column.recent.texts;
            let now = |name: &str| texts.iter().filter(|text| *text == name).count() as f64;
            let now: Vec<f64> = levels
                .iter()
                .map(|l| share(now(l.0), texts.len() as u64))
                .collect();
            let names = levels.iter().map(|level| level.0.to_owned()).collect();
            let mut series: Vec<(&str, &[f64])> = vec![("training", &then)];
            if !texts.is_empty() {
                series.push(("now", &now));
            }
            Some(bars(
                name,
                Axis::names(name, names),
                Axis::share("share of the rows"),
                &series,
            ))
        }
        Observed::Text(_) => None,
    }
}

fn quarantine(view: &View<'_>) -> Markup {
    html! {
        section #quarantine aria-labelledby="quarantine-title" {
            h2 #quarantine-title { "Quarantine" }
            p #said role="status" {}
            @if view.quarantine.is_empty() { p.muted { "No row waits in quarantine." } }
            @else {
                p.muted { (view.quarantined) " rows broke the contract of the table; the newest are shown. A retry checks a row by the live \
                    model's spec and stores it if it is valid now." }
                div.scroll tabindex="0" role="region" aria-label="quarantine, table" { table {
                    thead { tr { th scope="col" { "source" } th.number scope="col" { "line" } th scope="col" { "column" } th scope="col" { "value" }
                        th scope="col" { "reason" } th scope="col" { span.unseen { "repair" } } } }
                    tbody { @for row in view.quarantine { tr {
                        td { (visible(&row.rejected.source)) } td.number { @if let Some(line) = row.rejected.line { (line) } } td { (visible(&row.rejected.column)) } td.cut { (visible(&row.rejected.value)) } td { (visible(&row.rejected.reason)) }
                        td { div.buttons {
                            button type="button" data-post={ "/v1/quarantine/" (row.id) "/retry" } { "Retry" }
                            button type="button" data-delete={ "/v1/quarantine/" (row.id) } data-confirm="Drop this row? The event of its arrival stays." { "Drop" }
                        } }
                    } } }
                } }
            }
        }
    }
}

fn sources(sources: &[SourceView]) -> Markup {
    html! {
        section aria-labelledby="sources-title" {
            h2 #sources-title { "Sources" }
            @if sources.is_empty() { p.muted { "No source is pulled on a schedule: the setting " code { "sources" } " names them." } }
            @else { div.scroll tabindex="0" role="region" aria-label="sources, table" { table {
                thead { tr { th scope="col" { "source" } th scope="col" { "from" } th.number scope="col" { "every" } th scope="col" { "cursor" }
                    th scope="col" { "last pull" } th.number scope="col" { "stored" } th.number scope="col" { "quarantined" } } }
                tbody { @for source in sources { tr {
                    th scope="row" { (source.name) } td { (source.from) } td.number { (source.every) " s" } td { (source.cursor.as_deref().unwrap_or("–")) }
                    @match &source.last {
                        None => { td.muted colspan="3" { "not yet" } }
                        Some(last) => {
                            td { (time_of(&last.ended)) @if let Some(error) = &last.error { " " strong.alarm { (error) } } }
                            td.number { (last.stored) } td.number { (last.quarantined) }
                        }
                    }
                } } }
            } } }
        }
    }
}

fn explorer(view: &View<'_>) -> Markup {
    let asked = &view.explorer;
    let link = |kind: Option<&str>, after: u64| match kind {
        Some(kind) => format!("/data?kind={kind}&after={after}#events"),
        None => format!("/data?after={after}#events"),
    };
    html! {
        section #events aria-labelledby="events-title" {
            h2 #events-title { "Stored events" }
            nav.filter aria-label="Kinds of stored events" {
                a href=(link(None, 0)) aria-current=[asked.kind.is_none().then_some("true")] { "all" }
                @for kind in asked.kinds {
                    a href=(link(Some(kind), 0)) aria-current=[(asked.kind == Some(kind)).then_some("true")] { (kind.replace('_', " ")) }
                }
            }
            @if view.events.is_empty() { p.muted { "No event here." } }
            ol.story { @for event in view.events { li { details {
                summary { span.number.seq { (event.seq) } " " time.muted datetime=(event.time) { (event.time) } " " span.kind { (event.kind) } " " (visible(&event.id)) }
                @if event.kind == "prediction" { p { a href={ "/predictions/" (event.id) } { "Row, contributions, label" } } }
                pre tabindex="0" { (pretty(&event.members)) }
            } } } }
            @if let Some(next) = asked.next { p { a href=(link(asked.kind, next)) rel="next" { "Newer" } } }
        }
    }
}

/// Indented JSON whose lines are harmless to look at.
fn pretty(members: &serde_json::Map<String, serde_json::Value>) -> String {
    let text = serde_json::to_string_pretty(members).unwrap_or_default();
    let lines: Vec<_> = text.lines().map(visible).collect();
    lines.join("\n")
}

/// A row of a drifted window.
#[derive(Clone, Debug, PartialEq)]
pub struct OddRow {
    /// Id of its prediction.
    pub id: String,
    pub value: String,
    pub probability: f64,
}

/// Draws the rows of a drifted window whose value of a column differs most from the training rows.
pub fn odd_rows(column: &str, about: &str, rows: &[OddRow]) -> Markup {
    html! {
        section aria-labelledby="rows-title" {
            h2 #rows-title { (column) ": rows that differ most" }
            p.muted { (about) }
            @if rows.is_empty() { p { "None: the window's predictions are no longer stored, or the column has not drifted." } }
            @else { div.scroll tabindex="0" role="region" aria-label="rows, table" { table {
                thead { tr { th scope="col" { "prediction" } th scope="col" { (column) } th.number scope="col" { "probability" } } }
                tbody { @for row in rows { tr {
                    th scope="row" { a href={ "/predictions/" (row.id) } { (row.id) } } td { (visible(&row.value)) }
                    td.number { (format!("{:.1} %", 100.0 * row.probability)) }
                } } }
            } } }
            p { a href="/data" { "All columns" } }
        }
    }
}
