//! Alerts: pending, firing, resolved; every notification an outbox row before it is sent.
//!
//! * [`condition`]: what is told to this room; [`handle`]: where.
//! * [`decide`]: what follows: which alerts fire, who is to be told of what. Pure; [`state`] is what it remembers,
//!   [`options`] how it behaves, [`silence`] what keeps it quiet, [`notification`] what comes out.
//! * [`outbox`]: what is to be sent, when again, and what was given up. Pure.
//! * [`channels`]: the ways out: webhook, e-mail, log.
//! * [`desk`]: the task that takes in what is told, decides, keeps, and hands notifications to their channels.
//! * [`view`]: what is shown of all that.
//!
//! Architecture invariant: this room never knows why an alert was raised.

pub mod channels;
pub mod condition;
pub mod decide;
pub mod desk;
pub mod handle;
pub mod notification;
pub mod options;
pub mod outbox;
pub mod settings;
pub mod silence;
pub mod state;
pub mod view;

pub use condition::{Condition, Rule};
pub use handle::{AskFault, Handle};
pub use options::Options;
