//! What is wrong, as conditions of alerts: of each rule everything there is, so that what is over is told by its absence.

use std::time::Duration;

use jiff::Timestamp;

use super::memory::Memory;
use crate::alert::{Condition, Handle, Rule};
use crate::monitor::delay::Delay;
use crate::monitor::performance::Fired;
use crate::monitor::verdict::Verdict;

/// Tells the alerts what was found of rows and answers.
pub(super) fn tell(alerts: &Handle, memory: &Memory) {
    alerts.replace(Rule::Drift, drift(memory));
    alerts.replace(Rule::Decay, decay(memory));
}

/// Tells the alerts whether truths are late, which time alone can bring about.
pub(super) fn tell_delay(alerts: &Handle, memory: &Memory, late: Duration, now: Timestamp) {
    if let Some(delay) = &memory.delay {
        alerts.replace(Rule::LabelDelay, lateness(memory, delay, late, now));
    }
}

/// The newest verdicts that found drift, also those of the models before that are not over; a slice's is part of the whole's.
fn drift(memory: &Memory) -> Vec<Condition> {
    let verdicts = memory.verdicts.iter().flatten();
    let found = verdicts.filter_map(|v| drifted(&memory.model, v));
    found.chain(memory.carried.drift(&memory.model)).collect()
}

pub(super) fn drifted(model: &str, verdict: &Verdict) -> Option<Condition> {
    let change = verdict.change()?;
    let p = verdict.drift.columns.iter().filter_map(|c| c.p_adjusted);
    let retrain = verdict.retrain.as_ref();
    let retrain = retrain.map_or(String::new(), |retrain| match retrain.asked {
        true => "A training is asked for.".into(),
        false => format!("No training for it: {}.", retrain.why),
    });
    let rows = verdict.drift.rows;
    let sampled = verdict.batch.map_or(String::new(), |rows| {
        format!(", a sample of the {rows} of one request,")
    });
    let description = format!(
        "{} predictions{sampled} beside {} rows {model} learnt from, level {}. {retrain}",
        rows.current, rows.reference, verdict.drift.level
    );
    let subject = match &verdict.slice {
        Some(slice) => format!("{model} {slice}"),
        None => model.to_owned(),
    };
    let summary = format!("Drift: {change}");
    let mut condition = Condition::holds(Rule::Drift, subject, summary)
        .describe(description)
        .value(p.fold(1.0, f64::min))
        .label("model", model);
    if let Some(slice) = &verdict.slice {
        condition = condition.label("slice", slice.to_string()).within(model);
    }
    Some(condition)
}

/// The decay of the live model; else that of a model before, where it is not over.
fn decay(memory: &Memory) -> Option<Condition> {
    let fired = memory.performance.as_ref().and_then(|p| p.decayed());
    let found = fired.map(|fired| decayed(&memory.model, fired));
    found.or_else(|| memory.carried.decay(&memory.model))
}

pub(super) fn decayed(model: &str, fired: &Fired) -> Condition {
    Condition::holds(Rule::Decay, model, fired.says.clone())
        .describe("GET /v1/monitor has the figures; it is over once a whole window of labels shows the error gone.")
        .value(fired.change.after.mean)
        .label("model", model)
        .label("detector", &fired.detector)
}

/// A tenth of the last truths came late; or truths have come, and then none for as long.
fn lateness(memory: &Memory, delay: &Delay, late: Duration, now: Timestamp) -> Option<Condition> {
    let late_seconds = late.as_secs_f64();
    let slow = delay.last().map(|window| window.p90);
    let slow = slow.filter(|seconds| *seconds > late_seconds);
    let silent = delay.since(now).map(|since| since.as_secs_f64());
    let silent = silent.filter(|seconds| *seconds > late_seconds);
    let (summary, seconds) = match (slow, silent) {
        (Some(seconds), _) => ("A tenth of the last truths came late".to_owned(), seconds),
        (None, Some(seconds)) => ("No truth has come for long".to_owned(), seconds),
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
