//! Formats messages of the server as lines for people.

use serde_json::Value;

/// Maximum number of contributions shown for a prediction; the smaller ones matter little.
const NAMED: usize = 5;

/// Formats a prediction as `label 1, probability 0.8731, titanic@7, id …`, followed by warnings, with contributions below.
pub fn prediction(message: &Value) -> String {
    let probability = message["probability"]
        .as_f64()
        .map_or_else(|| "?".to_owned(), |p| format!("{p:.4}"));
    let (label, model, id) = (
        word(&message["label"]),
        word(&message["model"]),
        word(&message["id"]),
    );
    let mut line = format!("label {label}, probability {probability}, {model}, id {id}");
    let warnings: Vec<String> = list(&message["warnings"]).map(warning).collect();
    if !warnings.is_empty() {
        line += &format!("; warnings: {}", warnings.join(", "));
    }
    let parts: Vec<String> = list(&message["explanation"]["contributions"])
        .take(NAMED)
        .map(contribution)
        .collect();
    if let Some(base) = message["explanation"]["base"].as_f64() {
        line += &format!("\n    base {base:.3} {}", parts.join(" "));
        if list(&message["explanation"]["contributions"]).count() > NAMED {
            line += " …";
        }
    }
    line
}

/// Formats a problem document with each of its faults.
pub fn problem(problem: &Value) -> String {
    let faults: Vec<String> = list(&problem["errors"])
        .map(|fault| {
            let path = word(&fault["path"]);
            let parts = [
                (!path.is_empty()).then(|| {
                    format!(
                        "{}:",
                        path.trim_start_matches('/')
                            .replace("~1", "/")
                            .replace("~0", "~")
                    )
                }),
                Some(code(&fault["problem"])),
                Some(word(&fault["got"]))
                    .filter(|t| !t.is_empty())
                    .map(|t| format!("(got {t})")),
                Some(word(&fault["allowed"]))
                    .filter(|t| !t.is_empty())
                    .map(|t| format!("– takes {t}")),
                Some(word(&fault["remedy"]))
                    .filter(|t| !t.is_empty())
                    .map(|t| format!("– {t}")),
            ];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        })
        .collect();
    if !faults.is_empty() {
        return faults.join("; ");
    }
    let parts = [word(&problem["title"]), word(&problem["detail"])];
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join(": ")
}

pub fn event(message: &Value) -> String {
    let data = &message["data"];
    let what = match message["topic"].as_str() {
        Some("predictions") => prediction(data),
        Some("models") => match data["previous"].as_str() {
            Some(previous) => format!(
                "{} {}, before: {previous}",
                word(&data["model"]),
                code(&data["action"])
            ),
            None => format!("{} {}", word(&data["model"]), code(&data["action"])),
        },
        Some("jobs") => {
            let percent = 100.0 * data["progress"].as_f64().unwrap_or(0.0);
            let (kind, state) = (word(&data["kind"]), word(&data["state"]));
            format!("{kind} {}: {state}, {percent:.0} %", word(&data["id"]))
        }
        _ => data.to_string(),
    };
    format!(
        "{} {} {what}",
        word(&message["time"]),
        word(&message["topic"])
    )
}

fn warning(warning: &Value) -> String {
    format!(
        "{} {} {}",
        word(&warning["column"]),
        code(&warning["problem"]),
        word(&warning["value"])
    )
    .trim_end()
    .to_owned()
}

fn contribution(part: &Value) -> String {
    let value = if part["value"].is_null() {
        "missing".to_owned()
    } else {
        word(&part["value"])
    };
    format!(
        "{:+.3} {}={value}",
        part["contribution"].as_f64().unwrap_or(f64::NAN),
        word(&part["column"])
    )
}

/// Formats a code of the protocol as words.
fn code(code: &Value) -> String {
    word(code).replace('_', " ")
}

/// Formats text without quotes and other values as JSON; control characters are removed, because they
/// must not reach a terminal.
fn word(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text
            .chars()
            .map(|c| if c.is_control() { '\u{fffd}' } else { c })
            .collect(),
        other => other.to_string(),
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn lines_for_people() {
        let message = json!({"id": "i1", "label": "yes", "probability": 0.87312, "model": "moths@2",
            "warnings": [{"column": "port", "problem": "unknown_level", "value": "X\u{1b}[2J"}],
            "explanation": {"base": 0.25, "contributions": [
                {"column": "span", "value": 3, "contribution": 0.7}, {"column": "note", "value": null, "contribution": -0.07688}]}});
        let line = "label yes, probability 0.8731, moths@2, id i1; warnings: port unknown level X\u{fffd}[2J\n    \
                    base 0.250 +0.700 span=3 -0.077 note=missing";
        assert_eq!(prediction(&message), line);

        let fault = json!({"path": "/wing~1span", "problem": "wrong_type", "got": "\"x\"", "allowed": "a number", "remedy": ""});
        let other = json!({"path": "", "problem": "not_a_row"});
        assert_eq!(
            problem(&json!({"title": "no", "errors": [fault, other]})),
            "wing/span: wrong type (got \"x\") – takes a number; not a row"
        );
        assert_eq!(
            problem(&json!({"title": "Too busy", "detail": "come back", "errors": []})),
            "Too busy: come back"
        );

        let promoted = json!({"topic": "models", "time": "T", "data": {"action": "rolled_back", "model": "m@1", "previous": "m@2"}});
        assert_eq!(event(&promoted), "T models m@1 rolled back, before: m@2");
    }
}
