//! The displayed state of a job: its progress and its result.

use serde::Serialize;

use crate::schema::ColumnWarning;
pub use crate::telemetry::metrics::JobState as State;

impl State {
    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Product {
    /// The version that a training produced.
    Version(Made),
    /// The result document of a store job.
    Document(serde_json::Value),
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Made {
    pub model: String,
    /// Whether the version is champion now.
    pub promoted: bool,
    /// Reason for or against the promotion.
    pub reason: String,
    /// The comparison on rows that the champion was not trained on; `None` if there were none.
    pub gate: Option<serde_json::Value>,
    /// Warnings about the table and the model, by column.
    pub warnings: Vec<ColumnWarning>,
}

/// The displayed state of a job.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct JobView {
    pub id: String,
    pub kind: &'static str,
    pub state: State,
    /// Progress from 0 to 1.
    pub progress: f64,
    pub result: Option<Product>,
    pub error: Option<String>,
}
