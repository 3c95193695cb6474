//! An entry of the route table, from which the router, the guard, the metrics, `Allow` headers and the OpenAPI document are
//! derived.
//!
//! Every file with handlers defines its routes in a static `ROUTES`; [`super::routes`] lists these tables.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::body::Format;
use super::guard::Access;
use super::problem::kind::Kind;
use super::schemas::Schemas;
use crate::model::Model;

/// Media type of JSON documents.
pub const JSON: &str = "application/json";

/// Media type of web pages.
pub const HTML: &str = "text/html";

/// Path prefix of page fragments, with which an open page updates itself. They are not part of the public API, so the OpenAPI
/// document omits them.
pub const FRAGMENTS: &str = "/fragments/";

/// A route: one method of one path.
pub struct Route {
    pub method: &'static str,
    /// Path with parameters in braces, such as `/v1/jobs/{id}`.
    pub pattern: &'static str,
    /// Section of the documentation that lists the route.
    pub tag: Tag,
    /// Access that a client needs.
    pub access: Access,
    /// One-line description of the route.
    pub summary: &'static str,
    /// Path, query and header parameters.
    pub parameters: &'static [Parameter],
    /// Request body; `None` if the route reads no body.
    pub body: Option<Body>,
    /// Successful responses. A route without any belongs to the page and is not documented.
    pub responses: &'static [Response],
    /// Problems that the route may respond with, in addition to those of every route.
    pub problems: &'static [&'static Kind],
    /// Whether the route needs no store, no training and no write to the registry, so that a predict-only server has it.
    pub is_stateless: bool,
    /// Whether the route is there without the base path as well, because probes and hosting platforms call the server itself,
    /// not the proxy that adds the base path.
    pub is_direct: bool,
    pub handler: fn() -> actix_web::Route,
}

impl Route {
    pub const fn get(
        pattern: &'static str,
        tag: Tag,
        access: Access,
        summary: &'static str,
        handler: fn() -> actix_web::Route,
    ) -> Route {
        Route {
            method: "GET",
            pattern,
            tag,
            access,
            summary,
            parameters: &[],
            body: None,
            responses: &[],
            problems: &[],
            is_stateless: false,
            is_direct: false,
            handler,
        }
    }

    /// A POST route.
    pub const fn post(
        pattern: &'static str,
        tag: Tag,
        access: Access,
        summary: &'static str,
        handler: fn() -> actix_web::Route,
    ) -> Route {
        Route {
            method: "POST",
            ..Route::get(pattern, tag, access, summary, handler)
        }
    }

    /// A DELETE route.
    pub const fn delete(
        pattern: &'static str,
        tag: Tag,
        access: Access,
        summary: &'static str,
        handler: fn() -> actix_web::Route,
    ) -> Route {
        Route {
            method: "DELETE",
            ..Route::get(pattern, tag, access, summary, handler)
        }
    }

    pub const fn parameters(self, parameters: &'static [Parameter]) -> Route {
        Route { parameters, ..self }
    }

    pub const fn body(self, body: Body) -> Route {
        Route {
            body: Some(body),
            ..self
        }
    }

    pub const fn responses(self, responses: &'static [Response]) -> Route {
        Route { responses, ..self }
    }

    pub const fn stateless(self) -> Route {
        Route {
            is_stateless: true,
            ..self
        }
    }

    pub const fn direct(self) -> Route {
        Route {
            is_direct: true,
            ..self
        }
    }

    pub const fn problems(self, problems: &'static [&'static Kind]) -> Route {
        Route { problems, ..self }
    }
}

/// All routes of the server, grouped by resource.
#[derive(Clone, Copy)]
pub struct Table(pub &'static [&'static [Route]]);

impl Table {
    /// All routes, in the order in which the router tries them.
    pub fn iter(&self) -> impl Iterator<Item = &'static Route> + use<> {
        self.0.iter().copied().flatten()
    }
}

