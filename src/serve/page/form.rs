//! The prediction form, with one field per column of the spec.

use maud::{Markup, html};

use super::view::{Field, FieldKind, PageView};

/// Maximum number of levels shown as radio buttons; a column with more levels gets a drop-down list.
const SIDE_BY_SIDE: usize = 5;

/// Draws the form, and a curl command that sends the same request.
pub fn draw(view: &PageView) -> Markup {
    html! {
        section aria-labelledby="form-title" {
            form #form autocomplete="off" data-target=(view.target.column) data-positive=(view.target.positive_is()) data-calibration=(view.calibration) {
                div.title {
                    h2 #form-title { "A row" }
                    div.buttons {
                        button type="reset" { "Example" }
                        button type="button" #clear { "Clear" }
                    }
                }
                div #fields .fields data-swap {
                    @for (i, field) in view.fields.iter().enumerate() { (draw_field(i, field)) }
                }
                p.muted { "Predicts as you type. An empty field is a missing value; " span.required { "*" } " is required." }
            }
            details.screen {
                summary { "The same as a request" }
                @for (id, word, request) in [("curl", "curl", curl(view)), ("python", "Python", python(view)), ("javascript", "JavaScript", javascript(view))] {
                    div.title { h3 { (word) } button type="button" data-copy=(id) { "Copy" } }
                    pre tabindex="0" { code #(id) { (request) } }
                }
            }
            noscript { p { "Predicting on this page needs its script; the requests above do not." } }
        }
    }
}

fn draw_field(i: usize, field: &Field) -> Markup {
    let input = format!("field-{i}");
    let (hint, note) = (format!("hint-{i}"), format!("note-{i}"));
    let described = format!("{hint} {note}");
    let kind = match field.kind {
        FieldKind::Number { .. } => "number",
        FieldKind::Category { .. } => "category",
        FieldKind::Text => "text",
    };
    let label = html! {
        (field.name)
        @if field.required { span.required title="required" { "*" } }
        @if !field.unit.is_empty() { " " span.muted { (field.unit) } }
    };
    let below = html! {
        p.hint.muted #(hint) { (hint_text(field)) }
        p.note #(note) hidden {}
    };
    match &field.kind {
        FieldKind::Category { levels } if levels.len() <= SIDE_BY_SIDE => html! {
            fieldset.field data-column=(field.name) data-kind=(kind) aria-describedby=(described) {
                legend { (label) }
                div.choice {
                    @for level in levels { (radio(&input, level, level, field)) }
                    @if !field.required { (radio(&input, "", "missing", field)) }
                }
                (below)
            }
        },
        _ => html! {
            div.field data-column=(field.name) data-kind=(kind) {
                label for=(input) { (label) }
                @match &field.kind {
                    FieldKind::Category { levels } => {
                        select #(input) aria-describedby=(described) {
                            @if !field.required || field.example.is_empty() { option value="" { "missing" } }
                            @for level in levels {
                                option value=(level) selected[*level == field.example] { (level) }
                            }
                        }
                    }
                    FieldKind::Number { min, .. } => {
                        // `text`, not `number`, so that invalid input reaches the server, whose response explains the fault.
                        // Decimal keyboards of phones have no minus sign, so only columns without negative values use one.
                        input #(input) type="text" inputmode=[(*min >= 0.0).then_some("decimal")]
                            value=(field.example) required[field.required] aria-describedby=(described);
                    }
                    FieldKind::Text => {
                        input #(input) type="text" value=(field.example) required[field.required]
                            aria-describedby=(described) spellcheck="false";
                    }
                }
                (below)
            }
        },
    }
}

/// Draws the radio button of a level.
fn radio(group: &str, value: &str, word: &str, field: &Field) -> Markup {
    html! {
        label {
            input type="radio" name=(group) value=(value) checked[value == field.example];
            span.muted[value.is_empty()] { (word) }
        }
    }
}

/// The column's description and its range.
fn hint_text(field: &Field) -> String {
    let range = match field.kind {
        FieldKind::Number { min, max } if min.is_finite() && max.is_finite() => {
            format!("{min} to {max}")
        }
        FieldKind::Number { min, .. } if min.is_finite() => format!("{min} or more"),
        FieldKind::Number { max, .. } if max.is_finite() => format!("{max} or less"),
        _ => String::new(),
    };
    let parts = [field.about.as_str(), range.as_str()];
    parts
        .into_iter()
        .filter(|p| !p.is_empty())
        .collect::<Vec<_>>()
        .join("; ")
}

/// A curl command that predicts the example row. The page's script keeps the command in sync with the form and replaces
/// the server address with that of the page.
fn curl(view: &PageView) -> String {
    let row = row(view).replace('\'', r"'\''"); // as a shell wants a quote within quotes
    let address = "http://localhost:5000/v1/predict?explain=true";
    format!("curl -s '{address}' \\\n  -H 'Content-Type: application/json' \\\n  -d '{row}'")
}

/// The same with Python's `requests`. The row is text, because JSON and Python write missing values differently.
fn python(view: &PageView) -> String {
    let row = serde_json::Value::from(row(view));
    format!(
        "import requests\n\nrow = {row}\nanswer = requests.post(\n    \"http://localhost:5000/v1/predict?explain=true\",\n    data=row.encode(),\n    \
         headers={{\"Content-Type\": \"application/json\"}},\n)\nprint(answer.json())"
    )
}

/// The same with JavaScript's `fetch`.
fn javascript(view: &PageView) -> String {
    let row = row(view);
    format!(
        "const answer = await fetch('http://localhost:5000/v1/predict?explain=true', {{\n  method: 'POST',\n  headers: {{ 'Content-Type': \
         'application/json' }},\n  body: JSON.stringify({row}),\n}});\nconsole.log(await answer.json());"
    )
}

/// The example row as JSON.
fn row(view: &PageView) -> String {
    let members: Vec<String> = view
        .fields
        .iter()
        .filter(|f| !f.example.is_empty())
        .map(|f| format!("{}:{}", serde_json::Value::from(f.name.as_str()), json(f)))
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The example value as JSON: a number where the column is numeric and the text parses, otherwise a string.
fn json(field: &Field) -> serde_json::Value {
    let number = match field.kind {
        FieldKind::Number { .. } => serde_json::from_str::<serde_json::Number>(&field.example).ok(),
        _ => None,
    };
    number.map_or_else(|| field.example.clone().into(), Into::into)
}
