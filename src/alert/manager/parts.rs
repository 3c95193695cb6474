//! Dependencies of the alert manager.

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

/// Dependencies of the alert manager.
pub struct Parts {
    pub store: Store,
    /// State and outbox rows as stored by the previous process, in JSON.
    pub kept: (Option<String>, Vec<String>),
    /// Feed to which transitions are published.
    pub feed: Feed,
    pub clock: Arc<dyn Clock>,
    pub metrics: Arc<Metrics>,
    pub options: Options,
    /// The open channels, one for each channel in the options.
    pub channels: Vec<Open>,
    /// Base URL of the server in notifications.
    pub url: String,
    /// Draws a uniform random number between 0 and 1.
    pub random: fn() -> f64,
}
