//! JSON Schemas of the values that `schema::level` accepts as one of a set of levels or labels.

use serde_json::{Value, json};

use crate::schema::column::Label;
use crate::schema::level::shortest;

/// The schema of a value that is one of `labels` in any accepted spelling. If `any_case`, upper and lower case are equal.
pub fn one_of(labels: &[Label], any_case: bool) -> Value {
    let mut values: Vec<Value> = labels.iter().map(|label| json!(label)).collect();
    for label in labels {
        values.extend(also(label));
    }
    let spellings: Vec<String> = labels
        .iter()
        .map(|label| spelling(label, any_case))
        .collect();
    let text =
        json!({"type": "string", "pattern": format!(r"^[ \t]*({})[ \t]*$", spellings.join("|"))});
    json!({"anyOf": [{"enum": values}, text]})
}

/// The schema of the two values of a target. If they are 0 and 1 or false and true, both notations are accepted.
pub fn target(negative: &Label, positive: &Label) -> Value {
    let pair = [negative.clone(), positive.clone()];
    let binary = |label: &Label| matches!(label, Label::Flag(_) | Label::Integer(0 | 1));
    if !pair.iter().all(binary) {
        return one_of(&pair, true);
    }
    let typed = pair.map(|label| json!(label));
    let numbers = r"[01](\.0+)?"; // with more zeros before it, it is a code
    let words = [any_case("true"), any_case("false")].join("|");
    json!({"anyOf": [
        {"enum": typed},
        {"enum": [0, 1, false, true]},
        {"type": "string", "pattern": format!(r"^[ \t]*({numbers}|{words})[ \t]*$")},
    ]})
}

/// The number or boolean that is accepted for a text label because its text is equal; `None` if there is none.
fn also(label: &Label) -> Option<Value> {
    let Label::Text(text) = label else {
        return None;
    };
    match text.trim() {
        "true" => Some(true.into()),
        "false" => Some(false.into()),
        text => {
            let number: f64 = text.parse().ok()?;
            (number.is_finite() && shortest(number) == text).then(|| match number.fract() == 0.0 {
                true => json!(number as i64),
                false => json!(number),
            })
        }
    }
}

/// A regular expression for all texts that are accepted as a label.
fn spelling(label: &Label, ignores_case: bool) -> String {
    match label {
        Label::Flag(flag) => any_case(if *flag { "true" } else { "false" }),
        Label::Integer(number) => format!(r"{number}(\.0+)?"),
        Label::Number(number) => format!("{}0*", escaped(&shortest(*number))),
        Label::Text(text) if ignores_case => any_case(text.trim()),
        Label::Text(text) => escaped(text.trim()),
    }
}

fn any_case(text: &str) -> String {
    let letter = |letter: char| match letter.is_alphabetic() {
        true => format!("[{}{}]", letter.to_lowercase(), letter.to_uppercase()),
        false => escaped(&letter.to_string()),
    };
    text.chars().map(letter).collect()
}

/// A regular expression that matches exactly this text, in ECMA 262 and other common syntaxes.
fn escaped(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for letter in text.chars() {
        if r"\^$.|?*+()[]{}/-".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_in_their_spellings() {
        let texts = |labels: &[Label], any_case| {
            let schema = one_of(labels, any_case);
            (
                schema["anyOf"][0]["enum"].clone(),
                schema["anyOf"][1]["pattern"].as_str().unwrap().to_owned(),
            )
        };
        let text = |text: &str| Label::Text(text.into());
        assert_eq!(
            texts(&[Label::Integer(1), Label::Number(2.5)], false),
            (json!([1, 2.5]), r"^[ \t]*(1(\.0+)?|2\.50*)[ \t]*$".into())
        );
        assert_eq!(
            texts(&[text("a.b"), text("7"), text("01")], false),
            (
                json!(["a.b", "7", "01", 7]),
                r"^[ \t]*(a\.b|7|01)[ \t]*$".into()
            )
        );
        assert_eq!(
            texts(&[text("no"), Label::Flag(true)], true),
            (
                json!(["no", true]),
                r"^[ \t]*([nN][oO]|[tT][rR][uU][eE])[ \t]*$".into()
            )
        );
    }
}
