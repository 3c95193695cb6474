//! Documents about the retraining loop and its jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::control::controller::Memory;
use crate::control::jobs::{JobView, State};
use crate::promotion::probation;
use crate::promotion::shadow::{self, LiveFigures};

/// State of the retraining loop.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loop {
    /// Version name of the champion; null before the first promotion.
    pub champion: Option<String>,
    /// Number of labels that arrived since the champion was trained, or since the last automatic training.
    pub fresh: u64,
    /// Number of new labels that starts a training; null if labels do not start trainings.
    pub labels: Option<u64>,
    /// The change found by a monitor for which no training has started yet; null if there is none.
    pub verdict: Option<String>,
    /// The shadow model: a candidate that scores live traffic without responding; null if there is none.
    pub shadow: Option<Shadow>,
    /// The probation of the champion after its promotion; null if it is not on probation.
    pub probation: Option<Probation>,
}

/// A shadow model: a candidate that is compared with the champion on live traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoopShadow")]
pub struct Shadow {
    /// Version name of the candidate.
    pub model: String,
    /// Version name of the champion that it is compared with.
    pub champion: String,
    /// Comparison of both models on labelled rows.
    pub comparison: shadow::Figures,
    /// Differences between the predictions of both models, regardless of labels.
    pub live: LiveFigures,
}

/// A champion on probation after its promotion: poor live performance can roll it back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoopProbation")]
pub struct Probation {
    /// Version name of the champion.
    pub model: String,
    /// Version name of the previous champion, which a rollback restores.
    pub previous: String,
    /// Live performance during the probation so far.
    pub metrics: probation::Figures,
}

impl Loop {
    /// The document of the retrain controller's state. `labels` is the number of new labels that starts a training.
    pub fn of(memory: Memory, labels: Option<u64>) -> Loop {
        Loop {
            verdict: memory.verdict(),
            champion: Some(memory.champion).filter(|name| !name.is_empty()),
            fresh: memory.fresh,
            labels,
            shadow: memory.shadow.map(|shadowed| Shadow {
                comparison: shadowed.state.figures(),
                live: shadowed.live.figures(),
                model: shadowed.model,
                champion: shadowed.champion,
            }),
            probation: memory.probation.map(|watched| Probation {
                metrics: watched.state.figures(),
                model: watched.model,
                previous: watched.previous,
            }),
        }
    }
}

/// A job that was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// Id of the job.
    pub id: String,
    /// State of the job.
    pub state: State,
}

/// All known jobs of the server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Jobs {
    /// The jobs, newest first.
    pub jobs: Vec<JobView>,
}