/// The sections of the documentation, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Prediction of rows.
    Predictions,
    /// Events, rows, labels, quarantine, sources.
    Store,
    /// Model versions and their roles.
    Models,
    /// Trainings, jobs, the retraining loop.
    Training,
    /// Alerts and silences.
    Alerts,
    /// The server process and its web pages.
    Server,
}

impl Tag {
    /// All tags, in the order of the documentation.
    pub const ALL: [Tag; 6] = [
        Tag::Predictions,
        Tag::Store,
        Tag::Models,
        Tag::Training,
        Tag::Alerts,
        Tag::Server,
    ];

    /// Name of the tag in the OpenAPI document.
    pub fn name(self) -> &'static str {
        match self {
            Tag::Predictions => "predictions",
            Tag::Store => "store",
            Tag::Models => "models",
            Tag::Training => "training",
            Tag::Alerts => "alerts",
            Tag::Server => "server",
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Path,
    Query,
    Header,
}

impl Place {
    /// Value of the parameter's `in` in the OpenAPI document.
    pub fn name(self) -> &'static str {
        match self {
            Place::Path => "path",
            Place::Query => "query",
            Place::Header => "header",
        }
    }
}

/// A parameter of a route.
pub struct Parameter {
    pub name: &'static str,
    pub place: Place,
    /// Description of the parameter; empty if the name is sufficient.
    pub about: &'static str,
    /// JSON Schema of the value.
    pub schema: fn() -> Value,
    /// Example value for the documentation; `None` if the schema is sufficient.
    pub example: Option<&'static str>,
}

impl Parameter {
    /// A path parameter, which is text.
    pub const fn path(name: &'static str, about: &'static str) -> Parameter {
        Parameter {
            name,
            place: Place::Path,
            about,
            schema: text,
            example: None,
        }
    }

    pub const fn query(
        name: &'static str,
        about: &'static str,
        schema: fn() -> Value,
    ) -> Parameter {
        Parameter {
            name,
            place: Place::Query,
            about,
            schema,
            example: None,
        }
    }

    pub const fn header(
        name: &'static str,
        about: &'static str,
        schema: fn() -> Value,
    ) -> Parameter {
        Parameter {
            name,
            place: Place::Header,
            about,
            schema,
            example: None,
        }
    }

    pub const fn example(self, example: &'static str) -> Parameter {
        Parameter {
            example: Some(example),
            ..self
        }
    }
}

/// JSON Schema of any text.
pub fn text() -> Value {
    json!({"type": "string"})
}

/// JSON Schema of a whole number from 0.
pub fn count() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": u64::MAX})
}

/// JSON Schema of a boolean that defaults to false.
pub fn flag() -> Value {
    json!({"type": "boolean", "default": false})
}

/// The request body of a route.
pub struct Body {
    /// Accepted formats.
    pub formats: &'static [Format],
    /// Whether a request without a body is rejected.
    pub is_required: bool,
    /// JSON Schema of the body in the JSON format; other formats are documented as text.
    pub schema: fn(&mut Schemas<'_>) -> Value,
    /// Example body for a model, in a format.
    pub example: fn(&Model, Format) -> Value,
}

/// A successful response of a route.
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// Description of the response; empty if another response of the same status has it.
    pub about: &'static str,
    /// Media type of the body; empty if there is no body.
    pub media_type: &'static str,
    /// Schema of the body.
    pub schema: fn(&mut Schemas<'_>) -> Value,
}

impl Response {
    pub const fn json<T: JsonSchema>(status: u16, about: &'static str) -> Response {
        Response {
            status,
            about,
            media_type: JSON,
            schema: |schemas| schemas.of::<T>(),
        }
    }

    pub const fn text(status: u16, about: &'static str, media_type: &'static str) -> Response {
        Response {
            status,
            about,
            media_type,
            schema: |_| text(),
        }
    }
}
