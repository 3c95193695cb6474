//! An OpenAPI document as the page reads it: its routes by group, references followed, examples found.

use maud::{Markup, html};
use serde_json::Value;

/// Methods in the order they are shown under one path.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// One method of one path, as the document has it.
pub struct Route<'a> {
    /// In capitals.
    pub method: String,
    pub path: &'a str,
    pub operation: &'a Value,
    /// Parameters of the path as a whole.
    pub shared: &'a [Value],
}

impl Route<'_> {
    pub fn anchor(&self) -> String {
        let path: String = self
            .path
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        format!("{}{path}", self.method.to_lowercase())
    }

    pub fn method(&self) -> Markup {
        html! { span.method data-method=(self.method) { (self.method) } }
    }
}

/// Routes by their first tag: tags in the document's order where it lists them, else as they come.
pub fn groups(openapi: &Value) -> Vec<(&str, Vec<Route<'_>>)> {
    let listed = openapi["tags"].as_array().into_iter().flatten();
    let mut groups: Vec<(&str, Vec<Route<'_>>)> = listed
        .filter_map(|t| text(t, "name"))
        .map(|name| (name, Vec::new()))
        .collect();
    for (path, item) in openapi["paths"].as_object().into_iter().flatten() {
        for method in METHODS {
            let Some(operation) = item.get(method) else {
                continue;
            };
            let tag = operation["tags"][0].as_str().unwrap_or_default();
            let shared = item["parameters"].as_array().map_or(&[][..], Vec::as_slice);
            let route = Route {
                method: method.to_uppercase(),
                path,
                operation,
                shared,
            };
            match groups.iter_mut().find(|(name, _)| *name == tag) {
                Some((_, routes)) => routes.push(route),
                None => groups.push((tag, vec![route])),
            }
        }
    }
    groups.retain(|(_, routes)| !routes.is_empty());
    groups
}

/// A text member that is there and not empty.
pub fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .get(key)
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty())
}

/// Follows `$ref` within the document; a reference to nowhere, or in a circle, is what it is.
pub fn resolve<'a>(openapi: &'a Value, value: &'a Value) -> &'a Value {
    const DEEPEST: usize = 8; // references to references are rare; a circle must end
    let mut at = value;
    for _ in 0..DEEPEST {
        let target = text(at, "$ref").and_then(|r| openapi.pointer(r.strip_prefix('#')?));
        match target {
            Some(target) => at = target,
            None => break,
        }
    }
    at
}

/// What a body may be: media type and content.
pub fn contents(body: &Value) -> impl Iterator<Item = (&String, &Value)> {
    body["content"].as_object().into_iter().flatten()
}

/// The example of a content: its own, the first of several, or that of its schema.
pub fn example(openapi: &Value, content: &Value) -> Option<Value> {
    let several = content["examples"]
        .as_object()
        .and_then(|e| e.values().next());
    let shape = resolve(openapi, &content["schema"]);
    let found = content
        .get("example")
        .or(several.and_then(|e| resolve(openapi, e).get("value")));
    found
        .or(shape.get("example"))
        .or(shape["examples"].get(0))
        .cloned()
}
