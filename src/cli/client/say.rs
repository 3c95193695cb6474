//! Formats messages of the server as lines for people.

use serde_json::Value;

use super::message::{Change, Event};
use crate::control::jobs::JobView;
use crate::schema::column::Label;
use crate::serve::problem::{Document, Entry};
use crate::serve::views::{Contribution, Prediction, Warning};
use crate::store::feed;
use crate::telemetry::metrics::Topic;

/// Maximum number of contributions shown for a prediction; the smaller ones matter little.
const NAMED: usize = 5;

/// `label 1, probability 0.8731, titanic@7, id …`, warnings behind it, contributions below it.
pub fn prediction(prediction: &Prediction) -> String {
    let (label, model) = (value(&prediction.label.0), word(&prediction.model));
    let id = word(prediction.id.as_deref().unwrap_or_default());
    let probability = prediction.probability;
    let mut line = format!("label {label}, probability {probability:.4}, {model}, id {id}");
    let warnings: Vec<String> = prediction.warnings.iter().map(warning).collect();
    if !warnings.is_empty() {
        line += &format!("; warnings: {}", warnings.join(", "));
    }
    if let Some(explanation) = &prediction.explanation {
        let parts = explanation.contributions.iter().take(NAMED);
        let parts: Vec<String> = parts.map(contribution).collect();
        line += &format!("\n    base {:.3} {}", explanation.base, parts.join(" "));
        if explanation.contributions.len() > NAMED {
            line += " …";
        }
    }
    line
}

/// What is wrong, fault by fault.
pub fn problem(problem: &Document<'_>) -> String {
    let faults: Vec<String> = problem.errors.iter().map(fault).collect();
    if !faults.is_empty() {
        return faults.join("; ");
    }
    let parts = [word(&problem.title), word(&problem.detail)];
    let parts = parts.into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(": ")
}

fn fault(fault: &Entry) -> String {
    let path = word(&fault.path);
    let path = path
        .trim_start_matches('/')
        .replace("~1", "/")
        .replace("~0", "~");
    let got = match &fault.got {
        Value::Null => String::new(),
        Value::String(text) => word(text),
        other => other.to_string(),
    };
    let (allowed, remedy) = (word(&fault.allowed), word(&fault.remedy));
    let part = |text: &str, shown: String| (!text.is_empty()).then_some(shown);
    let parts = [
        part(&path, format!("{path}:")),
        Some(code(&fault.problem)),
        part(&got, format!("(got {got})")),
        part(&allowed, format!("– takes {allowed}")),
        part(&remedy, format!("– {remedy}")),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}

pub fn event(event: &Event) -> String {
    let what = match feed::named(&event.topic) {
        Some(Topic::Predictions) => event.read().map(|made| prediction(&made)),
        Some(Topic::Models) => event.read().map(|done| change(&done)),
        Some(Topic::Jobs) => event.read().map(|view| job(&view)),
        _ => None,
    };
    let what = what.unwrap_or_else(|| event.data.to_string());
    format!("{} {} {what}", word(&event.time), word(&event.topic))
}

fn change(change: &Change) -> String {
    let (model, action) = (word(&change.model), code(&change.action));
    match &change.previous {
        Some(previous) => format!("{model} {action}, before: {}", word(previous)),
        None => format!("{model} {action}"),
    }
}

fn job(job: &JobView) -> String {
    let percent = 100.0 * job.progress;
    let (kind, id) = (word(&job.kind), word(&job.id));
    format!("{kind} {id}: {}, {percent:.0} %", job.state.word())
}

fn warning(warning: &Warning) -> String {
    let (column, problem) = (word(&warning.column), code(&warning.problem));
    let line = format!("{column} {problem} {}", value(&warning.value));
    line.trim_end().to_owned()
}

fn contribution(part: &Contribution) -> String {
    let (column, given) = (word(&part.column), part.value.as_ref());
    let given = given.map_or_else(|| "missing".to_owned(), value);
    format!("{:+.3} {column}={given}", part.contribution)
}

/// A code of the wire as words.
fn code(code: &str) -> String {
    word(code).replace('_', " ")
}

fn value(value: &Label) -> String {
    word(&value.to_string())
}

/// Text without control characters, which must not reach a terminal.
fn word(text: &str) -> String {
    let plain = |c: char| if c.is_control() { '\u{fffd}' } else { c };
    text.chars().map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read<T: serde::de::DeserializeOwned>(document: Value) -> T {
        serde_json::from_value(document).unwrap()
    }

    #[test]
    fn lines_for_people() {
        let message = json!({"id": "i1", "label": "yes", "probability": 0.87312, "model": "moths@2",
            "warnings": [{"column": "port", "problem": "unknown_level", "value": "X\u{1b}[2J"}],
            "explanation": {"base": 0.25, "unit": "probability", "contributions": [
                {"column": "span", "value": 3, "contribution": 0.7}, {"column": "note", "value": null, "contribution": -0.07688}]}});
        let line = "label yes, probability 0.8731, moths@2, id i1; warnings: port unknown level X\u{fffd}[2J\n    \
                    base 0.250 +0.700 span=3 -0.077 note=missing";
        assert_eq!(prediction(&read(message)), line);

        let fault = json!({"path": "/wing~1span", "problem": "wrong_type", "got": "\"x\"", "allowed": "a number", "remedy": ""});
        let other =
            json!({"path": "", "problem": "not_a_row", "got": null, "allowed": "", "remedy": ""});
        let document = |title: &str, detail: &str, errors: Value| json!({"type": "/docs#x", "title": title, "status": 400, "detail": detail, "errors": errors});
        assert_eq!(
            problem(&read(document("no", "", json!([fault, other])))),
            "wing/span: wrong type (got \"x\") – takes a number; not a row"
        );
        assert_eq!(
            problem(&read(document("Too busy", "come back", json!([])))),
            "Too busy: come back"
        );

        let promoted = json!({"topic": "models", "time": "T", "data": {"action": "rolled_back", "model": "m@1", "previous": "m@2"}});
        let promoted = event(&read(promoted));
        assert_eq!(promoted, "T models m@1 rolled back, before: m@2");
        let job = json!({"id": "j", "kind": "train", "state": "running", "progress": 0.5, "result": null, "error": null});
        let job = json!({"topic": "jobs", "time": "T", "data": job});
        assert_eq!(event(&read(job)), "T jobs train j: running, 50 %");
    }
}
