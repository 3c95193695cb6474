//! Routes of the event store: statistics, export, and the jobs that check and compact the store.

use std::io::{self, Write};
use std::sync::Arc;

use actix_web::http::{StatusCode, header};
use actix_web::web::Bytes;
use actix_web::{HttpRequest, HttpResponse, web};
use futures_util::stream;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::{Semaphore, mpsc};

use super::guard::Access;
use super::problem::{Problem, kind};
use super::route::{Parameter, Response, Route, Tag, count};
use super::{events, jobs, query, reply, views};
use crate::clock;
use crate::control::jobs::{JobView, Jobs, Product, Upkeep};
use crate::export::table::Layouts;
use crate::export::{self, Filter};
use crate::store::kind as kinds;
use crate::store::upkeep;
use crate::store::{Stats, Store, StoreError};

/// Query parameters of an export.
const PARAMETERS: &[Parameter] = &[
    Parameter::query(
        "kind",
        "only of this kind; a table needs one",
        events::kind_names,
    ),
    Parameter::query(
        "since",
        "only from this time on, a day or a moment",
        day_or_moment,
    )
    .example("2026-01-31"),
    Parameter::query("until", "only before this time", day_or_moment).example("2026-01-31"),
    Parameter::query(
        "format",
        "",
        || json!({"enum": ["jsonl", "parquet"], "default": "jsonl"}),
    ),
    Parameter::query("last", "only up to the event of this number", count),
];

pub static ROUTES: &[Route] = &[
    Route::get(
        "/v1/store",
        Tag::Store,
        Access::READ,
        "Show the contents of the store",
        || web::to(stats),
    )
    .responses(&[Response::json::<Stats>(200, "Counts and sizes.")])
    .problems(&[&kind::NOT_STORED]),
    Route::post(
        "/v1/store/check",
        Tag::Store,
        Access::ADMIN,
        "Check the store for damage",
        || web::to(check),
    )
    .responses(&[QUEUED]),
    Route::post(
        "/v1/store/compact",
        Tag::Store,
        Access::ADMIN,
        "Compact the store",
        || web::to(compact),
    )
    .responses(&[QUEUED]),
    Route::get(
        "/v1/store/export",
        Tag::Store,
        Access::READ,
        "Export events as lines of JSON, or those of one kind as a Parquet table",
        || web::to(export),
    )
    .parameters(PARAMETERS)
    .responses(&[
        Response::text(200, "Events in order.", LINES),
        Response::text(200, "", PARQUET),
    ])
    .problems(&[&kind::BAD_REQUEST, &kind::NOT_STORED]),
];

/// The response to an accepted job.
pub(super) const QUEUED: Response =
    Response::json::<views::Queued>(202, "A job; Location has its address.");

/// Media type of events as JSON lines.
const LINES: &str = "application/x-ndjson";

/// Media type of events as a Parquet table.
const PARQUET: &str = "application/vnd.apache.parquet";

/// JSON Schema of a time.
pub(super) fn day_or_moment() -> Value {
    json!({"type": "string", "anyOf": [{"format": "date"}, {"format": "date-time"}]})
}

/// Maximum concurrent Parquet exports. Each occupies a thread while its client reads.
const MOST_TABLES: usize = 4;

/// Maximum pieces of a Parquet export that wait for the client.
const AHEAD: usize = 4;

const CHECK: Upkeep = Upkeep {
    name: "store_check",
    whole: None,
};

const COMPACT: Upkeep = Upkeep {
    name: "store_compact",
    whole: Some("the database does not stop a compaction halfway; it ends by itself"),
};

/// Permits for concurrent Parquet exports.
pub struct Exports(Arc<Semaphore>);

impl Default for Exports {
    fn default() -> Exports {
        Exports(Arc::new(Semaphore::new(MOST_TABLES)))
    }
}

/// Returns the statistics of the store.
pub async fn stats(store: web::Data<Store>) -> Result<HttpResponse, Problem> {
    let stats = web::block(move || store.stats());
    let stats = stats.await.map_err(Problem::internal)??;
    Ok(reply::json(StatusCode::OK, &stats))
}

/// Starts a job that checks the store.
pub async fn check(
    jobs: web::Data<Jobs>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let job = jobs.work(CHECK, move |job| {
        upkeep::check(&store, &|| job.stopped()).map(|checked| checked.map(Product::Checked))
    })?;
    queued(&job)
}

/// Starts a job that compacts the store.
pub async fn compact(
    jobs: web::Data<Jobs>,
    store: web::Data<Store>,
) -> Result<HttpResponse, Problem> {
    let job = jobs.work(COMPACT, move |_| {
        upkeep::compact(&store).map(|compacted| Some(Product::Compacted(compacted)))
    })?;
    queued(&job)
}

