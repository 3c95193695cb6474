//! The outcome of one check of a window, with all its evidence.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cbpe::Estimated;
use super::drift::Drift;
use super::quality::QualityIssue;
use super::slice::Slice;

/// Maximum columns that are named in one sentence.
const NAMED: usize = 4;

/// The verdict on one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DriftVerdict")]
pub struct Verdict {
    /// The model whose reference the rows were compared with.
    pub model: String,
    /// The slice that was tested; `None` for all rows.
    pub slice: Option<Slice>,
    /// Time of the last row of the window.
    #[serde(with = "crate::clock::timestamp")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The window's range of event numbers.
    pub window: Span,
    /// Whether the window was full; if not, it was half full and pooled with the previous one.
    pub full: bool,
    /// Row count of the request that the window samples; `None` for a window of consecutive rows.
    #[serde(default)]
    pub batch: Option<u64>,
    /// The comparison of the columns with the reference.
    #[serde(flatten)]
    pub drift: Drift,
    /// The drifts that retraining cannot fix.
    #[serde(rename = "ailments")]
    pub issues: Vec<QualityIssue>,
    /// Estimated metrics from the scores alone; `None` for a slice.
    pub estimated: Option<Estimated>,
    /// Whether a training is requested, with the reason; `None` without drift.
    pub retrain: Option<Retrain>,
}

/// A range of event numbers in the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventSpan")]
pub struct Span {
    /// Number of the first event.
    pub from: u64,
    /// Number of the last event.
    pub to: u64,
}

impl Span {
    /// Whether the range contains the event number.
    pub fn has(&self, seq: u64) -> bool {
        (self.from..=self.to).contains(&seq)
    }

    /// Extends the range to the end of `next` if that overlaps or follows it directly; otherwise becomes `next`.
    pub fn extend(&mut self, next: Span) {
        let follows = self.has(next.from) || self.to + 1 == next.from;
        *self = Span {
            from: if follows { self.from } else { next.from },
            to: self.to.max(next.to),
        };
    }
}

/// The decision on retraining that follows from a drift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RetrainVerdict")]
pub struct Retrain {
    /// Whether a training is requested.
    pub asked: bool,
    /// The reason for or against the training.
    pub why: String,
}

/// A one-line summary of a verdict.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "VerdictLine")]
pub struct Brief {
    pub model: String,
    /// The slice that was tested; `None` for all rows.
    pub slice: Option<Slice>,
    #[serde(with = "crate::clock::timestamp")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// The window's range of event numbers.
    pub window: Span,
    pub drift: bool,
    /// Description of the change.
    pub change: Option<String>,
}

impl Verdict {
    /// Description of the change, such as `plan: pro 35 % → 64 %; months: median 12 → 4`; `None` without drift.
    pub fn change(&self) -> Option<String> {
        let changes: Vec<String> = self
            .drift
            .columns
            .iter()
            .filter(|c| c.drift)
            .map(of)
            .collect();
        let more = changes.len().saturating_sub(NAMED);
        if changes.is_empty() {
            return None;
        }
        let mut text = changes[..changes.len() - more].join("; ");
        if more > 0 {
            text += &format!("; and {more} more");
        }
        Some(match &self.slice {
            Some(slice) => format!("within {slice}, {text}"),
            None => text,
        })
    }

    /// Decides on retraining. No training is requested while a column has a data-quality issue, because corrupt rows must
    /// not be trained on; nor with a `hindrance` (a reason given by the caller); nor for a half-full window, in which a
    /// column that fails looks like one that changes: the full window decides.
    pub fn conclude(&mut self, hindrance: Option<String>) {
        self.retrain = self.change().map(|change| {
            let refused = match (self.quality_issue().or(hindrance), self.full) {
                (Some(why), _) => Some(why),
                (None, false) => Some("the window is half full, and the full one decides".into()),
                (None, true) => None,
            };
            Retrain {
                asked: refused.is_none(),
                why: refused.unwrap_or(change),
            }
        });
    }

