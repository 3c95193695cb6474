//! Channels: ways out for notifications, behind one trait. A new one is one file, and one line in the table below.
//!
//! A channel sends a parcel once and says what came of it. It holds back neither the parcel nor anybody else: whoever asks
//! it keeps the time, the retries and the order.

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

/// The channel that is always there, whatever the settings name.
pub const ALWAYS: &str = "log";

/// A notification on its way: the same bytes under the same id, however often it is sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parcel {
    pub id: String,
    /// When it was written.
    pub created: Timestamp,
    /// The document, as JSON.
    pub body: String,
}

/// Why a parcel was not taken.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Failure {
    pub why: String,
    /// Whether the receiver wants no more of them, ever.
    pub gone: bool,
    /// How long the receiver asks to be left alone.
    pub after: Option<Duration>,
}

impl Failure {
    /// One that may pass.
    pub fn new(why: impl Into<String>) -> Failure {
        Failure {
            why: why.into(),
            ..Failure::default()
        }
    }
}

/// A parcel being sent.
pub type Sending<'a> = Pin<Box<dyn Future<Output = Result<(), Failure>> + Send + 'a>>;

pub trait Channel: Send + Sync + Debug {
    /// Sends a parcel once. It ends within the time that the channel was opened with, whatever the other side does.
    fn send<'a>(&'a self, parcel: &'a Parcel, now: Timestamp) -> Sending<'a>;
}

/// What a channel is opened with.
pub struct World<'a> {
    pub keys: &'a dyn Keys,
    /// Which addresses are reached.
    pub fence: Fence,
    /// How long a sending may take.
    pub timeout: Duration,
}

macro_rules! channels {
    ($($kind:ident: $options:ty,)+) => {
        /// Settings of a channel, by its `type`.
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

            /// What is wrong with it, if anything, before any secret is looked for.
            pub fn fault(&self, fence: &Fence) -> Option<String> {
                match self {
                    $(Settings::$kind(options) => options.fault(fence),)+
                }
            }

            /// Opens it; nothing is sent yet.
            ///
            /// # Errors
            /// A secret that is not where it should be, an address that is none.
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

/// A duration in a message.
fn seconds(time: Duration) -> String {
    format!("{} s", time.as_secs_f64())
}

/// The innermost cause, which is the one that says something; the outer ones would repeat the address, which may be secret.
fn cause(error: &(dyn std::error::Error + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.last().map_or_else(String::new, ToString::to_string)
}
