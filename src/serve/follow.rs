//! Routes between a follower and its source: model files, predictions that the follower made, and how far it is behind.

use actix_web::http::StatusCode;
use actix_web::http::header::{self, EntityTag, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;
use serde_json::value::RawValue;

use super::body::Intake;
use super::guard::Access;
use super::labels::given::LONGEST_ID;
use super::models::version;
use super::predictor::Predictor;
use super::problem::{Entry, Problem, kind};
use super::route::{Body, Parameter, Response, Route, Tag};
use super::{body, reply, views};
use crate::follow::View;
use crate::registry::{Registry, Version};
use crate::store::Store;
use crate::store::event::Line;
use crate::store::kind::Kind;

/// Maximum number of events in one request.
const MOST: usize = 10_000;

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/models/{version}/file",
        Tag::Models,
        Access::READ,
        "Download the file of a model version",
        || web::to(file),
    )
    .parameters(&[Parameter::path("version", "`7` or `titanic@7`").example("1")])
    .responses(&[Response::text(
        200,
        "The bytes; ETag is their SHA-256.",
        "application/octet-stream",
    )])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT])
    .stateless(),
    Route::post(
        "/v1/events",
        Tag::Store,
        Access::LABEL,
        "Store predictions that a follower made",
        || web::to(adopt),
    )
    .body(Body {
        formats: body::DOCUMENT,
        is_required: true,
        schema: |_| {
            let scalar = json!({"type": ["number", "string", "boolean", "null"]});
            let event = json!({
                "type": "object",
                "description": "a prediction, as `store export` writes it",
                "required": ["seq", "time", "kind", "id", "row", "label", "probability", "model"],
                "properties": {
                    "seq": {"type": "integer", "minimum": 0},
                    "time": {"type": "string", "format": "date-time"},
                    "kind": {"const": "prediction"},
                    "id": {"type": "string", "minLength": 1, "maxLength": LONGEST_ID},
                    "row": {"type": "object", "additionalProperties": scalar},
                    "label": {"type": ["number", "string", "boolean"]},
                    "probability": {"type": "number", "minimum": 0, "maximum": 1},
                    "model": {"type": "string", "pattern": "@"},
                },
            });
            json!({"type": "array", "minItems": 1, "maxItems": MOST, "items": event})
        },
        example: |_, _| json!([{
            "seq": 1, "time": "2026-01-01T00:00:00.000Z", "kind": "prediction", "id": "01900000-0000-7000-8000-000000000000",
            "row": {}, "label": 1, "probability": 0.9, "model": "model@1", "warnings": [],
        }]),
    })
    .responses(&[Response::json::<views::Adopted>(200, "They are stored, each id once.")])
    .problems(kind::OF_STORED_BODIES),
    Route::get(
        "/v1/follow",
        Tag::Server,
        Access::READ,
        "How far a follower is behind its source",
        || web::to(follow),
    )
    .responses(&[Response::json::<views::Follow>(200, "The state of the follower.")])
    .problems(&[&kind::NOT_FOUND])
    .stateless(),
];

/// The file of a version. A client that has it already gets 304.
async fn file(
    path: web::Path<String>,
    tag: Option<web::Header<IfNoneMatch>>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Problem> {
    let wanted = version(&path)?;
    let read = move || -> Result<_, Problem> {
        let bytes = registry.read(&wanted)?;
        let digest = crate::registry::digest(&bytes);
        Ok((bytes, digest))
    };
    let (bytes, digest) = web::block(read).await.map_err(Problem::internal)??;
    let own = EntityTag::new_strong(digest);
    let is_known = match tag.map(web::Header::into_inner) {
        Some(IfNoneMatch::Any) => true,
        Some(IfNoneMatch::Items(tags)) => tags.iter().any(|tag| tag.weak_eq(&own)),
        None => false,
    };
    let mut response = match is_known {
        true => HttpResponse::NotModified(),
        false => HttpResponse::Ok(),
    };
    response
        .insert_header(header::ETag(own))
        .insert_header((header::CONTENT_TYPE, "application/octet-stream"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    Ok(if is_known {
        response.finish()
    } else {
        response.body(bytes)
    })
}

/// Stores predictions that a follower made. The response is sent once they are on the disk.
async fn adopt(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    body::format(request.headers(), body::DOCUMENT)?;
    let body = intake.read(&request, &mut payload).await?;
    let lines = web::block(move || lines(&body.bytes))
        .await
        .map_err(Problem::internal)??;
    let count = lines.len();
    let stored = store.adopt(lines).await?;
    let adopted = views::Adopted {
        stored,
        repeated: count - stored,
    };
    Ok(reply::json(StatusCode::OK, &adopted))
}

fn lines(body: &[u8]) -> Result<Vec<Line>, Problem> {
    let list: Vec<&RawValue> = serde_json::from_slice(body).map_err(|fault| {
        Problem::new(
            &kind::UNREADABLE,
            format!("not readable as a list of events: {fault}"),
        )
    })?;
    if list.is_empty() || list.len() > MOST {
        let detail = format!("a list of 1 to {MOST} events; there are {}", list.len());
        return Err(Problem::new(&kind::INVALID, detail));
    }
    let mut faults = Vec::new();
    let mut lines = Vec::with_capacity(list.len());
    for (n, text) in list.into_iter().enumerate() {
        match line(text.get()) {
            Ok(line) => lines.push(line),
            Err(fault) => faults.push(Entry::new(
                format!("/{n}"),
                "not_a_prediction",
                serde_json::Value::Null,
                "a prediction, as store export writes it",
                fault,
            )),
        }
    }
    match faults.is_empty() {
        true => Ok(lines),
        false => {
            let detail = format!("{} of the events are no predictions", faults.len());
            faults.truncate(super::problem::MOST_LISTED);
            Err(Problem::new(&kind::INVALID, detail).with(faults))
        }
    }
}

fn line(text: &str) -> Result<Line, String> {
    let line = Line::parse(text).map_err(|fault| fault.to_string())?;
    let record = line
        .record()
        .map_err(|_| "its members are not those of its kind".to_owned())?;
    let Some(prediction) = record
        .prediction()
        .filter(|_| record.kind() == Kind::Prediction)
    else {
        return Err("another kind of event".into());
    };
    if !(0.0..=1.0).contains(&prediction.probability) {
        return Err("its probability is not from 0 to 1".into());
    }
    if let Err(fault) = prediction.model.parse::<Version>() {
        return Err(fault.to_string());
    }
    let id = record.id.to_string();
    if id.is_empty() || id.len() > LONGEST_ID || id.chars().any(char::is_control) {
        return Err("its id has 1 to 256 bytes and no control characters".into());
    }
    Ok(line)
}

async fn follow(
    view: web::Data<Option<View>>,
    predictor: web::Data<Predictor>,
) -> Result<HttpResponse, Problem> {
    let Some(view) = &**view else {
        let detail = "this server follows no other; serve --follow does";
        return Err(Problem::new(&kind::NOT_FOUND, detail));
    };
    let state = view.state();
    let follow = views::Follow {
        lag_seconds: state.lag(predictor.clock.now()),
        source: state.source,
        seq: state.seq,
        spooled: state.spooled,
        dropped: state.dropped,
    };
    Ok(reply::json(StatusCode::OK, &follow))
}
