//! Consistency of the OpenAPI document, for all routes, including future ones.

use std::collections::{BTreeSet, HashSet};

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::serve::route::FRAGMENTS;
use titanic_platform::serve::routes::ROUTES;

use crate::case::{Case, TITANIC, on_both};
use crate::server::{Server, until};

on_both!(the_openapi_document_is_consistent);

async fn the_openapi_document_is_consistent(case: &Case) {
    let server = Server::of(case).await;
    let document = server.get("/openapi.json").await;
    let paths = document["paths"].as_object().unwrap();
    let operations: Vec<(String, &Value)> = paths
        .iter()
        .flat_map(|(path, methods)| {
            let methods = methods.as_object().unwrap().iter();
            methods.map(move |(method, operation)| (format!("{method} {path}"), operation))
        })
        .collect();
    assert!(operations.len() > 20, "{}", operations.len());

    let mut ids = HashSet::new();
    let declared: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| tag["name"].as_str().unwrap())
        .collect();
    let used: BTreeSet<&str> = operations
        .iter()
        .flat_map(|(_, operation)| operation["tags"].as_array().unwrap())
        .map(|tag| tag.as_str().unwrap())
        .collect();
    assert_eq!(used, declared, "the tags of the routes and those declared");
    assert_eq!(
        document["paths"]["/v1/store"]["get"]["tags"],
        json!(["store"])
    );
    for (place, operation) in &operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(
            ids.insert(id),
            "the operationId {id} of {place} stands twice"
        );
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let (_, path) = place.split_once(' ').unwrap();
        let in_path: Vec<&str> = path
            .split('/')
            .filter_map(|part| Some(part.strip_prefix('{')?.split_once('}')?.0))
            .collect();
        assert_eq!(named, in_path, "{place}: parameters of the path");
    }
    for path in paths.keys() {
        assert!(!path.starts_with(FRAGMENTS), "{path} is a part of the page");
    }
    let fragments = ROUTES
        .iter()
        .filter(|route| route.pattern.starts_with(FRAGMENTS));
    assert_eq!(fragments.count(), 8, "the pages have their parts");
    walk(&document, &document, "#");
    let mut open = Vec::new();
    open_objects(&document, "#", &mut open);
    assert!(open.is_empty(), "objects without members: {open:#?}");

    for (path, media) in [
        ("/v1/predict", "text/csv"),
        ("/v1/predict", "application/x-ndjson"),
    ] {
        let operation = &document["paths"][path]["post"];
        assert!(
            operation["requestBody"]["content"][media].is_object(),
            "{path} takes {media}"
        );
        assert!(
            operation["responses"]["200"]["content"][media].is_object(),
            "{path} answers {media}"
        );
    }
}

/// What a client gets is what the document says, member by member: there is none that the schema does not name.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_document_is_as_its_schema_says() {
    let server = Server::of(&TITANIC).await;
    let document = server.get("/openapi.json").await;
    let rows = json!([TITANIC.row(), TITANIC.row(), {"Sex": 3}]);
    let responses = [
        ("/v1/predict", "?explain=true", TITANIC.row()),
        ("/v1/predict", "?store=false", TITANIC.row()),
        ("/v1/predict", "?partial=true&explain=true", rows.clone()),
        ("/v1/rows", "", rows),
    ];
    for (path, query, body) in responses {
        let (status, given) = server.post(&format!("{path}{query}"), &body).await;
        assert_eq!(status, 200, "{path}: {given}");
        let schema = response_schema(&document, path, "post", "200");
        let close = Check::closely(&document).fits(schema, &given);
        assert!(close, "{path}{query}: {schema} and {given}");
    }
    let (_, prediction) = server.post("/v1/predict", &TITANIC.row()).await;
    let id = prediction["id"].as_str().unwrap();
    let waiting = json!({"id": "unknown", "label": 1});
    for (body, expected) in [(json!({"id": id, "label": 1}), 200), (waiting, 202)] {
        let (status, given) = server.post("/v1/labels", &body).await;
        assert_eq!(status, expected, "{given}");
        let schema = response_schema(&document, "/v1/labels", "post", &expected.to_string());
        assert!(
            Check::closely(&document).fits(schema, &given),
            "{schema} and {given}"
        );
    }
    let training = json!({"learner": "logistic", "folds": 2, "repeats": 1, "promote": "never"});
    let (_, queued) = server.post("/v1/train", &training).await;
    let job = format!("/v1/jobs/{}", queued["id"].as_str().unwrap());
    until("the training", || async {
        server.get(&job).await["state"] == "done"
    })
    .await;
    let silence = json!({"matchers": ["alertname=drift"], "for": "1h"});
    server.post("/v1/silences", &silence).await;

    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let json = &methods["get"]["responses"]["200"]["content"]["application/json"];
        let schema = &json["schema"];
        if path == "/v1/follow" {
            continue; // of a follower, which this server is not
        }
        if schema.as_object().is_none_or(|schema| schema.is_empty()) {
            continue; // no document, or this one
        }
        let address = path.replace("{version}", "1").replace(
            "{id}",
            match &**path {
                "/v1/jobs/{id}" => queued["id"].as_str().unwrap(),
                _ => id,
            },
        );
        let given = server.get(&address).await;
        let close = Check::closely(&document).fits(schema, &given);
        assert!(close, "{path}: {schema} and {given}");
        seen += 1;
    }
    assert_eq!(seen, 18, "documents that can be read");
    server.stop().await;
}

