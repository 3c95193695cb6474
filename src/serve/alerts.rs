//! Routes for alerts: list them, silence them, and resend undelivered notifications.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::body::{self, Intake};
use super::guard::Access;
use super::page;
use super::pairs::Pairs;
use super::problem::{Entry, Problem, escape, kind};
use super::reply;
use super::route::{Body, HTML, Parameter, Response, Route, Tag};
use crate::alert::Handle;
use crate::alert::silence::Matcher;
use crate::alert::view::View;
use crate::units::Span;

/// The access required to read alerts, over REST or as a live topic.
pub const ACCESS: Access = Access::READ;

const ALERT: &[Parameter] = &[Parameter::path("id", "the alert's id")];

const LETTER: &[Parameter] = &[Parameter::path("id", "the dead letter's id")];

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/alerts",
        Tag::Alerts,
        ACCESS,
        "List alerts, silences and undelivered notifications",
        || web::to(list),
    )
    .responses(&[Response::json::<View>(
        200,
        "Every alert of the last day; dead letters newest first.",
    )]),
    Route::post(
        "/v1/alerts/{id}/silence",
        Tag::Alerts,
        Access::ADMIN,
        "Silence an alert",
        || web::to(silence),
    )
    .parameters(ALERT)
    .body(Body {
        formats: body::DOCUMENT,
        is_required: true,
        schema: |schemas| schemas.define("Silence", |_| silence_schema(json!({}))),
        example: |_, _| json!({"for": "2h"}),
    })
    .responses(&[Response::json::<View>(200, "It is silenced.")])
    .problems(&[
        &kind::UNREADABLE,
        &kind::NOT_FOUND,
        &kind::MEDIA_TYPE,
        &kind::INVALID,
        &kind::OVERLOADED,
    ]),
    Route::delete(
        "/v1/alerts/{id}/silence",
        Tag::Alerts,
        Access::ADMIN,
        "Remove the silences of an alert",
        || web::to(unsilence),
    )
    .parameters(ALERT)
    .responses(&[Response::json::<View>(200, "It is heard again.")])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT, &kind::OVERLOADED]),
    Route::post(
        "/v1/silences",
        Tag::Alerts,
        Access::ADMIN,
        "Silence every alert with certain labels",
        || web::to(silence_labels),
    )
    .body(Body {
        formats: body::DOCUMENT,
        is_required: true,
        schema: |schemas| schemas.define("LabelSilence", |_| silence_schema(matchers())),
        example: |_, _| json!({"matchers": ["alertname=drift"], "for": "2h"}),
    })
    .responses(&[Response::json::<View>(200, "They are silenced.")])
    .problems(&[
        &kind::UNREADABLE,
        &kind::MEDIA_TYPE,
        &kind::INVALID,
        &kind::OVERLOADED,
    ]),
    Route::post(
        "/v1/alerts/outbox/{id}/resend",
        Tag::Alerts,
        Access::ADMIN,
        "Send an undelivered notification again",
        || web::to(resend),
    )
    .parameters(LETTER)
    .responses(&[Response::json::<View>(200, "It waits to be sent.")])
    .problems(&[&kind::NOT_FOUND, &kind::CONFLICT, &kind::OVERLOADED]),
    Route::get(
        "/fragments/alerts",
        Tag::Server,
        ACCESS,
        "Fragment of the page: the alerts",
        || web::to(fragment),
    )
    .responses(&[Response::text(200, "A part of a page.", HTML)]),
];

/// The JSON schema of a silence: duration, comment, and the properties in `others`, which are required too.
fn silence_schema(others: Value) -> Value {
    let mut properties = json!({
        "for": {
            "type": "string",
            "pattern": "^([1-9][0-9]{0,5}(ms|s|m|h|d))+$",
            "description": "how long, such as `30m`, `2h`, `7d`",
        },
        "comment": {"type": ["string", "null"], "description": "why"},
    });
    let mut required = vec!["for".to_owned()];
    for (name, schema) in others.as_object().into_iter().flatten() {
        required.insert(0, name.clone());
        properties[name] = schema.clone();
    }
    json!({
        "type": "object",
        "required": required,
        "additionalProperties": false,
        "properties": properties,
    })
}

/// The schema property that selects alerts by their labels.
fn matchers() -> Value {
    json!({"matchers": {
        "type": "array",
        "minItems": 1,
        "items": {"type": "string", "pattern": Matcher::PATTERN},
        "description": "labels that an alert must have: `NAME=VALUE` or `NAME!=VALUE`",
    }})
}

/// Maximum length of a comment in characters; a longer one is truncated.
const LONGEST: usize = 1000;

/// Lists alerts, silences, channels and undelivered notifications.
pub async fn list(alerts: web::Data<Handle>) -> HttpResponse {
    reply::json(StatusCode::OK, &*alerts.view())
}

/// The alerts section alone, for a page that is already open.
pub async fn fragment(alerts: web::Data<Handle>) -> HttpResponse {
    let section = page::alerts::draw(&alerts.view());
    reply::page(page::CSP, section.into_string())
}

/// Suppresses the notifications of one alert for a limited time.
pub async fn silence(
    path: web::Path<String>,
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    alerts: web::Data<Handle>,
) -> Result<HttpResponse, Problem> {
    let body = intake.read_document(&request, &mut payload).await?;
    let (time, comment) = asked(&body)?;
    alerts.silence(path.into_inner(), time, comment).await?;
    Ok(list(alerts).await)
}

