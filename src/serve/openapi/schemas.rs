//! Schemas of what goes in and comes out.

use serde_json::{Map, Value, json};

use super::levels;
use crate::control::jobs::{MAX_BAD, learners};
use crate::live::Champion;
use crate::schema::column::{Policy, Target};
use crate::schema::{Column, Kind, own_id};
use crate::serve::jobs::MOST_FITS;
use crate::serve::labels::given::LONGEST_ID;
use crate::stats::profile::Observed;
use crate::telemetry::metrics::{AlertRule, ChannelKind, ClosedLabel, EventKind, LabelStatus};

/// Every schema.
pub fn all(champion: &Champion) -> Value {
    let text = json!({"type": "string"});
    let number = json!({"type": "number"});
    let maybe_text = json!({"type": ["string", "null"]});
    let target = champion.model.schema().target();
    let mut all = json!({
        "Row": row(champion),
        "Answer": {"oneOf": [reference("Prediction"), reference("Predictions")]},
        "Prediction": object(&["label", "probability", "model", "warnings"], json!({
            "id": {"type": "string", "description": "absent from a trial"},
            "label": {"enum": [target.negative, target.positive]},
            "probability": {"type": "number", "minimum": 0, "maximum": 1, "description": format!("of {} = {}", target.column, target.positive)},
            "model": text,
            "warnings": list(reference("Warning")),
            "explanation": reference("Explanation"),
        })),
        "Predictions": object(&["model", "predictions"], json!({
            "model": text,
            "predictions": list(json!({"oneOf": [reference("Prediction"), {"type": "null"}]})),
            "errors": list(reference("Fault")),
        })),
        "Warning": object(&["column", "problem", "value"], json!({"column": text, "problem": text, "value": {}})),
        "Explanation": object(&["base", "unit", "contributions"], json!({
            "base": {"type": "number", "description": "mean probability of the training rows"},
            "unit": {"const": "probability"},
            "contributions": list(object(&["column", "value", "contribution"], json!({
                "column": text, "value": {}, "contribution": number,
                "log_odds": {"type": "number", "description": "of linear scores: what the column adds to the log odds of the mean training row"},
            }))),
        })),
        "Problem": object(&["type", "title", "status", "detail", "errors"], json!({
            "type": text, "title": text, "status": {"type": "integer"}, "detail": text, "errors": list(reference("Fault")),
        })),
        "Fault": object(&["path", "problem", "got", "allowed", "remedy"], json!({
            "path": {"type": "string", "description": "a JSON pointer into the body"},
            "problem": text, "got": {}, "allowed": text, "remedy": text,
            "line": {"type": "integer", "description": "in CSV and JSON lines; the first is 1"}, "column": maybe_text,
        })),
        "Models": object(&["champion", "seq", "epoch", "models"], json!({
            "champion": maybe_text,
            "seq": {"type": "integer", "description": "the last line of the ledger; it only grows within an epoch"},
            "epoch": {"type": "string", "description": "changes where a state is restored"},
            "models": list(object(&["model", "trained", "learner", "role", "cv", "sha256", "bytes"], json!({
                "sha256": maybe_text, "bytes": {"type": ["integer", "null"]},
                "model": text, "trained": maybe_text, "learner": maybe_text,
                "role": {"enum": ["champion", "previous", "retired", "candidate"]}, "cv": {"type": ["object", "null"]},
            }))),
        })),
        "Card": card(),
        "Promotion": object(&["model", "previous", "seq"], json!({"model": text, "previous": maybe_text, "seq": {"type": "integer"}})),
        "Loop": object(&["champion", "fresh", "labels", "verdict", "shadow", "watch"], json!({
            "champion": maybe_text,
            "fresh": {"type": "integer", "description": "labels since it was trained"},
            "labels": {"type": ["integer", "null"], "description": "after so many the server retrains"},
            "verdict": {"type": ["string", "null"], "description": "what a monitor found to have changed, and no training was begun for yet"},
            "shadow": {"oneOf": [{"type": "null"}, object(&["model", "champion", "comparison", "live"], json!({
                "model": text, "champion": text, "comparison": {"type": "object"}, "live": reference("Live"),
            }))]},
            "watch": {"oneOf": [{"type": "null"}, object(&["model", "previous", "figures"], json!({
                "model": text, "previous": text, "figures": {"type": "object"},
            }))]},
        })),
        "Monitor": object(&["model", "window", "verdict", "history", "performance", "estimated"], json!({
            "model": maybe_text,
            "window": object(&["size", "filled"], json!({"size": {"type": "integer"}, "filled": {"type": "integer"}})),
            "verdict": {"type": ["object", "null"], "description": "the newest, column by column, as `drift --json` has it"},
            "history": list(json!({"type": "object"})),
            "performance": {"type": ["object", "null"], "description": "by truths: windows, detectors"},
            "estimated": {"type": ["object", "null"], "description": "without truths; blind to corrupted inputs"},
            "slices": list(json!({"type": "object"})),
            "unwatched": list(json!({"type": "object"})),
            "delay": {"type": ["object", "null"]},
            "skipped": {"type": "integer", "description": "predictions that came too fast for any window"},
            "seq": {"type": "integer", "description": "number of the last event that the monitor has read"},
        })),
        "Live": object(&["scored", "skipped", "agreement", "difference", "spread"], json!({
            "scored": {"type": "integer"}, "skipped": {"type": "integer"},
            "agreement": {"type": ["number", "null"], "description": "share both decide alike"},
            "difference": {"type": ["number", "null"], "description": "mean of the candidate's probability − the champion's"},
            "spread": {"type": ["number", "null"]},
        })),
        "Alerts": alerts(),
        "Silence": {"type": "object", "required": ["for"], "additionalProperties": false, "properties": {
            "for": time_span(),
            "comment": {"type": ["string", "null"], "description": "why"},
        }},
        "ColumnWarning": object(&["column", "problem", "rows", "examples"], json!({
            "column": text, "problem": text, "rows": {"type": "integer", "minimum": 0}, "examples": list(json!({"type": "string"})),
            "detail": text,
        })),
        "LabelSilence": {"type": "object", "required": ["matchers", "for"], "additionalProperties": false, "properties": {
            "matchers": {"type": "array", "minItems": 1, "items": {"type": "string", "pattern": r"^\s*[^=!\s][^=]*=([^~]|$)"}, "description": "labels that an alert must have: `NAME=VALUE` or `NAME!=VALUE`"},
            "for": time_span(),
            "comment": {"type": ["string", "null"], "description": "why"},
        }},
        "Backup": {"type": "object", "required": ["to"], "additionalProperties": false, "properties": {
            "to": {"type": "string", "pattern": "^/", "description": "an absolute path on the server's machine"},
        }},
        "Quarantine": object(&["quarantine", "next"], json!({"quarantine": list(reference("QuarantinedRow")), "next": maybe_text})),
        "QuarantinedRow": object(&["id", "source", "line", "column", "value", "reason"], json!({
            "id": text, "source": text, "line": {"type": ["integer", "null"]}, "column": text, "value": text, "reason": text,
        })),
        "Retry": object(&["stored", "repeated", "remaining", "quarantine"], json!({
            "stored": {"type": "integer"}, "repeated": {"type": "integer"}, "remaining": {"type": "integer"},
            "quarantine": list(reference("QuarantinedRow")),
        })),
        "Dropped": object(&["dropped"], json!({"dropped": {"type": "integer"}})),
        "Store": object(&["seq", "oldest", "kinds", "labels", "waiting", "quarantine", "event_bytes", "bytes"], json!({
            "seq": {"type": "integer"}, "oldest": {"type": "integer"},
            "kinds": {"type": "object", "additionalProperties": {"type": "integer"}},
            "labels": {"type": "integer"}, "waiting": {"type": "integer"}, "quarantine": {"type": "integer"},
            "event_bytes": {"type": "integer"}, "bytes": {"type": "integer"},
        })),
        "Sources": object(&["sources"], json!({"sources": list(object(&["name", "from", "every", "cursor", "last"], json!({
            "name": text, "from": text, "every": {"type": "number", "description": "seconds"}, "cursor": maybe_text,
            "last": {"type": ["object", "null"], "description": "when it ended, its counts, why it broke off"},
        })))})),
        "Settings": object(&["settings"], json!({"settings": list(object(&["key", "value", "origin"], json!({
            "key": text, "value": text, "origin": text,
        })))})),
    });
    if let (Value::Object(all), Value::Object(more)) = (&mut all, jobs_and_events(champion)) {
        all.extend(more);
    }
    all
}