/// Holds what a path responds with to GET against what the document says of it, member by member.
pub async fn as_described(server: &Server, path: &str) {
    let document = server.get("/openapi.json").await;
    let schema = response_schema(&document, path, "get", "200");
    let given = server.get(path).await;
    assert!(
        Check::closely(&document).fits(schema, &given),
        "{path}: {schema} and {given}"
    );
}

fn response_schema<'d>(document: &'d Value, path: &str, method: &str, status: &str) -> &'d Value {
    let response = &document["paths"][path][method]["responses"][status];
    &response["content"]["application/json"]["schema"]
}

/// The server accepts the values that the document allows and rejects others. Found by schemathesis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b9_the_document_admits_what_the_server_takes() {
    let server = Server::of(&TITANIC).await;
    let document = server.get("/openapi.json").await;
    let taken = |status: u16| status < 300 || [404, 409, 503].contains(&status);
    // Path, member, value, whether it is accepted; the rest of the body is the example.
    let cases = [
        ("/v1/train", "folds", json!(3.0), true),
        ("/v1/train", "folds", json!(3.5), false),
        ("/v1/train", "folds", json!(null), true),
        ("/v1/train", "promote", json!(null), true),
        ("/v1/train", "max_bad", json!(null), true),
        ("/v1/train", "seed", json!(-1), false),
        ("/v1/silences", "for", json!(""), false),
        ("/v1/silences", "for", json!("1h30m"), true),
        ("/v1/silences", "comment", json!(null), true),
        ("/v1/silences", "matchers", json!([""]), false),
        (
            "/v1/silences",
            "matchers",
            json!(["alertname!=drift"]),
            true,
        ),
        ("/v1/labels", "id", json!(""), false),
        ("/v1/labels", "id", json!("a\u{7}b"), false),
        ("/v1/labels", "correct", json!(null), true),
        ("/v1/labels", "label", json!(true), true),
        ("/v1/labels", "label", json!(" 1.0 "), true),
        ("/v1/labels", "label", json!("01"), false),
        ("/v1/labels", "label", json!(2), false),
        ("/v1/backups", "to", json!(""), false),
        ("/v1/backups", "to", json!("backups"), false),
        ("/v1/backups", "to", json!("s3://"), false),
        ("/v1/backups", "to", json!("s3://shop/a?b"), false),
        ("/v1/backups", "to", json!("ftp://shop/a"), false),
        ("/v1/predict", "Sex", json!(false), false),
        ("/v1/predict", "Sex", json!(" male "), true),
        ("/v1/predict", "Pclass", json!("1.0"), true),
        ("/v1/predict", "Pclass", json!(true), false),
        ("/v1/predict", "Pclass", json!(4), false),
        ("/v1/predict", "Embarked", json!("X"), true),
        ("/v1/predict", "Age", json!(null), true),
        ("/v1/predict", "Age", json!(-1), false),
    ];
    for (path, member, value, expected) in cases {
        let content = &document["paths"][path]["post"]["requestBody"]["content"];
        let content = &content["application/json"];
        let mut body = content["example"].clone();
        body[member] = value;
        let (status, answer) = server.post(path, &body).await;
        let status = status.as_u16();
        assert_eq!(taken(status), expected, "{path} {body}: {status} {answer}");
        let fits = fits(&document, &content["schema"], &body);
        assert_eq!(fits, expected, "the schema of {path}: {body}");
    }
    for (key, expected) in [("a-key", true), ("", false), ("a key", false)] {
        let request = server.request(Method::POST, "/v1/rows");
        let request = request.header("idempotency-key", key).json(&TITANIC.row());
        let status = request.send().await.unwrap().status().as_u16();
        assert_eq!(taken(status), expected, "Idempotency-Key {key:?}: {status}");
        let parameters = &document["paths"]["/v1/rows"]["post"]["parameters"];
        let parameters = parameters.as_array().unwrap();
        let declared = parameters.iter().find(|p| p["name"] == "Idempotency-Key");
        let fits = fits(&document, &declared.unwrap()["schema"], &json!(key));
        assert_eq!(fits, expected, "the schema of Idempotency-Key: {key:?}");
    }
    server.stop().await;
}

