//! Tests of metrics and their intervals, of decay, and of the false alarm rate of a stable model.

use proptest::prelude::*;

use super::*;
use crate::monitor::detectors::{self, Change, KINDS};
use crate::monitor::fixture::Lcg;
use crate::stats::interval::Interval;

fn performance(size: usize) -> Performance {
    let size = NonZeroUsize::new(size).unwrap();
    Performance::new(0.5, size, detectors::defaults())
}

/// A labelled prediction that is wrong with probability `error`.
fn answer(lcg: &mut Lcg, error: f64) -> (f64, bool) {
    let positive = lcg.uniform() < 0.4;
    let wrong = lcg.uniform() < error;
    (if positive != wrong { 0.8 } else { 0.2 }, positive)
}

#[test]
fn a_window_has_every_figure_with_its_interval() {
    let mut performance = performance(100);
    let (mut lcg, mut windows) = (Lcg::new(3), Vec::new());
    for i in 0..250 {
        let p = lcg.uniform();
        let taken = performance.update(p, lcg.bit(p) == 1.0);
        assert_eq!(taken.window.is_some(), i % 100 == 99);
        windows.extend(taken.window);
    }
    let firsts: Vec<u64> = windows.iter().map(|window| window.first).collect();
    assert_eq!(firsts, [1, 101]);
    assert_eq!(performance.last(), windows.last());
    let open = performance.open().unwrap();
    assert_eq!((open.first, open.n, performance.labels()), (201, 50, 250));
    for figure in &windows[0].figures {
        let value = figure.value.unwrap();
        match figure.interval {
            Some(Interval { low, high }) => assert!(low < value && value < high, "{figure:?}"),
            None => assert_eq!(figure.metric, "ece"),
        }
    }
}

/// Shares as in scipy 1.17.1, `binomtest(k, n).proportion_ci(0.95, "wilson")` for 3 of 4, 1 of 1, 1 of 2; means by numpy
/// 2.4.6, `mean ± 1.959964 * std(ddof=1) / 2`; F1 by the delta method. The scores are perfectly ordered, so the area under
/// the ROC curve has no interval.
#[test]
fn intervals_by_hand() {
    let mut performance = performance(4);
    let rows = [(0.9, true), (0.4, true), (0.3, false), (0.2, false)];
    let window = rows
        .iter()
        .filter_map(|(p, y)| performance.update(*p, *y).window)
        .next()
        .unwrap();
    let check = |metric: &str, value: f64, ends: Option<(f64, f64)>| {
        let figure = window.get(metric).unwrap();
        assert!((figure.value.unwrap() - value).abs() < 1e-9, "{figure:?}");
        let close = match (figure.interval, ends) {
            (Some(found), Some((low, high))) => {
                (found.low - low).abs() < 1e-5 && (found.high - high).abs() < 1e-5
            }
            (found, ends) => found.is_none() && ends.is_none(),
        };
        assert!(close, "{figure:?} is not {ends:?}");
    };
    check(
        "accuracy",
        0.75,
        Some((0.30064184258240184, 0.9544127391902995)),
    );
    check("precision", 1.0, Some((0.20654931437723745, 1.0)));
    check(
        "recall",
        0.5,
        Some((0.09453120573423074, 0.9054687942657693)),
    );
    check(
        "log_loss",
        0.40036743569623084,
        Some((0.04860837442678184, 0.7521264969656798)),
    );
    check("brier", 0.125, Some((0.0, 0.28189916825030825)));
    check("f1", 0.6666666666666666, Some((0.05070940654155076, 1.0)));
    check("auc", 1.0, None);
    check("ece", 0.3, None);
}

#[test]
fn windows_of_one_are_windows() {
    let mut performance = performance(1);
    let window = performance.update(0.9, true).window.unwrap();
    let value = |metric| window.get(metric).unwrap().value;
    assert_eq!((value("accuracy"), value("auc")), (Some(1.0), None));
    let accuracy = window.get("accuracy").unwrap().interval.unwrap();
    assert!(accuracy.low < 0.21 && accuracy.high == 1.0);
    assert_eq!(window.get("log_loss").unwrap().interval, None);
    assert_eq!(performance.open(), None);
}

