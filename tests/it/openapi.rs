//! The OpenAPI document holds together: whatever routes there are, now and later.

use std::collections::HashSet;

use serde_json::Value;
use titanic_platform::serve::routes::{FRAGMENTS, ROUTES};

use crate::case::{Case, on_both};
use crate::server::Server;

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
    let declared: Vec<&Value> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .map(|tag| &tag["name"])
        .collect();
    for (place, operation) in &operations {
        let id = operation["operationId"].as_str().unwrap();
        assert!(
            ids.insert(id),
            "the operationId {id} of {place} stands twice"
        );
        for tag in operation["tags"].as_array().unwrap() {
            assert!(
                declared.contains(&tag),
                "{place}: the tag {tag} is not declared"
            );
        }
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let named: Vec<&str> = parameters
            .filter(|parameter| parameter["in"] == "path")
            .map(|parameter| parameter["name"].as_str().unwrap())
            .collect();
        let (_, path) = place.split_once(' ').unwrap();
        let in_path: Vec<&str> = path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .collect();
        assert_eq!(named, in_path, "{place}: parameters of the path");
    }
    for path in paths.keys() {
        assert!(!path.starts_with(FRAGMENTS), "{path} is a part of the page");
    }
    let fragments = ROUTES
        .iter()
        .filter(|route| route.pattern.starts_with(FRAGMENTS));
    assert_eq!(fragments.count(), 3, "the page has its parts");
    walk(&document, &document, "#");

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

/// Every reference resolves, and every schema defines what it requires.
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
            if let Some(Value::Array(required)) = entries.get("required") {
                for name in required {
                    let name = name.as_str().unwrap();
                    assert!(
                        entries["properties"].get(name).is_some(),
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
