//! The report on a model whose table is gone, and on one of an earlier release.

use super::*;
use crate::registry::ledger::Entry;

/// A model file of an earlier release, which holds no evaluation.
fn earlier() -> crate::model::Model {
    let bytes = include_bytes!("../../../tests/fixtures/revision-1.model");
    crate::model::Model::from_bytes(bytes).unwrap()
}

fn entry(seq: u64, action: &str, model: &str) -> Entry {
    let line = format!(
        r#"{{"seq":{seq},"time":"2026-01-02T03:04:05Z","action":"{action}","model":"{model}","previous":null,"sha256":"","by":"train","reason":"why","evidence":null,"prev":"","hash":"abcdef0123456789"}}"#
    );
    serde_json::from_str(&line).unwrap()
}

fn report(entries: &[Entry]) -> Report {
    Report::of(&Facts {
        version: "titanic@1".into(),
        role: "champion".into(),
        model: &earlier(),
        sha256: "00".into(),
        table: Err("table 12 is not kept here".into()),
        entries,
        live: Live::default(),
    })
}

#[test]
fn a_model_without_table_and_evaluation_has_a_report_that_says_so() {
    let report = report(&[]);
    assert!(report.calibration.is_none() && report.importance.is_none() && report.errors.is_none());
    let page = crate::report::html::page(&report.document());
    assert!(page.contains("table 12 is not kept here"), "{page}");
    assert!(page.contains("earlier release"), "{page}");
    crate::report::pdf::file(&report.document(), crate::report::pdf::Paper::A4).unwrap();
}

#[test]
fn the_first_training_has_no_time_and_no_hash() {
    let entries = [
        entry(1, "trained", "titanic@1"),
        entry(2, "promoted", "titanic@1"),
        entry(3, "trained", "titanic@2"),
    ];
    let decisions = report(&entries).decisions;
    let timed: Vec<bool> = decisions
        .listed
        .iter()
        .map(|d| d.time.is_some() && d.hash.is_some())
        .collect();
    assert_eq!(timed, [false, false, true]);
    let untimed = report(&entries[..2]).document();
    assert!(!crate::report::html::page(&untimed).contains("2026"));
}
