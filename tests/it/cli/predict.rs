//! `predict` and `evaluate`: predictions in every format, and metrics compared with floors.

use serde_json::{Value, json};

use super::folder::{Folder, keys};

#[test]
fn answers_have_id_target_and_probability() {
    let folder = Folder::trained();
    let ran = folder.run("predict test.csv").ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        (lines.len(), lines[0], ran.err.as_str()),
        (419, "PassengerId,Survived,probability", "")
    );
    for (i, line) in lines[1..].iter().enumerate() {
        let [id, label, p] = line.split(',').collect::<Vec<_>>()[..] else {
            panic!("{line}")
        };
        let p: f64 = p.parse().unwrap();
        assert_eq!(id, (892 + i).to_string());
        assert_eq!(label, if p >= 0.5 { "1" } else { "0" }, "{line}");
        assert!(p > 0.0 && p < 1.0, "{line}");
    }
    // The output is the same for every destination.
    folder.run("predict test.csv -o answers.csv").ok();
    assert_eq!(folder.text("answers.csv"), ran.out);
    assert_eq!(folder.run("predict test.csv -o -").ok().out, ran.out);
    assert_eq!(
        folder.pipe("predict -", folder.text("test.csv")).ok().out,
        ran.out
    );
    assert_eq!(
        folder
            .run("predict test.csv --model 1 --threads 1")
            .ok()
            .out,
        ran.out
    );
    assert_eq!(
        folder
            .run("predict test.csv --model titanic@1 --threads 7")
            .ok()
            .out,
        ran.out
    );
    folder.run("predict test.csv -o answers.jsonl").ok();
    let objects: Vec<Value> = folder
        .text("answers.jsonl")
        .lines()
        .map(|l| serde_json::from_str(l).unwrap())
        .collect();
    let row = |o: &Value| {
        format!(
            "{},{},{}",
            o["PassengerId"], o["Survived"], o["probability"]
        )
    };
    assert!(objects.iter().all(|o| keys(o)
        == ["PassengerId", "Survived", "probability", "warnings"]
        && o["warnings"] == json!([])));
    assert_eq!(objects.iter().map(row).collect::<Vec<_>>(), lines[1..]);
    let document = folder.run("predict test.csv --json").ok().json();
    assert_eq!(
        (&document["model"], &document["predictions"]),
        (&json!("titanic@1"), &Value::from(objects))
    );
    let told = folder
        .run("predict test.csv -o answers.parquet --json")
        .ok();
    assert_eq!(
        told.json(),
        json!({"model": "titanic@1", "rows": 418, "left_out": 0, "output": "answers.parquet", "warnings": []})
    );
    assert_eq!(
        told.err,
        "418 rows answered by titanic@1 → answers.parquet\n"
    );
    assert!(
        std::fs::read(folder.path("answers.parquet"))
            .unwrap()
            .starts_with(b"PAR1")
    );
    let names = folder.files();
    assert!(!names.iter().any(|n| n.ends_with(".part")), "{names:?}");
}

#[test]
fn a_target_that_is_there_is_ignored() {
    let folder = Folder::trained();
    let with = folder.run("predict train.csv").ok();
    let header = folder.text("train.csv");
    let flipped: String = header
        .lines()
        .map(|l| {
            match l
                .split_once(",1,")
                .filter(|(id, _)| id.parse::<u32>().is_ok())
            {
                Some((id, rest)) => format!("{id},0,{rest}\n"),
                None => format!("{l}\n"),
            }
        })
        .collect();
    assert_ne!(flipped, header);
    folder.put("flipped.csv", flipped);
    assert_eq!(folder.run("predict flipped.csv").ok().out, with.out);
}

