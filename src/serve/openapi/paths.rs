//! The `paths` member of the OpenAPI document, generated from the route table.

use crate::serve::mode::Mode;
use serde_json::{Map, Value, json};

use crate::model::Model;
use crate::serve::body::Format;
use crate::serve::guard::{Access, word};
use crate::serve::problem::kind::{self, Kind};
use crate::serve::problem::{Document, MEDIA_TYPE};
use crate::serve::route::{Body, FRAGMENTS, Parameter, Place, Route, Table};
use crate::serve::schemas::Schemas;

/// All documented paths with their methods.
pub fn all(
    table: &Table,
    mode: Mode,
    has_tokens: bool,
    model: &Model,
    schemas: &mut Schemas<'_>,
) -> Map<String, Value> {
    let mut paths = Map::new();
    let public =
        |route: &&Route| !route.responses.is_empty() && !route.pattern.starts_with(FRAGMENTS);
    let public = |route: &&Route| public(route) && mode.serves(route);
    for route in table.iter().filter(public) {
        let path = paths.entry(route.pattern).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, has_tokens, model, schemas);
    }
    paths
}

fn operation(route: &Route, has_tokens: bool, model: &Model, schemas: &mut Schemas<'_>) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "tags": [route.tag.name()],
        "responses": responses(route, schemas),
    });
    if !route.parameters.is_empty() {
        operation["parameters"] = route.parameters.iter().map(parameter).collect();
    }
    if let Some(body) = &route.body {
        operation["requestBody"] = request_body(body, model, schemas);
    }
    let token = match route.access {
        Access::Open => None,
        Access::Token => Some(json!({"token": []})),
        Access::Scope(scope) => Some(json!({"token": [word(scope)]})),
    };
    if let Some(token) = token {
        operation["security"] = match has_tokens {
            true => json!([token]),
            false => json!([{}, token]),
        };
    }
    operation
}

fn operation_id(route: &Route) -> String {
    let parts = route
        .pattern
        .split('/')
        .filter(|part| !part.is_empty() && *part != "v1");
    let words = parts.map(|part| part.trim_matches(['{', '}']).replace('.', "_"));
    std::iter::once(route.method.to_lowercase())
        .chain(words)
        .collect::<Vec<_>>()
        .join("_")
}

fn parameter(parameter: &Parameter) -> Value {
    let mut described = json!({
        "name": parameter.name,
        "in": parameter.place.name(),
        "schema": (parameter.schema)(),
    });
    if parameter.place == Place::Path {
        described["required"] = true.into();
    }
    if !parameter.about.is_empty() {
        described["description"] = parameter.about.into();
    }
    if let Some(example) = parameter.example {
        described["example"] = example.into();
    }
    described
}

fn request_body(body: &Body, model: &Model, schemas: &mut Schemas<'_>) -> Value {
    let mut content = Map::new();
    // The batch format is internal to the CLI and the server, so it is not documented.
    for format in body.formats.iter().filter(|f| **f != Format::Batch) {
        let schema = match format {
            Format::Json => (body.schema)(schemas),
            _ => json!({"type": "string"}),
        };
        let example = (body.example)(model, *format);
        content.insert(
            format.media_type().into(),
            json!({"schema": schema, "example": example}),
        );
    }
    json!({"required": body.is_required, "content": content})
}

fn responses(route: &Route, schemas: &mut Schemas<'_>) -> Value {
    let mut responses = Map::new();
    for response in route.responses {
        // OpenAPI has one response per status: responses of the same status in other media types become its contents.
        let described = responses
            .entry(response.status.to_string())
            .or_insert_with(|| json!({"description": response.about}));
        if !response.media_type.is_empty() {
            let schema = (response.schema)(schemas);
            described["content"][response.media_type] = json!({"schema": schema});
        }
    }
    let mut kinds: Vec<&Kind> = route.problems.to_vec();
    kinds.extend([&kind::ORIGIN, &kind::HOST]);
    if route.access != Access::Open {
        kinds.extend([&kind::UNAUTHORIZED, &kind::OVERLOADED]);
    }
    if let Access::Scope(_) = route.access {
        kinds.push(&kind::SCOPE);
    }
    kinds.sort_by_key(|kind| kind.status);
    let content = json!({MEDIA_TYPE: {"schema": schemas.of::<Document<'static>>()}});
    for kind in kinds {
        let title = format!("{}.", kind.title);
        let response = responses.entry(kind.status.to_string());
        let response = response.or_insert_with(|| json!({"description": "", "content": content}));
        let before = response["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        response["description"] = [before, title].join(" ").trim().into();
    }
    responses.into()
}
