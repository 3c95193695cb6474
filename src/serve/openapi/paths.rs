//! Paths, from the table of routes.

use serde_json::{Map, Value, json};

use super::schemas;
use crate::live::Champion;
use crate::serve::guard::{Access, word};
use crate::serve::labels::given::LONGEST_ID;
use crate::serve::problem::kind::{self, Kind};
use crate::serve::problem::{self};
use crate::serve::route::{Answer, Route, Takes};
use crate::serve::routes::{FRAGMENTS, ROUTES};
use crate::serve::rows::{LAST_LINE, LONGEST_KEY, LONGEST_SOURCE};
use crate::store::kind as kinds;

/// Every path with its methods.
pub fn all(has_tokens: bool, champion: &Champion) -> Value {
    let mut paths = Map::new();
    let public =
        |route: &&Route| !route.answers.is_empty() && !route.pattern.starts_with(FRAGMENTS);
    for route in ROUTES.iter().filter(public) {
        let path = paths.entry(route.pattern).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation(route, has_tokens, champion);
    }
    paths.into()
}

fn operation(route: &Route, has_tokens: bool, champion: &Champion) -> Value {
    let mut operation = json!({
        "summary": route.summary,
        "operationId": operation_id(route),
        "tags": [tag(route)],
        "responses": responses(route),
    });
    let parameters = parameters(route);
    if !parameters.is_empty() {
        operation["parameters"] = parameters.into();
    }
    match route.takes {
        Takes::Nothing | Takes::Page | Takes::After | Takes::Export => {}
        Takes::Rows | Takes::RowsToKeep => operation["requestBody"] = rows(champion),
        Takes::Labels => operation["requestBody"] = labels(champion),
        Takes::Silence => {
            let schema = json!({"$ref": "#/components/schemas/Silence"});
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema, "example": {"for": "2h"}}}});
        }
        Takes::LabelSilence => {
            let schema = json!({"$ref": "#/components/schemas/LabelSilence"});
            let example = json!({"matchers": ["alertname=drift"], "for": "2h"});
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema, "example": example}}});
        }
        Takes::Backup => {
            let schema = json!({"$ref": "#/components/schemas/Backup"});
            operation["requestBody"] = json!({"required": true, "content": {"application/json": {"schema": schema, "example": {"to": "/backups/events.redb"}}}});
        }
        Takes::Training => {
            let schema = json!({"$ref": "#/components/schemas/Training"});
            operation["requestBody"] = json!({"required": false, "content": {"application/json": {"schema": schema, "example": {"folds": 5}}}});
        }
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

/// Every tag, in the order the documentation shows them.
pub const TAGS: [&str; 6] = [
    "predictions",
    "store",
    "models",
    "training",
    "alerts",
    "server",
];

fn tag(route: &Route) -> &'static str {
    match route.pattern.split('/').nth(2).unwrap_or_default() {
        "predict" => "predictions",
        "models" => "models",
        "train" | "jobs" | "loop" => "training",
        "alerts" => "alerts",
        "silences" => "alerts",
        "labels" | "rows" | "predictions" | "events" | "quarantine" | "store" | "backups"
        | "sources" => "store",
        _ if route.pattern == "/ws" => "predictions",
        _ => "server",
    }
}