fn queued(job: &JobView) -> Result<HttpResponse, Problem> {
    jobs::accepted(job)
}

/// Exports all events in order as JSON lines, or the events of one kind as a Parquet table. The export is written while the
/// client reads.
pub async fn export(
    request: HttpRequest,
    store: web::Data<Store>,
    exports: web::Data<Exports>,
) -> Result<HttpResponse, Problem> {
    let (mut filter, mut format) = (Filter::default(), "jsonl".to_owned());
    for (name, value) in query::parameters(request.query_string(), PARAMETERS)? {
        match &*name {
            "kind" => {
                let found = kinds::named(&value).ok_or_else(|| events::no_kind(&value))?;
                filter.kind = Some(found);
            }
            "since" => filter.since = Some(time(&name, &value)?),
            "until" => filter.until = Some(time(&name, &value)?),
            "last" => filter.last = Some(events::number(&name, &value)?),
            _ => format = value.into_owned(),
        }
    }
    let reader = store.clone();
    let newest = web::block(move || reader.last());
    let newest = newest.await.map_err(Problem::internal)??;
    filter.last = Some(filter.last.unwrap_or(newest).min(newest));
    let store = store.get_ref().clone();
    match &*format {
        "jsonl" => Ok(lines(store, filter)),
        "parquet" => table(store, filter, &exports),
        other => {
            let detail = format!("format={other:?}; there are jsonl, parquet");
            Err(Problem::new(&kind::BAD_REQUEST, detail))
        }
    }
}

/// Streams events as JSON lines. A page is read only after the client has taken the previous one, so a slow client occupies
/// nothing but its connection.
fn lines(store: Store, filter: Filter) -> HttpResponse {
    let pages = stream::unfold(Some(0), move |after| {
        let store = store.clone();
        async move {
            let after = after?;
            if after >= filter.last.unwrap_or(0) {
                return None;
            }
            let page = web::block(move || export::page(&store, &filter, after)).await;
            Some(match page {
                Ok(Ok(page)) => {
                    let mut text = page.lines.join("\n");
                    if !text.is_empty() {
                        text.push('\n');
                    }
                    (Ok(Bytes::from(text)), Some(page.after))
                }
                Ok(Err(error)) => (Err(broken(&error)), None),
                Err(error) => (Err(io::Error::other(error.to_string())), None),
            })
        }
    });
    response(LINES).streaming(pages)
}

fn broken(error: &StoreError) -> io::Error {
    tracing::error!(%error, "store: export failed");
    io::Error::other(error.to_string())
}

fn table(store: Store, filter: Filter, exports: &Exports) -> Result<HttpResponse, Problem> {
    let Some(kind) = filter.kind else {
        let detail = "a Parquet table holds events of one kind: add kind=row or another";
        return Err(Problem::new(&kind::BAD_REQUEST, detail));
    };
    let Ok(room) = exports.0.clone().try_acquire_owned() else {
        let detail = format!("{MOST_TABLES} tables are being exported; send it again in a moment");
        return Err(Problem::overloaded(detail));
    };
    let (sender, receiver) = mpsc::channel::<io::Result<Bytes>>(AHEAD);
    let write = move || {
        let mut to = Pieces(sender.clone());
        let done = Layouts::find(&store, &filter)
            .and_then(|layouts| layouts.write(kind, &store, &filter, &mut to));
        if let Err(error) = done
            && !sender.is_closed()
        {
            tracing::error!(%error, "store: export failed");
            let _ = sender.blocking_send(Err(io::Error::other(error.to_string())));
        }
        drop(room);
    };
    let thread = std::thread::Builder::new().name("export".into());
    thread.spawn(write).map_err(Problem::internal)?;
    let pieces = stream::unfold(receiver, |mut receiver| async {
        Some((receiver.recv().await?, receiver))
    });
    Ok(response("application/vnd.apache.parquet").streaming(pieces))
}

/// A writer that streams its bytes to the client that reads the response.
struct Pieces(mpsc::Sender<io::Result<Bytes>>);

impl Write for Pieces {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let sent = self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes)));
        sent.map_err(|_| io::Error::from(io::ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn response(media_type: &str) -> actix_web::HttpResponseBuilder {
    let mut response = HttpResponse::Ok();
    response
        .insert_header((header::CONTENT_TYPE, media_type))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"));
    response
}

fn time(name: &str, text: &str) -> Result<Timestamp, Problem> {
    clock::moment(text).ok_or_else(|| {
        let detail = format!(
            "{name}={text:?}; write a day as 2026-01-31 or a moment as 2026-01-31T09:15:00Z"
        );
        Problem::new(&kind::BAD_REQUEST, detail)
    })
}
