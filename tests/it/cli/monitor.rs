//! `monitor replay`: detects changes where River does, estimates as NannyML does, reads every format, reports faults of a file.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::folder::{Folder, keys};

/// Knuth's MMIX generator, with which the fixtures were generated.
struct Lcg(u64);

impl Lcg {
    fn uniform(&mut self) -> f64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }

    fn bit(&mut self, p: f64) -> f64 {
        f64::from(u8::from(self.uniform() < p))
    }
}

/// A stream of `tests/fixtures/river/traces.json`.
fn stream(name: &str, seed: u64) -> Vec<f64> {
    let mut lcg = Lcg(seed);
    let item = |i: usize| match name {
        "abrupt" => lcg.bit(match i {
            0..4000 => 0.1,
            4000..7000 => 0.4,
            _ => 0.05,
        }),
        "ramp" => i as f64 / 500.0 + lcg.uniform(),
        other => panic!("no stream {other}"),
    };
    (0..10_000).map(item).collect()
}

fn fixture(path: &str) -> Value {
    let path = crate::tables::root().join("tests/fixtures").join(path);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// A table with the numbers in a column between others.
fn table(name: &str, numbers: &[f64]) -> String {
    let mut text = format!("who,{name},note\n");
    for (i, number) in numbers.iter().enumerate() {
        writeln!(text, "{i},{number},\"a, b\"").unwrap();
    }
    text
}

#[test]
fn fires_are_those_of_river() {
    let folder = Folder::new();
    let traces = fixture("river/traces.json");
    let mut checked = 0;
    for trace in traces["traces"].as_array().unwrap() {
        let name = trace["stream"].as_str().unwrap();
        if !["abrupt", "ramp"].contains(&name) {
            continue;
        }
        let seed = trace["seed"].as_u64().unwrap();
        folder.put("errors.csv", table("wrong", &stream(name, seed)));
        let key = trace["detector"].as_str().unwrap();
        let given = trace["parameters"].as_object().unwrap();
        let mut line = format!(
            "monitor replay errors.csv --error wrong --json --detector {}",
            key.replace('_', "-")
        );
        for (parameter, value) in given {
            let value = value.to_string();
            write!(line, " --set {parameter}={}", value.trim_matches('"')).unwrap();
        }
        let ran = folder.run(&line).ok();
        let document = ran.json();
        assert_eq!(keys(&document), ["rows", "detectors", "cbpe"]);
        assert_eq!(
            (&document["rows"], &document["cbpe"]),
            (&json!(10_000), &Value::Null)
        );
        assert_eq!(keys(&document["detectors"]), [key]);
        let found = &document["detectors"][key];
        assert_eq!(found["fires"], trace["fires"], "{line}");
        for (parameter, value) in given {
            let same = found["parameters"][parameter] == *value
                || found["parameters"][parameter].as_f64() == value.as_f64();
            assert!(same, "{line}: {found}");
        }
        assert_eq!(ran.err, "");
        checked += 1;
    }
    assert_eq!(checked, 20);
}

#[test]
fn both_detectors_run_with_rivers_defaults() {
    let folder = Folder::new();
    folder.put("errors.csv", table("wrong", &stream("abrupt", 2)));
    let document = folder
        .run("monitor replay errors.csv --error wrong --json")
        .ok()
        .json();
    let expected = json!({
        "adwin": {
            "parameters": {"delta": 0.002, "clock": 32, "max_buckets": 5, "min_window_length": 5, "grace_period": 10},
            "fires": [4031, 7071],
        },
        "page_hinkley": {
            "parameters": {"min_instances": 30, "delta": 0.005, "threshold": 50.0, "alpha": 0.9999, "mode": "both"},
            "fires": [4069, 7105],
        },
    });
    assert_eq!(document["detectors"], expected);
    let shown = folder
        .run("monitor replay errors.csv --error wrong")
        .ok()
        .out;
    assert!(
        shown.starts_with("10000 rows\nADWIN (delta=0.002, clock=32"),
        "{shown}"
    );
    assert!(
        shown.contains("  found 2 changes, at rows 4031, 7071 (the first is 0)\n"),
        "{shown}"
    );
    assert!(shown.contains("Page–Hinkley (min_instances=30"), "{shown}");
}

#[test]
fn estimates_are_those_of_nannyml() {
    let folder = Folder::new();
    let cases = fixture("nannyml/estimates.json");
    for case in cases["cases"].as_array().unwrap() {
        let mut lcg = Lcg(case["seed"].as_u64().unwrap());
        let score = |u: f64| match case["shape"].as_str().unwrap() {
            "flat" => u,
            "low" => u * u * u,
            "ties" => (u * 20.0).floor() / 20.0,
            "high" => 1.0 - u * u * 0.5,
            other => panic!("no shape {other}"),
        };
        let scores: Vec<f64> = (0..case["n"].as_u64().unwrap())
            .map(|_| score(lcg.uniform()))
            .collect();
        folder.put("scores.csv", table("p", &scores));
        let line = format!(
            "monitor replay scores.csv --score p --threshold {} --json",
            case["threshold"]
        );
        let document = folder.run(&line).ok().json();
        assert_eq!(document["detectors"], json!({}));
        let names = [
            "n",
            "accuracy",
            "precision",
            "recall",
            "f1",
            "auc",
            "brier",
            "accuracy_se",
        ];
        assert_eq!(keys(&document["cbpe"]), names);
        for name in names {
            let (found, expected) = (&document["cbpe"][name], &case[name]);
            let near = match (found.as_f64(), expected.as_f64()) {
                (Some(found), Some(expected)) => (found - expected).abs() < 1e-12,
                _ => found == expected,
            };
            assert!(near, "{line}: {name} {found} is not {expected}");
        }
    }
}

#[test]
fn any_format_will_do_and_neither_column_is_needed() {
    let folder = Folder::new();
    folder.put(
        "t.jsonl",
        "{\"wrong\": 0, \"p\": 0.25}\n{\"wrong\": 1, \"p\": 0.75}\n",
    );
    let document = folder
        .run("monitor replay t.jsonl --error wrong --score p --json")
        .ok()
        .json();
    assert_eq!(
        (&document["rows"], &document["cbpe"]["accuracy"]),
        (&json!(2), &json!(0.75))
    );
    assert_eq!(document["detectors"]["adwin"]["fires"], json!([]));
    folder.run("ingest train.csv --out t.parquet").ok();
    let [text, parquet] = ["train.csv", "t.parquet"].map(|file| {
        let line = format!("monitor replay {file} --error Fare --score Survived --json");
        folder.run(&line).ok().json()
    });
    assert_eq!((&text, &text["rows"]), (&parquet, &json!(891)));
    let document = folder.run("monitor replay t.jsonl --json").ok().json();
    assert_eq!(document, json!({"rows": 2, "detectors": {}, "cbpe": null}));
    folder.put("t.csv", "wrong,p\n");
    let document = folder
        .run("monitor replay t.csv --error wrong --score p --json")
        .ok()
        .json();
    assert_eq!(
        (&document["rows"], &document["cbpe"]["n"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(document["cbpe"]["auc"], Value::Null);
    let shown = folder.run("monitor replay t.jsonl --score p").ok().out;
    assert!(shown.contains("accuracy   0.7500±0.3062"), "{shown}");
    assert!(shown.contains("blind to corrupted inputs"), "{shown}");
}

#[test]
fn what_is_wrong_is_named() {
    let folder = Folder::new();
    folder.put("t.csv", "wrong,p\n0,0.5\n1,1.5\nx,0.5\n");
    let check = |arguments: &str, code: i32, says: &str| {
        let ran = folder.run(&format!("monitor replay {arguments} --json"));
        assert_eq!(
            (ran.code, ran.out.as_str()),
            (code, ""),
            "{arguments}: {}",
            ran.err
        );
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    };
    check(
        "t.csv --error wrong",
        1,
        "t.csv: line 4, column \"wrong\": \"x\"; a number is needed",
    );
    check(
        "t.csv --score p",
        1,
        "t.csv: line 3, column \"p\": 1.5; a number from 0 to 1 is needed",
    );
    check(
        "t.csv --error wron",
        1,
        "there is no column \"wron\", did you mean \"wrong\"?; there are: wrong, p",
    );
    check("none.csv --error wrong", 1, "none.csv cannot be read");
    check("t.txt --error wrong", 1, "does not say its format");
    check(
        "t.csv --detector adwim",
        2,
        "did you mean \"adwin\"? there are: adwin, page-hinkley, both",
    );
    check(
        "t.csv --error wrong --set detla=1",
        2,
        "adwin and page-hinkley have no parameter \"detla\", did you mean \"delta\"?",
    );
    check(
        "t.csv --error wrong --detector adwin --set threshold=5",
        2,
        "adwin has no parameter \"threshold\"",
    );
    check(
        "t.csv --error wrong --set clock=0",
        2,
        "clock does not take \"0\"; it takes a whole number from 1 to 1000000",
    );
    check(
        "t.csv --error wrong --set clock",
        2,
        "it is written NAME=VALUE",
    );
    check(
        "t.csv --score p --threshold 1.5",
        2,
        "a number from 0 to 1 is needed",
    );
}
