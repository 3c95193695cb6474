//! `report`: one PDF, HTML and JSON of a model, with and beside a server.

use std::fs;

use crate::cli::{Folder, QUICK};

const SECTIONS: [&str; 11] = [
    "model",
    "data",
    "learners",
    "metrics",
    "calibration",
    "importance",
    "errors",
    "drift",
    "performance",
    "decisions",
    "reproduce",
];

#[test]
fn a_report_is_the_same_bytes_again_and_needs_no_training_table() {
    let folder = Folder::trained();
    let ran = folder.run("report --html report.html --json").ok();
    let report = ran.json();
    let keys: Vec<&str> = report
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    assert_eq!(keys, SECTIONS);
    assert_eq!(report["model"]["version"], "titanic@1");
    assert_eq!(report["data"]["gone"], serde_json::Value::Null);
    assert_eq!(
        report["decisions"]["listed"][0]["time"],
        serde_json::Value::Null
    );
    let pdf = fs::read(folder.path("reports/final_report.pdf")).unwrap();
    assert!(pdf.starts_with(b"%PDF-1.7"));
    folder
        .run("report -q --paper letter -o letter.pdf --model 1")
        .ok();
    assert_ne!(fs::read(folder.path("letter.pdf")).unwrap(), pdf);
    folder.run("report -q -o again.pdf").ok();
    assert_eq!(fs::read(folder.path("again.pdf")).unwrap(), pdf);

    fs::remove_dir_all(folder.path("state/tables")).unwrap();
    let report = folder
        .run("report -o gone.pdf --html gone.html --json")
        .ok()
        .json();
    let gone = report["data"]["gone"].as_str().unwrap();
    assert!(gone.contains("is not kept here"), "{gone}");
    assert!(folder.text("gone.html").contains("is not kept here"));
    assert_eq!(report["errors"]["has_values"], false);
}

#[test]
fn a_version_that_does_not_exist_is_named_and_nothing_is_written() {
    let folder = Folder::new();
    let ran = folder.run("report").ended(1);
    assert!(ran.err.contains("no model"), "{}", ran.err);
    folder.run(&format!("train train.csv {QUICK}")).ok();
    let ran = folder.run("report --model 9").ended(1);
    assert!(ran.err.contains("no version 9"), "{}", ran.err);
    assert!(!folder.path("reports").exists());
}
