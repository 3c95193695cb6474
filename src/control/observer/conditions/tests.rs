//! What the alerts are told, from what the monitor has seen.

use std::num::NonZeroUsize;
use std::time::Duration;

use jiff::Timestamp;
use jiff::ToSpan;

use super::{tell, tell_delay};
use crate::alert::{Condition, Handle, Rule};
use crate::control::observer::Memory;
use crate::monitor::delay::Delay;
use crate::monitor::detectors;
use crate::monitor::drift::compare;
use crate::monitor::performance::Performance;
use crate::monitor::sample::{Column, Numbers, Observed, Sample};
use crate::monitor::slice::Slice;
use crate::monitor::verdict::{Span, Verdict};

const LATE: Duration = Duration::from_secs(3600);

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_700_000_000 + second).unwrap()
}

fn two() -> NonZeroUsize {
    NonZeroUsize::new(2).unwrap()
}

/// A verdict on a hundred numbers beside a hundred others, `shift` apart.
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
        drift: compare(&sample(0.0), &sample(shift), 0.01),
        ailments: Vec::new(),
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
    // Right for long, wrong for a while, right again.
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
