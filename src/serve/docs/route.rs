//! Documentation of one route: summary, parameters, body, responses and an example command.

use maud::{Markup, html};
use serde_json::Value;

use super::document::{Route, contents, example, resolve, text};
use super::{curl, prose, schema};

/// Draws the section of a route.
pub fn draw(openapi: &Value, server: &str, route: &Route<'_>) -> Markup {
    let operation = route.operation;
    let parameters = parameters(openapi, route);
    let body = resolve(openapi, &operation["requestBody"]);
    html! {
        section #(route.anchor()) {
            h2.route { (route.method()) " " code { (route.path) } }
            @if let Some(summary) = text(operation, "summary") { p.summary { (summary) } }
            @if operation["deprecated"] == true { p.note { "deprecated" } }
            @if let Some(about) = text(operation, "description") { (prose::draw(about)) }
            @if !parameters.is_empty() { (draw_parameters(&parameters)) }
            @for (media, content) in contents(body) {
                h3 { "Body " span.plain { code { (media) } " " (schema::kind(&content["schema"])) } }
                @if let Some(example) = example(openapi, content) { pre tabindex="0" { code { (show(&example)) } } }
            }
            (draw_responses(openapi, &operation["responses"]))
            h3 { "Try it" }
            pre tabindex="0" { code { (curl::command(openapi, server, route, &parameters)) } }
        }
    }
}

/// Parameters of the path and of the operation. An operation's parameter replaces the path's parameter of the same name.
fn parameters<'a>(openapi: &'a Value, route: &Route<'a>) -> Vec<&'a Value> {
    let own = route.operation["parameters"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let mut all: Vec<&Value> = Vec::new();
    for parameter in route.shared.iter().chain(own).map(|p| resolve(openapi, p)) {
        all.retain(|p| (&p["name"], &p["in"]) != (&parameter["name"], &parameter["in"]));
        all.push(parameter);
    }
    all
}

fn draw_parameters(parameters: &[&Value]) -> Markup {
    html! {
        h3 { "Parameters" }
        table {
            thead { tr { th scope="col" { "name" } th scope="col" { "in" } th scope="col" { "type" } th scope="col" { "about" } } }
            tbody {
                @for parameter in parameters {
                    tr {
                        th scope="row" {
                            code { (text(parameter, "name").unwrap_or_default()) }
                            @if parameter["required"] == true { span.required title="required" { "*" } }
                        }
                        td.muted { (text(parameter, "in").unwrap_or_default()) }
                        td { (schema::kind(&parameter["schema"])) }
                        td { (prose::line(text(parameter, "description").unwrap_or_default())) }
                    }
                }
            }
        }
    }
}

fn draw_responses(openapi: &Value, responses: &Value) -> Markup {
    let Some(responses) = responses.as_object().filter(|r| !r.is_empty()) else {
        return html! {};
    };
    html! {
        h3 { "Answers" }
        table.answered {
            tbody {
                @for (status, response) in responses {
                    @let response = resolve(openapi, response);
                    tr {
                        th scope="row" { span.status data-class=[status.get(..1)] { (status) } }
                        td {
                            (prose::line(text(response, "description").unwrap_or_default()))
                            @for (media, content) in contents(response) {
                                @let example = example(openapi, content);
                                p.muted { code { (media) } " " (schema::kind(&content["schema"])) }
                                @if let Some(example) = example { pre tabindex="0" { code { (show(&example)) } } }
                            }
                        }
                    }
                }
            }
        }
    }
}

/// Formats an example: JSON is indented, text (CSV, JSON lines) is unchanged.
fn show(example: &Value) -> String {
    match example {
        Value::String(text) => text.trim_end().to_owned(),
        other => format!("{other:#}"),
    }
}
