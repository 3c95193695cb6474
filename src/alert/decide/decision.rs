//! What is decided from, and what is decided.

use crate::alert::condition::{Condition, Rule};
use crate::alert::notification::Notification;
use crate::alert::state::Transition;

/// Conditions reported since the last decision.
#[derive(Clone, Debug, Default)]
pub struct News<'a> {
    pub conditions: &'a [Condition],
    /// Rules whose conditions were reported completely: subjects that are not listed no longer hold.
    pub whole: &'a [Rule],
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    pub notifications: Vec<Notification>,
    /// Alerts that changed their state.
    pub transitions: Vec<Transition>,
    /// Number of conditions that were dropped because the state was full.
    pub dropped: usize,
}