fn responses(route: &Route) -> Value {
    let mut responses = Map::new();
    for answer in route.answers {
        // Answers of one status in several media types are one response with several contents.
        let response = responses
            .entry(answer.status.to_string())
            .or_insert_with(|| json!({"description": answer.about}));
        if !answer.media_type.is_empty() {
            response["content"][answer.media_type] = json!({"schema": schema(answer)});
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
    let schema = json!({problem::MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}});
    for kind in kinds {
        let title = format!("{}.", kind.title);
        let response = responses.entry(kind.status.to_string());
        let response = response.or_insert_with(|| json!({"description": "", "content": schema}));
        let before = response["description"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        response["description"] = [before, title].join(" ").trim().into();
    }
    responses.into()
}

/// The schema of an answer; text where none is named, anything for a JSON document without a schema.
fn schema(answer: &Answer) -> Value {
    match (answer.schema, answer.media_type) {
        ("", "application/json") => json!({}),
        ("", _) => json!({"type": "string"}),
        (name, _) => json!({"$ref": format!("#/components/schemas/{name}")}),
    }
}

fn parameters(route: &Route) -> Vec<Value> {
    let mut parameters = Vec::new();
    if route.pattern.contains("{version}") {
        parameters.push(json!({
            "name": "version", "in": "path", "required": true, "description": "`7` or `titanic@7`",
            "schema": {"type": "string"}, "example": "1",
        }));
    }
    if route.pattern.contains("{id}") {
        parameters.push(json!({
            "name": "id", "in": "path", "required": true, "description": id_of(route), "schema": {"type": "string"},
        }));
    }
    let number = |name: &str, about: &str| json!({"name": name, "in": "query", "description": about, "schema": {"type": "integer", "minimum": 0, "maximum": u64::MAX}});
    if route.takes == Takes::Page {
        parameters.push(number("after", "the number of the last event one has"));
        parameters.push(number("limit", "most events of one answer"));
        let kinds: Vec<&str> = kinds::all().map(kinds::name).collect();
        parameters.push(json!({"name": "kind", "in": "query", "description": "only of this kind", "schema": {"enum": kinds}}));
    }
    if route.takes == Takes::After {
        parameters.push(json!({"name": "after", "in": "query", "description": "the id of the last row one has", "schema": {"type": "string"}}));
        parameters.push(number("limit", "most rows of one answer"));
    }
    if route.takes == Takes::Export {
        let kinds: Vec<&str> = kinds::all().map(kinds::name).collect();
        parameters.push(json!({"name": "kind", "in": "query", "description": "only of this kind; a table needs one", "schema": {"enum": kinds}}));
        for (name, about) in [
            ("since", "only from this time on, a day or a moment"),
            ("until", "only before this time"),
        ] {
            parameters.push(json!({"name": name, "in": "query", "description": about, "schema": {"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]}, "example": "2026-01-31"}));
        }
        parameters.push(number("last", "only up to the event of this number"));
        parameters.push(json!({"name": "format", "in": "query", "schema": {"enum": ["jsonl", "parquet"], "default": "jsonl"}}));
    }
    if route.pattern == "/ws" {
        parameters.push(transport());
    }
    if route.takes == Takes::RowsToKeep {
        parameters.push(json!({"name": "X-Source", "in": "header", "description": "where the rows come from, as the quarantine names it, percent-encoded", "schema": {"type": "string", "default": "rest", "maxLength": LONGEST_SOURCE, "pattern": SOURCE}}));
        parameters.push(json!({"name": "X-First-Line", "in": "header", "description": "the line of that source at which the body begins", "schema": {"type": "integer", "minimum": 1, "maximum": LAST_LINE, "default": 1}}));
        parameters.push(json!({"name": "Idempotency-Key", "in": "header", "description": "the same key again is the same request. Rows without an id are known by content and by how many equal rows came before them in the request: without a key, an equal row sent alone later is the same row. Send a key each where such rows are sent one by one", "schema": {"type": "string", "minLength": 1, "maxLength": LONGEST_KEY, "pattern": "^[!-~]+$"}}));
        parameters.push(json!({"name": "X-Occurrences", "in": "header", "description": "for a load in several requests: how many equal rows came before each row, such as 0,0,1", "schema": {"type": "string", "pattern": "^[0-9]{1,9}(, ?[0-9]{1,9})*$"}}));
    }
    if route.takes == Takes::Labels {
        parameters.push(json!({"name": "partial", "in": "query", "description": "takes the others where some contradict what is stored", "schema": {"type": "boolean", "default": false}}));
    }
    if route.takes == Takes::Rows {
        let flag = |name: &str, about: &str| json!({"name": name, "in": "query", "description": about, "schema": {"type": "boolean", "default": false}});
        parameters.push(flag(
            "explain",
            "adds contributions of the columns; with the base they sum to the probability",
        ));
        parameters.push(flag(
            "partial",
            "answers the good rows of a list, whatever the others are",
        ));
        parameters.push(flag("durable", "answers once the disk has the predictions"));
        parameters.push(json!({
            "name": "store", "in": "query", "schema": {"type": "boolean", "default": true},
            "description": "false makes it a trial: the same response without ids, nothing is stored and nothing counted for the monitor, rules or labels; not together with id, durable or an Idempotency-Key",
        }));
        parameters.push(transport());
        parameters.push(json!({
            "name": "id", "in": "query", "schema": schemas::id(LONGEST_ID),
            "description": "names a single prediction: the same row again gets the same answer, another one 409",
        }));
    }
    parameters
}

/// Percent-encoded text that is not blank.
const SOURCE: &str = "^([!-$&-~]|%[2-7][0-9A-Fa-f])*[!-$&-*,-~]([!-$&-~]|%[2-7][0-9A-Fa-f])*$";

/// By what the page says that rows are its own.
fn transport() -> Value {
    json!({
        "name": "transport", "in": "query", "schema": {"enum": ["page"]},
        "description": "the server's own page sends it; other clients leave it out",
    })
}

fn id_of(route: &Route) -> &'static str {
    match route.pattern {
        pattern if pattern.contains("jobs") => "the job's id",
        pattern if pattern.contains("quarantine") => "the row's id",
        pattern if pattern.contains("outbox") => "the dead letter's id",
        pattern if pattern.contains("alerts") => "the alert's id",
        _ => "the prediction's id",
    }
}

fn labels(champion: &Champion) -> Value {
    let one = json!({"$ref": "#/components/schemas/GivenLabel"});
    let positive = &champion.model.schema().target().positive;
    let id = "01900000-0000-7000-8000-000000000000";
    json!({"required": true, "content": {
        "application/json": {
            "schema": {"oneOf": [one, {"type": "array", "items": one, "minItems": 1}]},
            "example": {"id": id, "label": positive},
        },
        "text/csv": {"schema": {"type": "string"}, "example": format!("id,label\n{id},{positive}\n")},
    }})
}

fn rows(champion: &Champion) -> Value {
    let row = json!({"$ref": "#/components/schemas/Row"});
    let example = schemas::example(champion);
    let lines = format!("{example}\n");
    json!({"required": true, "content": {
        "application/json": {
            "schema": {"oneOf": [row, {"type": "array", "items": row, "minItems": 1}]},
            "example": example,
        },
        "text/csv": {"schema": {"type": "string"}, "example": schemas::example_csv(champion)},
        "application/x-ndjson": {"schema": {"type": "string"}, "example": lines},
    }})
}
