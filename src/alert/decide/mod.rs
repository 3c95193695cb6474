//! Decides from conditions which alerts fire, which are resolved, and which notifications are due.
//!
//! A pure function of the state, the reported conditions and the time. Grouping, repeating, silencing and inhibiting mean
//! the same as in Alertmanager, with two differences: the end of an alert is notified even while the alert is silenced (a
//! receiver of the beginning also receives the end), and an alert that fires again before its end was
//! notified continues the same episode.
//!
//! A clock that is set back does no harm: times in the future are replaced by the current time, so waits start again and no
//! notification is repeated because of it.

mod decision;
mod evaluate;
mod flush;
#[cfg(test)]
mod tests;

pub use decision::{Decision, News};

use jiff::Timestamp;

use super::options::Options;
use super::state::State;
use super::wait::after;

/// Computes the next state and what follows from it. `new_id` creates the id of a new alert.
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

/// Replaces times later than `now` by `now`.
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
