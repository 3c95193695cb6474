//! The timeline: what happened, newest first, each entry with its evidence.

use maud::{Markup, html};

use crate::clock;
use crate::store::kind::{self, Kind};
use crate::timeline::Notable;

/// A filter of the timeline.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    pub kind: Option<Kind>,
    /// Only events before this number.
    pub before: Option<u64>,
}

/// Draws the entries that pass the filter; `older` is the number before which there are more.
pub fn draw(traffic: &Markup, entries: &[Notable], filter: &Filter, older: Option<u64>) -> Markup {
    const KINDS: [(Option<Kind>, &str); 4] = [
        (None, "everything"),
        (Some(Kind::Verdict), "verdicts"),
        (Some(Kind::Alert), "alerts"),
        (Some(Kind::Model), "models"),
    ];
    html! {
        (traffic)
        section #story data-again aria-labelledby="story-title" {
            h2 #story-title { "What happened" }
            nav.filter aria-label="Kinds of events" {
                @for (wanted, word) in KINDS {
                    a href=(link(wanted, None)) aria-current=[(filter.kind == wanted).then_some("true")] { (word) }
                }
            }
            @if entries.is_empty() {
                p.muted { "Nothing yet: verdicts of the monitor, alerts, trainings and promotions appear here. Rows, predictions and \
                    labels are counted above." }
            }
            ol.story { @for entry in entries { li { (draw_entry(entry)) } } }
            @if let Some(older) = older {
                p { a href=(link(filter.kind, Some(older))) rel="next" { "Older" } }
            }
        }
    }
}

fn link(wanted: Option<Kind>, before: Option<u64>) -> String {
    let kind = wanted.map(|kind| format!("kind={}", kind::name(kind)));
    let before = before.map(|seq| format!("before={seq}"));
    let query: Vec<String> = kind.into_iter().chain(before).collect();
    match query.is_empty() {
        true => "/timeline".into(),
        false => format!("/timeline?{}", query.join("&")),
    }
}

fn draw_entry(entry: &Notable) -> Markup {
    let document: serde_json::Value = serde_json::from_str(&entry.json).unwrap_or_default();
    let (what, is_bad) = said(entry.kind, &document);
    let pretty = serde_json::to_string_pretty(&document).unwrap_or_default();
    html! {
        details {
            summary {
                time.muted datetime=(clock::rfc3339(entry.time)) { (clock::rfc3339(entry.time)) }
                " " span.kind { (kind::name(entry.kind)) } " "
                @if is_bad { strong.alarm { (what) } } @else { span { (what) } }
            }
            p.muted { "event " (entry.seq) ", "
                @if entry.kind == Kind::Model { a href={ "/models/" (entry.id) } { (entry.id) } } @else { (entry.id) } }
            pre tabindex="0" { (pretty) }
        }
    }
}

/// What an event says in a sentence, and whether it is bad news.
fn said(kind: Kind, document: &serde_json::Value) -> (String, bool) {
    let text = |key: &str| document[key].as_str().unwrap_or_default().to_owned();
    match kind {
        Kind::Verdict => {
            if let Some(verdict) = document["gate"]["verdict"].as_str() {
                let rows = document["gate"]["rows"].as_u64().unwrap_or(0);
                return (format!("gate: {verdict}, on {rows} rows"), false);
            }
            let is_bad = ["drift", "decay"]
                .iter()
                .any(|key| document[*key].as_bool().unwrap_or(false));
            let what = match (text("about").as_str(), text("says"), text("change")) {
                ("performance", _, _) => measured(document),
                (_, says, _) if !says.is_empty() => says,
                (_, _, change) if is_bad && !change.is_empty() => format!("drift: {change}"),
                (about, _, _) => {
                    let about = if about.is_empty() { "drift" } else { about };
                    format!(
                        "{about}: {}",
                        if is_bad { "found" } else { "nothing found" }
                    )
                }
            };
            (format!("{} · {what}", text("model")), is_bad)
        }
        Kind::Alert => {
            let state = text("state");
            let summary = document["annotations"]["summary"].as_str();
            let what = [
                text("rule"),
                state.clone(),
                text("subject"),
                summary.unwrap_or_default().to_owned(),
            ];
            let what: Vec<String> = what.into_iter().filter(|part| !part.is_empty()).collect();
            (what.join(" · "), state == "firing")
        }
        Kind::Model => {
            let what = [
                text("model"),
                text("action").replace('_', " "),
                text("reason"),
            ];
            let what: Vec<String> = what.into_iter().filter(|part| !part.is_empty()).collect();
            (what.join(" · "), text("action") == "rolled_back")
        }
        _ => (String::new(), false),
    }
}

/// The accuracy of a window of labelled predictions.
fn measured(document: &serde_json::Value) -> String {
    let figures = document["figures"].as_array();
    let accuracy = figures.and_then(|all| all.iter().find(|of| of["metric"] == "accuracy"));
    let accuracy = accuracy.and_then(|of| of["value"].as_f64());
    let labels = document["n"].as_u64().unwrap_or(0);
    match accuracy {
        Some(accuracy) => {
            let percent = 100.0 * accuracy;
            format!("performance: accuracy {percent:.1} % by {labels} labels")
        }
        None => format!("performance: measured by {labels} labels"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn verdicts_say_what_they_found() {
        let check = |document: serde_json::Value, expected: &str, is_bad: bool| {
            let found = said(Kind::Verdict, &document);
            assert_eq!(found, (expected.to_owned(), is_bad));
        };
        check(
            json!({"model": "m@1", "about": "performance", "n": 200, "decay": true,
                "figures": [{"metric": "auc", "value": 0.9}, {"metric": "accuracy", "value": 0.35}]}),
            "m@1 · performance: accuracy 35.0 % by 200 labels",
            true,
        );
        check(
            json!({"model": "m@1", "about": "decay", "decay": true, "says": "decay: the share rose", "change": {"n": 1}}),
            "m@1 · decay: the share rose",
            true,
        );
        check(
            json!({"model": "m@1", "about": "drift", "drift": true, "change": "a: 1 % → 2 %"}),
            "m@1 · drift: a: 1 % → 2 %",
            true,
        );
        check(
            json!({"model": "m@1", "drift": false}),
            "m@1 · drift: nothing found",
            false,
        );
        check(
            json!({"about": "gate", "gate": {"verdict": "promote", "rows": 9}}),
            "gate: promote, on 9 rows",
            false,
        );
    }
}
