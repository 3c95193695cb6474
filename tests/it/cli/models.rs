//! `models`: list, champion, damaged versions, removal.

use serde_json::{Value, json};

use super::folder::{Folder, QUICK, keys};

/// A state with three versions that were promoted in turn.
fn three() -> Folder {
    let folder = Folder::trained();
    for seed in [1, 2] {
        folder
            .run(&format!(
                "train train.csv {QUICK} --seed {seed} --promote always -q"
            ))
            .ok();
    }
    folder
}

fn roles(folder: &Folder) -> Vec<(String, String)> {
    let list = folder.run("models list --json").ok().json();
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (text(&m["model"]), text(&m["role"])))
        .collect()
}

fn expect(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(m, r)| ((*m).to_owned(), (*r).to_owned()))
        .collect()
}

#[test]
fn list_names_every_version_with_its_role_and_figures() {
    let folder = Folder::new();
    assert_eq!(
        folder.run("models list").ok().out,
        "no models yet; make one with train or serve\n"
    );
    assert_eq!(
        folder.run("models list --json").ok().json(),
        json!({"champion": null, "models": []})
    );
    assert!(!folder.path("state").exists(), "looking makes nothing");

    let folder = three();
    let list = folder.run("models list --json").ok().json();
    assert_eq!(
        (keys(&list), &list["champion"]),
        (vec!["champion", "models"], &json!("titanic@3"))
    );
    for model in list["models"].as_array().unwrap() {
        assert_eq!(keys(model), ["model", "trained", "learner", "role", "cv"]);
        assert_eq!(model["learner"], "logistic");
        let trained = model["trained"].as_str().unwrap();
        assert!(trained.len() == 24 && trained.ends_with('Z'), "{trained}");
        let shown = folder
            .run(&format!(
                "models show {} --json",
                model["model"].as_str().unwrap()
            ))
            .ok()
            .json();
        assert_eq!(model["cv"], shown["cv"]);
        assert_eq!(shown["card"]["rows"], 891);
    }
    assert_eq!(
        roles(&folder),
        expect(&[
            ("titanic@1", "retired"),
            ("titanic@2", "previous"),
            ("titanic@3", "champion")
        ])
    );
    let table = folder.run("models list").ok().out;
    let lines: Vec<&str> = table.lines().collect();
    assert!(
        lines[0].starts_with("model")
            && lines[3].starts_with("titanic@3")
            && lines[3].contains("champion"),
        "{table}"
    );
}

#[test]
fn show_tells_all_of_one_version() {
    let folder = Folder::trained();
    let by_number = folder.run("models show 1 --json").ok().json();
    assert_eq!(
        by_number,
        folder.run("models show titanic@1 --json").ok().json()
    );
    assert_eq!(by_number["model"], "titanic@1");
    assert_eq!(by_number["spec"], titanic_platform::model::spec::BUNDLED);
    assert_eq!(by_number["features"].as_array().unwrap().len(), 23);
    let text = folder.run("models show 1").ok().out;
    assert!(
        text.starts_with("titanic@1: logistic on 891 rows (342 positive, 0 left out), seed 0\n"),
        "{text}"
    );
    assert!(
        text.contains("without companions") && text.contains("\n23 features: age, "),
        "{text}"
    );
    for (wanted, said) in [
        ("7", "there is no version 7; the newest are titanic@1"),
        (
            "churn@1",
            "there is no version churn@1; the newest are titanic@1",
        ),
    ] {
        assert_eq!(folder.run(&format!("models show {wanted}")).fails(1), said);
    }
    for nonsense in [
        "one",
        "titanic@",
        "@1",
        "titanic@0",
        "-1x",
        "../titanic@1",
        "1.5",
    ] {
        let ran = folder.run(&format!("models show {nonsense}"));
        assert!([1, 2].contains(&ran.code) && ran.out.is_empty(), "{ran:#?}");
    }
}

