//! A notification: what one channel is told of one rule, in Alertmanager's shape (its webhook, version 4), so that receivers
//! that exist understand it. Every channel writes its own out of that document.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::condition::{self, Condition, Rule};
use super::state::{self, Alert, Phase};
use crate::clock::timestamp;

/// Alerts of one notification; of more, those that were told before are left out and counted.
pub const MOST_ALERTS: usize = 100;

/// What a channel is to be told.
#[derive(Clone, Debug, PartialEq)]
pub struct Notification {
    pub channel: String,
    pub rule: Rule,
    /// Alerts that fire or are over, those told for the first time first.
    pub alerts: Vec<Told>,
    /// Alerts that found no room.
    pub truncated: usize,
    /// Whether any fires, also of those.
    pub fires: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Document {
    pub version: String,
    /// The same for all notifications of a channel and a rule.
    pub group_key: String,
    /// Alerts that found no room.
    pub truncated_alerts: usize,
    /// `firing` where any does, else `resolved`.
    pub status: String,
    pub receiver: String,
    /// What all alerts of the group have in common by their rule.
    pub group_labels: BTreeMap<String, String>,
    /// Labels that all of these have.
    pub common_labels: BTreeMap<String, String>,
    /// Annotations that all of these have.
    pub common_annotations: BTreeMap<String, String>,
    /// Where the server is.
    #[serde(rename = "externalURL")]
    pub external_url: String,
    pub alerts: Vec<Told>,
}

/// One alert as it is told.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Told {
    pub status: String,
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    /// When it began to fire: the same until it is resolved.
    #[serde(with = "timestamp")]
    pub starts_at: Timestamp,
    /// When it was over; the year 1 while it is not, as Alertmanager has it.
    #[serde(with = "zero")]
    pub ends_at: Option<Timestamp>,
    /// Where the server tells of it.
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    /// What it is known by: the same from firing to resolved, and the next time.
    pub fingerprint: String,
}

impl Told {
    /// An alert in its last episode.
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
    /// One that nothing stands behind, to try a channel.
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

    /// The document, told by a server at `url`.
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

/// The pairs that are in all of them.
fn common<'a>(
    mut maps: impl Iterator<Item = &'a BTreeMap<String, String>>,
) -> BTreeMap<String, String> {
    let mut pairs = maps.next().cloned().unwrap_or_default();
    for map in maps {
        pairs.retain(|name, value| map.get(name) == Some(value));
    }
    pairs
}

/// A time that may not have come: Go's zero time, which receivers of Alertmanager's look for.
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
