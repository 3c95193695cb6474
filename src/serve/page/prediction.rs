//! The page of one stored prediction: its row, why it came out so, its label, and what other versions answer.

use maud::{Markup, html};
use serde_json::Value;

use crate::report::chart::{Size, Waterfall, plain};
use crate::report::html::figure;
use crate::report::visible;
use crate::serve::views::{Explanation, WhyPrediction};

/// Contributions drawn one by one.
const SHOWN: usize = 12;

/// Draws the page.
pub fn draw(why: &WhyPrediction) -> Markup {
    let event = &why.event;
    let member = |key: &str| event.members.get(key).map_or_else(|| "–".into(), text);
    let row = event.members.get("row").and_then(Value::as_object);
    html! {
        section aria-labelledby="prediction-title" {
            h2 #prediction-title { "Prediction " span.plain { (visible(&why.id)) } }
            dl {
                dt { "time" } dd { time datetime=(event.time) { (event.time) } }
                dt { "model" } dd { a href={ "/models/" (member("model")) } { (member("model")) } }
                dt { "probability" } dd { (probability(event.members.get("probability"))) }
                dt { "decision" } dd { (member("label")) }
                dt { "label" } dd { @match &why.truth { Some(label) => strong { (label) }, None => "not known yet" } }
                dt { "transport" } dd { (member("transport")) }
                dt { "event" } dd { (event.seq) }
                dt { "monitor windows" }
                dd {
                    @if why.windows.is_empty() { "none with a verdict yet" }
                    @for (n, verdict) in why.windows.iter().enumerate() {
                        @if n > 0 { ", " }
                        "verdict of " time datetime=(verdict.time) { (verdict.time) } " (event " (verdict.seq) ")"
                    }
                }
            }
            @for note in &why.notes { p.note { (note) } }
        }
        section aria-labelledby="row-title" {
            h2 #row-title { "Row" }
            table.facts { tbody { @for (name, value) in row.into_iter().flatten() { tr {
                th scope="row" { (visible(name)) }
                td { @if value.is_null() { span.muted { "missing" } } @else { (text(value)) } }
            } } } }
            @if !why.features.is_empty() {
                details {
                    summary { (why.features.len()) " features made of it" }
                    table.facts { tbody { @for feature in &why.features { tr {
                        th scope="row" { (feature.name) }
                        @match feature.value {
                            Some(value) => td.number title=(value) { (plain(value)) },
                            None => td.number { span.muted { "missing" } },
                        }
                    } } } }
                }
            }
        }
        @if let Some(explanation) = &why.explanation {
            section aria-labelledby="why-title" {
                h2 #why-title { "Why" }
                (waterfall(explanation))
            }
        }
        section aria-labelledby="others-title" {
            h2 #others-title { "Other versions" }
            @if why.versions.is_empty() { p.muted { "There is no other version." } }
            @else { table.facts {
                thead { tr { th scope="col" { "version" } th scope="col" { "decision" } th.number scope="col" { "probability" } } }
                tbody { @for other in &why.versions { tr {
                    th scope="row" { a href={ "/models/" (other.model) } { (other.model) } }
                    @match other.probability {
                        Some(probability) => {
                            td { @if let Some(label) = &other.label { (label.0.to_string()) } }
                            td.number { (format!("{:.1} %", 100.0 * probability)) }
                        }
                        None => { td.muted colspan="2" { (other.error.as_deref().unwrap_or_default()) } }
                    }
                } } }
            } }
        }
    }
}

/// Draws a probability in per cent; its exact value is a tooltip.
fn probability(value: Option<&Value>) -> Markup {
    html! { @match value.and_then(Value::as_f64) {
        Some(exact) => span title=(exact) { (format!("{:.1} %", 100.0 * exact)) },
        None => "–",
    } }
}

fn text(value: &Value) -> String {
    let whole = value.to_string();
    visible(value.as_str().unwrap_or(&whole)).into_owned()
}

/// Draws the contributions of an explanation, the small ones together.
fn waterfall(explanation: &Explanation) -> Markup {
    let all = &explanation.contributions;
    let shown = if all.len() > SHOWN + 1 {
        SHOWN
    } else {
        all.len()
    };
    let step = |c: &crate::serve::views::Contribution| (c.column.clone(), c.contribution);
    let mut steps: Vec<(String, f64)> = all[..shown].iter().map(step).collect();
    if shown < all.len() {
        let rest = all[shown..].iter().map(|c| c.contribution).sum();
        steps.push((format!("{} others", all.len() - shown), rest));
    }
    let waterfall = Waterfall {
        unit: "probability",
        start: explanation.base,
        steps: &steps,
    };
    let size = Size::of(560.0, 60.0 + 20.0 * steps.len().max(3) as f64);
    let sum = explanation.base + all.iter().map(|c| c.contribution).sum::<f64>();
    let title = format!(
        "From the mean of the training rows, {:.1} %, to this prediction, {:.1} %",
        100.0 * explanation.base,
        100.0 * sum
    );
    figure(&waterfall.chart(title), "waterfall", size)
}
