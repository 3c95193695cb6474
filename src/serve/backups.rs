//! The route that begins a backup.

use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::{Value, json};

use super::body::{self, Intake};
use super::guard::Access;
use super::jobs;
use super::pairs::Pairs;
use super::problem::{Entry, Problem, kind};
use super::route::{Body, Route, Tag};
use super::store::QUEUED;
use crate::backup::options::Options;
use crate::backup::{BackupError, Backups, Place, Watch};
use crate::control::jobs::{Jobs, Product, Upkeep};

pub static ROUTES: &[Route] = &[Route::post(
    "/v1/backups",
    Tag::Store,
    Access::ADMIN,
    "Back up everything into a file, a folder or a bucket",
    || web::to(backup),
)
.body(Body {
    formats: body::DOCUMENT,
    is_required: true,
    schema: |schemas| schemas.define("Backup", |_| schema()),
    example: |_, _| json!({"to": "/backups/"}),
})
.responses(&[QUEUED])
.problems(&[&kind::UNREADABLE, &kind::MEDIA_TYPE, &kind::INVALID])];

const BACKUP: Upkeep = Upkeep {
    name: "backup",
    whole: None,
};

const ALLOWED: &str =
    "an absolute path on the server's machine, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX";

/// State of the handler.
#[derive(Clone)]
pub struct State {
    pub backups: Backups,
    pub options: Options,
}

/// JSON Schema of the body of a backup request.
fn schema() -> Value {
    json!({
        "type": "object",
        "required": ["to"],
        "additionalProperties": false,
        "properties": {"to": {
            "type": "string",
            "pattern": "^(/|(s3|gs)://[A-Za-z0-9._-]+(/[^?#]*)?$)",
            "description": ALLOWED,
        }},
    })
}

/// Starts a job that makes a backup.
async fn backup(
    request: HttpRequest,
    mut payload: web::Payload,
    intake: web::Data<Intake>,
    jobs: web::Data<Jobs>,
    state: web::Data<State>,
) -> Result<HttpResponse, Problem> {
    let body = intake.read_document(&request, &mut payload).await?;
    let order = state.options.order(place(&body)?, true);
    let backups = state.backups.clone();
    let job = jobs.work(BACKUP, move |running| {
        let watch = Watch {
            report: &|share| running.report(share),
            stopped: &|| running.stopped(),
        };
        match backups.make(&order, watch) {
            Ok(made) => Ok(Some(Product::Backup(made))),
            Err(BackupError::Stopped) => Ok(None),
            Err(error) => Err(error),
        }
    })?;
    jobs::accepted(&job)
}

/// The place in the body of a backup request. A path must be absolute, because a relative one would depend on the directory
/// in which the server was started.
fn place(body: &[u8]) -> Result<Place, Problem> {
    let Pairs(pairs) = serde_json::from_slice(body).map_err(|fault| {
        let detail = format!("not readable as an object of JSON: {fault}");
        Problem::new(&kind::UNREADABLE, detail)
    })?;
    let (mut to, mut faults) = (None, Vec::new());
    for (key, value) in pairs {
        let path = format!("/{}", super::problem::escape(&key));
        match (&*key, &value) {
            ("to", Value::String(text)) => match Place::parse(text) {
                Ok(place) if place.path().is_none_or(std::path::Path::is_absolute) => {
                    to = Some(place);
                }
                _ => faults.push(Entry::new(path, "out_of_range", value, ALLOWED, "")),
            },
            ("to", _) => faults.push(Entry::new(path, "wrong_type", value, ALLOWED, "")),
            _ => faults.push(Entry::new(path, "unknown_key", value, "to", "")),
        }
    }
    if to.is_none() && faults.is_empty() {
        faults.push(Entry::new("/to", "missing", Value::Null, ALLOWED, ""));
    }
    match to.filter(|_| faults.is_empty()) {
        Some(to) => Ok(to),
        None => {
            let detail = "the backup cannot be made like this";
            Err(Problem::new(&kind::INVALID, detail).with(faults))
        }
    }
}
