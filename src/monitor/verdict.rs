//! The outcome of one check: what a window was found to be, with everything that says so.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::cbpe::Estimated;
use super::drift::Drift;
use super::remedy::Ailment;
use super::slice::Slice;

/// Columns that are named in one sentence.
const NAMED: usize = 4;

/// The verdict on one window.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "DriftVerdict")]
pub struct Verdict {
    /// The model whose reference the rows were held against.
    pub model: String,
    /// Which rows were looked at; none: all.
    pub slice: Option<Slice>,
    /// When its last row came.
    #[serde(with = "crate::clock::timestamp")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Where it lies among the store's events.
    pub window: Span,
    /// Whether it was full; else it was half full, and looked at together with the one before.
    pub full: bool,
    /// Rows of the request that it is a sample of; none of a window of rows that followed each other.
    #[serde(default)]
    pub batch: Option<u64>,
    /// What became of the columns.
    #[serde(flatten)]
    pub drift: Drift,
    /// What no training can help.
    pub ailments: Vec<Ailment>,
    /// How good the answers are without truths; none for a slice.
    pub estimated: Option<Estimated>,
    /// Whether a training is asked for, and why or why not; none without drift.
    pub retrain: Option<Retrain>,
}

/// A stretch of the store's events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "EventSpan")]
pub struct Span {
    /// Number of the first.
    pub from: u64,
    /// Number of the last.
    pub to: u64,
}

impl Span {
    /// Whether an event lies in it.
    pub fn has(&self, seq: u64) -> bool {
        (self.from..=self.to).contains(&seq)
    }

    /// Reaches up to the end of another, if that follows it; else takes its place.
    pub fn extend(&mut self, next: Span) {
        let follows = self.has(next.from) || self.to + 1 == next.from;
        *self = Span {
            from: if follows { self.from } else { next.from },
            to: self.to.max(next.to),
        };
    }
}

/// What follows from a drift.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RetrainVerdict")]
pub struct Retrain {
    /// Whether a training is asked for.
    pub asked: bool,
    /// Why, or why not.
    pub why: String,
}

/// A verdict in a line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "VerdictLine")]
pub struct Brief {
    pub model: String,
    /// Which rows; none: all.
    pub slice: Option<Slice>,
    #[serde(with = "crate::clock::timestamp")]
    #[schemars(with = "String")]
    pub time: Timestamp,
    /// Where it lies among the store's events.
    pub window: Span,
    pub drift: bool,
    /// What changed, in words.
    pub change: Option<String>,
}

impl Verdict {
    /// What changed, in words: `plan: pro 35 % → 64 %; months: median 12 → 4`; none without drift.
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

    /// Says what follows from it. Rows that are wrong must not be learnt from: as long as one column is ailing, no training is
    /// asked for. Nor is one where something else is in the way (`hindrance` says what), or by a half-full window, in which a
    /// column that breaks looks like one that changes: the full one decides.
    pub fn conclude(&mut self, hindrance: Option<String>) {
        self.retrain = self.change().map(|change| {
            let refused = match (self.sick().or(hindrance), self.full) {
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

    /// Why no training can help, in words; none where one may.
    pub fn sick(&self) -> Option<String> {
        let why: Vec<&str> = self.ailments.iter().map(|a| a.why.as_str()).collect();
        (!why.is_empty()).then(|| format!("{}; mend the source", why.join("; ")))
    }

    /// Why no training can help the verdict after this one: a column that was ailing here has drifted there, too.
    pub fn ailing_too(&self, next: &Verdict) -> Option<String> {
        let drifted = |name: &str| {
            let mut columns = next.drift.columns.iter();
            columns.any(|c| c.drift && c.name == name)
        };
        let ailing = self.ailments.iter().find(|a| drifted(&a.column))?;
        let column = &ailing.column;
        Some(format!(
            "{column} was broken in the window before, and these rows may be in part"
        ))
    }

    /// The verdict in a line.
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

    fn verdict(columns: usize, shift: f64, ailments: Vec<Ailment>) -> Verdict {
        let mut verdict = Verdict {
            model: "moths@1".into(),
            slice: None,
            time: Timestamp::UNIX_EPOCH,
            window: Span::default(),
            full: true,
            batch: None,
            drift: compare(&sample(columns, 0.0), &sample(columns, shift), 0.01),
            ailments,
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
        let ailing = || {
            vec![Ailment {
                column: "c0".into(),
                kind: crate::monitor::remedy::Ailing::Blank,
                why: "c0 has gone blank".into(),
            }]
        };
        let asked = |verdict: &Verdict| verdict.retrain.as_ref().map(|r| r.asked);
        assert_eq!(asked(&verdict(1, 80.0, Vec::new())), Some(true));
        assert_eq!(asked(&verdict(1, 0.0, Vec::new())), None);
        let sick = verdict(1, 80.0, ailing());
        assert_eq!(asked(&sick), Some(false));
        let why = sick.retrain.as_ref().unwrap().why.clone();
        let mut beside = verdict(1, 80.0, Vec::new());
        beside.conclude(sick.sick());
        assert_eq!(beside.retrain, sick.retrain);
        let mut half = verdict(1, 80.0, Vec::new());
        half.full = false;
        half.conclude(None);
        assert_eq!(asked(&half), Some(false));
        assert!(why == "c0 has gone blank; mend the source", "{why}");
        let why = "c0 was broken in the window before, and these rows may be in part";
        assert_eq!(sick.ailing_too(&half).as_deref(), Some(why));
        assert_eq!(sick.ailing_too(&verdict(1, 0.0, Vec::new())), None);
        assert_eq!(half.ailing_too(&sick), None);
    }

    #[test]
    fn it_is_read_as_it_was_written() {
        let verdict = verdict(2, 80.0, Vec::new());
        let text = serde_json::to_string(&verdict).unwrap();
        assert_eq!(serde_json::from_str::<Verdict>(&text).unwrap(), verdict);
    }
}
