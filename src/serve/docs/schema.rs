//! Documentation of schemas: a short type description, and for each named schema a table of its members.

use maud::{Markup, html};
use serde_json::{Map, Value};

use super::document::text;
use super::prose;

/// All named schemas of the document.
pub fn all(openapi: &Value) -> &Map<String, Value> {
    static NONE: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    openapi
        .pointer("/components/schemas")
        .and_then(Value::as_object)
        .unwrap_or(&NONE)
}

/// HTML anchor of the section that describes a named schema.
pub fn anchor(name: &str) -> String {
    format!("shape-{name}")
}

/// Draws a schema as a short type, such as `number or null` or `array of Prediction`, with links to named schemas.
pub fn kind(schema: &Value) -> Markup {
    if let Some(name) = text(schema, "$ref").and_then(|r| r.rsplit('/').next()) {
        return html! { a href={ "#" (anchor(name)) } { code { (name) } } };
    }
    for key in ["oneOf", "anyOf", "allOf"] {
        if let Some(parts) = schema[key].as_array().filter(|p| !p.is_empty()) {
            let word = if key == "allOf" { " and " } else { " or " };
            return join(parts.iter().map(kind), word);
        }
    }
    if let Some(values) = schema["enum"].as_array() {
        return join(values.iter().map(value), " or ");
    }
    if let Some(only) = schema.get("const") {
        return value(only);
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return html! { span.muted { "anything" } },
    };
    join(types.into_iter().map(|word| typed(word, schema)), " or ")
}

fn typed(word: &str, schema: &Value) -> Markup {
    match word {
        "array" if schema["items"].is_object() => html! { "array of " (kind(&schema["items"])) },
        "object" if schema["additionalProperties"].is_object() => {
            html! { "object of " (kind(&schema["additionalProperties"])) }
        }
        "string" => html! { (text(schema, "format").unwrap_or("string")) },
        other => html! { (other) },
    }
}

fn value(value: &Value) -> Markup {
    html! { code { (value) } }
}

fn join(parts: impl Iterator<Item = Markup>, word: &str) -> Markup {
    html! { @for (i, part) in parts.enumerate() { @if i > 0 { (word) } (part) } }
}

/// Draws the section of a named schema, with its description and its members.
pub fn draw_section(name: &str, schema: &Value) -> Markup {
    let members = schema["properties"].as_object().filter(|m| !m.is_empty());
    let required = |name: &str| {
        schema["required"]
            .as_array()
            .is_some_and(|r| r.iter().any(|n| n == name))
    };
    html! {
        section #(anchor(name)) {
            h2.route { code { (name) } }
            @if let Some(about) = text(schema, "description") { (prose::draw(about)) }
            @match members {
                None => p { (kind(schema)) },
                Some(members) => table {
                    tbody {
                        @for (name, member) in members {
                            tr {
                                th scope="row" {
                                    code { (name) }
                                    @if required(name) { span.required title="always there" { "*" } }
                                }
                                td { (kind(member)) }
                                td { (prose::line(text(member, "description").unwrap_or_default())) }
                            }
                        }
                    }
                },
            }
        }
    }
}