#[test]
fn promote_and_rollback_move_the_champion() {
    let folder = three();
    let told = |line: &str| {
        let told = folder.run(&format!("models {line} --json")).ok().json();
        assert_eq!(keys(&told), ["model", "previous", "seq"]);
        told
    };
    // The ledger has six lines so far: three trained, three promoted.
    assert_eq!(
        told("promote 1"),
        json!({"model": "titanic@1", "previous": "titanic@3", "seq": 7})
    );
    assert_eq!(folder.text("state/models/champion"), "titanic@1\n");
    // Promoting the champion again does nothing.
    assert_eq!(
        told("promote titanic@1"),
        json!({"model": "titanic@1", "previous": "titanic@3", "seq": 7})
    );
    assert_eq!(
        folder.run("models promote 1").ok().out,
        "titanic@1 is the champion already\n"
    );
    assert_eq!(
        told("rollback"),
        json!({"model": "titanic@3", "previous": "titanic@1", "seq": 8})
    );
    assert_eq!(told("rollback")["model"], "titanic@2");
    assert_eq!(
        folder.run("models rollback").ok().out,
        "titanic@1 is now the champion, before it titanic@2\n"
    );
    let error = folder.run("models rollback").fails(1);
    assert_eq!(
        error,
        "there is nothing to go back to: no champion before titanic@1 is left; name one with `models promote`"
    );
    let ledger = folder.text("state/models/ledger.jsonl");
    let deeds: Vec<String> = ledger
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).unwrap())
        .map(|e| {
            format!(
                "{} {} {}",
                e["seq"],
                e["action"].as_str().unwrap(),
                e["model"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(
        deeds[6..],
        [
            "7 promoted titanic@1",
            "8 rolled_back titanic@3",
            "9 rolled_back titanic@2",
            "10 rolled_back titanic@1"
        ]
    );
    let error = Folder::new().run("models rollback").fails(1);
    assert_eq!(
        error,
        "there is no champion yet; name one with `models promote`, or train"
    );
}

#[test]
fn verify_finds_a_flipped_byte_and_an_edited_line() {
    let folder = three();
    assert_eq!(folder.run("models verify").ok().out, "intact\n");
    assert_eq!(
        folder.run("models verify --json").ok().json(),
        json!({"intact": true, "findings": []})
    );

    let path = folder.path("state/models/titanic@2.model");
    let sound = std::fs::read(&path).unwrap();
    let mut bytes = sound.clone();
    bytes[sound.len() / 2] ^= 0x10;
    std::fs::write(&path, bytes).unwrap();
    let found = folder.run("models verify").ended(4);
    assert!(
        found
            .out
            .starts_with("titanic@2.model: its bytes have SHA-256 ")
            && found.out.lines().count() == 1,
        "{}",
        found.out
    );
    let document = folder.run("models verify 2 --json").ended(4).json();
    assert_eq!(
        (&document["intact"], &document["findings"][0]["damage"]),
        (&json!(false), &json!("file_damaged"))
    );
    folder.run("models verify 1").ok();
    folder.run("models verify titanic@3").ok();
    // A damaged version cannot be shown or promoted; the list still works.
    let error = folder.run("models promote 2").fails(1);
    assert!(error.starts_with("titanic@2 is damaged"), "{error}");
    let list = folder.run("models list --json").ok().json();
    assert_eq!(
        (&list["models"][1]["cv"], &list["models"][2]["model"]),
        (&Value::Null, &json!("titanic@3"))
    );
    std::fs::write(&path, sound).unwrap();
    folder.run("models verify").ok();

    let ledger = folder.text("state/models/ledger.jsonl");
    folder.put(
        "state/models/ledger.jsonl",
        ledger.replacen("\"by\":\"train\"", "\"by\":\"nobody\"", 2),
    );
    let found = folder.run("models verify").ended(4);
    assert_eq!(found.out.lines().count(), 2, "{}", found.out);
    assert!(found.out.starts_with("ledger.jsonl:1: "), "{}", found.out);
    // Reading still works; the champion is still known.
    folder.run("predict test.csv").ok();
    folder.put("state/models/ledger.jsonl", ledger);
    folder.put("state/models/champion", "titanic@1\n");
    let found = folder.run("models verify --json").ended(4).json();
    assert_eq!(found["findings"][0]["damage"], "pointer_elsewhere");
}

#[test]
fn gc_keeps_the_champion_the_one_before_and_the_newest() {
    let folder = three();
    folder.run("models rollback").ok(); // champion 2, before it 1
    for _ in 0..3 {
        folder
            .run(&format!("train train.csv {QUICK} --promote never -q"))
            .ok();
    }
    let told = folder.run("models gc --keep 2 --json").ok().json();
    assert_eq!(told["removed"], json!(["titanic@3", "titanic@4"]));
    assert!(told["bytes"].as_u64().unwrap() > 10_000, "{told}");
    assert_eq!(
        roles(&folder),
        expect(&[
            ("titanic@1", "previous"),
            ("titanic@2", "champion"),
            ("titanic@5", "candidate"),
            ("titanic@6", "candidate")
        ])
    );
    assert!(!folder.path("state/models/titanic@3.model").exists());
    let error = folder.run("models promote 3").fails(1);
    assert!(
        error.starts_with("titanic@3 was removed by `models gc`"),
        "{error}"
    );
    assert!(
        folder
            .run("models gc")
            .ok()
            .out
            .starts_with("removed 0 versions, 0 bytes")
    );
    folder.run("models verify").ok();
    folder.run("models rollback").ok();
    // A version number is never reused.
    let next = folder
        .run(&format!(
            "train train.csv {QUICK} --promote never --json -q"
        ))
        .ok()
        .json();
    assert_eq!(next["model"], "titanic@7");
}

#[test]
fn diff_tells_what_changed() {
    let folder = Folder::trained();
    let spec = titanic_platform::model::spec::BUNDLED;
    let other = spec
        .replace("decision: {threshold: 0.5}", "decision: {threshold: 0.4}")
        .replace("    - age_missing\n", "");
    folder.put("other.yaml", &other);
    let whole = folder.text("train.csv");
    let half: Vec<&str> = whole.lines().take(451).collect();
    folder.put("half.csv", half.join("\n") + "\n");
    folder
        .run(&format!("train half.csv {QUICK} --spec other.yaml -q"))
        .ok();

    let diff = folder.run("models diff 1 titanic@2 --json").ok().json();
    assert_eq!(
        keys(&diff),
        [
            "a",
            "b",
            "data",
            "training",
            "features",
            "spec",
            "figures",
            "same_splits"
        ]
    );
    assert_eq!(
        (&diff["a"], &diff["b"]),
        (&json!("titanic@1"), &json!("titanic@2"))
    );
    assert_eq!(
        diff["data"]["rows"],
        json!({"a": 891, "b": 450, "same": false})
    );
    assert_eq!(diff["data"]["table"]["same"], false);
    assert_eq!(diff["data"]["columns"], json!({"removed": [], "added": []}));
    assert_eq!(
        diff["training"]["learner"],
        json!({"a": "logistic", "b": "logistic", "same": true})
    );
    assert_eq!(
        diff["training"]["threshold"],
        json!({"a": 0.5, "b": 0.4, "same": false})
    );
    assert_eq!(
        diff["features"],
        json!({"removed": ["age_missing"], "added": []})
    );
    let spec: Vec<(&Value, &str)> = diff["spec"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| (&line["only"], line["text"].as_str().unwrap().trim()))
        .collect();
    assert_eq!(
        spec,
        [
            (&json!("a"), "- age_missing"),
            (&json!("a"), "decision: {threshold: 0.5}"),
            (&json!("b"), "decision: {threshold: 0.4}")
        ]
    );
    let shown = |v: u32| folder.run(&format!("models show {v} --json")).ok().json();
    let (first, second) = (shown(1), shown(2));
    for figure in diff["figures"].as_array().unwrap() {
        let name = figure["metric"].as_str().unwrap();
        assert_eq!(
            (&figure["a"], &figure["b"]),
            (&first["cv"][name], &second["cv"][name])
        );
        let mean = |of: &str| figure[of]["mean"].as_f64().unwrap();
        let difference = figure["difference"].as_f64().unwrap();
        assert!((difference - (mean("b") - mean("a"))).abs() < 1e-12);
        let lower = ["log_loss", "brier", "ece"].contains(&name);
        assert_eq!(figure["better"], (difference < 0.0) == lower, "{name}");
    }
    assert_eq!(diff["same_splits"], false);

    let text = folder.run("models diff 1 2").ok().out;
    for said in [
        "             titanic@1     titanic@2\n",
        "rows         891           450\n",
        "measured on different splits",
        "features removed: age_missing\n",
        "decision: {threshold: 0.4}\n",
    ] {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(squeezed(&text).contains(&squeezed(said)), "{said}: {text}");
    }
    let same = folder.run("models diff 1 1").ok().out;
    assert!(
        same.contains("on the same splits") && same.ends_with("spec: the same\n"),
        "{same}"
    );
    assert_eq!(
        folder.run("models diff 1 7").fails(1),
        "there is no version 7; the newest are titanic@2, titanic@1"
    );
}
