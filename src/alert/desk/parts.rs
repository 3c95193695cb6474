//! What the desk works with.

use std::sync::Arc;

use crate::alert::channels::{Channel, ChannelKind};
use crate::alert::options::Options;
use crate::clock::Clock;
use crate::store::Store;
use crate::store::feed::Feed;
use crate::telemetry::metrics::Metrics;

#[derive(Clone, Debug)]
pub struct Open {
    pub name: String,
    pub kind: ChannelKind,
    pub channel: Arc<dyn Channel>,
}

/// What a desk works with.
pub struct Parts {
    /// Where everything is kept.
    pub store: Store,
    /// What was kept before: the state and the outbox, as JSON.
    pub kept: (Option<String>, Vec<String>),
    /// Whom transitions are told.
    pub feed: Feed,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    pub options: Options,
    /// The channels that the options name.
    pub channels: Vec<Open>,
    /// Where the server is, as receivers are told.
    pub url: String,
    /// Draws a number from 0 to 1, evenly.
    pub random: fn() -> f64,
}
