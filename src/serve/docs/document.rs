//! Access to an OpenAPI document: routes grouped by tag, `$ref` resolution, and examples.

use maud::{Markup, html};
use serde_json::Value;

/// HTTP methods, in the order in which the methods of one path are shown.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// One method of one path of the document.
pub struct Route<'a> {
    /// The HTTP method in upper case.
    pub method: String,
    pub path: &'a str,
    pub operation: &'a Value,
    /// Parameters that all methods of the path share.
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

/// Groups the routes by their first tag. Tags that the document lists come first, in its order; the others follow in the
/// order of the routes.
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

/// The text of a member; `None` if the member is missing, empty or not a string.
pub fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .get(key)
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty())
}

/// Resolves `$ref` within the document. A dangling or circular reference is returned unresolved.
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

/// The media types of a body, each with its content object.
pub fn contents(body: &Value) -> impl Iterator<Item = (&String, &Value)> {
    body["content"].as_object().into_iter().flatten()
}

/// The example of a content object: its `example`, the first of its `examples`, or the example of its schema.
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
