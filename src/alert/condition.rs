//! What is told to this room: whether something holds now. Why it does is the teller's business.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::telemetry::metrics::ClosedLabel;

/// What an alert is about: a key of `alerts.rules`.
pub use crate::telemetry::metrics::AlertRule as Rule;

/// Longest text of a label, a summary or a subject, in characters.
pub const LONGEST: usize = 1024;

/// Longest description, in characters.
pub const LONGEST_DESCRIPTION: usize = 4096;

/// Labels beside the rule and the subject.
pub const MOST_LABELS: usize = 16;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The rule it is of.
    pub rule: Rule,
    /// What it holds of: `titanic@7`, `titanic@7 plan=pro`, `events.redb`. With the rule it is the alert's identity.
    pub subject: String,
    /// Whether it holds now.
    pub active: bool,
    /// More about the subject. They stay the same for as long as the alert lives: what changes belongs in the description.
    pub labels: BTreeMap<String, String>,
    /// What holds, in a sentence.
    pub summary: String,
    /// Figures, reasons, what to do.
    pub description: String,
    /// The figure it rests on.
    pub value: Option<f64>,
    /// A subject of the same rule that this one is part of: while that fires, nobody is told of this one.
    #[serde(default)]
    pub within: Option<String>,
}

impl Condition {
    pub fn holds(rule: Rule, subject: impl Into<String>, summary: impl Into<String>) -> Condition {
        Condition {
            rule,
            subject: subject.into(),
            active: true,
            labels: BTreeMap::new(),
            summary: summary.into(),
            description: String::new(),
            value: None,
            within: None,
        }
    }

    /// One that does not, or no more.
    pub fn over(rule: Rule, subject: impl Into<String>) -> Condition {
        Condition {
            active: false,
            ..Condition::holds(rule, subject, "")
        }
    }

    /// The same with more to say.
    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Condition {
        self.description = description.into();
        self
    }

    /// The same with the figure it rests on.
    #[must_use]
    pub fn value(mut self, value: f64) -> Condition {
        self.value = Some(value);
        self
    }

    /// The same with a label more.
    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Condition {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// The same as part of another subject.
    #[must_use]
    pub fn within(mut self, subject: impl Into<String>) -> Condition {
        self.within = Some(subject.into());
        self
    }

    /// The same, within bounds: nobody's mistake fills a disk or a mailbox.
    pub(super) fn bounded(mut self) -> Condition {
        cut(&mut self.subject, LONGEST);
        cut(&mut self.summary, LONGEST);
        cut(&mut self.description, LONGEST_DESCRIPTION);
        while self.labels.len() > MOST_LABELS {
            self.labels.pop_last();
        }
        self.labels
            .values_mut()
            .for_each(|value| cut(value, LONGEST));
        self.value = self.value.filter(|value| value.is_finite());
        self
    }
}

fn cut(text: &mut String, most: usize) {
    if let Some((at, _)) = text.char_indices().nth(most) {
        text.truncate(at);
        text.push('…');
    }
}

pub fn name(rule: Rule) -> &'static str {
    Rule::VALUES[rule.index()]
}

/// The rule of a name.
pub fn named(text: &str) -> Option<Rule> {
    Rule::ALL.iter().copied().find(|rule| name(*rule) == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_has_its_name_also_in_json() {
        for (index, rule) in Rule::ALL.iter().copied().enumerate() {
            assert_eq!(rule.index(), index);
            assert_eq!(named(name(rule)), Some(rule));
            let json = serde_json::to_value(rule).unwrap();
            assert_eq!(json, name(rule));
        }
        assert_eq!(named("weather"), None);
    }

    #[test]
    fn what_is_too_long_is_cut_at_a_character() {
        let long = "ä".repeat(LONGEST + 1);
        let mut condition = Condition::holds(Rule::Drift, &long, &long)
            .value(f64::NAN)
            .label("a", &long);
        for n in 0..100 {
            condition = condition.label(format!("b{n}"), "c");
        }
        let bounded = condition.bounded();
        let cut = format!("{}…", "ä".repeat(LONGEST));
        assert_eq!((&bounded.subject, &bounded.summary), (&cut, &cut));
        assert_eq!((&bounded.labels["a"], bounded.labels.len()), (&cut, 16));
        assert_eq!(bounded.value, None);
        let short = Condition::holds(Rule::Drift, "ä", "ö").label("a", "b");
        assert_eq!(short.clone().bounded(), short);
    }
}
