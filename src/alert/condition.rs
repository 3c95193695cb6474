//! Conditions: reports from other modules that something does or does not hold now. This module does not know the reasons.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::telemetry::metrics::ClosedLabel;

/// The rule of an alert, a key of `alerts.rules`.
pub use crate::telemetry::metrics::AlertRule as Rule;

/// Maximum length of a label value, a summary or a subject, in characters.
pub const LONGEST: usize = 1024;

/// Maximum length of a description, in characters.
pub const LONGEST_DESCRIPTION: usize = 4096;

/// Maximum number of labels in addition to the rule and the subject.
pub const MOST_LABELS: usize = 16;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    pub rule: Rule,
    /// What the condition is about: `titanic@7`, `titanic@7 plan=pro`, `events.redb`. Rule and subject identify the alert.
    pub subject: String,
    /// Whether the condition holds now.
    pub active: bool,
    /// More about the subject. Labels stay the same while the alert exists; anything that changes belongs in the description.
    pub labels: BTreeMap<String, String>,
    /// One sentence that says what holds.
    pub summary: String,
    /// Metrics, reasons and what to do.
    pub description: String,
    /// The number that the condition is based on.
    pub value: Option<f64>,
    /// Subject of the same rule that contains this one: while its alert fires, no notification is sent about this one.
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

    /// A condition that does not hold, or no longer holds.
    pub fn over(rule: Rule, subject: impl Into<String>) -> Condition {
        Condition {
            active: false,
            ..Condition::holds(rule, subject, "")
        }
    }

    #[must_use]
    pub fn describe(mut self, description: impl Into<String>) -> Condition {
        self.description = description.into();
        self
    }

    /// Sets the number that the condition is based on.
    #[must_use]
    pub fn value(mut self, value: f64) -> Condition {
        self.value = Some(value);
        self
    }

    #[must_use]
    pub fn label(mut self, name: impl Into<String>, value: impl Into<String>) -> Condition {
        self.labels.insert(name.into(), value.into());
        self
    }

    /// Sets the subject that contains this one.
    #[must_use]
    pub fn within(mut self, subject: impl Into<String>) -> Condition {
        self.within = Some(subject.into());
        self
    }

    /// Cuts all texts and labels to their limits, so that a faulty caller cannot fill a disk or a mailbox.
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

/// Finds a rule by its name.
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
