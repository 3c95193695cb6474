//! The documents of the interface, one struct each.
//!
//! What a handler responds with, the schema in `/openapi.json`, the sections of the page and what the command line reads of a
//! server are all this struct: a member is added here and nowhere else. A document that is a fact of another module as it
//! stands (a job, a gate's verdict, the store's counts) is that module's struct.

mod events;
mod models;
mod monitor;
mod predictions;
mod retraining;
mod server;

pub use events::{Dropped, Event, Events, Label, Labelled, Quarantine, Sources, StoredPrediction};
pub use models::{Card, Facts, Line, Models, Promotion};
pub use monitor::{Filled, Monitor, Performance};
pub use predictions::{Answer, Contribution, Explanation, Prediction, Predictions, Warning};
pub use retraining::{Jobs, Loop, Probation, Queued, Shadow};
pub use server::{Health, Setting, Settings};
