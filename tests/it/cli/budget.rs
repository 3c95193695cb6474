//! `train --budget`, `--budget-units` and `--max-latency`: what they leave out, what they say, and that nothing depends on time.

use std::fs;

use serde_json::{Value, json};

use super::folder::Folder;

const ROWS: &str = "train train.csv --seed 3 --promote never --json";

fn trained(folder: &Folder, limits: &str) -> (Value, Vec<u8>) {
    let ran = folder.run(&format!("{ROWS} {limits}")).ok();
    let document = ran.json();
    let name = document["model"].as_str().unwrap();
    let file = fs::read(folder.path(&format!("state/models/{name}.model"))).unwrap();
    (document, file)
}

#[test]
fn a_budget_says_what_it_leaves_out_and_can_be_given_back() {
    let folder = Folder::new();
    let (small, first) = trained(&folder, "--budget 2s");
    let work = &small["work"];
    assert_eq!(work["budget"], json!(2_000_000_000_u64));
    assert!(work["units"].as_u64() <= Some(2_000_000_000), "{work}");
    let left_out = work["left_out"].as_array().unwrap();
    let fits = left_out[0].as_str().unwrap();
    assert!(fits.ends_with("fits of the cross-validation"), "{fits}");
    let tried = |model: &Value| [&model["cv"]["folds"], &model["cv"]["repeats"]].map(Value::clone);
    assert_ne!(tried(&small), [json!(10), json!(5)]);
    // Another number of threads, and the units in place of the time: the same file.
    let (_, second) = trained(&folder, "--budget-units 2000000000 --threads 1");
    assert_eq!(first, second);
}

#[test]
fn a_tiny_budget_leaves_one_learner_and_fixed_folds_stay() {
    let folder = Folder::new();
    let (model, _) = trained(&folder, "--budget-units 1 --folds 4 --repeats 2");
    assert_eq!(
        (&model["cv"]["folds"], &model["cv"]["repeats"]),
        (&json!(4), &json!(2))
    );
    assert_eq!(model["candidates"].as_array().unwrap().len(), 1);
    let left_out = model["work"]["left_out"].as_array().unwrap();
    assert_eq!(
        left_out.len(),
        3,
        "three learners, and no row of 891: {left_out:?}"
    );
}

#[test]
fn slow_learners_are_left_out_and_an_impossible_limit_says_so() {
    let folder = Folder::new();
    let (model, _) = trained(&folder, "--folds 2 --repeats 1 --max-latency 1us");
    let candidates = model["candidates"].as_array().unwrap();
    let names: Vec<&str> = candidates
        .iter()
        .map(|c| c["learner"].as_str().unwrap())
        .collect();
    assert!(
        !names.contains(&"forest") && !names.contains(&"deep"),
        "{names:?}"
    );
    assert!(names.contains(&"logistic"), "{names:?}");
    assert_eq!(model["work"]["max_latency"], 1000);

    let ran = folder.run(&format!("{ROWS} --max-latency 1ns"));
    assert_eq!(ran.code, 1);
    assert!(
        ran.err
            .contains("no learner is sure to score a row within 1 ns: the fastest, logistic"),
        "{}",
        ran.err
    );
    let ran = folder.run(&format!("{ROWS} --max-latency 5"));
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("write a whole number and ns, us, ms or s"),
        "{}",
        ran.err
    );
    let ran = folder.run(&format!("{ROWS} --budget 1s --budget-units 5"));
    assert_eq!(ran.code, 2);
}
