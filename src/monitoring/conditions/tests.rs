//! Tests of the conditions that follow from the monitor's memory.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use jiff::ToSpan;

use super::{tell, tell_delay};
use crate::alert::{Condition, Handle, Rule};
use crate::model::Spec;
use crate::monitor::delay::Delay;
use crate::monitor::detectors;
use crate::monitor::drift::compare;
use crate::monitor::performance::Performance;
use crate::monitor::sample::{Column, Numbers, Observed, Sample};
use crate::monitor::slice::Slice;
use crate::monitor::stream::Stream;
use crate::monitor::verdict::{Span, Verdict};
use crate::monitoring::Memory;
use crate::promotion::fixture::card;
use crate::stats::resampled::Estimate;

const LATE: Duration = Duration::from_secs(3600);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

/// A verdict on a hundred numbers against a hundred others that are smaller by `shift`.
fn verdict(shift: f64, slice: Option<Slice>) -> Verdict {
    let sample = |from: f64| Sample {
        rows: 100,
        columns: vec![Column {
            name: "height".into(),
            observed: Observed::Number(Numbers::of((0..100).map(|i| Some(f64::from(i) + from)))),
        }],
    };
    let mut verdict = Verdict {
        model: "moths@1".into(),
        slice,
        time: at(0),
        window: Span::default(),
        full: true,
        batch: None,
        drift: compare(&sample(0.0), &sample(shift), 0.01),
        issues: Vec::new(),
        estimated: None,
        retrain: None,
    };
    verdict.conclude(None);
    verdict
}

fn memory(verdicts: Vec<Option<Verdict>>) -> Memory {
    Memory {
        model: "moths@1".into(),
        verdicts,
        ..Memory::default()
    }
}

fn told(memory: &Memory, now: Timestamp) -> Vec<Condition> {
    let handle = Handle::detached();
    tell(&handle, memory);
    tell_delay(&handle, memory, LATE, now);
    handle.told()
}

#[test]
fn drift_is_told_as_long_as_the_newest_verdict_finds_it() {
    let slice = Slice {
        column: "wing".into(),
        level: "left".into(),
    };
    let found = memory(vec![
        Some(verdict(80.0, None)),
        Some(verdict(90.0, Some(slice.clone()))),
        None,
    ]);
    let told_of = told(&found, at(0));
    let subjects: Vec<_> = told_of
        .iter()
        .map(|c| (c.rule, c.subject.as_str()))
        .collect();
    assert_eq!(
        subjects,
        [(Rule::Drift, "moths@1"), (Rule::Drift, "moths@1 wing=left")]
    );
    assert_eq!(told_of[0].summary, "Drift: height: median 49.5 → 129.5");
    assert!(told_of[0].value.unwrap() < 1e-9);
    assert_eq!(told_of[1].within.as_deref(), Some("moths@1"));
    assert!(
        told_of[1].summary.contains("within wing=left"),
        "{told_of:?}"
    );
    let steady = memory(vec![
        Some(verdict(0.0, None)),
        Some(verdict(0.0, Some(slice))),
    ]);
    assert_eq!(told(&steady, at(0)), []);
}

#[test]
fn decay_is_told_until_a_window_shows_it_gone() {
    let size = NonZeroUsize::new(100).unwrap();
    let mut performance = Performance::new(0.5, size, detectors::defaults());
    let mut seen = memory(Vec::new());
    let mut decayed = Vec::new();
    // A long stretch of correct predictions, some wrong ones, then correct ones again.
    for (rows, right) in [(400, true), (200, false), (400, true)] {
        for _ in 0..rows {
            performance.update(0.9, right);
        }
        seen.performance = Some(performance.clone());
        decayed.push(told(&seen, at(0)).iter().any(|c| c.rule == Rule::Decay));
    }
    assert_eq!(decayed, [false, true, false]);
}

#[test]
fn late_and_missing_truths_are_told() {
    let mut delay = Delay::new(two());
    let mut seen = memory(Vec::new());
    let mut late = |delay: &Delay, now: Timestamp| {
        seen.delay = Some(delay.clone());
        told(&seen, now).first().map(|c| (c.rule, c.value))
    };
    assert_eq!(late(&delay, at(0)), None, "none has ever come");
    delay.update(at(0), at(10));
    delay.update(at(0), at(10));
    assert_eq!(late(&delay, at(20)), None);
    assert_eq!(
        late(&delay, at(3700)),
        Some((Rule::LabelDelay, Some(3690.0)))
    );
    delay.update(at(0), at(7200));
    delay.update(at(0), at(7200));
    assert_eq!(
        late(&delay, at(7201)),
        Some((Rule::LabelDelay, Some(7200.0)))
    );
    delay.update(at(7200), at(7202));
    delay.update(at(7200), at(7202));
    assert_eq!(late(&delay, at(7203)), None);
    assert_eq!(
        late(&delay, at(7203) - 5.hours()),
        None,
        "the clock went back"
    );
}

