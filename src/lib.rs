//! A real-time tabular classifier through its whole life, in one process.
//!
//! The rooms, in the order the data moves:
//!
//! ```text
//! ingest → features → train → model → registry → serve → store → monitor
//!                                        ↑          │              │
//!                                     control ← ─ ─ ┴ ← ─ ─ ─ ─ ─ ─┴ → alert
//!                                (a job is asked for, never carried out, by a handler)
//! ```
//!
//! * [`schema`]: columns, rows, tables; decoding and checking a row. Everything speaks it.
//! * [`stats`]: scores (AUC, Brier, …), quantiles, reference profiles. Pure.
//! * [`kernel`]: flat scorers over `&[f32]`, calibration curves, attributions. Pure.
//! * [`ingest`]: files, folders, streams, web APIs and databases → rows, tables or batches; tables → files.
//! * [`features`]: recipes: fitted on a table, applied to one row; a batch loops over the row.
//! * [`model`]: spec + recipe + kernel + calibration + profile; predict, explain, the bytes of the file.
//! * [`train`]: learners, splits, cross-validation, the choice, lowering to kernels.
//! * [`registry`]: versions on disk, the champion's pointer, the ledger.
//! * [`store`]: every event on the disk, and the live feed of what happened, for subscribers.
//! * [`monitor`]: windows, drift, performance with and without labels, verdicts. Pure.
//! * [`alert`]: alerts, their outbox, webhooks and e-mail.
//! * [`live`]: the live model; [`promotion`]: gate, shadow, probation, policy. The latter is pure.
//! * [`trainset`]: the training set; [`pulls`]: rows on their way into the store; [`export`]: events on their way out.
//! * [`control`]: the loop: retrain controller, shadow scorer, training jobs.
//! * [`monitoring`]: the task that follows predictions into windows; [`health`]: what goes wrong in the server itself.
//! * [`serve`]: REST, WebSocket, the page: translate, call, translate back.
//! * [`report`]: reports to look at: drift.
//! * [`config`], [`app`], [`cli`]: settings, composition, subcommands.
//! * [`clock`], [`backoff`], [`telemetry`]: time and ids; waits between tries; names of metrics, logging.
//!
//! **One row from socket to answer.** `serve::predict` decodes the body with [`schema`] into a row, loads the live
//! snapshot of [`registry`] once, calls [`model::Model`], which runs the fitted recipe ([`features`]) and the kernel
//! ([`kernel`]), and encodes the answer.
//!
//! **One table to a live model.** [`ingest`] reads it, [`train`] cross-validates every learner and lowers the chosen one,
//! [`registry`] writes the version and its ledger line, [`control`] decides on promotion; a running server follows the
//! ledger, loads and checks the new model, and swaps one pointer.
//!
//! **One drift from window to promoted model.** Every prediction becomes an event of the [`store`]. `monitoring` follows
//! it, off the answer's path, puts rows into the windows of [`monitor`], and holds a full one against the model's profile:
//! one verdict, kept in one commit with what the monitor task remembers. A verdict that a training may help is read by
//! `control::controller`, which has one begun once there are labels to learn from; its candidate passes the gate or the shadow
//! before it is promoted as above. What no training helps, and whatever else is wrong, is a condition told to [`alert`],
//! which decides who hears of it and keeps every notification before it is sent.
//!
//! Architecture invariants (held by `tests/architecture.rs`): arrows between rooms go one way; no line names a column of
//! any table; polars lives in `ingest`, smartcore in `train`, actix in `serve` and `app`; `unsafe` only in `kernel`.

pub mod alert;
pub mod app;
pub mod backoff;
pub mod cli;
pub mod clock;
pub mod config;
pub mod control;
pub mod export;
pub mod features;
pub mod health;
pub mod ingest;
pub mod kernel;
pub mod live;
pub mod model;
pub mod monitor;
pub mod monitoring;
pub mod priority;
pub mod promotion;
pub mod pulls;
pub mod registry;
pub mod report;
pub mod schema;
pub mod serve;
pub mod stats;
pub mod store;
pub mod telemetry;
pub mod train;
pub mod trainset;
pub mod units;