/// Schemas of trainings, labels and events.
fn jobs_and_events(champion: &Champion) -> Value {
    let text = json!({"type": "string"});
    let maybe_text = json!({"type": ["string", "null"]});
    let target = champion.model.schema().target();
    json!({
        "Training": training(),
        "Queued": object(&["id", "state"], json!({"id": text, "state": {"const": "queued"}})),
        "Job": object(&["id", "kind", "state", "progress", "result", "error"], json!({
            "id": text, "kind": text, "state": {"enum": ["queued", "running", "done", "failed", "cancelled"]},
            "progress": {"type": "number", "minimum": 0, "maximum": 1},
            "result": {"oneOf": [
                {"type": "null"}, reference("Trained"), reference("Checked"), reference("Compacted"), reference("BackedUp"),
            ]},
            "error": maybe_text,
        })),
        "Trained": object(&["model", "promoted", "reason", "gate", "warnings"], json!({
            "model": text, "promoted": {"type": "boolean"}, "reason": text, "gate": {"type": ["object", "null"]},
            "warnings": list(reference("ColumnWarning")),
        })),
        "Checked": object(&["intact", "events", "findings", "untold"], json!({
            "intact": {"type": "boolean"}, "events": {"type": "integer", "minimum": 0}, "findings": list(text.clone()),
            "untold": {"type": "integer", "minimum": 0, "description": "findings beyond those listed"},
        })),
        "Compacted": object(&["before", "after"], json!({
            "before": {"type": "integer", "minimum": 0, "description": "bytes"}, "after": {"type": "integer", "minimum": 0, "description": "bytes"},
        })),
        "BackedUp": object(&["file", "bytes"], json!({"file": text, "bytes": {"type": "integer", "minimum": 0}})),
        "Jobs": object(&["jobs"], json!({"jobs": list(reference("Job"))})),
        "GivenLabel": given_label(target),
        "Label": object(&["id", "status"], json!({
            "id": {"type": ["string", "null"], "description": "the prediction's; null while no prediction of the row is known"},
            "key": {"type": ["string", "number"], "description": "the row's own id, where the label came by it"},
            "status": {"enum": LabelStatus::VALUES},
            "detail": {"type": "string", "description": "what a label that waits, waits for"},
        })),
        "Labelled": {"oneOf": [reference("Label"), object(&["labels"], json!({"labels": list(reference("Label"))}))]},
        "Taken": crate::serve::rows::taken_schema(),
        "Event": object(&["seq", "time", "kind", "id"], json!({
            "seq": {"type": "integer"}, "time": text, "kind": {"enum": EventKind::VALUES}, "id": text, "truth": {},
        })),
        "Events": object(&["events", "next"], json!({"events": list(reference("Event")), "next": {"type": "integer"}})),
        "Health": object(&["status"], json!({"status": text, "model": text})),
    })
}

