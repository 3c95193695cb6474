//! The evidence of a decision, as a ledger line holds it. Its members and their order are part of the ledger's format.

use serde::{Deserialize, Serialize};

use crate::model::card::CrossValidated;
use crate::promotion::chain::Chain;
use crate::promotion::gate::Gate;
use crate::promotion::{probation, shadow};

/// The facts that a decision is based on.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(untagged)]
pub enum Evidence {
    /// An operator requested it.
    ByHand,
    /// A training, or the promotion that it led to.
    Training(Box<Training>),
    /// The gate found too few rows, so that the candidate became the shadow model.
    Undecided { gate: Gate, rows: Option<Rows> },
    Shadow {
        shadow: shadow::Figures,
        rows: Compared,
    },
    Probation {
        probation: probation::Figures,
        rows: Compared,
    },
}

/// What a version was trained on, and how it compares with the champion. A later training reads it, also from the lines of
/// earlier releases.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// Cross-validated metrics; `None` in lines of the first release, which had them in another place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cv: Option<CrossValidated>,
    /// Number of the last event that was read from the store; `None` for a version that was trained on a file alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub through: Option<u64>,
    /// The training rows; `None` if the store was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<Rows>,
    /// The comparison with the champion; `None` if there were no rows that the champion was not trained on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gate: Option<Gate>,
}

/// The training rows of a version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rows {
    #[serde(flatten)]
    pub origin: Origin,
    /// Digest of the ids of the rows from the store.
    pub ids: String,
    /// Number of rows that the champion was not trained on; `None` without a gate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unseen: Option<usize>,
}

/// Number of training rows by origin. Lines of earlier releases lack some of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Origin {
    pub table: usize,
    pub store: usize,
    /// Earlier rows whose label was corrected since they were trained on.
    pub corrected: usize,
}

/// The rows that a comparison of predictions with labels is based on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Compared {
    #[serde(rename = "compared")]
    pub rows: u64,
    pub ids: Chain,
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn chain() -> Chain {
        let mut chain = Chain::default();
        chain.update("a");
        chain
    }

    fn written(evidence: &Evidence) -> String {
        serde_json::to_string(evidence).unwrap()
    }

    /// The ledger is a contract: the text of each kind of evidence, with the order of its members.
    #[test]
    fn evidence_is_written_as_in_earlier_releases() {
        assert_eq!(written(&Evidence::ByHand), "null");
        let cv = r#""cv":{"folds":2,"repeats":1,"auc":{"mean":0.5,"se":0.25},"f1":null,"threshold":0.5,"confusion":{"true_positives":1.0,"false_positives":2.0,"true_negatives":3.0,"false_negatives":4.0}}"#;
        let rows = r#""rows":{"table":4,"store":3,"corrected":1,"ids":"ab","unseen":3}"#;
        let gate = r#""gate":{"verdict":"insufficient","rows":3,"needed":97,"log_loss":{"champion":0.5,"candidate":0.25,"difference":0.25,"low":null,"high":null},"mcnemar":{"champion_right":0,"candidate_right":1,"p_value":1.0},"floors":[]}"#;
        let check = |text: String| {
            let training: Training = serde_json::from_str(&text).unwrap();
            assert_eq!(written(&Evidence::Training(Box::new(training))), text);
        };
        check(format!("{{{cv}}}"));
        let plain = rows.replace(r#","unseen":3"#, "");
        check(format!(r#"{{{cv},"through":9,{plain}}}"#));
        let whole = format!(r#"{{{cv},"through":9,{rows},{gate}}}"#);
        check(whole.clone());
        let Training {
            gate: found,
            rows: of,
            ..
        } = serde_json::from_str(&whole).unwrap();
        let undecided = Evidence::Undecided {
            gate: found.unwrap(),
            rows: of,
        };
        assert_eq!(written(&undecided), format!("{{{gate},{rows}}}"));
        let rows = Compared {
            rows: 7,
            ids: chain(),
        };
        let ids = json!(chain());
        assert_eq!(
            serde_json::to_string(&rows).unwrap(),
            format!(r#"{{"compared":7,"ids":{ids}}}"#)
        );
    }

    #[test]
    fn lines_of_earlier_releases_are_read() {
        let check = |text: &str, through: Option<u64>, origin: Option<Origin>| {
            let training: Training = serde_json::from_str(text).unwrap();
            let found = training.rows.map(|rows| rows.origin);
            assert_eq!((training.through, found), (through, origin), "{text}");
        };
        check(r#"{"folds":2,"repeats":1,"threshold":0.5}"#, None, None);
        let none = Some(Origin::default());
        check(
            r#"{"through":9,"rows":{"unseen":3,"ids":"ab"}}"#,
            Some(9),
            none,
        );
        check(r#"{"through":9,"added":{"later":1}}"#, Some(9), None);
    }
}
