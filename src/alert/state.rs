//! State of alerts between two decisions; persisted in the store.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::condition::{self, Condition, Rule};
use super::silence::Silence;
use crate::clock::timestamp;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Alerts by their fingerprint.
    pub alerts: BTreeMap<String, Alert>,
    pub silences: Vec<Silence>,
    /// What each channel was last notified of, by rule and channel ([`group`]).
    pub groups: BTreeMap<String, Group>,
}

/// Phase of an alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The condition holds, but not yet for as long as the rule requires.
    Pending,
    Firing,
    Resolved,
}

/// The alert of one rule about one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    pub id: String,
    pub rule: Rule,
    pub subject: String,
    pub labels: BTreeMap<String, String>,
    /// One sentence that says what holds, as last reported.
    pub summary: String,
    pub description: String,
    /// The number that the condition is based on.
    pub value: Option<f64>,
    /// Subject that contains this one.
    pub within: Option<String>,
    /// Whether the condition holds.
    pub active: bool,
    /// When `active` last changed.
    pub changed: Timestamp,
    pub phase: Phase,
    pub since: Timestamp,
    /// When the alert last started to fire.
    pub starts_at: Option<Timestamp>,
    /// When the last episode ended.
    pub ends_at: Option<Timestamp>,
    /// Whether a silence applies to the alert.
    pub silenced: bool,
}

/// What one channel was notified of about one rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Alerts that the channel knows as firing: fingerprint and start of the episode.
    pub told: BTreeMap<String, Timestamp>,
    /// Time of the last notification.
    pub last: Option<Timestamp>,
    /// When the pending changes are to be notified.
    pub due: Option<Timestamp>,
}

/// A state change of an alert, as subscribers and the store receive it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transition {
    #[serde(rename = "id")]
    pub alert: String,
    pub rule: Rule,
    pub subject: String,
    /// `pending`, `firing`, `silenced`, `resolved`, or `inactive` for a pending alert that ended before it fired.
    pub state: &'static str,
    #[serde(with = "timestamp")]
    pub since: Timestamp,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<&'static str, String>,
}

impl State {
    /// The state after a restart. Pending alerts start their wait again, because the condition may have ended in between.
    #[must_use]
    pub fn resumed(mut self, now: Timestamp) -> State {
        for alert in self.alerts.values_mut() {
            if alert.phase == Phase::Pending {
                alert.since = now;
            }
        }
        self
    }
}

impl Alert {
    pub(super) fn begun(condition: &Condition, now: Timestamp, id: String) -> Alert {
        Alert {
            id,
            rule: condition.rule,
            subject: condition.subject.clone(),
            labels: condition.labels.clone(),
            summary: condition.summary.clone(),
            description: condition.description.clone(),
            value: condition.value,
            within: condition.within.clone(),
            active: true,
            changed: now,
            phase: Phase::Pending,
            since: now,
            starts_at: None,
            ends_at: None,
            silenced: false,
        }
    }

    /// All labels: the rule under the name that receivers use, the subject, and the alert's own.
    pub fn all_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.insert("alertname".into(), condition::name(self.rule).into());
        labels.insert("subject".into(), self.subject.clone());
        labels
    }

    /// Annotations: summary, description and value.
    pub fn annotations(&self) -> BTreeMap<&'static str, String> {
        let mut annotations = BTreeMap::from([("summary", self.summary.clone())]);
        if !self.description.is_empty() {
            annotations.insert("description", self.description.clone());
        }
        if let Some(value) = self.value {
            annotations.insert("value", short(value));
        }
        annotations
    }

    /// State of the alert as one word.
    pub fn word(&self) -> &'static str {
        match self.phase {
            Phase::Pending => "pending",
            Phase::Resolved => "resolved",
            Phase::Firing if self.silenced => "silenced",
            Phase::Firing => "firing",
        }
    }

    /// Transition to the current state.
    pub(super) fn transition(&self, now: Timestamp) -> Transition {
        Transition {
            alert: self.id.clone(),
            rule: self.rule,
            subject: self.subject.clone(),
            state: self.word(),
            since: now,
            labels: self.all_labels(),
            annotations: self.annotations(),
        }
    }
}

impl State {
    /// Whether two states differ in nothing but texts. Texts are published anyway and are not worth a commit.
    pub(super) fn is_same_but_for_words(&self, other: &State) -> bool {
        let same = self.groups == other.groups
            && self.silences == other.silences
            && self.alerts.len() == other.alerts.len();
        same && self
            .alerts
            .iter()
            .zip(&other.alerts)
            .all(|((a, x), (b, y))| {
                a == b
                    && (x.phase, x.active, x.silenced) == (y.phase, y.active, y.silenced)
                    && (x.since, x.starts_at, x.ends_at) == (y.since, y.starts_at, y.ends_at)
            })
    }
}

impl Transition {
    /// Body of the stored event. The event has its own `id`, so that of the alert is stored under another name.
    pub(super) fn event_body(&self) -> String {
        let mut body = serde_json::to_value(self).expect("its keys are text");
        if let Value::Object(fields) = &mut body {
            let alert = fields.remove("id").unwrap_or_default();
            fields.insert("alert".into(), alert);
        }
        body.to_string()
    }
}

/// Identity of an alert: sixteen hexadecimal digits of a hash of rule and subject, like Alertmanager's fingerprint.
pub fn fingerprint(rule: Rule, subject: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(condition::name(rule));
    digest.update([0]);
    digest.update(subject);
    hex::encode(&digest.finalize()[..8])
}

/// Key of a [`Group`]: rule and channel.
pub fn group(rule: Rule, channel: &str) -> String {
    format!("{}/{channel}", condition::name(rule))
}

/// Formats a number for people: 0.042, 1800, 8.6e-62.
fn short(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-4..1e9).contains(&value.abs());
    if is_plain {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.1e}")
    }
}
