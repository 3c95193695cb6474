//! Settings of the store, of labels that wait, and of the feed.

use std::num::NonZeroU64;

use serde::Deserialize;

use crate::units::{Size, Span};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Store {
    /// How much is kept.
    pub keep: Keep,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Keep {
    /// Events younger than this; null: of any age.
    pub age: Option<Span>,
    /// At most so many bytes of events; null: any number.
    pub size: Option<Size>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Labels {
    /// How long a label waits for its prediction.
    pub wait: Span,
    /// How many may wait.
    pub waiting: u64,
}

/// The events kept in memory for subscribers.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Feed {
    /// Events that a subscriber can ask for after it was away.
    pub keep: NonZeroU64,
}
