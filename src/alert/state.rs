//! What is known of alerts from one look to the next; kept in the store.

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
    /// What channels were told, by rule and channel ([`group`]).
    pub groups: BTreeMap<String, Group>,
}

/// Where an alert stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its condition holds, not yet for long enough.
    Pending,
    Firing,
    Resolved,
}

/// What one rule says of one subject.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// Its id, for as long as it is remembered.
    pub id: String,
    pub rule: Rule,
    pub subject: String,
    pub labels: BTreeMap<String, String>,
    /// What holds, in a sentence: as told last.
    pub summary: String,
    pub description: String,
    /// The figure it rests on.
    pub value: Option<f64>,
    /// The subject this one is part of.
    pub within: Option<String>,
    /// Whether its condition holds.
    pub active: bool,
    /// When that last changed.
    pub changed: Timestamp,
    pub phase: Phase,
    pub since: Timestamp,
    /// When it last began to fire.
    pub starts_at: Option<Timestamp>,
    /// When that was over.
    pub ends_at: Option<Timestamp>,
    /// Whether a silence is on it.
    pub silenced: bool,
}

/// What one channel was told of one rule.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Alerts it was told to fire, and not yet to be over: fingerprint and beginning.
    pub told: BTreeMap<String, Timestamp>,
    /// When it was last told something.
    pub last: Option<Timestamp>,
    /// When it is to be told what has changed.
    pub due: Option<Timestamp>,
}

/// An alert that came to another state, as subscribers and the store hear of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Transition {
    #[serde(rename = "id")]
    pub alert: String,
    pub rule: Rule,
    pub subject: String,
    /// `pending`, `firing`, `silenced`, `resolved`, or `inactive` where it was pending and did not come to fire.
    pub state: &'static str,
    #[serde(with = "timestamp")]
    pub since: Timestamp,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<&'static str, String>,
}

impl State {
    /// As it is after a restart: nobody knows whether what was pending went on meanwhile, so it waits anew.
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
    /// One of which nothing was known before.
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

    /// Every label: the rule under the name that receivers know, the subject, and its own.
    pub fn all_labels(&self) -> BTreeMap<String, String> {
        let mut labels = self.labels.clone();
        labels.insert("alertname".into(), condition::name(self.rule).into());
        labels.insert("subject".into(), self.subject.clone());
        labels
    }

    /// What is said of it.
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

    /// Its state in a word.
    pub fn word(&self) -> &'static str {
        match self.phase {
            Phase::Pending => "pending",
            Phase::Resolved => "resolved",
            Phase::Firing if self.silenced => "silenced",
            Phase::Firing => "firing",
        }
    }

    /// The transition to the state it is in now.
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
    /// Whether two states differ in nothing but what is said of alerts: that is published anew anyway, and not worth a commit.
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
    /// The body of its event. The event has an id of its own, so the alert's stands under another name.
    pub(super) fn event_body(&self) -> String {
        let mut body = serde_json::to_value(self).expect("its keys are text");
        if let Value::Object(fields) = &mut body {
            let alert = fields.remove("id").unwrap_or_default();
            fields.insert("alert".into(), alert);
        }
        body.to_string()
    }
}

/// What an alert is known by, whatever it is called: sixteen digits, as Alertmanager's.
pub fn fingerprint(rule: Rule, subject: &str) -> String {
    let mut digest = Sha256::new();
    digest.update(condition::name(rule));
    digest.update([0]);
    digest.update(subject);
    hex::encode(&digest.finalize()[..8])
}

/// The key of what a channel was told of a rule.
pub fn group(rule: Rule, channel: &str) -> String {
    format!("{}/{channel}", condition::name(rule))
}

/// A figure as people read it: 0.042, 1800, 8.6e-62.
fn short(value: f64) -> String {
    let is_plain = value == 0.0 || (1e-4..1e9).contains(&value.abs());
    if is_plain {
        let text = format!("{value:.4}");
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    } else {
        format!("{value:.1e}")
    }
}
