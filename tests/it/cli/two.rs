//! Two processes use one state.

use super::folder::{Folder, QUICK, Ran};

#[test]
fn two_trainings_at_once_both_succeed() {
    let folder = Folder::new();
    let line = |seed: u32| format!("train train.csv {QUICK} --seed {seed} --json -q");
    let children = [1, 2].map(|seed| folder.command(&line(seed)).spawn().unwrap());
    let documents = children.map(|child| {
        Ran::of("train", child.wait_with_output().unwrap())
            .ok()
            .json()
    });
    let mut models = documents.each_ref().map(|d| d["model"].as_str().unwrap());
    models.sort();
    assert_eq!(models, ["titanic@1", "titanic@2"]);
    // One training found no champion; the other was compared with the first one's model.
    let mut reasons: Vec<&str> = documents
        .iter()
        .map(|d| d["reason"].as_str().unwrap())
        .collect();
    reasons.sort_by_key(|r| *r != "there was no champion");
    assert_eq!(reasons[0], "there was no champion");
    assert!(
        reasons[1].contains("log loss 0.") && reasons[1].contains(" against 0."),
        "{reasons:?}"
    );
    folder.run("models verify").ok();
    let ledger = folder.text("state/models/ledger.jsonl");
    let trained = ledger.matches("\"action\":\"trained\"").count();
    let promoted = ledger.matches("\"action\":\"promoted\"").count();
    let both = documents.iter().filter(|d| d["promoted"] == true).count();
    assert_eq!((trained, promoted), (2, both));
}