/// Suppresses the notifications of all alerts with certain labels for a limited time.
pub async fn silence_labels(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    alerts: web::Data<Handle>,
) -> Result<HttpResponse, Problem> {
    let body = intake.read_document(&request, &mut payload).await?;
    let asked = read(&body, true)?;
    alerts
        .silence_labels(asked.matchers, asked.time, asked.comment)
        .await?;
    Ok(list(alerts).await)
}

/// Removes the silences of an alert before they expire.
pub async fn unsilence(
    path: web::Path<String>,
    alerts: web::Data<Handle>,
) -> Result<HttpResponse, Problem> {
    alerts.unsilence(path.into_inner()).await?;
    Ok(list(alerts).await)
}

/// Sends an undelivered notification again.
pub async fn resend(
    path: web::Path<String>,
    alerts: web::Data<Handle>,
) -> Result<HttpResponse, Problem> {
    alerts.resend(path.into_inner()).await?;
    Ok(list(alerts).await)
}

struct Asked {
    matchers: Vec<Matcher>,
    time: Duration,
    comment: String,
}

/// Parses the duration and the comment of a silence for one alert.
fn asked(body: &[u8]) -> Result<(Duration, String), Problem> {
    read(body, false).map(|asked| (asked.time, asked.comment))
}

/// Parses a silence: duration, comment and, if `with_labels` is set, the label matchers. All faults are reported at once.
fn read(body: &[u8], with_labels: bool) -> Result<Asked, Problem> {
    let Pairs(pairs) = serde_json::from_slice(body).map_err(|fault| {
        let detail = format!("not readable as an object of JSON: {fault}");
        Problem::new(&kind::UNREADABLE, detail)
    })?;
    const ALLOWED: &str = "a duration such as 30m, 2h or 7d";
    const LABELS: &str = "a list of NAME=VALUE or NAME!=VALUE; a name has letters, digits and _";
    let keys = match with_labels {
        true => "matchers, for, comment",
        false => "for, comment",
    };
    let (mut time, mut comment, mut faults) = (None, String::new(), Vec::new());
    let mut matchers = None;
    for (key, value) in pairs {
        let path = format!("/{}", escape(&key));
        match (&*key, &value) {
            ("for", Value::String(text)) => match text.parse::<Span>() {
                Ok(span) if !span.0.is_zero() => time = Some(span.0),
                _ => faults.push(Entry::new(path, "out_of_range", value, ALLOWED, "")),
            },
            ("for", _) => faults.push(Entry::new(path, "wrong_type", value, ALLOWED, "")),
            ("comment", Value::String(text)) => comment = text.chars().take(LONGEST).collect(),
            ("comment", Value::Null) => {}
            ("comment", _) => faults.push(Entry::new(path, "wrong_type", value, "a text", "")),
            ("matchers", Value::Array(labels)) if with_labels && !labels.is_empty() => {
                let label = |label: &Value| label.as_str().and_then(Matcher::parse);
                matchers = labels.iter().map(label).collect();
                if matchers.is_none() {
                    faults.push(Entry::new(path, "wrong_type", value, LABELS, ""));
                }
            }
            ("matchers", _) if with_labels => {
                faults.push(Entry::new(path, "wrong_type", value, LABELS, ""));
            }
            _ => faults.push(Entry::new(path, "unknown_key", value, keys, "")),
        }
    }
    let mut needed = vec![("/for", time.is_none(), ALLOWED, "say for how long")];
    if with_labels {
        needed.push((
            "/matchers",
            matchers.is_none(),
            LABELS,
            "say of which alerts",
        ));
    }
    for (path, is_missing, allowed, remedy) in needed {
        if is_missing && !faults.iter().any(|entry| entry.path == path) {
            faults.push(Entry::new(path, "missing", Value::Null, allowed, remedy));
        }
    }
    match time.filter(|_| faults.is_empty()) {
        Some(time) => Ok(Asked {
            matchers: matchers.unwrap_or_default(),
            time,
            comment,
        }),
        None => {
            let detail = "the silence is invalid";
            Err(Problem::new(&kind::INVALID, detail).with(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_says_for_how_long() {
        let read = |body: &str| asked(body.as_bytes());
        let (time, comment) = read(r#"{"for": "1h30m", "comment": "known"}"#).unwrap();
        assert_eq!((time.as_secs(), &*comment), (5400, "known"));
        for (body, part) in [
            ("", "\"status\":400"),
            ("[]", "\"status\":400"),
            (r#"{"for": "1h", "for": "2h"}"#, "\"status\":400"),
            ("{}", "\"path\":\"/for\",\"problem\":\"missing\""),
            (r#"{"for": 5}"#, "wrong_type"),
            (r#"{"for": "0s"}"#, "out_of_range"),
            (r#"{"for": "soon"}"#, "30m, 2h or 7d"),
            (r#"{"for": "1h", "until": 3}"#, "unknown_key"),
            (r#"{"for": "1h", "comment": 3}"#, "\"path\":\"/comment\""),
        ] {
            let problem = read(body).unwrap_err().to_json();
            assert!(problem.contains(part), "{body}: {problem}");
        }
    }
}
