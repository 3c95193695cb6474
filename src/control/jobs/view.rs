//! A job as it is shown: how far it is, and what came of it.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::gate::Gate;
use crate::schema::ColumnWarning;
use crate::store::upkeep::{Backup, Checked, Compacted};
use crate::telemetry::metrics::ClosedLabel;
pub use crate::telemetry::metrics::JobState as State;

impl State {
    /// As documents have it.
    pub fn word(self) -> &'static str {
        State::VALUES[self.index()]
    }

    /// Whether it is over.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

/// What came of a job, by its kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "JobResult")]
pub enum Product {
    /// The version that a training made.
    Version(Made),
    /// A check of the store.
    Checked(Checked),
    /// A compaction of the store.
    Compacted(Compacted),
    /// A backup of the store.
    Backup(Backup),
}

/// What came of a training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trained")]
pub struct Made {
    pub model: String,
    /// Whether it is champion now.
    pub promoted: bool,
    /// Why, or why not.
    pub reason: String,
    /// The comparison on rows the champion never saw; none where there was none.
    pub gate: Option<Gate>,
    /// What was odd about the table and the model, by column.
    pub warnings: Vec<ColumnWarning>,
}

/// A job as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    pub id: String,
    /// What kind of work it is.
    pub kind: Cow<'static, str>,
    /// How far it is.
    pub state: State,
    /// The same as a number from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    pub progress: f64,
    /// What came of it.
    pub result: Option<Product>,
    pub error: Option<String>,
}
