//! The documentation page: an OpenAPI 3.1 document made readable, drawn here, without script.
//!
//! Everything it says stands in the document served at `/openapi.json`; nothing is described twice.

mod curl;
mod prose;
mod route;
mod schema;

use maud::{Markup, html};
use serde_json::Value;

use super::page::shell;

/// Methods in the order they are shown under one path.
const METHODS: [&str; 7] = ["get", "post", "put", "patch", "delete", "head", "options"];

/// One method of one path, as the document has it.
struct Route<'a> {
    /// In capitals.
    method: String,
    path: &'a str,
    operation: &'a Value,
    /// Parameters of the path as a whole.
    shared: &'a [Value],
}

/// Draws the documentation.
pub fn render(openapi: &Value) -> Markup {
    let info = &openapi["info"];
    let title = text(info, "title").unwrap_or("API");
    let server = text(&openapi["servers"][0], "url").filter(|u| u.starts_with("http"));
    let server = server
        .unwrap_or("http://localhost:5000")
        .trim_end_matches('/');
    let groups = groups(openapi);
    let header = html! {
        div {
            h1 { (title) " " span.muted { (text(info, "version").unwrap_or_default()) } }
            p.muted { "drawn from openapi.json" }
        }
    };
    let main = html! {
        main.docs {
            nav.index aria-label="Routes" {
                @for (tag, routes) in &groups {
                    @if !tag.is_empty() { h2 { (tag) } } @else if groups.len() > 1 { h2 { "other" } }
                    ul {
                        @for route in routes {
                            li { a href={ "#" (route.anchor()) } { (route.method()) " " code { (route.path) } } }
                        }
                    }
                }
                @if !schema::all(openapi).is_empty() {
                    h2 { "Shapes" }
                    ul {
                        @for name in schema::all(openapi).keys() {
                            li { a href={ "#" (schema::anchor(name)) } { code { (name) } } }
                        }
                    }
                }
            }
            div.routes {
                @if let Some(about) = text(info, "description") { section { (prose::draw(about)) } }
                @for (_, routes) in &groups {
                    @for route in routes { (route::draw(openapi, server, route)) }
                }
                (problems(openapi))
                @for (name, shape) in schema::all(openapi) { (schema::draw_section(name, shape)) }
            }
        }
    };
    shell::draw(title, shell::Script::No, header, main)
}

/// The kinds of problems (`x-problems`), each where its `type` points to.
fn problems(openapi: &Value) -> Markup {
    let kinds = openapi["x-problems"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    html! {
        @if !kinds.is_empty() {
            section #problems {
                h2 { "Problems" }
                table.answered {
                    tbody {
                        @for kind in kinds {
                            tr id=(text(kind, "slug").unwrap_or_default()) {
                                th scope="row" { span.status data-class=(kind["status"].as_u64().unwrap_or(0) / 100) { (kind["status"]) } }
                                td { (text(kind, "title").unwrap_or_default()) " " code { (text(kind, "type").unwrap_or_default()) } }
                            }
                        }
                    }
                }
            }
        }
    }
}

impl Route<'_> {
    fn anchor(&self) -> String {
        let path: String = self
            .path
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        format!("{}{path}", self.method.to_lowercase())
    }

    fn method(&self) -> Markup {
        html! { span.method data-method=(self.method) { (self.method) } }
    }
}

/// Routes by their first tag: tags in the document's order where it lists them, else as they come.
fn groups(openapi: &Value) -> Vec<(&str, Vec<Route<'_>>)> {
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
fn text<'a>(object: &'a Value, key: &str) -> Option<&'a str> {
    object
        .get(key)
        .and_then(Value::as_str)
        .filter(|t| !t.is_empty())
}

/// Follows `$ref` within the document; a reference to nowhere, or in a circle, is what it is.
fn resolve<'a>(openapi: &'a Value, value: &'a Value) -> &'a Value {
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

#[cfg(test)]
mod tests;
