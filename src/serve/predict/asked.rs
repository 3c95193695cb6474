//! The query parameters of a prediction request.

use std::sync::Arc;

use serde_json::json;

use crate::schema::fault::excerpt;
use crate::serve::body::Format;
use crate::serve::predictor::Request;
use crate::serve::problem::{Problem, kind};
use crate::serve::query;
use crate::serve::route::{Parameter, flag};
use crate::serve::schemas;
use crate::telemetry::metrics::Transport;

/// Maximum length, in bytes, of an id that a client may choose.
const LONGEST_ID: usize = 256;

/// Parameters of the route.
pub const PARAMETERS: &[Parameter] = &[
    Parameter::query(
        "explain",
        "adds contributions of the columns; with the base they sum to the probability",
        flag,
    ),
    Parameter::query(
        "partial",
        "answers the good rows of a list, whatever the others are",
        flag,
    ),
    Parameter::query("durable", "answers once the disk has the predictions", flag),
    Parameter::query(
        "id",
        "names a single prediction: the same row again gets the same answer, another one 409",
        || schemas::id(LONGEST_ID),
    ),
    Parameter::query(
        "store",
        "false makes it a trial: the same response without ids, nothing is stored and nothing counted for the monitor, \
         rules or labels; not together with id, durable or an Idempotency-Key",
        || json!({"type": "boolean", "default": true}),
    ),
    TRANSPORT,
];

/// The parameter by which the server's own page marks a row as entered in its form. `/ws` accepts it too.
pub const TRANSPORT: Parameter = Parameter::query(
    "transport",
    "the server's own page sends it; other clients leave it out",
    || json!({"enum": ["page"]}),
);

/// The parsed parameters of a prediction request.
#[derive(Clone, Debug)]
pub struct Asked {
    /// How the rows are predicted.
    pub request: Request,
    /// Whether to predict the valid rows even if others are invalid.
    pub partial: bool,
    /// Whether the response waits until the predictions are on disk.
    pub durable: bool,
}

impl Asked {
    /// Parses the query string.
    ///
    /// # Errors
    /// 400 for unknown parameters, invalid values, or parameters that cannot be combined.
    pub fn read(query: &str, format: Format) -> Result<Asked, Problem> {
        let mut asked = Asked {
            request: Request {
                transport: Transport::Rest,
                trial: false,
                explain: false,
                id: None,
            },
            partial: false,
            durable: false,
        };
        if query.is_empty() {
            return Ok(asked);
        }
        let request = &mut asked.request;
        for (name, value) in query::parameters(query, PARAMETERS)? {
            match &*name {
                "explain" => request.explain = query::flag(&name, &value)?,
                "partial" => asked.partial = query::flag(&name, &value)?,
                "durable" => asked.durable = query::flag(&name, &value)?,
                "store" => request.trial = !query::flag(&name, &value)?,
                "transport" => request.transport = page(&value)?,
                _ => request.id = Some(id(&value)?),
            }
        }
        if request.trial && (request.id.is_some() || asked.durable) {
            let parameter = if asked.durable { "durable" } else { "id" };
            return Err(no_trial(parameter));
        }
        if request.explain && format == Format::Csv {
            return Err(bad(
                "explanations are not available as CSV; send the rows as JSON",
            ));
        }
        if request.id.is_some() && format != Format::Json {
            return Err(only_one());
        }
        Ok(asked)
    }
}

/// The error for a trial combined with a parameter that requires a stored prediction.
pub fn no_trial(what: &str) -> Problem {
    bad(&format!(
        "store=false stores nothing, so {what} has no meaning with it; leave out one of the two"
    ))
}

/// Parses the transport that a client sends; `page` is the only valid value.
pub fn page(value: &str) -> Result<Transport, Problem> {
    match value {
        "page" => Ok(Transport::Page),
        other => Err(bad(&format!(
            "transport={:?}; the server's own page sends transport=page, others leave it out",
            excerpt(other)
        ))),
    }
}

/// The error for an id that comes with more than one row.
pub fn only_one() -> Problem {
    bad("id names a single prediction; send one object, or leave it out")
}

fn id(text: &str) -> Result<Arc<str>, Problem> {
    if text.is_empty() || text.len() > LONGEST_ID || text.chars().any(char::is_control) {
        return Err(bad(&format!(
            "an id has 1 to {LONGEST_ID} bytes and no control characters"
        )));
    }
    Ok(text.into())
}

fn bad(detail: &str) -> Problem {
    Problem::new(&kind::BAD_REQUEST, detail)
}
