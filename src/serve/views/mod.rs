//! The documents of the API, one struct each.
//!
//! The response body, the schema in `/openapi.json`, the section of the page and the CLI's view of a server all come from the
//! same struct, so a new member is added in one place only. A document that shows another module's value unchanged (a job, a
//! gate's verdict, the store's counts) is a struct of that module.

mod events;
mod models;
mod monitor;
mod predictions;
mod retraining;
mod server;
mod service;
mod why;

pub use events::{Dropped, Event, Events, Label, Labelled, Quarantine, Sources, StoredPrediction};
pub use models::{Card, Facts, Line, Models, Promotion};
pub use monitor::{Filled, Monitor, Performance};
pub use predictions::{
    Answer, Contribution, Explanation, PredictedLabel, Prediction, Predictions, Warning,
    WrappedPredictions,
};
pub use retraining::{Jobs, Loop, Probation, Queued, Shadow};
pub use server::{Adopted, Follow, Health, Setting, Settings};
pub use service::{Interval, Objective, ServiceLevel};
pub use why::{
    FeatureValue, LedgerLine, OtherAnswer, Why, WhyAlert, WhyModel, WhyPrediction, WhyVerdict,
};