    /// Why training cannot help, in words; `None` if it may.
    pub fn quality_issue(&self) -> Option<String> {
        let why: Vec<&str> = self.issues.iter().map(|issue| issue.why.as_str()).collect();
        (!why.is_empty()).then(|| format!("{}; mend the source", why.join("; ")))
    }

    /// Why training cannot help after the verdict `next` either: a column with a data-quality issue here has drifted there too.
    pub fn issue_goes_on(&self, next: &Verdict) -> Option<String> {
        let drifted = |name: &str| {
            let mut columns = next.drift.columns.iter();
            columns.any(|c| c.drift && c.name == name)
        };
        let issue = self.issues.iter().find(|issue| drifted(&issue.column))?;
        let column = &issue.column;
        Some(format!(
            "{column} was broken in the window before, and these rows may be in part"
        ))
    }

    pub fn brief(&self) -> Brief {
        Brief {
            model: self.model.clone(),
            slice: self.slice.clone(),
            time: self.time,
            window: self.window,
            drift: self.drift.drift,
            change: self.change(),
        }
    }
}

fn of(column: &super::drift::ColumnDrift) -> String {
    match &column.change {
        Some(change) => format!("{}: {change}", column.name),
        None => column.name.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::monitor::drift::compare;
    use crate::monitor::sample::{Column, Numbers, Observed, Sample};

    fn sample(columns: usize, from: f64) -> Sample {
        let values = || Numbers::of((0..100).map(|i| Some(f64::from(i) + from)));
        let column = |n| Column {
            name: format!("c{n}"),
            observed: Observed::Number(values()),
        };
        Sample {
            rows: 100,
            columns: (0..columns).map(column).collect(),
        }
    }

    fn verdict(columns: usize, shift: f64, issues: Vec<QualityIssue>) -> Verdict {
        let mut verdict = Verdict {
            model: "moths@1".into(),
            slice: None,
            time: Timestamp::UNIX_EPOCH,
            window: Span::default(),
            full: true,
            batch: None,
            drift: compare(&sample(columns, 0.0), &sample(columns, shift), 0.01),
            issues,
            estimated: None,
            retrain: None,
        };
        verdict.conclude(None);
        verdict
    }

    #[test]
    fn what_changed_is_a_sentence_of_bounded_length() {
        let two = "c0: median 49.5 → 129.5; c1: median 49.5 → 129.5";
        assert_eq!(verdict(2, 80.0, Vec::new()).change().as_deref(), Some(two));
        let many = verdict(9, 80.0, Vec::new()).change().unwrap();
        assert!(
            many.ends_with("c3: median 49.5 → 129.5; and 5 more"),
            "{many}"
        );
        assert_eq!(verdict(2, 0.0, Vec::new()).change(), None);
    }

    #[test]
    fn a_training_is_asked_for_where_it_may_help() {
        let issues = || {
            vec![QualityIssue {
                column: "c0".into(),
                kind: crate::monitor::quality::IssueKind::Blank,
                why: "c0 has gone blank".into(),
            }]
        };
        let asked = |verdict: &Verdict| verdict.retrain.as_ref().map(|r| r.asked);
        assert_eq!(asked(&verdict(1, 80.0, Vec::new())), Some(true));
        assert_eq!(asked(&verdict(1, 0.0, Vec::new())), None);
        let blank = verdict(1, 80.0, issues());
        assert_eq!(asked(&blank), Some(false));
        let why = blank.retrain.as_ref().unwrap().why.clone();
        let mut beside = verdict(1, 80.0, Vec::new());
        beside.conclude(blank.quality_issue());
        assert_eq!(beside.retrain, blank.retrain);
        let mut half = verdict(1, 80.0, Vec::new());
        half.full = false;
        half.conclude(None);
        assert_eq!(asked(&half), Some(false));
        assert!(why == "c0 has gone blank; mend the source", "{why}");
        let why = "c0 was broken in the window before, and these rows may be in part";
        assert_eq!(blank.issue_goes_on(&half).as_deref(), Some(why));
        assert_eq!(blank.issue_goes_on(&verdict(1, 0.0, Vec::new())), None);
        assert_eq!(half.issue_goes_on(&blank), None);
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let verdict = verdict(2, 80.0, Vec::new());
        let text = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict);
    }
}
