//! Alerts are pending, firing or resolved; every notification is stored as an outbox row before it is sent.
//!
//! * [`condition`]: the reports this module receives; [`handle`]: the interface through which it receives them.
//! * [`decide`]: which alerts fire and which notifications are due. Pure; [`state`] is what it remembers, [`options`] its
//!   settings, [`silence`] suppresses notifications, [`notification`] is its output.
//! * [`outbox`]: notifications to send, their next attempts, and those that were given up. Pure.
//! * [`channels`]: webhook, e-mail and log.
//! * [`manager`]: the alert manager, the task that receives conditions, decides, persists, and hands notifications to channels.
//! * [`view`]: the documents that display all of this.
//!
//! Architecture invariant: this module never knows why an alert was raised.

pub mod channels;
pub mod condition;
pub mod decide;
pub mod earlier;
pub mod handle;
pub mod manager;
pub mod notification;
pub mod options;
pub mod outbox;
pub mod settings;
pub mod silence;
pub mod state;
pub mod view;
pub mod wait;

pub use condition::{Condition, Rule};
pub use handle::{AskError, Handle};
pub use options::Options;
