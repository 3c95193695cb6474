//! What the monitor sees: `GET /v1/monitor`, and its section of the page.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde_json::{Value, json};

use super::page::CSP;
use super::page::monitor;
use super::reply;
use crate::monitor::options::Options;
use crate::monitor::performance::Performance;
use crate::monitoring::{Memory, View};

/// Those who know of it.
#[derive(Clone)]
pub struct Desk {
    /// What was seen.
    pub view: View,
    /// How it is looked at.
    pub options: Options,
}

/// As a document.
pub async fn document(desk: web::Data<Desk>) -> HttpResponse {
    reply::json(StatusCode::OK, &told(&desk.view.load(), &desk.options))
}

/// The section alone, for a page that is open.
pub async fn fragment(desk: web::Data<Desk>) -> HttpResponse {
    let section = monitor::draw(&desk.view.load(), &desk.options);
    reply::page(CSP, section.into_string())
}

fn told(seen: &Memory, options: &Options) -> Value {
    let size = options.window.get();
    let filled = |n: usize| seen.streams.get(n).map_or(0, |stream| stream.filled());
    let verdict = seen.verdict();
    let slices = seen.streams.iter().enumerate().skip(1).map(|(n, stream)| {
        json!({
            "slice": stream.slice,
            "window": {"size": size, "filled": filled(n)},
            "verdict": seen.verdicts[n],
        })
    });
    json!({
        "model": Some(&seen.model).filter(|name| !name.is_empty()),
        "window": {"size": size, "filled": filled(0)},
        "verdict": verdict,
        "history": seen.history,
        "performance": seen.performance.as_ref().map(performance),
        "estimated": verdict.and_then(|v| v.estimated.as_ref()),
        "slices": slices.collect::<Vec<_>>(),
        "unwatched": seen.unwatched,
        "delay": seen.delay.as_ref().map(|delay| json!({
            "truths": delay.truths(), "last": delay.last(), "open": delay.open(),
        })),
        "skipped": seen.skipped,
        "seq": seen.seen,
    })
}

/// The figures of performance: the last full window, the truths since, what the detectors told of last.
fn performance(live: &Performance) -> Value {
    json!({
        "truths": live.truths(),
        "window": {"size": live.size(), "filled": live.open().map_or(0, |open| open.n)},
        "last": live.last(),
        "open": live.open(),
        "decayed": live.decayed(),
    })
}