#[test]
fn bad_rows_have_a_line_that_says_why() {
    let folder = Folder::trained();
    folder.put(
        "odd.csv",
        folder
            .text("test.csv")
            .replacen("male,34.5", "male,345", 1)
            .replacen("female,47", "femal,47", 1),
    );
    let ran = folder.run("predict odd.csv --json -o answers.csv").ok();
    for said in [
        "warning: left out: line 2: Age: out of range, got 345",
        "warning: left out: line 3: Sex: unknown level, got femal",
        "warning: 2 of 418 rows were left out",
        "warning: Age: 1 out of range (\"345\" 1)",
        "warning: Sex: 1 unknown level (\"femal\" 1)",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
    assert_eq!(
        (&ran.json()["rows"], &ran.json()["left_out"]),
        (&json!(416), &json!(2))
    );
    let answers = folder.text("answers.csv");
    assert!(
        answers.starts_with(
            "PassengerId,Survived,probability,warnings\n892,,,\"Age: out of range, got 345"
        ),
        "{answers:.90}"
    );
    assert_eq!(answers.lines().count(), 419);
    let ran = folder
        .run("predict odd.csv --max-bad 0 -o answers.csv")
        .ended(1);
    assert!(
        ran.err
            .contains("error: 2 of 418 rows cannot be used (0.5 %)"),
        "{}",
        ran.err
    );
    folder.run("predict odd.csv --partial -o answers.csv").ok();
}

#[test]
fn what_cannot_be_read_or_written_is_told() {
    let folder = Folder::trained();
    folder.put("answers.csv", "old");
    std::fs::create_dir(folder.path("folder.csv")).unwrap();
    let before = folder.files();
    for (line, said) in [
        (
            "predict test.csv -o answers.xlsx",
            "\"answers.xlsx\" does not say its format; answers are written as csv, jsonl or parquet",
        ),
        (
            "predict test.csv -o answers",
            "\"answers\" does not say its format",
        ),
        (
            "predict test.txt",
            "\"test.txt\" does not say its format; known endings: csv, tsv, tab, json, jsonl, ndjson, parquet, each also with .gz or .zst behind it",
        ),
        (
            "predict none.csv",
            "none.csv cannot be read: No such file or directory",
        ),
        (
            "predict folder.csv",
            "folder.csv holds no table that can be answered",
        ),
        (
            "predict test.csv -o none/answers.csv",
            "none/answers.csv cannot be written: No such file or directory",
        ),
        (
            "predict test.csv -o folder.csv",
            "folder.csv cannot be written: Is a directory",
        ),
        (
            "predict test.csv --model 9",
            "there is no version 9; the newest are titanic@1",
        ),
        (
            "predict test.csv --model churn@1",
            "there is no version churn@1; the newest are titanic@1",
        ),
        (
            "predict test.csv --model latest",
            "`latest` names no version; write its number, such as 7",
        ),
    ] {
        let error = folder.run(line).fails(1);
        assert!(error.contains(said), "{line}: {error}");
        assert_eq!(folder.files(), before, "{line}");
    }
    let error = Folder::new().run("predict test.csv").fails(1);
    assert_eq!(
        error,
        "there is no model under state yet; make one with train or serve"
    );
    assert!(folder.run("predict").ended(2).err.contains("<SOURCE>"));
}

#[test]
fn a_damaged_champion_answers_nothing() {
    let folder = Folder::trained();
    let path = folder.path("state/models/titanic@1.model");
    let mut bytes = std::fs::read(&path).unwrap();
    let last = bytes.len() - 1;
    bytes[last] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    for line in ["predict test.csv", "evaluate train.csv", "models show 1"] {
        let error = folder.run(line).fails(1);
        assert!(
            error.starts_with(
                "titanic@1 is damaged: state/models/titanic@1.model: its bytes have SHA-256"
            ),
            "{error}"
        );
        assert!(
            error.ends_with("choose another with `models list`"),
            "{error}"
        );
    }
    // Without an intact model there is no spec; with `--spec`, the new version is promoted.
    let error = folder.run("train train.csv").fails(1);
    assert!(
        error.starts_with(
            "no spec is at hand to train by; name one with --spec: no intact model is left: "
        ),
        "{error}"
    );
    folder.put("titanic.yaml", titanic_platform::model::spec::BUNDLED);
    let ran = folder
        .run("train train.csv --spec titanic.yaml --learner logistic --folds 3 --repeats 1 --json")
        .ok();
    assert_eq!(
        (&ran.json()["promoted"], &ran.json()["reason"]),
        (
            &json!(true),
            &json!("the champion titanic@1 cannot be read")
        )
    );
    folder.run("predict test.csv").ok();

    // Spec and table come from an older intact version.
    std::fs::write(folder.path("state/models/titanic@2.model"), b"rubbish").unwrap();
    let error = folder.run("predict test.csv").fails(1);
    assert!(error.starts_with("titanic@2 is damaged"), "{error}");
    let whole = Folder::trained();
    std::fs::copy(whole.path("state/models/titanic@1.model"), &path).unwrap();
    let ran = folder
        .run("train --learner logistic --folds 3 --repeats 1 --json")
        .ok();
    assert!(
        ran.err.contains("warning: titanic@2 is damaged")
            && ran.err.contains("; going by titanic@1\n"),
        "{}",
        ran.err
    );
    assert_eq!(ran.json()["model"], "titanic@3");
}

#[test]
fn evaluate_measures_and_holds_floors() {
    let folder = Folder::trained();
    let ran = folder.run("evaluate train.csv --json").ok();
    assert!(
        ran.err.contains("titanic@1 was trained on this very table"),
        "{}",
        ran.err
    );
    let document = ran.json();
    let metrics = [
        "accuracy",
        "precision",
        "recall",
        "f1",
        "auc",
        "log_loss",
        "brier",
        "ece",
    ];
    assert_eq!(
        keys(&document)[..10],
        [&["model", "rows"][..], &metrics].concat()[..]
    );
    assert_eq!(
        (&document["model"], &document["rows"]),
        (&json!("titanic@1"), &json!(891))
    );
    for metric in metrics {
        assert_eq!(keys(&document[metric]), ["value", "se"]);
    }
    // The metrics are those of the predictions.
    let answers = folder.run("predict train.csv").ok().out;
    let table = folder.text("train.csv");
    let truth = table.lines().skip(1).map(|l| l.split(',').nth(1).unwrap());
    let right = answers
        .lines()
        .skip(1)
        .zip(truth)
        .filter(|(a, t)| a.split(',').nth(1) == Some(*t))
        .count();
    assert!((document["accuracy"]["value"].as_f64().unwrap() - right as f64 / 891.0).abs() < 1e-12);
    let confusion = &document["confusion"];
    let sum: u64 = confusion
        .as_object()
        .unwrap()
        .values()
        .map(|v| v.as_u64().unwrap())
        .sum();
    assert_eq!(sum, 891);
    assert_eq!(document["floors_missed"], json!([]));

    // With all labels inverted every floor is missed, and the exit code says so.
    let turned: String = table
        .lines()
        .map(|l| match l.splitn(3, ',').collect::<Vec<_>>()[..] {
            [id, "0", rest] => format!("{id},1,{rest}\n"),
            [id, "1", rest] => format!("{id},0,{rest}\n"),
            _ => format!("{l}\n"),
        })
        .collect();
    folder.put("turned.csv", turned);
    let ran = folder.run("evaluate turned.csv --json").ended(4);
    let missed: Vec<String> = serde_json::from_value(ran.json()["floors_missed"].clone()).unwrap();
    assert_eq!(missed.len(), 2, "{missed:?}");
    assert!(
        missed[0].starts_with("accuracy 0.0") && missed[0].ends_with("misses the floor 0.75"),
        "{missed:?}"
    );
    assert!(ran.err.contains("warning: accuracy 0.0"), "{}", ran.err);
    let ran = folder.run("evaluate turned.csv").ended(4);
    assert!(
        ran.out.starts_with("titanic@1 on 891 rows\n") && ran.out.contains("log loss"),
        "{}",
        ran.out
    );

    // `evaluate` fails without labels.
    let error = folder.run("evaluate test.csv").fails(1);
    assert!(error.starts_with("test.csv: Survived: missing"), "{error}");
}
