//! The documentation page: an OpenAPI 3.1 document rendered as HTML on the server, without scripts.
//!
//! The page contains only what the document at `/openapi.json` contains, so nothing is described in two places.

mod curl;
mod document;
mod prose;
mod route;
mod schema;

use maud::{Markup, html};
use serde_json::Value;

use super::page::shell::{Frame, Link};
use document::{groups, text};

/// Draws the documentation page.
pub fn render(openapi: &Value, links: &[Link]) -> Markup {
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
        div.docs {
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
    Frame {
        title,
        here: "/docs",
        links,
        may_act: true,
        topics: None,
    }
    .draw(header, main)
}

/// Draws the problem kinds (`x-problems`). Each has the anchor that the `type` of its problem documents links to.
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

#[cfg(test)]
mod tests;