/// Requests at the limits of what the document allows get responses as the document describes. Found by schemathesis.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b9_ids_numbers_and_results_are_as_the_document_says() {
    let server = Server::of(&TITANIC).await;
    let document = server.get("/openapi.json").await;
    // An id of a stored row cannot be used for a prediction: that is a conflict, not an unreadable store.
    let (_, taken) = server.post("/v1/rows", &TITANIC.row()).await;
    let id = taken["ids"][0].as_str().unwrap();
    let path = format!("/v1/predict?id={id}");
    let (status, problem) = server.post(&path, &TITANIC.row()).await;
    assert_eq!(status, 409, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("stored row"), "{detail}");
    // The maximum sequence number is after all events.
    let last = format!("/v1/events?after={}", u64::MAX);
    let page = server.get(&last).await;
    assert_eq!(page, json!({"events": [], "next": u64::MAX}));
    let parameters = document["paths"]["/v1/events"]["get"]["parameters"].as_array();
    let after = parameters.unwrap().iter().find(|p| p["name"] == "after");
    assert_eq!(after.unwrap()["schema"]["maximum"], json!(u64::MAX));
    // Results of every kind of job.
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join("all.tar.zst");
    for (path, body) in [
        ("/v1/store/check", json!({})),
        ("/v1/store/compact", json!({})),
        ("/v1/backups", json!({"to": to})),
        (
            "/v1/train",
            json!({"learner": "logistic", "folds": 2, "repeats": 1}),
        ),
    ] {
        let (status, queued) = server.post(path, &body).await;
        assert_eq!(status, 202, "{path}: {queued}");
        let job = format!("/v1/jobs/{}", queued["id"].as_str().unwrap());
        until(path, || async { server.get(&job).await["state"] == "done" }).await;
        let job = server.get(&job).await;
        assert!(job["result"].is_object(), "{job}");
        let schema = json!({"$ref": "#/components/schemas/Job"});
        assert!(fits(&document, &schema, &job), "{path}: {job}");
    }
    // Every media type of an export is declared.
    let declared = &document["paths"]["/v1/store/export"]["get"]["responses"]["200"]["content"];
    for query in ["format=jsonl", "format=parquet&kind=row"] {
        let path = format!("/v1/store/export?{query}");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        let media_type = response.headers()["content-type"].to_str().unwrap();
        assert!(declared[media_type].is_object(), "{query}: {media_type}");
    }
    // Without authentication the token is optional.
    let security = &document["paths"]["/v1/predict"]["post"]["security"];
    assert_eq!(security, &json!([{}, {"token": ["predict"]}]));
    server.stop().await;
}

/// The part of JSON Schema that the document uses.
fn fits(document: &Value, schema: &Value, value: &Value) -> bool {
    let check = Check {
        document,
        is_close: false,
    };
    check.fits(schema, value)
}

/// Holds values against schemas of a document.
#[derive(Clone, Copy)]
struct Check<'d> {
    document: &'d Value,
    /// Whether an object may have no members but those that are named.
    is_close: bool,
}

impl Check<'_> {
    fn closely(document: &Value) -> Check<'_> {
        Check {
            document,
            is_close: true,
        }
    }

    fn fits(self, schema: &Value, value: &Value) -> bool {
        fits_in(self, schema, value)
    }
}

