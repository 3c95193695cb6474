//! What a request for predictions asks for beside its rows.

use std::sync::Arc;

use crate::serve::body::Format;
use crate::serve::problem::{Problem, kind};
use crate::serve::query;

/// Longest id a caller may give.
const LONGEST_ID: usize = 200;

/// Parameters of the route; the OpenAPI document says the same.
pub const PARAMETERS: &[&str] = &["explain", "partial", "durable", "id"];

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// Contributions that sum to the probability.
    pub explain: bool,
    /// Answers for the good rows, whatever the others are.
    pub partial: bool,
    /// The answer waits until the disk has the prediction.
    pub durable: bool,
    /// The caller's own id.
    pub id: Option<Arc<str>>,
}

impl Asked {
    /// Reads the query.
    ///
    /// # Errors
    /// 400: unknown parameters, values that make no sense, things that do not go together.
    pub fn read(query: &str, format: Format) -> Result<Asked, Problem> {
        let mut asked = Asked::default();
        if query.is_empty() {
            return Ok(asked);
        }
        for (name, value) in query::pairs(query, PARAMETERS)? {
            match &*name {
                "explain" => asked.explain = query::flag(&name, &value)?,
                "partial" => asked.partial = query::flag(&name, &value)?,
                "durable" => asked.durable = query::flag(&name, &value)?,
                _ => asked.id = Some(id(&value)?),
            }
        }
        if asked.explain && format == Format::Csv {
            return Err(bad("an explanation does not fit into a table; ask in JSON"));
        }
        if asked.id.is_some() && format != Format::Json {
            return Err(only_one());
        }
        Ok(asked)
    }
}

/// An id names one prediction.
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