#[test]
fn only_a_rise_of_the_error_is_decay() {
    let (mut performance, mut lcg) = (performance(100), Lcg::new(8));
    let mut fired = Vec::new();
    for i in 0..9000 {
        let error = [0.15, 0.45, 0.15][i / 3000];
        let (p, positive) = answer(&mut lcg, error);
        fired.extend(performance.update(p, positive).fired);
        if i == 3299 {
            let last = fired.iter().rfind(|fired| fired.decay);
            assert_eq!(performance.decayed(), last);
        }
    }
    let of = |detector: &str, decay: bool| {
        let those = fired
            .iter()
            .filter(|f| f.detector == detector && f.decay == decay);
        those.collect::<Vec<&Fired>>()
    };
    for kind in KINDS {
        let worse = of(kind.key, true);
        let Fired {
            at, change, says, ..
        } = worse[0];
        let Change { before, after } = change;
        assert!((3001..3300).contains(at), "{at}");
        assert!(
            (2900..3100).contains(&before.n) && before.n + after.n == *at,
            "{change:?}"
        );
        assert!(
            (0.12..0.18).contains(&before.mean) && (0.35..0.55).contains(&after.mean),
            "{change:?}"
        );
        let expected = format!(
            "decay: {} at label {at} found the share of wrong decisions risen from {:.1} % of {} labels to {:.1} % of the {} since",
            kind.title,
            100.0 * before.mean,
            before.n,
            100.0 * after.mean,
            after.n
        );
        assert_eq!(*says, expected);
        let better = of(kind.key, false);
        assert_eq!(better.len(), 1);
        assert!(
            better[0].at > 6000 && better[0].says.starts_with("better: "),
            "{better:?}"
        );
    }
    // Full windows since the change show that it is over.
    assert_eq!(performance.decayed(), None);
}

/// Rates that docs/metrics.md states for stable models: how often a rise or a fall of the error is reported in 10,000 labels.
#[test]
fn a_steady_model_is_rarely_accused() {
    const RUNS: usize = 500;
    for (error, most) in [(0.05, 0.02), (0.17, 0.12), (0.3, 0.5), (0.45, 1.0)] {
        for kind in KINDS {
            let (mut rises, mut falls) = (0, 0);
            let mut lcg = Lcg::new(2026);
            for _ in 0..RUNS {
                let mut detector = detectors::with(&[kind], &[]).unwrap().remove(0);
                for _ in 0..10_000 {
                    match detector.update(lcg.bit(error)).map(|change| change.rose()) {
                        Some(true) => rises += 1,
                        Some(false) => falls += 1,
                        None => {}
                    }
                }
            }
            println!(
                "{}, {error}: {rises} rises and {falls} falls in {RUNS} × 10,000 labels",
                kind.name
            );
            let rate = f64::from(rises) / RUNS as f64;
            assert!(rate <= most, "{}: {rate}", kind.name);
        }
    }
}

/// Delays that docs/metrics.md states for decaying models: the median in labels over 200 runs, each after 2000 stable labels.
#[test]
fn delays_are_as_the_readme_says() {
    let mut lcg = Lcg::new(11);
    for (later, most) in [
        (0.22, [5500.0, 1500.0]),
        (0.27, [600.0, 600.0]),
        (0.34, [220.0, 320.0]),
        (0.5, [100.0, 160.0]),
    ] {
        let mut delays = vec![Vec::new(); KINDS.len()];
        for _ in 0..200 {
            for (detector, delays) in detectors::defaults().iter_mut().zip(&mut delays) {
                for _ in 0..2000 {
                    detector.update(lcg.bit(0.17));
                }
                let rise = |_: &usize| detector.update(lcg.bit(later)).is_some_and(|c| c.rose());
                delays.push(
                    (0..8000)
                        .find(rise)
                        .map_or(f64::INFINITY, |i| i as f64 + 1.0),
                );
            }
        }
        for ((kind, delays), most) in KINDS.iter().zip(&mut delays).zip(most) {
            delays.sort_by(f64::total_cmp);
            assert!(
                delays[100] <= most,
                "{} {later}: {}",
                kind.name,
                delays[100]
            );
            println!(
                "{}: 17 % → {later}: median delay {}, slowest {}",
                kind.name, delays[100], delays[199]
            );
        }
    }
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn it_is_taken_up_where_it_was_left(
        rows in prop::collection::vec((0.0..=1.0, any::<bool>()), 1..300),
        size in 1usize..40,
        at in 0usize..300,
    ) {
        let mut whole = performance(size);
        let mut again = whole.clone();
        for (i, (p, positive)) in rows.iter().enumerate() {
            if i == at {
                again = serde_json::from_str(&serde_json::to_string(&again).unwrap()).unwrap();
            }
            prop_assert_eq!(whole.update(*p, *positive), again.update(*p, *positive));
        }
        prop_assert_eq!(whole, again);
    }
}
