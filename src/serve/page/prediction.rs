//! The page of one stored prediction: its row, why it came out so, its label, and what other versions answer.

use maud::{Markup, html};

use crate::model::Explanation;
use crate::report::chart::{Size, Waterfall};
use crate::report::html::figure;
use crate::schema::Schema;
use crate::serve::views::StoredPrediction;

/// Contributions drawn one by one.
const SHOWN: usize = 12;

/// Everything that the page shows.
pub struct View<'a> {
    pub stored: &'a StoredPrediction,
    /// The explanation by the model that made the prediction, if that can still be read.
    pub explained: Option<(&'a Schema, &'a Explanation)>,
    /// What other versions answer for the row: name and probability.
    pub others: &'a [(String, f64)],
    /// Verdicts whose window holds the prediction: event number and time.
    pub verdicts: &'a [(u64, String)],
}

/// Draws the page.
pub fn draw(view: &View<'_>) -> Markup {
    let event = &view.stored.event;
    let text = |key: &str| match event.members.get(key) {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => "–".into(),
    };
    let row = event
        .members
        .get("row")
        .and_then(serde_json::Value::as_object);
    html! {
        section aria-labelledby="prediction-title" {
            h2 #prediction-title { "Prediction " span.plain { (event.id) } }
            dl {
                dt { "time" } dd { time datetime=(event.time) { (event.time) } }
                dt { "model" } dd { a href={ "/models/" (text("model")) } { (text("model")) } }
                dt { "probability" } dd { (text("probability")) }
                dt { "decision" } dd { (text("label")) }
                dt { "label" } dd { @match &view.stored.truth { Some(label) => strong { (label) }, None => "not known yet" } }
                dt { "transport" } dd { (text("transport")) }
                dt { "event" } dd { (event.seq) }
                @if !view.verdicts.is_empty() {
                    dt { "windows" } dd { @for (seq, time) in view.verdicts { "verdict " (seq) " of " (time) " " } }
                }
            }
        }
        section aria-labelledby="row-title" {
            h2 #row-title { "Row" }
            table { tbody { @if let Some(row) = row { @for (name, value) in row { tr {
                th scope="row" { (name) }
                td { @match value { serde_json::Value::String(text) => (text), serde_json::Value::Null => span.muted { "missing" }, other => (other) } }
            } } } } }
        }
        section aria-labelledby="why-title" {
            h2 #why-title { "Why" }
            @match &view.explained {
                None => p.muted { "The version that made the prediction cannot be read any more." },
                Some((schema, explanation)) => (waterfall(schema, explanation)),
            }
        }
        section aria-labelledby="others-title" {
            h2 #others-title { "Other versions" }
            @if view.others.is_empty() { p.muted { "There is no other version that can read the row." } }
            @else { table { tbody { @for (model, probability) in view.others { tr {
                th scope="row" { a href={ "/models/" (model) } { (model) } } td.number { (format!("{:.1} %", 100.0 * probability)) }
            } } } } }
        }
    }
}

/// Draws the contributions of an explanation, the small ones together.
pub fn waterfall(schema: &Schema, explanation: &Explanation) -> Markup {
    let all = &explanation.contributions;
    let shown = if all.len() > SHOWN + 1 {
        SHOWN
    } else {
        all.len()
    };
    let mut steps: Vec<(String, f64)> = all[..shown]
        .iter()
        .map(|c| (schema.columns()[c.column].name.clone(), c.probability))
        .collect();
    if shown < all.len() {
        let rest = all[shown..].iter().map(|c| c.probability).sum();
        steps.push((format!("{} others", all.len() - shown), rest));
    }
    let waterfall = Waterfall {
        unit: "probability",
        start: explanation.base,
        steps: &steps,
    };
    let size = Size::of(560.0, 60.0 + 20.0 * steps.len().max(3) as f64);
    figure(
        &waterfall.chart("What each column adds to the mean probability of the training rows"),
        "waterfall",
        size,
    )
}
