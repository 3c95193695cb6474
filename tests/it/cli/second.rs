//! The whole workflow with the second spec, and two specs on one state.

use serde_json::json;

use super::folder::{Folder, keys};

#[test]
fn the_second_table_goes_the_whole_way() {
    let folder = Folder::new();
    // The spec names its table, whose path is relative to the spec and not to the working folder.
    std::fs::create_dir(folder.path("below")).unwrap();
    let mut command = folder.command("train --spec ../churn.yaml --state ../state --json");
    let ran = super::Ran::of(
        "train",
        command.current_dir(folder.path("below")).output().unwrap(),
    )
    .ok();
    let document = ran.json();
    assert_eq!(
        (&document["model"], &document["rows"], &document["promoted"]),
        (&json!("churn@1"), &json!(400), &json!(true))
    );
    // Folds and repeats come from the spec.
    assert_eq!(
        (&document["cv"]["folds"], &document["cv"]["repeats"]),
        (&json!(5), &json!(2))
    );
    assert!(
        document["cv"]["auc"]["mean"].as_f64().unwrap() > 0.65,
        "{}",
        document["cv"]["auc"]
    );
    assert_eq!(folder.text("state/models/champion"), "churn@1\n");

    // From here on the spec comes from the model.
    let answers = folder.run("predict churn.csv").ok().out;
    let lines: Vec<&str> = answers.lines().collect();
    assert_eq!((lines[0], lines.len()), ("account,left,probability", 401));
    for line in &lines[1..] {
        let [id, label, p] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        // A false negative costs twice a false positive, so the threshold is one third.
        assert_eq!(
            label,
            if p.parse::<f64>().unwrap() >= 1.0 / 3.0 {
                "yes"
            } else {
                "no"
            },
            "{line}"
        );
        assert!(id.starts_with('c'));
    }
    folder.run("predict churn.csv -o answers.jsonl").ok();
    let first: serde_json::Value =
        serde_json::from_str(folder.text("answers.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(keys(&first), ["account", "left", "probability", "warnings"]);
    let figures = folder.run("evaluate churn.csv --json").ok().json();
    assert_eq!(
        (
            &figures["model"],
            &figures["rows"],
            &figures["trained_on_this_table"]
        ),
        (&json!("churn@1"), &json!(400), &json!(true))
    );
    let again = folder
        .run("train churn.csv --learner logistic --json -q")
        .ok()
        .json();
    assert_eq!(again["model"], "churn@2");
    folder.run("models promote 1").ok();
    folder.run("models verify").ok();
    assert_eq!(
        folder.run("models show churn@1 --json").ok().json()["spec"],
        folder.text("churn.yaml")
    );
    // The other table does not fit this model and is rejected with one error.
    let error = folder.run("predict test.csv").fails(1);
    assert!(
        error.starts_with("test.csv: PassengerId: unknown column")
            && error.ends_with("; and 2 more faults of the header"),
        "{error}"
    );
}

#[test]
fn a_model_of_another_table_is_kept_and_not_compared() {
    let folder = Folder::trained();
    let document = folder
        .run("train --spec churn.yaml --learner logistic --json -q")
        .ok()
        .json();
    assert_eq!(
        (&document["model"], &document["promoted"]),
        (&json!("churn@2"), &json!(false))
    );
    assert_eq!(
        document["reason"],
        "not compared: the champion titanic@1 is not a model of churn; promote the new one by hand if it is to replace it"
    );
    assert_eq!(folder.text("state/models/champion"), "titanic@1\n");
    folder.run("predict churn.csv --model churn@2").ok();
    folder.run("models promote 2").ok();
    folder.run("predict churn.csv").ok();
    folder.run("models rollback").ok();
    folder.run("predict test.csv").ok();
}

#[test]
fn a_spec_without_a_table_asks_for_one() {
    let folder = Folder::new();
    folder.put(
        "bare.yaml",
        folder.text("churn.yaml").replace("table: churn.csv\n", ""),
    );
    let error = folder.run("train --spec bare.yaml").fails(1);
    assert_eq!(
        error,
        "the spec \"churn\" names no table; name one on the command line"
    );
    folder.put(
        "gone.yaml",
        folder
            .text("churn.yaml")
            .replace("table: churn.csv", "table: gone.csv"),
    );
    let error = folder.run("train --spec gone.yaml").fails(1);
    assert!(
        error.starts_with("gone.csv cannot be read: No such file"),
        "{error}"
    );
}
