//! What the steward remembers, over restarts too: it is kept in the store beside the events it was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::promotion::chain::Chain;
use crate::promotion::probation::Probation;
use crate::promotion::shadow::{Live, Shadow};

/// Under which name it is kept.
pub const NAME: &str = "steward";

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Memory {
    /// The last event it has seen.
    pub seen: u64,
    /// The champion it knows.
    pub champion: String,
    /// Truths since that champion was trained, or since the server last trained on its own.
    pub fresh: u64,
    /// Why monitors want a training that nobody has begun, by what they looked at: each takes back its own.
    #[serde(default)]
    pub asks: BTreeMap<String, String>,
    /// When the last training was begun, in seconds.
    pub last: Option<i64>,
    /// The candidate that is compared on live traffic.
    pub shadow: Option<Shadowed>,
    /// The champion that is on probation.
    pub watch: Option<Watched>,
}

impl Memory {
    /// Why a monitor wants a training; none where none does.
    pub fn verdict(&self) -> Option<&String> {
        self.asks.values().next()
    }
}

/// A candidate that answers beside the champion.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Shadowed {
    pub model: String,
    /// The champion it is compared with.
    pub champion: String,
    /// The last event that its training looked at: truths up to it are learnt or weighed already.
    #[serde(default)]
    pub through: u64,
    /// The comparison so far.
    pub state: Shadow,
    /// The rows it rests on.
    #[serde(default)]
    pub rows: Chain,
    /// How its answers differ, whatever the truth.
    #[serde(default)]
    pub live: Live,
}

/// A champion on probation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Watched {
    pub model: String,
    /// The one before it.
    pub previous: String,
    /// What it has shown so far.
    pub state: Probation,
    /// The rows that showed it.
    #[serde(default)]
    pub rows: Chain,
}
