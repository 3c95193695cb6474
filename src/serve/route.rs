//! One entry of the table of routes. Router, guard, metrics, `Allow` and the OpenAPI document all read it.
//!
//! Every file that handles requests has its entries in a `ROUTES` of its own; [`super::routes`] lists those.

use schemars::JsonSchema;
use serde_json::{Value, json};

use super::body::Format;
use super::guard::Access;
use super::problem::kind::Kind;
use super::schemas::Schemas;
use crate::model::Model;

/// The media type of documents.
pub const JSON: &str = "application/json";

/// The media type of pages.
pub const HTML: &str = "text/html";

/// Where the parts of the page live that an open page fetches again. They are no public interface: the OpenAPI document
/// leaves them out.
pub const FRAGMENTS: &str = "/fragments/";

/// A method of a path.
pub struct Route {
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub pattern: &'static str,
    /// Under which heading the documentation lists it.
    pub tag: Tag,
    /// Who may use it.
    pub access: Access,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Parameters of the path, the query and the headers.
    pub parameters: &'static [Parameter],
    /// What its body is; none where it reads none.
    pub body: Option<Body>,
    /// Its responses. A route without any is not documented: it belongs to the page.
    pub responses: &'static [Response],
    /// The problems it may respond with, beside those that every route may.
    pub problems: &'static [&'static Kind],
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
            handler,
        }
    }

    /// A route that creates or begins something.
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

    /// A route that ends or removes something.
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

    pub const fn problems(self, problems: &'static [&'static Kind]) -> Route {
        Route { problems, ..self }
    }
}

/// The routes of a server, by resource.
#[derive(Clone, Copy)]
pub struct Table(pub &'static [&'static [Route]]);

impl Table {
    /// Every route, in the order in which the router tries them.
    pub fn iter(&self) -> impl Iterator<Item = &'static Route> + use<> {
        self.0.iter().copied().flatten()
    }
}

/// The headings of the documentation, in its order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tag {
    /// Rows in, predictions out.
    Predictions,
    /// Events, rows, labels, quarantine, sources.
    Store,
    /// Versions and their roles.
    Models,
    /// Trainings, jobs, the retraining loop.
    Training,
    /// Alerts and silences.
    Alerts,
    /// Everything about the process.
    Server,
}

impl Tag {
    /// Every tag, in the order of the documentation.
    pub const ALL: [Tag; 6] = [
        Tag::Predictions,
        Tag::Store,
        Tag::Models,
        Tag::Training,
        Tag::Alerts,
        Tag::Server,
    ];

    /// As the OpenAPI document has it.
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
    /// As the OpenAPI document has it.
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
    /// What it does; empty where the name says it.
    pub about: &'static str,
    /// What it may be, as JSON Schema.
    pub schema: fn() -> Value,
    /// A value to show; none where any will do.
    pub example: Option<&'static str>,
}

impl Parameter {
    /// A parameter of the path: text.
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

/// Any text.
pub fn text() -> Value {
    json!({"type": "string"})
}

/// A whole number from 0.
pub fn count() -> Value {
    json!({"type": "integer", "minimum": 0, "maximum": u64::MAX})
}

/// A yes or no; without it, no.
pub fn flag() -> Value {
    json!({"type": "boolean", "default": false})
}

/// What a route reads.
pub struct Body {
    /// The formats it comes in.
    pub formats: &'static [Format],
    /// Whether a request without one is rejected.
    pub is_required: bool,
    /// What it is in JSON; in the other formats it is text.
    pub schema: fn(&mut Schemas<'_>) -> Value,
    /// One to show, for the live model, in a format.
    pub example: fn(&Model, Format) -> Value,
}

/// One response of a route.
pub struct Response {
    /// The status.
    pub status: u16,
    /// What it means; empty where another response of the same status says it.
    pub about: &'static str,
    /// Its media type; empty where it has no body.
    pub media_type: &'static str,
    /// What its body is.
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
