//! Updates alert states from conditions: pending, firing, resolved.

use jiff::Timestamp;

use super::decision::{Decision, News};
use crate::alert::condition::Condition;
use crate::alert::options::Options;
use crate::alert::state::{Alert, Phase, State, Transition, fingerprint};
use crate::alert::wait::passed;

/// Maximum number of alerts in the state. Beyond it, resolved alerts are removed first, then new ones are dropped.
const MOST_ALERTS: usize = 1000;

/// How long a resolved alert stays in the state.
const REMEMBERED: std::time::Duration = std::time::Duration::from_secs(24 * 3600);

/// Applies the reported conditions to the state.
pub(super) fn take(
    state: &mut State,
    news: &News<'_>,
    now: Timestamp,
    options: &Options,
    new_id: &mut dyn FnMut() -> String,
    decision: &mut Decision,
) {
    for alert in state.alerts.values_mut() {
        let named = |c: &&Condition| c.rule == alert.rule && c.subject == alert.subject;
        if alert.active
            && news.whole.contains(&alert.rule)
            && !news.conditions.iter().any(|c| named(&c))
        {
            (alert.active, alert.changed) = (false, now);
        }
    }
    // Conditions of disabled rules are ignored.
    let is_on = |condition: &&Condition| options.rules.contains_key(&condition.rule);
    for condition in news.conditions.iter().filter(is_on) {
        let print = fingerprint(condition.rule, &condition.subject);
        if let Some(alert) = state.alerts.get_mut(&print) {
            again(alert, condition, now);
        } else if condition.active {
            if !room(state) {
                decision.dropped += 1;
                continue;
            }
            let alert = Alert::begun(condition, now, new_id());
            decision.transitions.push(alert.transition(now));
            state.alerts.insert(print, alert);
        }
    }
}

/// Updates an alert from a condition. Texts change only while the condition holds, so a resolved alert keeps its last ones.
fn again(alert: &mut Alert, condition: &Condition, now: Timestamp) {
    if alert.active != condition.active {
        (alert.active, alert.changed) = (condition.active, now);
    }
    if condition.active {
        alert.summary.clone_from(&condition.summary);
        alert.description.clone_from(&condition.description);
        alert.within.clone_from(&condition.within);
        alert.value = condition.value;
        if alert.phase != Phase::Firing {
            alert.labels.clone_from(&condition.labels);
        }
    }
}

/// Makes room for one more alert by removing the oldest resolved one; returns false if none can be removed.
fn room(state: &mut State) -> bool {
    if state.alerts.len() < MOST_ALERTS {
        return true;
    }
    let told = |print: &str| {
        state
            .groups
            .values()
            .any(|group| group.told.contains_key(print))
    };
    let over = state.alerts.iter();
    let over = over.filter(|(print, alert)| alert.phase == Phase::Resolved && !told(print));
    let oldest = over.min_by_key(|(_, alert)| alert.since);
    match oldest.map(|(print, _)| print.clone()) {
        Some(print) => state.alerts.remove(&print).is_some(),
        None => false,
    }
}

/// Moves every alert to its next phase.
pub(super) fn advance(
    state: &mut State,
    now: Timestamp,
    options: &Options,
    decision: &mut Decision,
) {
    let State {
        alerts,
        silences,
        groups,
    } = state;
    alerts.retain(|print, alert| {
        let rule = options.rules.get(&alert.rule);
        if rule.is_none() {
            alert.active = false; // it was switched off
        }
        let before = (alert.phase, alert.silenced);
        let told = |starts| groups.values().any(|g| g.told.get(print) == Some(&starts));
        match (alert.phase, rule, alert.active) {
            (Phase::Pending, Some(rule), true) if passed(now, alert.since, rule.wait) => {
                fire(alert, now, told);
            }
            (Phase::Resolved, Some(rule), true) if rule.wait.is_zero() => fire(alert, now, told),
            (Phase::Resolved, Some(_), true) => {
                (alert.phase, alert.since) = (Phase::Pending, now);
            }
            (Phase::Firing, rule, false)
                if rule.is_none_or(|rule| passed(now, alert.changed, rule.keep_firing_for)) =>
            {
                (alert.phase, alert.since, alert.ends_at) = (Phase::Resolved, now, Some(now));
            }
            (Phase::Pending, _, false) => {
                decision.transitions.push(Transition {
                    state: "inactive",
                    ..alert.transition(now)
                });
                if alert.starts_at.is_none() {
                    return false;
                }
                (alert.phase, alert.since) = (Phase::Resolved, now);
                return true; // it was over before
            }
            _ => {}
        }
        alert.silenced = !silences.is_empty() && {
            let labels = alert.all_labels();
            silences.iter().any(|silence| silence.covers(&labels, now))
        };
        let fires = alert.phase == Phase::Firing;
        if alert.phase != before.0 || (fires && alert.silenced != before.1) {
            decision.transitions.push(alert.transition(now));
        }
        true
    });
}

/// Starts firing. The previous episode goes on if its end was not notified; otherwise a new one starts.
fn fire(alert: &mut Alert, now: Timestamp, told: impl Fn(Timestamp) -> bool) {
    let same = alert.starts_at.filter(|starts_at| told(*starts_at));
    alert.since = same.unwrap_or(now);
    alert.starts_at = Some(alert.since);
    alert.ends_at = None;
    alert.phase = Phase::Firing;
}

/// Removes alerts that were resolved long ago and whose end was notified on every channel.
pub(super) fn forget(state: &mut State, now: Timestamp) {
    let State { alerts, groups, .. } = state;
    alerts.retain(|print, alert| {
        let old = alert.phase == Phase::Resolved && passed(now, alert.since, REMEMBERED);
        !old || groups.values().any(|group| group.told.contains_key(print))
    });
}
