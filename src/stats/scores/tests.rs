//! Metrics, compared with scikit-learn 1.9.1 and numpy 2.4.6:
//!
//! ```python
//! d = (p >= 0.45).astype(int); tn, fp, fn, tp = confusion_matrix(y, d).ravel()
//! accuracy_score(y, d); precision_score(y, d); recall_score(y, d); f1_score(y, d)
//! roc_auc_score(y, p); log_loss(y, p); brier_score_loss(y, p)
//! b = np.minimum((p * 10).astype(int), 9)
//! sum((b == k).sum() / n * abs(p[b == k].mean() - y[b == k].mean()) for k in range(10) if (b == k).any())
//! psi = (X[:, None] > Z) + 0.5 * (X[:, None] == Z)    # X: p of positives, Z: of negatives
//! np.sqrt(psi.mean(1).var(ddof=1) / len(X) + psi.mean(0).var(ddof=1) / len(Z))
//! np.sqrt(g @ (np.diag(q) - np.outer(q, q)) @ g / n)  # f1: q = [tp, fp + fn, tn] / n, g by central differences
//! ```

use proptest::prelude::*;

use super::super::figures::{Confusion, Figures};
use super::super::metric::METRICS;
use super::Scores;

const P: [f64; 40] = [
    0.79, 0.5, 0.21, 0.56, 0.66, 0.0, 0.43, 0.17, 0.44, 0.97, 0.8, 1.0, 0.48, 0.74, 0.35, 0.12,
    0.2, 0.5, 0.39, 0.17, 1.0, 0.3, 0.67, 0.86, 0.64, 0.2, 0.17, 0.51, 0.65, 0.51, 0.5, 0.32, 0.1,
    0.53, 0.05, 0.44, 0.17, 0.22, 0.11, 0.11,
];
const Y: [u8; 40] = [
    0, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1, 0, 0, 1, 0, 0, 0, 0,
    0, 1, 0, 0, 0, 0, 0, 0,
];

fn scores(threshold: f64, rows: impl IntoIterator<Item = (f64, bool)>) -> Scores {
    let mut scores = Scores::new(threshold);
    rows.into_iter().for_each(|(p, y)| scores.update(p, y));
    scores
}

fn stored() -> Figures {
    scores(0.45, P.into_iter().zip(Y.map(|y| y == 1))).finish()
}

#[test]
fn figures_as_scikit_learn() {
    let figures = stored();
    assert_eq!(figures.rows, 40);
    assert_eq!(
        figures.confusion,
        Confusion {
            tp: 13,
            fp: 6,
            tn: 19,
            fn_: 2
        }
    );
    let table = [
        ("accuracy", 0.8),
        ("precision", 0.6842105263157895),
        ("recall", 0.8666666666666667),
        ("f1", 0.7647058823529411),
        ("auc", 0.8360000000000001),
        ("log_loss", 1.3473381266264697),
        ("brier", 0.172055),
        ("ece", 0.169),
    ];
    for (metric, (name, expected)) in METRICS.iter().zip(table) {
        let value = metric.value(&figures).unwrap();
        assert_eq!(metric.name, name);
        assert!(
            (value - expected).abs() < 1e-12,
            "{name}: {value} is not {expected}"
        );
    }
}

#[test]
fn standard_errors_as_numpy() {
    let figures = stored();
    let table = [
        ("accuracy", Some(0.06324555320336758)),
        ("precision", Some(0.10663920529041639)),
        ("recall", Some(0.08777074514725111)),
        ("f1", Some(0.08085343560728246)),
        ("auc", Some(0.06438097586174081)),
        ("log_loss", Some(0.8916786453305563)),
        ("brier", Some(0.03320527200765812)),
        ("ece", None),
    ];
    for (metric, (name, expected)) in METRICS.iter().zip(table) {
        let error = metric.standard_error(&figures);
        assert_eq!((metric.name, error.is_some()), (name, expected.is_some()));
        // The reference differentiates f1 numerically.
        let limit = if name == "f1" { 1e-9 } else { 1e-12 };
        assert!(
            (error.unwrap_or(0.0) - expected.unwrap_or(0.0)).abs() < limit,
            "{name}: {error:?}"
        );
    }
}

