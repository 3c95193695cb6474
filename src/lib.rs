//! A real-time tabular classifier through its whole life, in one process.
//!
//! The modules, in the order the data moves:
//!
//! ```text
//! ingest → features → train → model → registry → serve → store → monitor
//!                                        ↑          │              │
//!                                     control ← ─ ─ ┴ ← ─ ─ ─ ─ ─ ─┴ → alert
//!                                (handlers request jobs; only control runs them)
//! ```
//!
//! * [`schema`]: columns, rows and tables; decoding and checking a row. All modules share these types.
//! * [`stats`]: scores (AUC, Brier, …), quantiles, reference profiles. Pure.
//! * [`kernel`]: flat scorers over `&[f32]`, calibration curves, attributions. Pure.
//! * [`ingest`]: converts files, folders, streams, web APIs and databases to rows, tables or batches, and tables to files.
//! * [`features`]: recipes, fitted on a table and applied to single rows; a batch applies them row by row.
//! * [`model`]: spec, recipe, kernel, calibration and profile; predicts, explains, and encodes the model file.
//! * [`train`]: learners, splits, cross-validation, model selection, conversion to kernels.
//! * [`registry`]: versions on disk, the champion's pointer, the ledger.
//! * [`store`]: all events on disk, and the live feed of events for subscribers.
//! * [`monitor`]: windows, drift, performance with and without labels, verdicts. Pure.
//! * [`alert`]: alerts, their outbox, webhooks and e-mail.
//! * [`live`]: the live model; [`promotion`]: gate, shadow, probation, policy. The latter is pure.
//! * [`trainset`]: the training set; [`pulls`]: writes rows of sources to the store; [`export`]: writes events to files.
//! * [`backup`]: archives of a whole state, on a disk or in a bucket; [`bucket`]: folders in buckets.
//! * [`follow`]: a server that follows another; [`publish`]: the champion in a place from which followers take it.
//! * [`replay`]: scores stored predictions again with another version.
//! * [`control`]: the loop: retrain controller, shadow scorer, training jobs.
//! * [`monitoring`]: the task that follows predictions into windows; [`health`]: conditions of the server itself.
//! * [`serve`]: REST, WebSocket and page: handlers decode a request, call the domain, and encode the response.
//! * [`timeline`]: what happened, read once in the background for the pages.
//! * [`report`]: charts, documents of sections and tables, and what they look like in HTML.
//! * [`config`], [`app`], [`cli`]: settings, composition, subcommands.
//! * [`clock`], [`backoff`], [`priority`], [`units`]: time and ids; waits between attempts; thread priority; units of
//!   settings.
//! * [`telemetry`]: metrics, the log, standard error.
//!
//! **One row from socket to response.** `serve::predict` decodes the body with [`schema`] into a row, loads the live
//! snapshot of [`registry`] once, calls [`model::Model`], which runs the fitted recipe ([`features`]) and the kernel
//! ([`kernel`]), and encodes the response.
//!
//! **One table to a live model.** [`ingest`] reads it, [`train`] cross-validates every learner and lowers the chosen one,
//! [`registry`] writes the version and its ledger line, [`control`] decides on promotion; a running server follows the
//! ledger, loads and checks the new model, and swaps one pointer.
//!
//! **One drift from window to promoted model.** Every prediction becomes an event of the [`store`]. `monitoring` follows the
//! events outside the response path, puts rows into the windows of [`monitor`], and compares a full window with the model's
//! profile. Each verdict is stored in one commit with the state of the monitor task. `control::controller` reads verdicts
//! that a training may help with, and requests a training once there are enough labels; the candidate must pass the gate or
//! the shadow before it is promoted as above. Drift that no training helps with, and every other problem, is reported as a
//! condition to [`alert`], which decides who is notified and persists every notification before it is sent.
//!
//! Architecture invariants (enforced by `tests/architecture.rs`): dependencies between modules go one way; no line names a
//! column of any table; polars is used only in `ingest`, smartcore in `train`, actix in `serve` and
//! `app`; `unsafe` only in `kernel`.

pub mod alert;
pub mod app;
pub mod backoff;
pub mod backup;
pub mod bucket;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod export;
pub mod features;
pub mod follow;
pub mod health;
pub mod ingest;
pub mod kernel;
pub mod live;
pub mod model;
pub mod monitor;
pub mod monitoring;
pub mod priority;
pub mod promotion;
pub mod publish;
pub mod pulls;
pub mod registry;
pub mod replay;
pub mod report;
pub mod schema;
pub mod serve;
pub mod stats;
pub mod store;
pub mod telemetry;
pub mod timeline;
pub mod train;
pub mod trainset;
pub mod units;

/// The configuration of property tests: cases that once failed are kept under `tests`.
#[cfg(test)]
fn proptest_config() -> proptest::prelude::ProptestConfig {
    use proptest::test_runner::FileFailurePersistence;
    proptest::prelude::ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::SourceParallel(
            "tests/proptest-regressions",
        ))),
        ..Default::default()
    }
}
