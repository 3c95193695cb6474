//! What the store holds: one prediction by its id, and events in their order.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::problem::{Problem, kind};
use super::{query, reply};
use crate::store::kind::{self as kinds, Kind};
use crate::store::{Store, StoreError};

/// Parameters of the list of events.
pub const PARAMETERS: &[&str] = &["kind", "after", "limit"];

/// Events of one answer where nobody says.
const USUAL: usize = 100;

/// Most events of one answer.
pub const MOST: usize = 10_000;

/// One prediction, with its truth or null.
pub async fn prediction(
    path: web::Path<String>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let id = path.into_inner();
    let wanted = id.clone();
    let found = web::block(move || store.event(&wanted));
    let Some((line, truth)) = found.await.map_err(Problem::internal)?? else {
        let detail = format!(
            "no prediction {id:?} is stored: it was never made, is older than what is kept, or is being written"
        );
        return Err(Problem::new(&kind::NOT_FOUND, detail));
    };
    let mut event: Value = serde_json::from_str(&line).map_err(Problem::internal)?;
    event["truth"] = json!(truth.map(|truth| truth.label));
    Ok(reply::json(StatusCode::OK, &event))
}

/// Events after a number, in order.
pub async fn list(request: HttpRequest, store: web::Data<Store>) -> Result<HttpResponse, Problem> {
    let asked = Asked::read(request.query_string())?;
    let (events, next) = web::block(move || asked.fetch(&store))
        .await
        .map_err(Problem::internal)??;
    let text = format!(r#"{{"events":[{}],"next":{next}}}"#, events.join(","));
    Ok(reply::text_as("application/json", StatusCode::OK, text))
}

struct Asked {
    kind: Option<Kind>,
    after: u64,
    limit: usize,
}

impl Asked {
    fn read(query: &str) -> Result<Asked, Problem> {
        let mut asked = Asked {
            kind: None,
            after: 0,
            limit: USUAL,
        };
        for (name, value) in query::pairs(query, PARAMETERS)? {
            match &*name {
                "kind" => asked.kind = Some(kinds::named(&value).ok_or_else(|| no_kind(&value))?),
                "after" => asked.after = number(&name, &value)?,
                _ => {
                    let limit = usize::try_from(number(&name, &value)?).unwrap_or(MOST);
                    asked.limit = limit.clamp(1, MOST);
                }
            }
        }
        Ok(asked)
    }

    /// The events as text, and after which number to go on.
    fn fetch(&self, store: &Store) -> Result<(Vec<String>, u64), StoreError> {
        let (mut events, mut next) = (Vec::new(), self.after);
        store.after(self.after, |record| {
            if self.kind.is_none_or(|kind| kind == record.kind) {
                if events.len() == self.limit {
                    return false;
                }
                events.push(record.line());
            }
            next = record.seq;
            true
        })?;
        Ok((events, next))
    }
}

pub(super) fn number(name: &str, value: &str) -> Result<u64, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("{name}={value:?}; write a whole number");
        Problem::new(&kind::BAD_REQUEST, detail)
    })
}

pub(super) fn no_kind(value: &str) -> Problem {
    let names: Vec<&str> = kinds::all().map(kinds::name).collect();
    let detail = format!("there is no kind {value:?}; there are {}", names.join(", "));
    Problem::new(&kind::BAD_REQUEST, detail)
}