/// What `GET /v1/models/{version}` shows of a version.
fn card() -> Value {
    let text = json!({"type": "string"});
    let maybe_text = json!({"type": ["string", "null"]});
    let count = json!({"type": "integer", "minimum": 0});
    let metrics = json!({"type": "object", "description": "cross-validated metrics, each with mean and standard error"});
    let maybe_metrics = json!({"type": ["object", "null"]});
    let candidate = object(
        &["learner", "calibration", "cv"],
        json!({"learner": text, "calibration": text, "cv": metrics}),
    );
    let target = object(
        &["column", "positive", "negative"],
        json!({"column": text, "positive": {}, "negative": {}}),
    );
    let maybe_number = json!({"type": ["number", "null"]});
    let column = object(
        &["name", "kind", "required", "observed"],
        json!({
            "name": text, "kind": text, "unit": text, "about": text, "required": {"type": "boolean"},
            "min": maybe_number, "max": maybe_number, "levels": {"type": ["array", "null"]},
            "observed": {"type": ["object", "null"], "description": "what the training rows had in it"},
        }),
    );
    object(
        &[
            "model", "role", "learner", "cv", "features", "columns", "spec",
        ],
        json!({
            "model": text, "trained": maybe_text, "role": maybe_text, "sha256": maybe_text,
            "learner": text, "choice": text, "calibration": text, "seed": count, "rows": count,
            "positives": count, "left_out": count, "table": {}, "cv": metrics,
            "without_companions": maybe_metrics, "candidates": list(candidate), "warnings": list(json!({})),
            "threshold": {"type": "number"}, "target": target, "columns": list(column),
            "features": list(text.clone()), "spec": {"type": "string", "description": "the spec as YAML"},
        }),
    )
}

