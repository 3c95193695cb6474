//! Sends what waits to the source.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde::Deserialize;
use tokio::time::Instant;

use super::queue::Most;
use super::shared::{Phase, Shared};
use crate::backoff::Backoff;
use crate::follow::error::SourceError;
use crate::follow::source::Server;

/// Maximum size of one request: so many predictions as gather in a second of fast traffic, and a quarter of the body that a
/// server takes unless `server.limits.body` says otherwise. A source that takes less is sent less.
pub const MOST: Most = Most {
    lines: 2000,
    bytes: 4 << 20,
};

/// Pause between two requests, in which predictions gather.
const PAUSE: Duration = Duration::from_millis(100);

const RETRY: Backoff = Backoff {
    first: Duration::from_millis(200),
    longest: Duration::from_secs(10),
    least: 0.5,
};

/// How many of the predictions in a request the source has, of both kinds.
#[derive(Deserialize)]
struct Taken {
    stored: usize,
    repeated: usize,
}

/// Sends until no more predictions will come and what waits was sent, or cannot be sent.
pub async fn deliver(server: &Server, shared: &Shared, random: fn() -> f64) {
    let (mut most, mut failures) = (MOST, 0);
    loop {
        let batch = shared.send(most);
        if batch.is_empty() {
            if shared.has_reached(Phase::Closed) {
                return;
            }
            tokio::select! {
                () = shared.added() => rest(shared, PAUSE).await, // more come soon
                () = shared.reached(Phase::Closed) => {}
            }
            continue;
        }
        match send(server, &batch).await {
            Ok(()) => {
                shared.sent();
                (most.lines, failures) = (MOST.lines, 0);
            }
            Err(SourceError::Refused { status, detail, .. }) if is_final(status) => {
                if batch.len() == 1 {
                    tracing::error!(%status, detail, "follower: the source rejects a prediction");
                    shared.drop_predictions(1);
                    shared.sent();
                } else if status == StatusCode::PAYLOAD_TOO_LARGE {
                    // For good: the source would reject the next large one, too.
                    let bytes: usize = batch.iter().map(|line| line.len()).sum();
                    most.bytes = bytes as u64 / 2;
                } else {
                    most.lines = batch.len() / 2; // one of them is at fault
                }
            }
            Err(error) => {
                shared.failed(error.to_string());
                if shared.has_reached(Phase::Closed) {
                    return;
                }
                failures += 1;
                if failures == 1 {
                    tracing::warn!(%error, "follower: predictions cannot be sent to the source; they wait");
                }
                rest(shared, RETRY.wait(failures, random())).await;
            }
        }
    }
}

/// Waits for this time, or until no more predictions will come.
async fn rest(shared: &Shared, pause: Duration) {
    let closed = shared.reached(Phase::Closed);
    let _ = tokio::time::timeout_at(Instant::now() + pause, closed).await;
}

/// Sends predictions; returns once the source has acknowledged each of them.
async fn send(server: &Server, batch: &[Arc<str>]) -> Result<(), SourceError> {
    let body = server
        .post("v1/events", format!("[{}]", batch.join(",")))
        .await?;
    let other = |fault: String| SourceError::Other {
        source_name: server.name(),
        fault,
    };
    let Taken { stored, repeated } =
        serde_json::from_slice(&body).map_err(|fault| other(fault.to_string()))?;
    match stored.checked_add(repeated) {
        Some(count) if count == batch.len() => Ok(()),
        _ => Err(other(format!(
            "it took {stored} and had {repeated} of {} predictions",
            batch.len()
        ))),
    }
}

/// Whether a request with this status would fail again.
fn is_final(status: StatusCode) -> bool {
    [
        StatusCode::BAD_REQUEST,
        StatusCode::PAYLOAD_TOO_LARGE,
        StatusCode::UNPROCESSABLE_ENTITY,
    ]
    .contains(&status)
}
