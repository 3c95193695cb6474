//! Channels deliver notifications; all implement one trait. A new channel is one file and one line in the table below.
//!
//! A channel makes one delivery attempt and returns the result. The caller is responsible for timing, retries and order.

mod bounded;
mod email;
mod error;
pub mod fence;
mod keys;
mod letter;
mod log;
mod signature;
mod webhook;

use std::fmt::Debug;
use std::pin::Pin;
use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;

pub use crate::telemetry::metrics::ChannelKind;
pub use email::{Options as Email, Tls};
pub use error::ChannelError;
pub use fence::Fence;
pub use keys::{Keys, Places};
pub use log::Options as Log;
pub use webhook::Options as Webhook;

use crate::telemetry::metrics::ClosedLabel;

/// Name of the log channel, which exists whether or not the settings name it.
pub const ALWAYS: &str = "log";

/// A notification to deliver: every attempt sends the same bytes under the same id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: String,
    /// When the notification was created.
    pub created: Timestamp,
    /// The notification document as JSON.
    pub body: String,
}

/// Why a delivery attempt failed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    pub why: String,
    /// Whether the receiver wants no more notifications (HTTP 410).
    pub gone: bool,
    /// How long the receiver asks the sender to wait (`Retry-After`).
    pub after: Option<Duration>,
}

impl Failure {
    /// A failure that may be temporary.
    pub fn new(why: impl Into<String>) -> Failure {
        Failure {
            why: why.into(),
            ..Failure::default()
        }
    }
}

/// Future of one delivery attempt.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

pub trait Channel: Send + Sync + Debug {
    /// Makes one delivery attempt. It ends within the timeout that the channel was opened with, whatever the receiver does.
    fn send<'a>(&'a self, parcel: &'a Parcel, now: Timestamp) -> Sending<'a>;
}

/// Dependencies of a channel.
pub struct World<'a> {
    pub keys: &'a dyn Keys,
    pub fence: Fence,
    /// Time limit of one delivery attempt.
    pub timeout: Duration,
}

macro_rules! channels {
    ($($kind:ident: $options:ty,)+) => {
        /// Settings of a channel, tagged by `type`.
        #[derive(Clone, Debug, Deserialize)]
        #[serde(tag = "type", rename_all = "lowercase")]
        pub enum Settings {
            $(
                #[doc = concat!("`", stringify!($kind), "`")]
                $kind($options),
            )+
        }

        impl Settings {
            pub fn kind(&self) -> ChannelKind {
                match self {
                    $(Settings::$kind(_) => ChannelKind::$kind,)+
                }
            }

            /// What is wrong with the settings, if anything. Reads no secrets.
            pub fn fault(&self, fence: &Fence) -> Option<String> {
                match self {
                    $(Settings::$kind(options) => options.fault(fence),)+
                }
            }

            /// Opens the channel without sending anything.
            /// Fails on a secret that is not where it should be and on an invalid address.
            pub fn open(&self, world: &World<'_>) -> Result<Box<dyn Channel>, ChannelError> {
                match self {
                    $(Settings::$kind(options) => options.open(world),)+
                }
            }
        }
    };
}

channels! {
    Webhook: Webhook,
    Email: Email,
    Log: Log,
}

pub fn name(kind: ChannelKind) -> &'static str {
    ChannelKind::VALUES[kind.index()]
}

/// Formats a duration for a message.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// Text of the innermost cause of an error. The outer errors repeat the URL, which may be secret.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}
