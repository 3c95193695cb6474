//! Silences suppress notifications about alerts with certain labels for some time. The end of an alert that was notified
//! before is still notified.

use std::collections::BTreeMap;
use std::time::Duration;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::wait::after;
use crate::clock::timestamp;

/// Maximum number of silences; beyond it the oldest are removed.
pub const MOST: usize = 1000;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "ActiveSilence")]
pub struct Silence {
    pub id: String,
    /// Labels that an alert must have, all of them.
    pub matchers: Vec<Matcher>,
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub since: Timestamp,
    #[serde(with = "timestamp")]
    #[schemars(with = "String")]
    pub until: Timestamp,
    pub comment: String,
}

/// Condition of a silence on one label.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "LabelMatcher")]
pub struct Matcher {
    pub name: String,
    /// Whether the label must have this value, or must not have it.
    pub equal: bool,
    /// The value; an absent label counts as empty.
    pub value: String,
}

impl Matcher {
    /// The texts that [`parse`](Matcher::parse) accepts, as a regular expression that means the same in every dialect.
    pub const PATTERN: &str = r"^[ \t]*[a-zA-Z_][a-zA-Z0-9_]*[ \t]*!?=([^~]|$)";

    /// Parses `name=value` or `name!=value`; the name is a label name of Prometheus. Patterns (`name=~value`) are rejected:
    /// taken literally, they would match nothing.
    pub fn parse(text: &str) -> Option<Matcher> {
        let (name, value) = text.split_once('=')?;
        if value.starts_with('~') {
            return None;
        }
        let (name, equal) = match name.strip_suffix('!') {
            Some(name) => (name, false),
            None => (name, true),
        };
        let name = name.trim_matches([' ', '\t']);
        is_label_name(name).then(|| Matcher {
            name: name.into(),
            equal,
            value: value.trim().into(),
        })
    }

    fn fits(&self, labels: &BTreeMap<String, String>) -> bool {
        let found = labels.get(&self.name).map_or("", String::as_str);
        (found == self.value) == self.equal
    }
}

/// Whether a text is a label name of Prometheus (<https://prometheus.io/docs/concepts/data_model/>): letters, digits and `_`
/// of ASCII, not led by a digit.
fn is_label_name(text: &str) -> bool {
    let allowed = |c: char| c == '_' || c.is_ascii_alphanumeric();
    text.starts_with(|c: char| allowed(c) && !c.is_ascii_digit()) && text.chars().all(allowed)
}

impl Silence {
    /// A silence of the single alert that has these labels.
    pub fn of(
        id: String,
        labels: &BTreeMap<String, String>,
        now: Timestamp,
        time: Duration,
        comment: String,
    ) -> Silence {
        let matcher = |name: &str| Matcher {
            name: name.into(),
            equal: true,
            value: labels[name].clone(),
        };
        Silence {
            id,
            matchers: ["alertname", "subject"].map(matcher).into(),
            since: now,
            until: after(now, time),
            comment,
        }
    }

    /// A silence of all alerts that match.
    pub fn labelled(
        id: String,
        matchers: Vec<Matcher>,
        now: Timestamp,
        time: Duration,
        comment: String,
    ) -> Silence {
        Silence {
            id,
            matchers,
            since: now,
            until: after(now, time),
            comment,
        }
    }

    /// Whether the silence applies to an alert with these labels. A silence without matchers applies to none.
    pub fn covers(&self, labels: &BTreeMap<String, String>, now: Timestamp) -> bool {
        let fits = || self.matchers.iter().all(|matcher| matcher.fits(labels));
        now < self.until && !self.matchers.is_empty() && fits()
    }

    /// Whether the silence names a single alert by its subject, and that is the one with these labels.
    pub fn names(&self, labels: &BTreeMap<String, String>) -> bool {
        let subject = |matcher: &Matcher| matcher.name == "subject" && matcher.equal;
        self.matchers.iter().any(subject)
            && self.matchers.iter().all(|matcher| matcher.fits(labels))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_silence_is_on_what_has_all_its_labels_until_it_ends() {
        let labels = BTreeMap::from([
            ("alertname".to_owned(), "drift".to_owned()),
            ("column".to_owned(), "age".to_owned()),
        ]);
        let now = Timestamp::from_second(100).unwrap();
        let check = |matchers: &[&str], second: i64, covers: bool| {
            let silence = Silence {
                id: "s".into(),
                matchers: matchers.iter().filter_map(|m| Matcher::parse(m)).collect(),
                since: now,
                until: after(now, Duration::from_secs(10)),
                comment: String::new(),
            };
            let at = Timestamp::from_second(second).unwrap();
            assert_eq!(silence.covers(&labels, at), covers, "{matchers:?} {second}");
        };
        check(&["alertname=drift"], 100, true);
        check(&["alertname=drift"], 109, true);
        check(&["alertname=drift"], 110, false);
        check(&["alertname = drift", "column=age"], 100, true);
        check(&["alertname=drift", "column!=age"], 100, false);
        check(&["alertname!=decay", "row="], 100, true);
        check(&["row=7"], 100, false);
        check(&[], 100, false);
    }

    #[test]
    fn a_matcher_names_a_label_and_its_pattern_says_which() {
        let pattern = regex_automata::meta::Regex::new(Matcher::PATTERN).unwrap();
        for (text, is_matcher) in [
            ("alertname=drift", true),
            (" \talertname \t!=\u{85}", true),
            ("_a9=", true),
            ("row=a=~b", true),
            ("drift", false),
            ("=drift", false),
            ("!=drift", false),
            ("alertname=~dri.*", false),
            ("alertname!=~dri.*", false),
            ("9a=b", false),
            ("a!b=c", false),
            ("a b=c", false),
            ("größe=c", false),
            (" \u{b}\u{b}\u{85}=", false),
            ("\u{b}a=b", false),
            ("\na=b", false),
            ("a\u{a0}=b", false),
        ] {
            assert_eq!(Matcher::parse(text).is_some(), is_matcher, "{text:?}");
            assert_eq!(pattern.is_match(text), is_matcher, "{text:?}");
        }
    }
}