fn alerts() -> Value {
    let text = json!({"type": "string"});
    let maybe_text = json!({"type": ["string", "null"]});
    let count = json!({"type": "integer", "minimum": 0});
    let pairs = json!({"type": "object", "additionalProperties": {"type": "string"}});
    let alert = object(
        &[
            "id",
            "rule",
            "subject",
            "state",
            "since",
            "labels",
            "annotations",
            "fingerprint",
        ],
        json!({
            "id": text, "rule": {"enum": AlertRule::VALUES}, "subject": text,
            "state": {"enum": ["pending", "firing", "resolved", "silenced"]},
            "since": text, "labels": pairs, "annotations": pairs, "fingerprint": text,
        }),
    );
    let matcher = object(
        &["name", "equal", "value"],
        json!({"name": text, "equal": {"type": "boolean"}, "value": text}),
    );
    let silence = object(
        &["id", "matchers", "since", "until", "comment"],
        json!({"id": text, "matchers": list(matcher), "since": text, "until": text, "comment": text}),
    );
    let channel = object(
        &["name", "type", "paused"],
        json!({"name": text, "type": {"enum": ChannelKind::VALUES}, "paused": maybe_text}),
    );
    let letter = object(
        &["id", "channel", "rule", "created", "attempts", "error"],
        json!({
            "id": text, "channel": text, "rule": {"enum": AlertRule::VALUES}, "created": text,
            "attempts": count, "error": text,
        }),
    );
    let outbox = object(
        &["waiting", "dead", "dead_letters"],
        json!({"waiting": count, "dead": count, "dead_letters": list(letter)}),
    );
    object(
        &["alerts", "silences", "channels", "outbox"],
        json!({
            "alerts": list(alert), "silences": list(silence), "channels": list(channel), "outbox": outbox,
        }),
    )
}

fn given_label(target: &Target) -> Value {
    let mut id = id(LONGEST_ID);
    id["description"] = "the prediction's id; either this or key".into();
    let mut key = id_of_row();
    key["description"] = "the own id of the row: its newest prediction is meant".into();
    let label = levels::target(&target.negative, &target.positive);
    json!({
        "type": "object", "required": ["label"], "additionalProperties": false,
        "properties": {
            "id": id, "key": key, "label": label,
            "correct": {"type": ["boolean", "null"], "default": false, "description": "whether it replaces another"},
        },
        "oneOf": [{"required": ["id"]}, {"required": ["key"]}],
    })
}

/// An id that a client names: text without control characters. Its length counts bytes, which schemas cannot.
pub fn id(longest: usize) -> Value {
    json!({"type": "string", "minLength": 1, "maxLength": longest, "pattern": NO_CONTROL})
}

const NO_CONTROL: &str = r"^[^\u0000-\u001f\u007f-\u009f]+$";

/// The own id of a row, as a label names it.
fn id_of_row() -> Value {
    let mut text = id(own_id::LONGEST);
    text["pattern"] = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u001f\u007f-\u009f\s][^\u0000-\u001f\u007f-\u009f]*$".into();
    json!({"anyOf": [text, {"type": "number"}]})
}

/// A length of time as text.
fn time_span() -> Value {
    json!({"type": "string", "pattern": "^([1-9][0-9]{0,5}(ms|s|m|h|d))+$", "description": "how long, such as `30m`, `2h`, `7d`"})
}

fn training() -> Value {
    let learners = ["auto"].into_iter().chain(learners()).map(Value::from);
    let learners: Vec<Value> = learners.chain([Value::Null]).collect();
    // As absent: clients write null for what nobody set.
    json!({"type": "object", "additionalProperties": false, "properties": {
        "learner": {"enum": learners, "default": "auto"},
        "folds": {"type": ["integer", "null"], "minimum": 2, "maximum": MOST_FITS},
        "repeats": {"type": ["integer", "null"], "minimum": 1, "maximum": MOST_FITS},
        "seed": {"type": ["integer", "null"], "minimum": 0, "maximum": u64::MAX},
        "promote": {"enum": ["auto", "always", "never", null]},
        "max_bad": {"type": ["number", "null"], "minimum": 0, "maximum": 1, "default": MAX_BAD, "description": "largest share of bad rows"},
    }})
}

