//! Converts the monitor's findings into alert conditions. A rule always gets its full set, so a missing condition has ended.

use std::time::Duration;

use jiff::Timestamp;

use super::found::{decayed, drifted};
use super::memory::Memory;
use crate::alert::{Condition, Handle, Rule};
use crate::monitor::delay::Delay;

/// Publishes drift and decay to the alert manager.
pub(super) fn tell(alerts: &Handle, memory: &Memory) {
    alerts.replace(Rule::Drift, drift(memory));
    alerts.replace(Rule::Decay, decay(memory));
}

/// Publishes whether labels are late. Unlike drift and decay, this can change by the passage of time alone.
pub(super) fn tell_delay(alerts: &Handle, memory: &Memory, late: Duration, now: Timestamp) {
    if let Some(delay) = &memory.delay {
        alerts.replace(Rule::LabelDelay, lateness(memory, delay, late, now));
    }
}

/// The newest verdicts with drift, and the carried ones of earlier models. A slice's condition is marked as
/// part of its model's.
fn drift(memory: &Memory) -> Vec<Condition> {
    let verdicts = memory.verdicts.iter().flatten();
    let found = verdicts.filter_map(|v| drifted(&memory.model, v));
    found.chain(memory.carried.drift(&memory.model)).collect()
}

/// The decay of the live model or else, if still active, that of an earlier model.
fn decay(memory: &Memory) -> Option<Condition> {
    let fired = memory.performance.as_ref().and_then(|p| p.decayed());
    let found = fired.map(|fired| decayed(&memory.model, fired));
    found.or_else(|| memory.carried.decay(&memory.model))
}

/// Active if the slowest tenth of the last labels were late, or if no label has arrived for as long after the first.
fn lateness(memory: &Memory, delay: &Delay, late: Duration, now: Timestamp) -> Option<Condition> {
    let late_seconds = late.as_secs_f64();
    let slow = delay.last().map(|window| window.p90);
    let slow = slow.filter(|seconds| *seconds > late_seconds);
    let silent = delay.since(now).map(|since| since.as_secs_f64());
    let silent = silent.filter(|seconds| *seconds > late_seconds);
    let (summary, seconds) = match (slow, silent) {
        (Some(seconds), _) => ("A tenth of the last labels came late".to_owned(), seconds),
        (None, Some(seconds)) => ("No label has come for a long time".to_owned(), seconds),
        (None, None) => return None,
    };
    let hours = |seconds: f64| format!("{:.1} h", seconds / 3600.0);
    let condition = Condition::holds(Rule::LabelDelay, &memory.model, summary)
        .describe(format!(
            "{} against {}",
            hours(seconds),
            hours(late_seconds)
        ))
        .value(seconds);
    Some(condition)
}

#[cfg(test)]
mod tests;