#[test]
fn without_rows_everything_is_undefined() {
    assert_eq!(Scores::new(0.5).finish(), Figures::default());
    assert!(
        METRICS
            .iter()
            .all(|metric| metric.value(&Figures::default()).is_none())
    );
}

#[test]
fn what_one_outcome_leaves_undefined() {
    let negatives = scores(0.5, [(0.1, false), (0.2, false)]).finish();
    assert_eq!(
        (
            negatives.precision,
            negatives.recall,
            negatives.f1,
            negatives.auc
        ),
        (None, None, None, None)
    );
    assert_eq!(
        (negatives.accuracy, negatives.standard_errors().accuracy),
        (Some(1.0), Some(0.0))
    );
    let missed = scores(0.5, [(0.1, true), (0.2, false)]).finish();
    assert_eq!(
        (missed.precision, missed.recall, missed.f1),
        (None, Some(0.0), Some(0.0))
    );
    assert_eq!(
        (missed.auc, missed.standard_errors().auc),
        (Some(0.0), None)
    );
}

#[test]
fn a_certain_error_costs_a_finite_loss() {
    let figures = scores(0.5, [(0.0, true), (1.0, false)]).finish();
    assert!((figures.log_loss.unwrap() - 36.04365338911715).abs() < 1e-12);
}

#[test]
fn the_threshold_itself_is_positive() {
    assert_eq!(scores(0.5, [(0.5, true)]).finish().confusion.tp, 1);
}

#[test]
fn figures_survive_json() {
    let figures = stored();
    let json = serde_json::to_string(&figures).unwrap();
    assert!(
        json.contains(r#""confusion":{"tp":13,"fp":6,"tn":19,"fn":2}"#),
        "{json}"
    );
    assert_eq!(serde_json::from_str::<Figures>(&json).unwrap(), figures);
}

fn rows() -> impl Strategy<Value = Vec<(f64, bool)>> {
    prop::collection::vec(
        ((0u8..=50).prop_map(|p| f64::from(p) / 50.0), any::<bool>()),
        0..80,
    )
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn merged_in_any_order_is_all_at_once_to_the_bit(a in rows(), b in rows(), c in rows()) {
        let whole = scores(0.5, a.iter().chain(&b).chain(&c).copied()).finish();
        let mut merged = scores(0.5, c);
        merged.merge(&scores(0.5, a));
        merged.merge(&scores(0.5, b));
        prop_assert_eq!(merged.finish(), whole);
    }

    #[test]
    fn no_figure_is_ever_nan(rows in rows()) {
        let figures = scores(0.5, rows).finish();
        for metric in METRICS {
            prop_assert!(metric.value(&figures).is_none_or(f64::is_finite), "{}", metric.name);
            prop_assert!(metric.standard_error(&figures).is_none_or(f64::is_finite), "{}", metric.name);
        }
    }
}

#[test]
fn the_base_rate_is_the_best_constant() {
    use crate::stats::scores::{base_rate_log_loss, log_loss};
    for (positives, rows) in [(1, 2), (3, 10), (342, 891), (20, 20_000)] {
        let share = positives as f64 / rows as f64;
        let mean = |p: f64| share * log_loss(p, true) + (1.0 - share) * log_loss(p, false);
        let base = base_rate_log_loss(positives, rows);
        assert!((base - mean(share)).abs() < 1e-12);
        assert!(base < mean(share * 0.9) && base < mean(share * 1.1));
    }
    assert_eq!(
        (base_rate_log_loss(0, 7), base_rate_log_loss(7, 7)),
        (0.0, 0.0)
    );
    assert_eq!(base_rate_log_loss(0, 0), std::f64::consts::LN_2);
}