fn row(champion: &Champion) -> Value {
    let schema = champion.model.schema();
    let mut properties: Map<String, Value> = schema
        .columns()
        .iter()
        .map(|column| (column.name.clone(), property(column)))
        .collect();
    if let Some(id) = schema.id() {
        properties.insert(
            id.into(),
            json!({"type": ["number", "string", "null"], "description": "the row's own id"}),
        );
    }
    let target = schema.target();
    let ignored = json!({"description": "ignored, with a warning"});
    properties.insert(target.column.clone(), ignored);
    let required: Vec<&str> = schema
        .columns()
        .iter()
        .filter(|c| c.required)
        .map(|c| c.name.as_str())
        .collect();
    json!({"type": "object", "required": required, "additionalProperties": false, "properties": properties})
}

fn property(column: &Column) -> Value {
    let mut property = match &column.kind {
        Kind::Number { min, max } => {
            let mut number = json!({"type": "number"});
            for (key, bound) in [("minimum", min), ("maximum", max)] {
                // Beyond a bound that only warns, a number is answered.
                if bound.is_finite() && column.policy == Policy::Reject {
                    number[key] = json!(bound);
                }
            }
            number
        }
        Kind::Category { levels } if column.policy == Policy::Reject && !levels.is_open() => {
            levels::one_of(levels.scalars(), false)
        }
        Kind::Category { levels } => {
            json!({"type": ["string", "number", "boolean"], "examples": levels.scalars()})
        }
        Kind::Text => json!({"type": "string"}),
        Kind::Date(_) => json!({"type": "string", "description": column.allowed()}),
    };
    if let (false, Some(parts)) = (
        column.required,
        property.get_mut("anyOf").and_then(Value::as_array_mut),
    ) {
        parts.push(json!({"type": "null"}));
    } else if !column.required {
        let mut types = property["type"]
            .as_array()
            .cloned()
            .unwrap_or_else(|| vec![property["type"].clone()]);
        types.push("null".into());
        property["type"] = types.into();
    }
    let unit = Some(&column.unit)
        .filter(|unit| !unit.is_empty())
        .map(|unit| format!("in {unit}"));
    let about = [column.about.clone()]
        .into_iter()
        .chain(unit)
        .filter(|part| !part.is_empty());
    let about = about.collect::<Vec<_>>().join("; ");
    if !about.is_empty() {
        property["description"] = about.into();
    }
    property
}

/// A row as the training table might have had it: the commonest level, the median.
pub fn example(champion: &Champion) -> Value {
    let cells = champion.model.schema().columns().iter();
    let cells = cells.filter(|column| column.required || column.kind != Kind::Text);
    cells
        .filter_map(|column| Some((column.name.clone(), typical(champion, column)?)))
        .collect::<Map<_, _>>()
        .into()
}

/// The same as a table of text.
pub fn example_csv(champion: &Champion) -> String {
    let Value::Object(cells) = example(champion) else {
        return String::new();
    };
    let names: Vec<&str> = cells.keys().map(String::as_str).collect();
    let values: Vec<String> = cells
        .values()
        .map(|value| {
            value
                .as_str()
                .map_or_else(|| value.to_string(), str::to_owned)
        })
        .collect();
    format!("{}\n{}\n", names.join(","), values.join(","))
}

fn typical(champion: &Champion, column: &Column) -> Option<Value> {
    let profile = champion
        .model
        .profile()
        .columns
        .iter()
        .find(|profile| profile.name == column.name)?;
    match &profile.observed {
        Observed::Number(numbers) => numbers
            .sample
            .get(numbers.sample.len() / 2)
            .map(|median| number(*median)),
        Observed::Category(levels) => levels
            .levels
            .iter()
            .max_by_key(|level| level.count)
            .map(|level| level.name.as_str().into()),
        Observed::Text(_) => Some("text".into()),
    }
}

/// Whole numbers without a fraction.
fn number(value: f64) -> Value {
    if value.fract() == 0.0 && value.abs() < 9e15 {
        (value as i64).into()
    } else {
        value.into()
    }
}

fn object(required: &[&str], properties: Value) -> Value {
    json!({"type": "object", "required": required, "properties": properties})
}

fn list(items: Value) -> Value {
    json!({"type": "array", "items": items})
}

fn reference(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}
