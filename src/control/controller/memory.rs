//! The state of the retrain controller, persisted in the store beside the events that it was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::promotion::chain::Chain;
use crate::promotion::probation::Probation;
use crate::promotion::shadow::{Live, Shadow};

/// Name of the state in the store.
pub const NAME: &str = "steward";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// Number of the last event that was read.
    pub seen: u64,
    /// Name of the champion that the counts belong to.
    pub champion: String,
    /// Labels that arrived since that champion was trained, or since the last automatic training.
    pub fresh: u64,
    /// Reasons of monitors' open training requests, by what they found the reason in: a monitor withdraws only its own.
    #[serde(default)]
    pub asks: BTreeMap<String, String>,
    /// Start time of the last automatic training, in seconds of Unix time.
    pub last: Option<i64>,
    /// The candidate in the shadow, compared on live traffic.
    pub shadow: Option<Shadowed>,
    /// The champion that is on probation.
    #[serde(alias = "watch")] // in stores up to revision 4
    pub probation: Option<OnProbation>,
}

impl Memory {
    /// The reasons of the monitors' open training requests; `None` if there are none. Drift comes before the decay that
    /// usually follows from it.
    pub fn verdict(&self) -> Option<String> {
        let reasons: Vec<&str> = self.asks.values().rev().map(String::as_str).collect();
        (!reasons.is_empty()).then(|| reasons.join("; "))
    }
}

/// A candidate that scores live traffic beside the champion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shadowed {
    pub model: String,
    /// Name of the champion that it is compared with.
    pub champion: String,
    /// The last event that its training read: labels up to it have been trained on or compared already.
    #[serde(default)]
    pub through: u64,
    /// The comparison so far.
    pub state: Shadow,
    /// The rows that the comparison rests on.
    #[serde(default)]
    pub rows: Chain,
    /// Statistics of how its live predictions differ from the champion's, regardless of labels.
    #[serde(default)]
    pub live: Live,
}

/// A champion on probation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OnProbation {
    pub model: String,
    /// Name of the previous champion.
    pub previous: String,
    /// The state of the probation.
    pub state: Probation,
    /// The rows that the probation rests on.
    #[serde(default)]
    pub rows: Chain,
}
