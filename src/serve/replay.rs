//! Route of the replay: a job that scores stored predictions again with another version.

use actix_web::{HttpRequest, HttpResponse, web};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::body::{self, Intake};
use super::guard::Access;
use super::models::version;
use super::pairs::Pairs;
use super::problem::{Entry, Problem, escape, kind};
use super::route::{Body, Response, Route, Tag};
use super::store::day_or_moment;
use super::{jobs, views};
use crate::control::jobs::{Jobs, Product, Upkeep};
use crate::registry::Registry;
use crate::replay::{self, Asked};
use crate::store::Store;
use crate::{clock, priority};

/// Keys of the body, the same as in [`schema`].
const KEYS: &str = "model, since, until";

pub static ROUTES: &[Route] = &[Route::post(
    "/v1/replay",
    Tag::Models,
    Access::ADMIN,
    "Score stored predictions again with another version",
    || web::to(replay),
)
.body(Body {
    formats: body::DOCUMENT,
    is_required: true,
    schema: |schemas| schemas.define("ReplayRequest", |_| schema()),
    example: |model, _| json!({"model": format!("{}@1", model.spec().name), "since": "2026-01-31"}),
})
.responses(&[Response::json::<views::Queued>(
    202,
    "A job; Location has its address.",
)])
.problems(&[
    &kind::UNREADABLE,
    &kind::MEDIA_TYPE,
    &kind::NOT_FOUND,
    &kind::CONFLICT,
    &kind::INVALID,
])];

const REPLAY: Upkeep = Upkeep {
    name: "replay",
    whole: None,
};

/// JSON Schema of the body.
fn schema() -> Value {
    let time = |about: &str| {
        let mut time = day_or_moment();
        time["type"] = json!(["string", "null"]);
        time["description"] = about.into();
        time
    };
    json!({
        "type": "object",
        "required": ["model"],
        "additionalProperties": false,
        "properties": {
            "model": {
                "type": "string",
                "description": "the version that scores the rows again, such as `7` or `titanic@7`",
            },
            "since": time("only predictions from this time on"),
            "until": time("only predictions before this time"),
        },
    })
}

/// Starts a job that replays stored predictions.
pub async fn replay(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    jobs: web::Data<Jobs>,
    store: web::Data<Store>,
    registry: web::Data<Registry>,
) -> Result<HttpResponse, Problem> {
    let body = intake.read_document(&request, &mut payload).await?;
    let asked = read(&body)?;
    let registry = registry.get_ref().clone();
    let (versions, wanted) = (registry.clone(), asked.model.clone());
    let found = web::block(move || versions.find(&wanted));
    found.await.map_err(Problem::internal)??; // a job must not be needed to learn of a wrong name
    // The predictions that the writer still has are replayed too. A store that cannot be written can still be read.
    let _ = store.flush().await;
    let job = jobs.work(REPLAY, move |job| {
        priority::lower(priority::TRAINING);
        let replayed = replay::run(store.file(), &registry, &asked, &mut |share| {
            job.report(share);
            !job.stopped()
        });
        replayed.map(|replayed| replayed.map(|done| Product::Replay(Box::new(done))))
    })?;
    jobs::accepted(&job)
}

/// Parses the body of a request. All faults are reported at once.
fn read(body: &[u8]) -> Result<Asked, Problem> {
    let Pairs(pairs) = serde_json::from_slice(body).map_err(|fault| {
        let detail = format!("not readable as an object of JSON: {fault}");
        Problem::new(&kind::UNREADABLE, detail)
    })?;
    const VERSION: &str = "a version as 7 or titanic@7";
    const TIME: &str = "a day as 2026-01-31 or a moment as 2026-01-31T09:15:00Z";
    let (mut model, mut range, mut faults) = (None, [None; 2], Vec::new());
    let mut is_named = false;
    for (key, value) in pairs {
        let path = format!("/{}", escape(&key));
        is_named |= key == "model";
        let fault = match (&*key, &value) {
            ("model", Value::String(text)) => {
                model = Some(text.clone());
                None
            }
            ("model", _) => Some(("wrong_type", VERSION)),
            ("since" | "until", Value::Null) => None,
            ("since" | "until", Value::String(text)) => {
                let time: Option<Timestamp> = clock::moment(text);
                range[usize::from(key == "until")] = time;
                time.is_none().then_some(("out_of_range", TIME))
            }
            ("since" | "until", _) => Some(("wrong_type", TIME)),
            _ => Some(("unknown_key", KEYS)),
        };
        faults
            .extend(fault.map(|(problem, allowed)| Entry::new(path, problem, value, allowed, "")));
    }
    if !is_named {
        let remedy = "name the version that scores the rows again";
        faults.push(Entry::new(
            "/model",
            "missing",
            Value::Null,
            VERSION,
            remedy,
        ));
    }
    let [since, until] = range;
    match model.filter(|_| faults.is_empty()) {
        Some(model) => Ok(Asked {
            model: version(&model)?,
            since,
            until,
        }),
        None => {
            let detail = "the replay request is invalid";
            Err(Problem::new(&kind::INVALID, detail).with(faults))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_replay_names_its_version_and_its_range() {
        let asked = read(br#"{"model": "moths@7", "since": "2026-01-31", "until": null}"#).unwrap();
        assert_eq!(asked.model, "moths@7".parse().unwrap());
        let since = asked.since.map(clock::rfc3339);
        assert_eq!(since.as_deref(), Some("2026-01-31T00:00:00.000Z"));
        assert_eq!(asked.until, None);
        for (body, parts) in [
            ("", &["\"status\":400"][..]),
            (r#"{"model": "1", "model": "2"}"#, &["\"status\":400"]),
            ("{}", &["\"path\":\"/model\",\"problem\":\"missing\""]),
            (r#"{"model": "a b"}"#, &["\"status\":404"]),
            (
                r#"{"model": 7}"#,
                &["\"path\":\"/model\",\"problem\":\"wrong_type\""],
            ),
            (
                r#"{"model": "a b", "since": "soon", "until": 3, "speed": 2}"#,
                &[
                    "\"path\":\"/since\",\"problem\":\"out_of_range\"",
                    "\"path\":\"/until\",\"problem\":\"wrong_type\"",
                    "\"path\":\"/speed\",\"problem\":\"unknown_key\"",
                ],
            ),
        ] {
            let problem = read(body.as_bytes()).unwrap_err().to_json();
            assert!(
                parts.iter().all(|part| problem.contains(part)),
                "{body}: {problem}"
            );
        }
    }
}
