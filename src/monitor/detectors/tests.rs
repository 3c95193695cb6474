//! Tests that detectors fire at the same index as River's, also across restarts, and that settings are found by name.

use proptest::prelude::*;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::*;
use crate::monitor::fixture::{Lcg, stream};

/// `tests/fixtures/river/traces.json`: indices at which river 0.26.1 fires.
#[derive(Deserialize)]
struct Traces {
    items: usize,
    traces: Vec<Trace>,
}

#[derive(Deserialize)]
struct Trace {
    stream: String,
    seed: u64,
    detector: String,
    parameters: Map<String, Value>,
    fires: Vec<usize>,
}

fn traces() -> Traces {
    let text = include_str!("../../../tests/fixtures/river/traces.json");
    serde_json::from_str(text).unwrap()
}

fn made(key: &str, parameters: &Map<String, Value>) -> Detector {
    let kind = KINDS.iter().find(|kind| kind.key == key).unwrap();
    let text = |value: &Value| {
        value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned)
    };
    let settings: Vec<_> = parameters
        .iter()
        .map(|(name, value)| (name.clone(), text(value)))
        .collect();
    with(&[kind], &settings).unwrap().remove(0)
}

fn fires(detector: &mut Detector, stream: &[f64]) -> Vec<usize> {
    let fires = stream.iter().map(|value| detector.update(*value).is_some());
    let places = fires.enumerate().filter(|(_, fired)| *fired);
    places.map(|(i, _)| i).collect()
}

#[test]
fn fires_are_those_of_river() {
    let Traces { items, traces } = traces();
    assert_eq!((items, traces.len()), (10_000, 60));
    let mut all = 0;
    for trace in traces {
        let Trace {
            stream: name,
            detector,
            parameters,
            ..
        } = &trace;
        let found = fires(
            &mut made(detector, parameters),
            &stream(name, trace.seed, items),
        );
        assert_eq!(found, trace.fires, "{detector} {parameters:?} on {name}");
        all += found.len();
    }
    assert!(all > 2000, "{all}");
}

#[test]
fn a_detector_taken_up_from_its_text_goes_on_as_before() {
    for trace in traces().traces.iter().filter(|t| t.stream == "gradual") {
        let mut detector = made(&trace.detector, &trace.parameters);
        let mut found = Vec::new();
        for (i, value) in stream("gradual", trace.seed, 10_000).iter().enumerate() {
            if i % 97 == 0 {
                let text = serde_json::to_string(&detector).unwrap();
                detector = serde_json::from_str(&text).unwrap();
            }
            found.extend(detector.update(*value).map(|_| i));
        }
        assert_eq!(
            found, trace.fires,
            "{} {:?}",
            trace.detector, trace.parameters
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..crate::proptest_config() })]

    /// For any numbers and any interruption, a restored detector reports the same changes and has a bit-identical state.
    #[test]
    fn a_restart_changes_nothing(
        values in prop::collection::vec(prop_oneof![(-1e3..1e3), Just(0.0), Just(1.0), (-1e100..1e100)], 0..400),
        at in 0usize..400,
    ) {
        let settings = [("clock", "3"), ("threshold", "2.5"), ("min_instances", "4")];
        let settings = settings.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let kinds: Vec<&Kind> = KINDS.iter().collect();
        for mut detector in with(&kinds, &settings).unwrap() {
            let mut other = detector.clone();
            for (i, value) in values.iter().enumerate() {
                if i == at {
                    other = serde_json::from_str(&serde_json::to_string(&other).unwrap()).unwrap();
                }
                prop_assert_eq!(detector.update(*value), other.update(*value));
            }
            prop_assert_eq!(detector, other);
        }
    }
}

#[test]
fn a_change_tells_before_and_after() {
    let stream: Vec<f64> = (0..2000)
        .map(|i| f64::from(i >= 1000 && i % 2 == 0))
        .collect();
    for mut detector in defaults() {
        let change = stream
            .iter()
            .find_map(|value| detector.update(*value))
            .unwrap();
        let Change { before, after } = change;
        assert!(change.rose(), "{change:?}");
        assert!(
            before.mean < 0.03 && (0.3..0.51).contains(&after.mean),
            "{change:?}"
        );
        assert!(
            (900..1100).contains(&before.n) && after.n < 250,
            "{change:?}"
        );
        // A decreasing error is a change too, but not a rise.
        let fall = stream.iter().find_map(|_| detector.update(0.0));
        assert!(fall.is_none_or(|change| !change.rose()), "{fall:?}");
    }
}

