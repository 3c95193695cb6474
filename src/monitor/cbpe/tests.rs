//! Tests that estimates equal NannyML's, and that intervals have their stated coverage.

use serde::Deserialize;

use super::*;
use crate::monitor::fixture::Lcg;
use crate::stats::metric::Metric;
use crate::stats::resampled;
use crate::stats::scores::Scores;

#[derive(Deserialize)]
struct Cases {
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    seed: u64,
    n: usize,
    shape: String,
    threshold: f64,
    accuracy: f64,
    precision: Option<f64>,
    recall: f64,
    f1: f64,
    auc: f64,
    auc_rounded: f64,
    brier: f64,
    accuracy_se: f64,
}

fn scores(lcg: &mut Lcg, shape: &str, n: usize) -> Vec<f64> {
    let score = |u: f64| match shape {
        "flat" => u,
        "low" => u * u * u,
        "ties" => (u * 20.0).floor() / 20.0,
        "high" => 1.0 - u * u * 0.5,
        other => panic!("no shape {other}"),
    };
    (0..n).map(|_| score(lcg.uniform())).collect()
}

#[test]
fn estimates_are_those_of_nannyml() {
    let text = include_str!("../../../tests/fixtures/nannyml/estimates.json");
    let Cases { cases } = serde_json::from_str(text).unwrap();
    assert_eq!(cases.len(), 9);
    for case in cases {
        let scores = scores(&mut Lcg::new(case.seed), &case.shape, case.n);
        let found = estimate(&scores, case.threshold);
        let near = |name: &str, found: Option<f64>, expected: Option<f64>, within: f64| {
            let close = match (found, expected) {
                (Some(found), Some(expected)) => (found - expected).abs() <= within,
                (found, expected) => found == expected,
            };
            let Case { shape, n, .. } = &case;
            assert!(close, "{n} {shape}: {name} {found:?} is not {expected:?}");
        };
        assert_eq!(found.n, case.n as u64);
        near("accuracy", found.accuracy, Some(case.accuracy), 1e-12);
        near("precision", found.precision, case.precision, 1e-12);
        near("recall", found.recall, Some(case.recall), 1e-12);
        near("f1", found.f1, Some(case.f1), 1e-12);
        near("auc", found.auc, Some(case.auc), 1e-12);
        near("brier", found.brier, Some(case.brier), 1e-12);
        near("se", found.accuracy_se, Some(case.accuracy_se), 1e-12);
        // NannyML rounds expected counts to five digits, which shows only with few rows.
        let rounding = 1e-5 / case.n as f64 + 1e-8;
        near("rounded auc", found.auc, Some(case.auc_rounded), rounding);
    }
}

#[test]
fn undefined_is_none() {
    let nothing = estimate(&[], 0.5);
    assert_eq!(nothing, Estimate::default());
    let json = serde_json::to_string(&nothing).unwrap();
    let expected = r#"{"n":0,"accuracy":null,"precision":null,"recall":null,"f1":null,"auc":null,"brier":null,"accuracy_se":null}"#;
    assert_eq!(json, expected);
    let never = estimate(&[0.0, 0.0], 0.5);
    assert_eq!(
        (
            never.accuracy,
            never.precision,
            never.recall,
            never.f1,
            never.auc
        ),
        (Some(1.0), None, None, None, None)
    );
    let always = estimate(&[1.0, 1.0], 0.5);
    assert_eq!(
        (always.precision, always.recall, always.f1, always.auc),
        (Some(1.0), Some(1.0), Some(1.0), None)
    );
    assert_eq!(estimate(&[0.4], 0.5).precision, None);
}

const NAMES: [&str; 6] = ["accuracy", "precision", "recall", "f1", "auc", "brier"];

fn intervals(estimated: &Estimated) -> [Option<Interval>; 6] {
    let Intervals {
        accuracy,
        precision,
        recall,
        f1,
        auc,
        brier,
    } = estimated.intervals;
    [accuracy, precision, recall, f1, auc, brier]
}

/// A reference whose estimates had no error.
fn exact(scores: &[f64]) -> Reference {
    let known = estimate(scores, 0.5);
    Reference::new(scores, 0.5, |metric| {
        let mean = match metric.name {
            "accuracy" => known.accuracy?,
            "precision" => known.precision?,
            "recall" => known.recall?,
            "f1" => known.f1?,
            "auc" => known.auc?,
            "brier" => known.brier?,
            _ => return None,
        };
        Some(resampled::Estimate {
            mean,
            se: Some(0.0),
        })
    })
}

#[test]
fn intervals_hold_the_figure_the_rows_turn_out_to_have() {
    const WINDOWS: u32 = 2000;
    let mut lcg = Lcg::new(77);
    let reference = exact(&scores(&mut lcg, "flat", 1000));
    let mut held = [0; 6];
    for _ in 0..WINDOWS {
        let scores = scores(&mut lcg, "flat", 100);
        let mut truths = Scores::new(0.5);
        for p in &scores {
            truths.update(*p, lcg.bit(*p) == 1.0);
        }
        let figures = truths.finish();
        let found = intervals(&judge(&scores, 0.5, &reference));
        for ((held, name), interval) in held.iter_mut().zip(NAMES).zip(found) {
            let value = Metric::named(name).unwrap().value(&figures).unwrap();
            let Interval { low, high } = interval.unwrap();
            *held += u32::from(low <= value && value <= high);
        }
    }
    for (name, held) in NAMES.iter().zip(held) {
        let share = f64::from(held) / f64::from(WINDOWS);
        assert!((0.93..0.97).contains(&share), "{name}: {share}");
    }
}

/// By hand: at threshold 0.5, scores 0.8 and 0.3 give an estimated accuracy of 0.75 with standard error √(0.16 + 0.21)/2.
#[test]
fn the_reference_error_widens_the_interval() {
    let scores = [0.8, 0.3];
    let known = |mean, se| {
        move |metric: &Metric| {
            (metric.name == "accuracy").then_some(resampled::Estimate { mean, se })
        }
    };
    let reference = Reference::new(&scores, 0.5, known(0.72, Some(0.04)));
    assert!((reference.off("accuracy").unwrap() - 0.03).abs() < 1e-12);
    assert_eq!(reference.off("auc"), None);
    let estimated = judge(&scores.repeat(5000), 0.5, &reference);
    let half = 1.959964 * (0.37 / 20_000.0 + 0.04f64.powi(2)).sqrt() + 0.03;
    let Interval { low, high } = estimated.intervals.accuracy.unwrap();
    assert!((low - (0.75 - half)).abs() < 1e-6 && (high - (0.75 + half)).abs() < 1e-6);
    assert_eq!(estimated.intervals.auc, None);
    // With two rows the interval is clipped at 1, the largest possible accuracy.
    let two = judge(&scores, 0.5, &reference).intervals.accuracy.unwrap();
    assert!(
        two.high == 1.0 && (two.low - 0.118_766_9).abs() < 1e-6,
        "{two:?}"
    );
    // A single fold gives no standard error.
    let unknown = Reference::new(&scores, 0.5, known(0.72, None));
    assert_eq!(judge(&scores, 0.5, &unknown).intervals.accuracy, None);
}

#[test]
fn an_estimate_comes_with_what_it_cannot_see() {
    let json = serde_json::to_value(judge(&[0.2, 0.9], 0.5, &exact(&[0.2, 0.9]))).unwrap();
    assert_eq!(json["n"], 2);
    assert_eq!(json["note"], NOTE);
    assert!(json["intervals"]["accuracy"]["low"].is_number());
    assert!(NOTE.contains("blind to corrupted inputs") && NOTE.contains("calibrated"));
}
