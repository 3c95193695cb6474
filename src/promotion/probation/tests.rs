//! Tests of what probation tolerates and what it does not, in a simulation.

use super::*;
use crate::model::Spec;
use crate::model::card::{self, Confusion};
use crate::promotion::fixture::{World, rate};
use crate::stats::scores::Scores;

/// Expectation of a simulated model whose error on the log odds has standard deviation 1.
const EXPECTED: Expected = Expected {
    log_loss: Estimate {
        mean: 0.5175,
        se: Some(0.012),
    },
    error: Estimate {
        mean: 0.2609,
        se: Some(0.009),
    },
};

fn probation() -> Probation {
    Probation::new(0.5, EXPECTED, Options::default())
}

/// Runs a probation of the simulated champion to its verdict and returns that with the number of labels.
fn run(world: &mut World) -> (Verdict, u64) {
    let mut probation = probation();
    loop {
        let row = world.row();
        match probation.update(row.champion, row.positive) {
            Verdict::GoOn => {}
            verdict => return (verdict, probation.losses.rows()),
        }
    }
}

fn rolled_back(error: f64, runs: usize) -> usize {
    let mut world = World::new(2, [error, 1.0], 0.0);
    let back = |_: &usize| matches!(run(&mut world).0, Verdict::RollBack { .. });
    (0..runs).filter(back).count()
}

#[test]
fn the_expectation_is_that_of_the_world() {
    let (mut losses, mut errors) = (Moments::default(), Moments::default());
    for row in World::new(9, [1.0, 1.0], 0.0).rows(200_000) {
        losses.update(log_loss(row.champion, row.positive));
        errors.update(f64::from(u8::from((row.champion >= 0.5) != row.positive)));
    }
    let (loss, error) = (losses.mean().unwrap(), errors.mean().unwrap());
    assert!((loss - EXPECTED.log_loss.mean).abs() < 0.004, "{loss}");
    assert!((error - EXPECTED.error.mean).abs() < 0.004, "{error}");
}

#[test]
fn a_champion_as_good_as_expected_passes_and_a_worse_one_goes() {
    let good = rolled_back(1.0, 1000);
    assert!(
        rate(
            "probation, as expected, rolled back at any of 1000 looks",
            good,
            1000
        ) <= 0.02
    );
    let slightly = rolled_back(1.15, 500);
    assert!(rate("probation, one point worse, rolled back", slightly, 500) <= 0.05);
    let clearly = rolled_back(2.0, 500);
    assert!(rate("probation, six points worse, rolled back", clearly, 500) >= 0.4);
    let badly = rolled_back(3.0, 200);
    assert!(rate("probation, thirteen points worse, rolled back", badly, 200) >= 0.95);
}

/// A champion exactly at the allowed maximum, for which the level is guaranteed.
#[test]
fn at_the_edge_of_what_is_allowed_the_level_holds() {
    let exact = |mean| Estimate { mean, se: None };
    let expected = Expected {
        log_loss: exact(0.5175),
        error: exact(0.2609),
    };
    let options = Options {
        log_loss: 0.0,
        error: 0.0,
        ..Options::default()
    };
    let mut world = World::new(6, [1.0, 1.0], 0.0);
    let mut back = |_: &usize| {
        let mut probation = Probation::new(0.5, expected, options);
        let rows = world.rows(1000);
        rows.iter().any(|row| {
            matches!(
                probation.update(row.champion, row.positive),
                Verdict::RollBack { .. }
            )
        })
    };
    let hits = (0..1000).filter(&mut back).count();
    assert!(
        rate(
            "probation, nothing forgiven, rolled back at any of 1000 looks",
            hits,
            1000
        ) <= 0.05
    );
}

#[test]
fn a_broken_champion_goes_within_a_few_dozen_labels() {
    let mut probation = probation();
    let labels = (1..)
        .find(|_| probation.update(0.05, true) != Verdict::GoOn)
        .unwrap();
    let Verdict::RollBack { why, figures } = probation.verdict() else {
        panic!("{:?}", probation.verdict())
    };
    assert!(labels < 30, "{labels}");
    assert!(
        why.contains(&format!("over {labels} labels")) && why.contains("was expected"),
        "{why}"
    );
    assert_eq!(figures.rows, labels);
    let json = serde_json::to_value(probation.verdict()).unwrap();
    assert_eq!(
        (&json["verdict"], &json["figures"]["error"]["mean"]),
        (&"roll_back".into(), &1.0.into())
    );
}

#[test]
fn one_reckless_answer_is_no_reason() {
    let mut probation = probation();
    assert_eq!(probation.update(0.0, true), Verdict::GoOn);
    assert_eq!(probation.figures().log_loss.mean, Some(MOST));
}

#[test]
fn the_window_ends() {
    let mut probation = probation();
    let verdicts: Vec<Verdict> = (0..1000).map(|_| probation.update(0.8, true)).collect();
    assert!(
        verdicts[..999]
            .iter()
            .all(|verdict| *verdict == Verdict::GoOn)
    );
    assert_eq!(verdicts[999], Verdict::Passed);
    let taken_up: Probation =
        serde_json::from_str(&serde_json::to_string(&probation).unwrap()).unwrap();
    assert_eq!(taken_up, probation);
}

#[test]
fn constants_are_what_they_say() {
    assert_eq!(MOST, -f64::ln(0.01));
    assert!((ERRORS - crate::stats::normal::normal_quantile(0.95)).abs() < 1e-6);
}

#[test]
fn a_card_promises_log_loss_and_error() {
    let estimate = |mean| {
        Some(Estimate {
            mean,
            se: Some(0.01),
        })
    };
    let mut cv = card::Figures {
        folds: 10,
        repeats: 5,
        threshold: Spec::bundled().decision.threshold,
        metrics: vec![
            ("accuracy".into(), estimate(0.75)),
            ("log_loss".into(), estimate(0.4)),
        ],
        confusion: Confusion::default(),
    };
    let expected = Expected::cross_validated(&cv).unwrap();
    assert_eq!(
        (expected.error, expected.log_loss),
        (estimate(0.25).unwrap(), estimate(0.4).unwrap())
    );
    cv.metrics.pop();
    assert_eq!(Expected::cross_validated(&cv), None);
}

#[test]
fn figures_on_rows_promise_log_loss_and_error() {
    let mut scores = Scores::new(0.5);
    assert_eq!(Expected::measured(&scores.finish()), None);
    for (p, positive) in [(0.75, true), (0.75, false), (0.25, false), (0.5, true)] {
        scores.update(p, positive);
    }
    let (figures, expected) = (
        scores.finish(),
        Expected::measured(&scores.finish()).unwrap(),
    );
    assert_eq!(expected.error.mean, 0.25);
    assert_eq!(Some(expected.log_loss.mean), figures.log_loss);
    assert_eq!(expected.log_loss.se, figures.standard_errors().log_loss);
}
