//! Settings of the store, of waiting labels, and of the feed.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::units::{Size, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How many events the store keeps.
    pub keep: Keep,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Maximum age of an event; null: no limit.
    pub age: Option<Span>,
    /// Maximum size of all events in bytes; null: no limit.
    pub size: Option<Size>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// How long a label waits for its prediction.
    pub wait: Span,
    /// Maximum number of labels that may wait.
    pub waiting: u64,
}

/// The events held in memory for subscribers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Number of events from which a subscriber can resume after a disconnection.
    pub keep: NonZeroU64,
}