#[test]
fn memory_is_bounded() {
    let mut lcg = Lcg::new(5);
    for mut detector in defaults() {
        for _ in 0..100_000 {
            detector.update(lcg.bit(0.17));
        }
        let text = serde_json::to_string(&detector).unwrap();
        assert!(text.len() < 8_000, "{}", text.len());
    }
}

#[test]
fn numbers_of_any_size_are_survived() {
    for mut detector in defaults() {
        for value in [1e308, -1e308, 1e308, f64::MIN_POSITIVE, 0.0].repeat(100) {
            detector.update(value);
        }
    }
}

/// River 0.26.1, `inspect.signature(drift.ADWIN)` and `drift.PageHinkley`.
#[test]
fn names_and_defaults_are_those_of_river() {
    let all: Map<String, Value> = defaults()
        .iter()
        .map(|detector| (detector.kind().key.to_owned(), json!(detector.parameters())))
        .collect();
    let expected = json!({
        "adwin": {"delta": 0.002, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10},
        "page_hinkley": {"min_instances": 30, "delta": 0.005, "threshold": 50.0, "alpha": 0.9999, "mode": "both"},
    });
    assert_eq!(Value::Object(all), expected);
    for detector in defaults() {
        let names: Vec<&str> = detector.kind().parameters.iter().map(|p| p.name).collect();
        let json = json!(detector.parameters());
        let fields: Vec<&String> = json.as_object().unwrap().keys().collect();
        assert_eq!(fields, names, "the table names every field");
    }
}

fn check(kinds: &[&'static Kind], settings: &[(&str, &str)], expected: Result<Value, &str>) {
    let settings: Vec<_> = settings
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let found = with(kinds, &settings);
    let found = found.map(|all| all.iter().map(|d| json!(d.parameters())).collect::<Value>());
    let found = found.map_err(|e| e.to_string());
    assert_eq!(found, expected.map_err(str::to_owned), "{settings:?}");
}

#[test]
fn settings_are_checked_by_the_table() {
    let (adwin, ph) = (&KINDS[0], &KINDS[1]);
    check(
        &[adwin],
        &[("delta", "0.05"), ("clock", "1")],
        Ok(
            json!([{"delta": 0.05, "clock": 1, "max_buckets": 5, "min_window_length": 5, "grace_period": 10}]),
        ),
    );
    check(
        &[adwin, ph],
        &[("delta", "0.5"), ("mode", "up")],
        Ok(json!([
            {"delta": 0.5, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10},
            {"min_instances": 30, "delta": 0.5, "threshold": 50.0, "alpha": 0.9999, "mode": "up"},
        ])),
    );
    check(
        &[adwin, ph],
        &[("treshold", "5")],
        Err(
            "adwin and page-hinkley have no parameter \"treshold\", did you mean \"threshold\"?; there are: \
             alpha, clock, delta, grace_period, max_buckets, min_instances, min_window_length, mode, threshold",
        ),
    );
    check(
        &[adwin],
        &[("threshold", "5")],
        Err(
            "adwin has no parameter \"threshold\"; there are: clock, delta, grace_period, max_buckets, min_window_length",
        ),
    );
    check(
        &[ph],
        &[("delta", "0.1"), ("delta", "0.1")],
        Err("delta is set twice; which value is meant?"),
    );
    for (name, value, allowed) in [
        ("delta", "1", "a number between 0 and 1"),
        ("delta", "NaN", "a number between 0 and 1"),
        ("clock", "0", "a whole number from 1 to 1000000"),
        ("clock", "3.5", "a whole number from 1 to 1000000"),
        ("max_buckets", "-1", "a whole number from 2 to 1000"),
        ("grace_period", "", "a whole number from 0 to 1000000"),
    ] {
        let says = format!("{name} does not take {value:?}; it takes {allowed}");
        check(&[adwin], &[(name, value)], Err(&says));
    }
    for (name, value, allowed) in [
        ("threshold", "inf", "a number of 0 or more"),
        ("alpha", "1.1", "a number from 0 to 1"),
        ("mode", "sideways", "one of up, down, both"),
    ] {
        let says = format!("{name} does not take {value:?}; it takes {allowed}");
        check(&[ph], &[(name, value)], Err(&says));
    }
}
