//! A notification: the alerts of one rule for one channel, in the format of Alertmanager (webhook version 4), so that
//! existing receivers understand it. Every channel renders its own format from this document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition, Rule};
use super::state::{self, Alert, Phase};
use crate::clock::timestamp;

/// Maximum number of alerts in one notification. Of more, those that were notified before are left out and counted.
pub const MOST_ALERTS: usize = 100;

/// A notification for one channel.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub channel: String,
    pub rule: Rule,
    /// Firing and resolved alerts; those that are notified for the first time come first.
    pub alerts: Vec<Told>,
    /// Number of alerts that were left out.
    pub truncated: usize,
    /// Whether any alert fires, including those left out.
    pub fires: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub version: String,
    /// Group key: the same for all notifications of a channel and a rule.
    pub group_key: String,
    /// Number of alerts that were left out.
    pub truncated_alerts: usize,
    /// `firing` if any alert fires, else `resolved`.
    pub status: String,
    pub receiver: String,
    /// Labels that define the group.
    pub group_labels: BTreeMap<String, String>,
    /// Labels that all alerts have in common.
    pub common_labels: BTreeMap<String, String>,
    /// Annotations that all alerts have in common.
    pub common_annotations: BTreeMap<String, String>,
    /// Base URL of the server.
    #[serde(rename = "externalURL")]
    pub external_url: String,
    pub alerts: Vec<Told>,
}

/// One alert of a notification.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub status: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// When the alert started to fire; the same until it is resolved.
    #[serde(with = "timestamp")]
    pub starts_at: Timestamp,
    /// When the alert was resolved; the year 1 while it fires, as in Alertmanager.
    #[serde(with = "zero")]
    pub ends_at: Option<Timestamp>,
    /// URL of the alert on this server.
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    /// Identity of the alert: the same from firing to resolved, and in later episodes.
    pub fingerprint: String,
}

impl Told {
    /// The alert in the episode that began at `starts_at`.
    pub(super) fn of(fingerprint: &str, alert: &Alert, starts_at: Timestamp) -> Told {
        let fires = alert.phase == Phase::Firing && alert.starts_at == Some(starts_at);
        let annotations = alert.annotations().into_iter();
        Told {
            status: if fires { "firing" } else { "resolved" }.into(),
            labels: alert.all_labels(),
            annotations: annotations.map(|(k, v)| (k.to_owned(), v)).collect(),
            starts_at,
            ends_at: alert.ends_at.filter(|_| !fires),
            generator_url: String::new(),
            fingerprint: fingerprint.into(),
        }
    }

    pub fn fires(&self) -> bool {
        self.status == "firing"
    }
}

impl Notification {
    /// A notification about a made-up alert, to test a channel.
    pub fn test(channel: &str, condition: Condition, now: Timestamp) -> Notification {
        let mut alert = Alert::begun(&condition.bounded(), now, String::new());
        (alert.phase, alert.starts_at) = (Phase::Firing, Some(now));
        let fingerprint = state::fingerprint(alert.rule, &alert.subject);
        Notification {
            channel: channel.into(),
            rule: alert.rule,
            alerts: vec![Told::of(&fingerprint, &alert, now)],
            truncated: 0,
            fires: true,
        }
    }

    /// The document that is sent, with links to a server at `url`.
    pub fn document(&self, url: &str) -> Document {
        let group = BTreeMap::from([(
            "alertname".to_owned(),
            condition::name(self.rule).to_owned(),
        )]);
        let generator_url = format!("{url}/v1/alerts");
        let alerts: Vec<Told> = self
            .alerts
            .iter()
            .map(|told| Told {
                generator_url: generator_url.clone(),
                ..told.clone()
            })
            .collect();
        Document {
            version: "4".into(),
            group_key: format!("{{}}:{{alertname=\"{}\"}}", condition::name(self.rule)),
            truncated_alerts: self.truncated,
            status: if self.fires { "firing" } else { "resolved" }.into(),
            receiver: self.channel.clone(),
            group_labels: group,
            common_labels: common(alerts.iter().map(|told| &told.labels)),
            common_annotations: common(alerts.iter().map(|told| &told.annotations)),
            external_url: url.into(),
            alerts,
        }
    }
}

/// Key-value pairs that all maps have in common.
fn common<'a>(
    mut maps: impl Iterator<Item = &'a BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut pairs = maps.next().cloned().unwrap_or_default();
    for map in maps {
        pairs.retain(|name, value| map.get(name) == Some(value));
    }
    pairs
}

/// Serde format of a time that may be absent: Go's zero time, which receivers written for Alertmanager expect.
mod zero {
    use jiff::Timestamp;
    use serde::{Deserializer, Serializer};

    use crate::clock::timestamp;

    const ZERO: &str = "0001-01-01T00:00:00Z";

    pub fn serialize<S: Serializer>(time: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
        match time {
            Some(time) => timestamp::serialize(time, to),
            None => to.serialize_str(ZERO),
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
        let time = timestamp::deserialize(from)?;
        let zero: Timestamp = ZERO.parse().expect("the text is a time");
        Ok((time != zero).then_some(time))
    }
}
