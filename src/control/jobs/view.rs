//! The displayed state of a job: its progress and its result.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::backup;
use crate::promotion::gate::Gate;
use crate::replay::Replay;
use crate::schema::ColumnWarning;
use crate::store::upkeep::{Checked, Compacted};
use crate::telemetry::metrics::ClosedLabel;
pub use crate::telemetry::metrics::JobState as State;

impl State {
    /// As documents have it.
    pub fn word(self) -> &'static str {
        State::VALUES[self.index()]
    }

    /// Whether the job has ended.
    pub fn is_final(self) -> bool {
        !matches!(self, State::Queued | State::Running)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
#[schemars(rename = "JobResult")]
pub enum Product {
    /// The version that a training produced.
    Version(Made),
    /// A check of the store.
    Checked(Checked),
    /// A compaction of the store.
    Compacted(Compacted),
    /// A backup of everything.
    Backup(backup::Made),
    /// Stored predictions, scored again.
    Replay(Box<Replay>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Trained")]
pub struct Made {
    pub model: String,
    /// Whether the version is champion now.
    pub promoted: bool,
    /// Reason for or against the promotion.
    pub reason: String,
    /// The comparison on rows the champion never saw; none where there was none.
    pub gate: Option<Gate>,
    /// Warnings about the table and the model, by column.
    pub warnings: Vec<ColumnWarning>,
}

/// The displayed state of a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Job")]
pub struct JobView {
    pub id: String,
    /// What kind of work it is.
    pub kind: Cow<'static, str>,
    pub state: State,
    /// The same as a number from 0 to 1.
    #[schemars(range(min = 0, max = 1))]
    /// Progress from 0 to 1.
    pub progress: f64,
    pub result: Option<Product>,
    pub error: Option<String>,
}
