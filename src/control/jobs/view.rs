//! A job as it is shown: how far it is, and what came of it.

use serde::Serialize;

use crate::schema::ColumnWarning;
pub use crate::telemetry::metrics::JobState as State;

impl State {
    /// Whether it is over.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

/// What came of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Product {
    /// The version that a training made.
    Version(Made),
    /// The document of work on the store.
    Document(serde_json::Value),
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Made {
    pub model: String,
    /// Whether it is champion now.
    pub promoted: bool,
    /// Why, or why not.
    pub reason: String,
    /// The comparison on rows the champion never saw; none where there was none.
    pub gate: Option<serde_json::Value>,
    /// What was odd about the table and the model, by column.
    pub warnings: Vec<ColumnWarning>,
}

/// A job as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobView {
    pub id: String,
    /// What kind of work it is.
    pub kind: &'static str,
    /// How far it is.
    pub state: State,
    /// The same as a number from 0 to 1.
    pub progress: f64,
    /// What came of it.
    pub result: Option<Product>,
    pub error: Option<String>,
}
