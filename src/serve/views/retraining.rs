//! The loop and its jobs.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::control::controller::Memory;
use crate::control::jobs::{JobView, State};
use crate::promotion::probation;
use crate::promotion::shadow::{self, LiveFigures};

/// How the loop stands.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Loop {
    /// The champion; null before the first.
    pub champion: Option<String>,
    /// Labels since it was trained.
    pub fresh: u64,
    /// After so many the server retrains; null where it does not because of labels.
    pub labels: Option<u64>,
    /// What a monitor found to have changed, and no training was begun for yet.
    pub verdict: Option<String>,
    /// The candidate that scores live traffic beside the champion.
    pub shadow: Option<Shadow>,
    /// The champion on probation.
    pub probation: Option<Probation>,
}

/// A candidate that is compared with the champion on live traffic.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoopShadow")]
pub struct Shadow {
    /// The candidate.
    pub model: String,
    /// The champion it is compared with.
    pub champion: String,
    /// The comparison on labelled rows.
    pub comparison: shadow::Figures,
    /// How their predictions differ, whatever the labels.
    pub live: LiveFigures,
}

/// A champion on probation after its promotion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LoopProbation")]
pub struct Probation {
    /// The champion.
    pub model: String,
    /// The one before it, which a rollback makes champion again.
    pub previous: String,
    /// What it has shown so far.
    pub metrics: probation::Figures,
}

impl Loop {
    /// What the loop remembers; `labels` is after how many of them the server retrains.
    pub fn of(memory: Memory, labels: Option<u64>) -> Loop {
        Loop {
            verdict: memory.verdict().cloned(),
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

/// A job that was begun.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Queued {
    /// Its id.
    pub id: String,
    /// How far it is.
    pub state: State,
}

/// The jobs of a server.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Jobs {
    /// Newest first.
    pub jobs: Vec<JobView>,
}
