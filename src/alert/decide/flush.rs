//! Makes notifications from alert states: everything new for a channel and a rule goes into one notification.

use std::collections::BTreeSet;

use jiff::Timestamp;

use super::decision::Decision;
use crate::alert::condition::{self, Rule};
use crate::alert::notification::{MOST_ALERTS, Notification, Told};
use crate::alert::options::Options;
use crate::alert::state::{Alert, Group, Phase, State, group};
use crate::alert::wait::{after, passed};

/// Decides for every channel and rule whether a notification is due.
pub(super) fn groups(
    state: &mut State,
    now: Timestamp,
    options: &Options,
    decision: &mut Decision,
) {
    let mut groups = std::mem::take(&mut state.groups);
    let fires: BTreeSet<Rule> = firing(state).map(|(_, alert)| alert.rule).collect();
    for &rule in condition::Rule::ALL {
        let settings = options.rules.get(&rule);
        for channel in &options.channels {
            let key = group(rule, channel);
            let told = groups.remove(&key).unwrap_or_default();
            // A rule that was disabled, or no longer goes to this channel, only notifies the ends of alerts it notified before.
            let settings = settings.filter(|rule| rule.goes_to(channel));
            if settings.is_none() && told.told.is_empty() {
                continue;
            }
            let inhibited =
                settings.is_none_or(|rule| rule.inhibited_by.iter().any(|by| fires.contains(by)));
            let repeat = settings.map(|rule| rule.repeat);
            let due = Due {
                now,
                wait: options.group_wait,
                repeat,
            };
            let (told, notification) = flush(state, told, rule, channel, inhibited, &due);
            decision.notifications.extend(notification);
            if told != Group::default() {
                state.groups.insert(key, told);
            }
        }
    }
    // The remaining groups belong to channels that no longer exist; they are dropped.
}

fn firing(state: &State) -> impl Iterator<Item = (&String, &Alert)> {
    let fires = |(_, alert): &(&String, &Alert)| alert.phase == Phase::Firing;
    state.alerts.iter().filter(fires)
}

struct Due {
    now: Timestamp,
    wait: std::time::Duration,
    repeat: Option<std::time::Duration>,
}

fn flush(
    state: &State,
    mut group: Group,
    rule: Rule,
    channel: &str,
    inhibited: bool,
    due: &Due,
) -> (Group, Option<Notification>) {
    group
        .told
        .retain(|print, _| state.alerts.contains_key(print));
    let of_rule = || firing(state).filter(|(_, alert)| alert.rule == rule);
    let is_part = |alert: &Alert| {
        let whole = |other: &Alert| Some(&other.subject) == alert.within.as_ref();
        let mut others = of_rule().map(|(_, other)| other);
        alert.within.is_some() && others.any(|other| whole(other) && other.subject != alert.subject)
    };
    let audible = of_rule().filter(|(_, alert)| !inhibited && !alert.silenced && !is_part(alert));
    let (known, fresh): (Vec<_>, Vec<_>) = audible
        .filter_map(|(print, alert)| Some((print, alert, alert.starts_at?)))
        .partition(|(print, _, starts_at)| group.told.get(*print) == Some(starts_at));
    let over: Vec<_> = group
        .told
        .iter()
        .filter_map(|(print, starts_at)| Some((print, state.alerts.get(print)?, *starts_at)))
        .filter(|(_, alert, starts_at)| {
            alert.phase != Phase::Firing || alert.starts_at != Some(*starts_at)
        })
        .collect();
    let changed = !fresh.is_empty() || !over.is_empty();
    let is_due = if changed {
        let at = *group.due.get_or_insert(after(due.now, due.wait));
        at <= due.now
    } else {
        group.due = None;
        let again = |repeat| group.last.is_none_or(|last| passed(due.now, last, repeat));
        !known.is_empty() && due.repeat.is_some_and(again)
    };
    if !is_due {
        return (group, None);
    }
    let all = fresh.iter().chain(&over).chain(&known);
    let told: Vec<Told> = all
        .take(MOST_ALERTS)
        .map(|(print, alert, starts_at)| Told::of(print, alert, *starts_at))
        .collect();
    let notification = Notification {
        channel: channel.into(),
        rule,
        truncated: (fresh.len() + over.len() + known.len()) - told.len(),
        alerts: told,
        fires: !fresh.is_empty() || !known.is_empty(),
    };
    for told in &notification.alerts {
        match told.fires() {
            true => group.told.insert(told.fingerprint.clone(), told.starts_at),
            false => group.told.remove(&told.fingerprint),
        };
    }
    (group.last, group.due) = (Some(due.now), None);
    if group.told.is_empty() {
        group.last = None; // nothing goes on that could be repeated
    }
    (group, Some(notification))
}