fn fits_in(check: Check<'_>, schema: &Value, value: &Value) -> bool {
    let document = check.document;
    if let Some(target) = schema["$ref"].as_str() {
        return fits_in(check, document.pointer(&target[1..]).unwrap(), value);
    }
    let is = |kind: &str| match kind {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.as_f64().is_some_and(|v| v.fract() == 0.0),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("type {other}"),
    };
    let same = |a: &Value, b: &Value| a == b || (a.is_number() && a.as_f64() == b.as_f64());
    let parts = |key: &str| {
        schema[key].as_array().map(|parts| {
            parts
                .iter()
                .filter(|part| fits_in(check, part, value))
                .count()
        })
    };
    let within =
        |key: &str, holds: fn(f64, f64) -> bool| match (schema[key].as_f64(), value.as_f64()) {
            (Some(bound), Some(v)) => holds(v, bound),
            _ => true,
        };
    let members = || {
        let object = value.as_object().unwrap();
        let properties = &schema["properties"];
        let required = schema["required"].as_array().into_iter().flatten();
        let others = &schema["additionalProperties"];
        // What is described elsewhere, or not at all, has no members to hold an object against.
        let is_described = properties.is_object() && check.is_close;
        let is_closed = *others == false || (is_described && others.is_null());
        required
            .clone()
            .all(|name| object.contains_key(name.as_str().unwrap()))
            && object
                .iter()
                .all(|(name, member)| match properties.get(name) {
                    Some(schema) => fits_in(check, schema, member),
                    None if others.is_object() => fits_in(check, others, member),
                    None => !is_closed,
                })
    };
    let list = || {
        let items = value.as_array().unwrap();
        let least = schema["minItems"].as_u64().unwrap_or(0) as usize;
        items.len() >= least
            && (schema["items"].is_null()
                || items
                    .iter()
                    .all(|item| fits_in(check, &schema["items"], item)))
    };
    let types: Vec<&str> = match &schema["type"] {
        Value::Null => Vec::new(),
        Value::String(one) => vec![one],
        several => several
            .as_array()
            .unwrap()
            .iter()
            .map(|t| t.as_str().unwrap())
            .collect(),
    };
    let length = value.as_str().map_or(0, |text| text.chars().count() as u64);
    (types.is_empty() || types.iter().any(|kind| is(kind)))
        && schema["enum"]
            .as_array()
            .is_none_or(|all| all.iter().any(|one| same(one, value)))
        && schema.get("const").is_none_or(|only| only == value)
        && parts("oneOf").is_none_or(|fitting| fitting == 1)
        && parts("anyOf").is_none_or(|fitting| fitting > 0)
        && within("minimum", |v, bound| v >= bound)
        && within("maximum", |v, bound| v <= bound)
        && (!value.is_string()
            || schema["minLength"]
                .as_u64()
                .is_none_or(|least| length >= least))
        && value.as_str().is_none_or(|text| {
            schema["pattern"].as_str().is_none_or(|pattern| {
                regex_automata::meta::Regex::new(pattern)
                    .unwrap()
                    .is_match(text)
            })
        })
        && (!value.is_object() || members())
        && (!value.is_array() || list())
}

/// The places of schemas of an object of which nothing is said: neither its members nor what they all are.
fn open_objects(node: &Value, place: &str, found: &mut Vec<String>) {
    match node {
        Value::Object(entries) => {
            let is_object = match entries.get("type") {
                Some(Value::String(one)) => one == "object",
                Some(Value::Array(several)) => several.iter().any(|one| one == "object"),
                _ => false,
            };
            let members = entries.get("properties").and_then(Value::as_object);
            let others = entries.get("additionalProperties");
            let is_typed = others
                .and_then(Value::as_object)
                .is_some_and(|schema| !schema.is_empty());
            if is_object && members.is_none_or(|members| members.is_empty()) && !is_typed {
                found.push(place.to_owned());
            }
            for (key, value) in entries {
                if key != "example" && key != "examples" {
                    open_objects(value, &format!("{place}/{key}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (at, item) in items.iter().enumerate() {
                open_objects(item, &format!("{place}/{at}"), found);
            }
        }
        _ => {}
    }
}

/// Checks that every reference resolves and every schema defines what it requires.
fn walk(document: &Value, node: &Value, place: &str) {
    match node {
        Value::Object(entries) => {
            if let Some(Value::String(target)) = entries.get("$ref") {
                let pointer = target
                    .strip_prefix('#')
                    .unwrap_or_else(|| panic!("{place}: {target}"));
                assert!(
                    document.pointer(pointer).is_some(),
                    "{place}: {target} leads nowhere"
                );
            }
            // Alternatives with only `required` refer to the members of the enclosing schema.
            if let (Some(Value::Array(required)), Some(properties)) =
                (entries.get("required"), entries.get("properties"))
            {
                for name in required {
                    let name = name.as_str().unwrap();
                    assert!(
                        properties.get(name).is_some(),
                        "{place} requires {name} and does not define it"
                    );
                }
            }
            for (key, value) in entries
                .iter()
                .filter(|(key, _)| *key != "example" && *key != "examples")
            {
                walk(document, value, &format!("{place}/{key}"));
            }
        }
        Value::Array(items) => {
            for (at, value) in items.iter().enumerate() {
                walk(document, value, &format!("{place}/{at}"));
            }
        }
        _ => {}
    }
}
