//! What follows from what holds: which alerts fire, which are over, who is to be told of what.
//!
//! A plain function of what is known, what is told, and the time. The meaning of grouping, repeating, silencing and
//! inhibiting is Alertmanager's, with two differences: a resolved alert is told as such also while it is silenced (whoever
//! heard the beginning hears the end), and one that fires again before its end was told goes on as the same.
//!
//! Time that goes backwards does no harm: whatever was noted in what is now the future counts as noted now, so that waits
//! begin anew, and nothing is told twice for it.

mod evaluate;
mod flush;
#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};

use super::condition::{Condition, Rule};
use super::notification::Notification;
use super::options::Options;
use super::silence::after;
use super::state::{State, Transition};

/// Alerts remembered; with more, resolved ones go first, and then new ones are not taken.
pub const MOST_ALERTS: usize = 1000;

/// What was told since the last look.
#[derive(Clone, Debug, Default)]
pub struct News<'a> {
    pub conditions: &'a [Condition],
    /// Rules of which everything was told: subjects that are not named hold no more.
    pub whole: &'a [Rule],
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// Who is to be told of what.
    pub notifications: Vec<Notification>,
    /// What came to another state.
    pub transitions: Vec<Transition>,
    /// Conditions that found no room.
    pub dropped: usize,
}

/// Decides. `new_id` makes the id of a new alert.
pub fn decide(
    mut state: State,
    news: &News<'_>,
    now: Timestamp,
    options: &Options,
    new_id: &mut dyn FnMut() -> String,
) -> (State, Decision) {
    let mut decision = Decision::default();
    clamp(&mut state, now, options);
    state.silences.retain(|silence| now < silence.until);
    evaluate::take(&mut state, news, now, options, new_id, &mut decision);
    evaluate::advance(&mut state, now, options, &mut decision);
    flush::groups(&mut state, now, options, &mut decision);
    evaluate::forget(&mut state, now);
    (state, decision)
}

/// Nothing was noted later than now.
fn clamp(state: &mut State, now: Timestamp, options: &Options) {
    for alert in state.alerts.values_mut() {
        alert.since = alert.since.min(now);
        alert.changed = alert.changed.min(now);
    }
    for group in state.groups.values_mut() {
        group.last = group.last.map(|last| last.min(now));
        group.due = group.due.map(|due| due.min(after(now, options.group_wait)));
    }
}

/// Whether so much time has passed since.
fn passed(now: Timestamp, since: Timestamp, time: std::time::Duration) -> bool {
    let time = SignedDuration::try_from(time).unwrap_or(SignedDuration::MAX);
    now.duration_since(since) >= time
}
