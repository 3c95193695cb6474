//! What is found about a table, as a document.

use std::collections::BTreeMap;

use crate::schema::column::Label;
use serde::Serialize;

use super::beside::Beside;
use super::column::Column;
use super::leakage::Leak;
use super::pairs::{Association, Pairs};
use super::rows::{Duplicates, Group, Pattern};
use crate::monitor::drift::Drift;

/// All that is found about a table. Serialises as `explore --json` prints it.
#[derive(Clone, Debug, Serialize)]
pub struct Exploration {
    pub source: String,
    pub rows: u64,
    /// The rows that the statistics are computed on; `None` if these are all.
    pub sampled: Option<Sampled>,
    pub target: Option<Target>,
    pub columns: Vec<Column>,
    pub associations: Vec<Association>,
    pub duplicates: Duplicates,
    pub groups: Vec<Group>,
    pub leakage: Vec<Leak>,
    /// The most consequential first.
    pub findings: Vec<Finding>,
    /// The verdict of the comparison with a reference.
    pub against: Option<Drift>,
    pub missing_patterns: Vec<Pattern>,
    pub pairs: Pairs,
    /// What each measure and rule means.
    pub definitions: BTreeMap<&'static str, &'static str>,
    /// The columns that differ most from the reference, in both tables.
    pub beside: Option<Beside>,
}

/// A sample of the rows.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Sampled {
    pub rows: usize,
    pub seed: u64,
}

/// The target and its balance.
#[derive(Clone, Debug, Serialize)]
pub struct Target {
    pub column: String,
    pub positive: Label,
    /// Share of positive rows among those with a label.
    pub share: f64,
    pub negative: Label,
    pub rows: Balance,
}

/// Rows by their label.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Balance {
    pub positive: u64,
    pub negative: u64,
    pub unlabelled: u64,
}

/// A finding.
#[derive(Clone, Debug, Serialize)]
pub struct Finding {
    pub severity: Severity,
    pub text: String,
    /// The columns that it is about.
    pub columns: Vec<String>,
}

/// How much a finding would do to a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The model, or what is measured of it, would be wrong.
    High,
    /// The model would be worse than it could be, or needs a decision.
    Medium,
    /// Good to know.
    Low,
}

impl Severity {
    pub fn word(self) -> &'static str {
        match self {
            Severity::High => "high",
            Severity::Medium => "medium",
            Severity::Low => "low",
        }
    }
}
