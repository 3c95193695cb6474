//! Routes that read the store: one prediction by its id, and events in order.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::guard::Access;
use super::predictor::Predictor;
use super::problem::{Problem, kind};
use super::route::{Parameter, Response, Route, Tag, count};
use super::{query, reply, views};
use crate::schema::fault::excerpt;
use crate::store::kind::{self as kinds, Kind};
use crate::store::{Store, StoreError};

/// Parameters of the list.
const PARAMETERS: &[Parameter] = &[
    Parameter::query("kind", "only of this kind", kind_names),
    Parameter::query("after", "the number of the last event one has", count),
    Parameter::query("limit", "maximum number of events", count),
];

/// The access required to read events, over REST or as a live topic.
pub const ACCESS: Access = Access::READ;

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/predictions/{id}",
        Tag::Store,
        ACCESS,
        "Show a prediction with its label",
        || web::to(prediction),
    )
    .parameters(&[Parameter::path("id", "the prediction's id")])
    .responses(&[Response::json::<views::StoredPrediction>(
        200,
        "The event, with its label or null.",
    )])
    .problems(&[&kind::NOT_FOUND, &kind::NOT_STORED]),
    Route::get(
        "/v1/events",
        Tag::Store,
        ACCESS,
        "List stored events in order",
        || web::to(list),
    )
    .parameters(PARAMETERS)
    .responses(&[Response::json::<views::Events>(
        200,
        "Events, and after which number to go on.",
    )])
    .problems(&[&kind::BAD_REQUEST, &kind::NOT_STORED]),
];

/// Default number of events per response.
const USUAL: usize = 100;

/// Maximum number of events per response.
pub const MOST: usize = 10_000;

/// Maximum number of events scanned per response. If few match the kind, the client continues from the returned number.
const LOOKED_AT: usize = 100_000;

/// Seconds within which a prediction may not have reached the disk yet.
const RECENT: u64 = 5;

/// One prediction, with its label or null.
pub async fn prediction(
    path: web::Path<String>,
    store: web::Data<Store>,
    predictor: web::Data<Predictor>,
) -> Result<HttpResponse, Problem> {
    let document = stored(&path.into_inner(), &store, &predictor).await?;
    Ok(reply::json(StatusCode::OK, &document))
}

/// The stored prediction of an id, waiting for the writer if it may be very new.
///
/// # Errors
/// 404 if there is none.
pub async fn stored(
    id: &str,
    store: &web::Data<Store>,
    predictor: &Predictor,
) -> Result<views::StoredPrediction, Problem> {
    let find = || {
        let (store, wanted) = (store.clone(), id.to_owned());
        web::block(move || store.event(&wanted, |record, label| (record.line(), label)))
    };
    let mut found = find().await.map_err(Problem::internal)??;
    let named = predictor.named_at(id);
    if found.is_none() && may_be_new(id, named, predictor.clock.now()) {
        store.flush().await?; // the writer may have it still
        found = find().await.map_err(Problem::internal)??;
    }
    let Some((line, label)) = found else {
        let detail = format!(
            "no prediction {id:?} is stored: it was never made, is older than what is stored, or is being written"
        );
        return Err(Problem::new(&kind::NOT_FOUND, detail));
    };
    Ok(views::StoredPrediction {
        event: serde_json::from_str(&line).map_err(Problem::internal)?,
        truth: label.map(|label| label.label),
    })
}

/// Whether the prediction with this id may be too recent to be on disk. The server's own ids contain their time; `named` is
/// the time of a prediction whose id the client chose.
pub(super) fn may_be_new(id: &str, named: Option<Timestamp>, now: Timestamp) -> bool {
    let made = Uuid::try_parse(id).ok().and_then(|id| id.get_timestamp());
    let made = made.and_then(|made| i64::try_from(made.to_unix().0).ok());
    let times = [made, named.map(Timestamp::as_second)];
    let is_recent = |time: &i64| now.as_second().abs_diff(*time) <= RECENT;
    times.iter().flatten().any(is_recent)
}

/// Lists events after a number, in order.
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
        for (name, value) in query::parameters(query, PARAMETERS)? {
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

    /// The events as JSON texts, and the number after which the next request continues.
    fn fetch(&self, store: &Store) -> Result<(Vec<String>, u64), StoreError> {
        let (mut events, mut next) = (Vec::new(), self.after);
        let mut left = LOOKED_AT;
        store.after(self.after, |record| {
            if left == 0 {
                return false;
            }
            left -= 1;
            if self.kind.is_none_or(|kind| kind == record.kind()) {
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

/// The names of the kinds of events, as a schema.
pub(super) fn kind_names() -> Value {
    let names: Vec<&str> = kinds::all().map(kinds::name).collect();
    json!({"enum": names})
}

pub(super) fn number(name: &str, value: &str) -> Result<u64, Problem> {
    value.parse().map_err(|_| {
        let detail = format!("{name}={:?}; write a whole number", excerpt(value));
        Problem::new(&kind::BAD_REQUEST, detail)
    })
}

pub(super) fn no_kind(value: &str) -> Problem {
    let names: Vec<&str> = kinds::all().map(kinds::name).collect();
    let detail = format!(
        "there is no kind {:?}; there are {}",
        excerpt(value),
        names.join(", ")
    );
    Problem::new(&kind::BAD_REQUEST, detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    /// Waiting for the writer costs a commit, so ids that cannot be on their way to the disk must not wait.
    #[test]
    fn only_ids_that_may_be_on_their_way_wait_for_the_writer() {
        let now: Timestamp = "2026-01-31T09:15:00Z".parse().unwrap();
        let at = |seconds: i64| now + jiff::SignedDuration::from_secs(seconds);
        let uuid = |time: Timestamp| clock::id(time).to_string();
        for (id, named, expected) in [
            (uuid(at(-1)), None, true),
            (uuid(at(-60)), None, false),
            ("order 7".into(), Some(at(-1)), true),
            ("order 7".into(), Some(at(-60)), false),
            ("order 7".into(), None, false),
            ("67e55044-10b1-426f-9247-bb680e5fe0c8".into(), None, false),
            (
                "67e55044-10b1-426f-9247-bb680e5fe0c8".into(),
                Some(now),
                true,
            ),
        ] {
            assert_eq!(may_be_new(&id, named, now), expected, "{id} {named:?}");
        }
    }
}
