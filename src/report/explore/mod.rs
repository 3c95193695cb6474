//! Exploration of a table: statistics of its columns, what they say about each other and about the target, and findings in
//! sentences.
//!
//! [`explore`] makes an [`Exploration`] of a table as observed; [`document`] sets it for people. `explore --json` is the
//! exploration itself, so that a page shows no number that the JSON does not have.
//!
//! * [`Exploration`]: all that is found, as a document.
//! * [`mod@column`]: statistics, distribution and the distribution by the target.
//! * `pairs`: associations, with the target and among the columns.
//! * `rows`: repeated rows, missing patterns and groups.
//! * `leakage`: columns that know the target.
//! * `findings`: what all of this would do to a model, ranked.

mod against;
mod associated;
mod beside;
pub mod column;
mod distributions;
mod document;
mod exploration;
mod findings;
mod leakage;
mod pairs;
mod rows;
mod views;
mod words;

use crate::ingest::infer::Observed;
pub use beside::{Against, Beside};
pub use column::Column;
pub use document::document;
pub use exploration::{Balance, Exploration, Finding, Sampled, Severity, Target};
pub use leakage::Leak;
pub use pairs::{Association, Measure, Pairs};
pub use rows::{Duplicates, Group, Pattern};
use views::Views;
pub use words::spark;

/// Explores a table. The seed is that of the sample.
pub fn explore(table: &Observed, seed: u64, against: Option<&Against>) -> Exploration {
    let views = Views::of(table);
    let (associations, pairs) = pairs::associations(&views);
    let mut exploration = Exploration {
        source: table.source.clone(),
        rows: table.rows,
        sampled: table.sampled.map(|rows| Sampled { rows, seed }),
        target: balance(table),
        columns: column::columns(&views),
        associations,
        duplicates: rows::duplicates(&views),
        groups: rows::groups(&views),
        leakage: leakage::leakage(&views),
        findings: Vec::new(),
        against: against.map(|a| a.drift.clone()),
        missing_patterns: rows::missing_patterns(&views),
        pairs,
        definitions: words::definitions(),
        beside: against.map(beside::beside),
    };
    exploration.findings = findings::findings(&exploration, &views);
    for column in &mut exploration.columns {
        let about = |finding: &&Finding| finding.columns == [column.name.clone()];
        let issues = exploration.findings.iter().filter(about);
        column.issues = issues.map(|finding| finding.text.clone()).collect();
    }
    exploration
}

fn balance(table: &Observed) -> Option<Target> {
    let target = table.target.as_ref()?;
    let count = |wanted: Option<bool>| {
        let rows = target.labels.iter().filter(|label| **label == wanted);
        rows.count() as u64
    };
    let rows = Balance {
        positive: count(Some(true)),
        negative: count(Some(false)),
        unlabelled: count(None),
    };
    let labelled = (rows.positive + rows.negative).max(1);
    Some(Target {
        column: table.columns[target.column].note.name.clone(),
        positive: target.positive.clone(),
        negative: target.negative.clone(),
        share: rows.positive as f64 / labelled as f64,
        rows,
    })
}