/// The memory as the monitor task sets it up after another model became live.
fn after_a_swap(mut memory: Memory) -> Memory {
    memory.carry_drift();
    memory.carry_decay();
    Memory {
        model: "moths@2".into(),
        verdicts: vec![None, None],
        carried: memory.carried,
        ..Memory::default()
    }
}

fn subjects(memory: &Memory, rule: Rule) -> Vec<String> {
    let told = told(memory, at(0)).into_iter();
    told.filter(|c| c.rule == rule).map(|c| c.subject).collect()
}

#[test]
fn a_swap_ends_no_drift_but_a_full_window_does() {
    let slice = Slice {
        column: "wing".into(),
        level: "left".into(),
    };
    let found = memory(vec![
        Some(verdict(80.0, None)),
        Some(verdict(90.0, Some(slice.clone()))),
    ]);
    let swapped = after_a_swap(found);
    assert_eq!(
        subjects(&swapped, Rule::Drift),
        ["moths@1", "moths@1 wing=left"]
    );
    let swapped = after_a_swap(swapped);
    assert_eq!(subjects(&swapped, Rule::Drift).len(), 2, "another swap");
    let text = serde_json::to_string(&swapped).unwrap();
    let taken_up: Memory = serde_json::from_str(&text).unwrap();
    assert_eq!(taken_up, swapped, "a restart");

    // If the new champion has the slices too, each alarm ends with its own stream's window.
    let mut watched = swapped.clone();
    let schema = Spec::bundled().schema;
    watched.streams = [None, Some(slice.clone())]
        .map(|slice| Stream::new(&schema, slice))
        .into();
    watched.note(0, verdict(0.0, None));
    assert_eq!(subjects(&watched, Rule::Drift), ["moths@1 wing=left"]);
    watched.note(1, verdict(0.0, Some(slice)));
    assert_eq!(subjects(&watched, Rule::Drift), [] as [&str; 0]);

    // If the new champion has no slices, the window of all rows ends their alarms.
    let mut unwatched = swapped.clone();
    unwatched.note(0, verdict(0.0, None));
    assert_eq!(subjects(&unwatched, Rule::Drift), [] as [&str; 0]);

    // A window that drifts replaces the carried alarms.
    let mut drifted = swapped;
    let mut again = verdict(70.0, None);
    again.model = "moths@2".into();
    drifted.note(0, again);
    assert_eq!(subjects(&drifted, Rule::Drift), ["moths@2"]);
}

#[test]
fn a_swap_ends_no_decay_but_a_window_of_labels_does() {
    let size = NonZeroUsize::new(100).unwrap();
    let mut performance = Performance::new(0.5, size, detectors::defaults());
    for (rows, right) in [(400, true), (200, false)] {
        (0..rows).for_each(|_| drop(performance.update(0.9, right)));
    }
    let mut found = memory(Vec::new());
    found.performance = Some(performance);
    let swapped = after_a_swap(found);
    assert_eq!(subjects(&swapped, Rule::Decay), ["moths@1"]);

    // Windows of a hundred labels: `right` correct decisions at `probability`, and whether they end the decay. The new
    // champion's cross-validated accuracy is 80 %.
    let check = |right: usize, probability: f64, is_over: bool| {
        let mut seen = swapped.clone();
        let mut performance = Performance::new(0.5, size, detectors::defaults());
        for n in 0..100 {
            let positive = n % 2 == 0;
            let says_yes = positive == (n < right);
            let p = if says_yes {
                probability
            } else {
                1.0 - probability
            };
            if let Some(window) = performance.update(p, positive).window {
                seen.carried.labelled(&window, &promises(0.8));
            }
        }
        let ended = subjects(&seen, Rule::Decay).is_empty();
        assert_eq!(ended, is_over, "{right} right at {probability}");
    };
    check(100, 0.9, true); // as before the decay
    check(50, 0.9, false); // as bad as ever
    check(75, 0.75, true); // the world is harder, and the model keeps its promise
    check(75, 0.999, false); // so it does, but it is worth less than the base rate
    check(70, 0.7, false); // it breaks it
}

fn promises(accuracy: f64) -> crate::model::Card {
    let estimate = Estimate {
        mean: accuracy,
        se: None,
    };
    let mut card = card(Some(0.5), None, 0.8, ("table", 0, 5, 1));
    card.cv.metrics.push(("accuracy".into(), Some(estimate)));
    card
}
