//! A submitted label, checked key by key; REST and WebSocket use the same checks.

use serde_json::{Value, json};

use crate::schema::column::{Label, Target};
use crate::schema::fault::nearest;
use crate::schema::own_id;
use crate::schema::row::Value as Cell;
use crate::serve::problem::{Entry, MOST_LISTED, Problem, escape, kind};
use crate::serve::schemas::{id, target};
use crate::store::labels::{By, Given};

/// Keys of a label. The OpenAPI document and the WebSocket's message table list the same keys.
pub const KEYS: &[&str] = &["id", "key", "label", "correct"];

/// Maximum length of a prediction's id in bytes.
pub const LONGEST_ID: usize = 256;

/// Maximum number of labels per request.
pub const MOST: usize = 100_000;

/// The JSON schema of a label for the OpenAPI document.
pub fn schema(labels: &Target) -> Value {
    let mut by_id = id(LONGEST_ID);
    by_id["description"] = "the prediction's id; either this or key".into();
    let mut text = id(own_id::LONGEST);
    text["pattern"] = NOT_BLANK.into();
    let by_key = json!({
        "anyOf": [text, {"type": "number"}],
        "description": "the own id of the row: its newest prediction is meant",
    });
    json!({
        "type": "object", "required": ["label"], "additionalProperties": false,
        "properties": {
            "id": by_id,
            "key": by_key,
            "label": target(&labels.negative, &labels.positive),
            "correct": {
                "type": ["boolean", "null"],
                "default": false,
                "description": "whether it replaces another",
            },
        },
        "oneOf": [{"required": ["id"]}, {"required": ["key"]}],
    })
}

/// Matches text that has no control characters and is not blank.
const NOT_BLANK: &str = r"^[^\u0000-\u001f\u007f-\u009f]*[^\u0000-\u001f\u007f-\u009f\s][^\u0000-\u001f\u007f-\u009f]*$";

/// Checks a label. `path` is the JSON pointer to it, empty if the label is the whole body.
///
/// # Errors
/// One entry for each invalid, unknown or missing key.
pub fn check<'v>(
    pairs: impl Iterator<Item = (&'v str, &'v Value)>,
    path: &str,
    target: &Target,
) -> Result<Given, Vec<Entry>> {
    let (mut id, mut own, mut label, mut correct) = (None, None, None, None);
    let mut faults = Vec::new();
    for (key, value) in pairs {
        match key {
            "id" => id = Some(value),
            "key" => own = Some(value),
            "label" => label = Some(value),
            "correct" => correct = Some(value),
            other => faults.push(unknown(other, value, path)),
        }
    }
    let (id, by) = match (id, own) {
        (None, Some(own)) => (a_key(own, path, &mut faults), By::Key),
        (Some(_), Some(own)) => {
            let allowed = "either the prediction's id or the row's own, as key";
            let path = format!("{path}/key");
            faults.push(Entry::new(path, "unknown_key", own.clone(), allowed, ""));
            (None, By::Key)
        }
        (id, None) => (an_id(id, path, &mut faults), By::Id),
    };
    let label = a_label(label, path, target, &mut faults);
    let correct = a_flag(correct, path, &mut faults);
    match (id, label, correct) {
        (Some(id), Some(label), Some(correct)) if faults.is_empty() => Ok(Given {
            id,
            by,
            label,
            correct,
        }),
        _ => Err(faults),
    }
}

fn an_id(id: Option<&Value>, path: &str, faults: &mut Vec<Entry>) -> Option<String> {
    let fits =
        |id: &&str| (1..=LONGEST_ID).contains(&id.len()) && !id.chars().any(char::is_control);
    let found = id.and_then(Value::as_str).filter(fits).map(str::to_owned);
    if found.is_none() {
        let problem = if id.is_none() {
            "missing"
        } else {
            "wrong_type"
        };
        let allowed = format!("the id of a prediction, 1 to {LONGEST_ID} bytes of text");
        let got = id.cloned().unwrap_or_default();
        faults.push(Entry::new(format!("{path}/id"), problem, got, &allowed, ""));
    }
    found
}

/// The row's own id in the form in which the store indexes it.
fn a_key(own: &Value, path: &str, faults: &mut Vec<Entry>) -> Option<String> {
    let found = match own {
        Value::String(text) => own_id::of_text(text),
        Value::Number(number) => match number.as_f64() {
            // Same conversion as for the id of a row, so that 7 and 7.0 are one key.
            Some(v) if !number.is_i64() && !number.is_u64() => Some(v.to_string()),
            _ => Some(number.to_string()),
        },
        _ => None,
    };
    let found = found.filter(|key| !key.chars().any(char::is_control));
    if found.is_none() {
        let longest = own_id::LONGEST;
        let allowed = format!("the row's own id, a number or 1 to {longest} bytes of text");
        let path = format!("{path}/key");
        faults.push(Entry::new(path, "wrong_type", own.clone(), &allowed, ""));
    }
    found
}

fn a_label(
    label: Option<&Value>,
    path: &str,
    target: &Target,
    faults: &mut Vec<Entry>,
) -> Option<Label> {
    let cell = match label {
        Some(Value::Bool(flag)) => Cell::Flag(*flag),
        Some(Value::Number(number)) => Cell::Number(number.as_f64().unwrap_or(f64::NAN)),
        Some(Value::String(text)) => Cell::Text(text),
        _ => Cell::Missing,
    };
    let found = target
        .read(cell)
        .map(|positive| target.label(positive).clone());
    if found.is_none() {
        let problem = if label.is_none() {
            "missing"
        } else {
            "unknown_level"
        };
        let allowed = format!(
            "{} or {}, as {} has it",
            target.negative, target.positive, target.column
        );
        let got = label.cloned().unwrap_or_default();
        faults.push(Entry::new(
            format!("{path}/label"),
            problem,
            got,
            &allowed,
            "",
        ));
    }
    found
}

fn a_flag(flag: Option<&Value>, path: &str, faults: &mut Vec<Entry>) -> Option<bool> {
    match flag {
        None | Some(Value::Null) => Some(false),
        Some(Value::Bool(flag)) => Some(*flag),
        Some(other) => {
            let path = format!("{path}/correct");
            faults.push(Entry::new(
                path,
                "wrong_type",
                other.clone(),
                "true or false",
                "",
            ));
            None
        }
    }
}

fn unknown(key: &str, value: &Value, path: &str) -> Entry {
    let remedy = nearest(key, KEYS.iter().copied())
        .map_or_else(String::new, |near| format!("did you mean {near:?}?"));
    let path = format!("{path}/{}", escape(key));
    Entry::new(path, "unknown_key", value.clone(), &KEYS.join(", "), remedy)
}

/// The 422 response that lists the faults of the submitted labels.
pub fn invalid(mut faults: Vec<Entry>) -> Problem {
    let count = faults.len();
    faults.truncate(MOST_LISTED);
    let detail = format!(
        "{count} fault{} in the labels",
        if count == 1 { "" } else { "s" }
    );
    Problem::new(&kind::INVALID, detail).with(faults)
}
