//! `train`: the JSON document, the progress, model selection and promotion.

use std::io::{BufRead, BufReader};
use std::process::Command;

use serde_json::{Value, json};

use super::folder::{Folder, QUICK, Ran, keys};

const METRICS: [&str; 8] = [
    "accuracy",
    "precision",
    "recall",
    "f1",
    "auc",
    "log_loss",
    "brier",
    "ece",
];

fn check_figures(cv: &Value, folds: u64, repeats: u64) {
    assert_eq!(
        (&cv["folds"], &cv["repeats"]),
        (&json!(folds), &json!(repeats))
    );
    assert_eq!(
        keys(cv)[..10],
        [&["folds", "repeats"][..], &METRICS].concat()[..]
    );
    for metric in METRICS {
        assert_eq!(keys(&cv[metric]), ["mean", "se"], "{metric}");
        let [mean, se] = ["mean", "se"].map(|k| cv[metric][k].as_f64().unwrap());
        assert!(
            (0.0..1.0).contains(&mean) && se > 0.0 && se < 0.2,
            "{metric}: {mean} ± {se}"
        );
    }
}

#[test]
fn the_document_is_as_promised() {
    let folder = Folder::new();
    let ran = folder
        .run("train train.csv --folds 2 --repeats 1 --seed 7 --json")
        .ok();
    let document = ran.json();
    for key in [
        "model",
        "promoted",
        "reason",
        "learner",
        "seed",
        "rows",
        "cv",
        "candidates",
    ] {
        assert!(keys(&document).contains(&key), "{key}");
    }
    assert_eq!(document["model"], "titanic@1");
    assert_eq!(document["promoted"], true);
    assert_eq!(document["reason"], "there was no champion");
    assert_eq!(
        (&document["seed"], &document["rows"], &document["left_out"]),
        (&json!(7), &json!(891), &json!(0))
    );
    check_figures(&document["cv"], 2, 1);
    check_figures(&document["without_companions"], 2, 1);
    let candidates = document["candidates"].as_array().unwrap();
    let names: Vec<&str> = candidates
        .iter()
        .map(|c| c["learner"].as_str().unwrap())
        .collect();
    // A blend is one if several are better together.
    assert_eq!(names[..4], ["logistic", "forest", "boosted", "deep"]);
    candidates
        .iter()
        .for_each(|c| check_figures(&c["cv"], 2, 1));
    // The metrics of the model are those of its learner.
    let chosen = candidates
        .iter()
        .find(|candidate| candidate["learner"] == document["learner"])
        .unwrap();
    assert_eq!(document["cv"], chosen["cv"]);

    // Everything else is on standard error: one JSON line per progress step, the last one at the end.
    let lines: Vec<&str> = ran.err.lines().collect();
    let (said, progress) = lines.split_first().unwrap();
    assert_eq!(*said, "train.csv: 891 rows");
    // Warnings follow as text.
    let (progress, odd) = progress.split_at(progress.len() - 1);
    assert_eq!(odd, ["Cabin: not used by the model"]);
    let progress: Vec<Value> = progress
        .iter()
        .map(|l| serde_json::from_str(l).unwrap())
        .filter(|line: &Value| line.get("forecast_seconds").is_none())
        .collect();
    assert!(
        progress
            .iter()
            .all(|p| keys(p) == ["progress", "done", "of", "step"])
    );
    let fractions: Vec<f64> = progress
        .iter()
        .map(|p| p["progress"].as_f64().unwrap())
        .collect();
    assert!(
        fractions.is_sorted() && fractions.len() > 2 && fractions.last() == Some(&1.0),
        "{fractions:?}"
    );

    // The files have the documented names.
    let kept = document_of(&folder)["table"].as_str().unwrap().to_owned();
    let mut expected = vec![
        "churn.csv",
        "churn.yaml",
        "state/models/champion",
        "state/models/epoch",
        "state/models/ledger.jsonl",
        "state/models/titanic@1.model",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain([
        format!("state/tables/{kept}.parquet"),
        "test.csv".into(),
        "train.csv".into(),
    ])
    .collect::<Vec<_>>();
    expected.sort();
    assert_eq!(folder.files(), expected);
    assert_eq!(folder.text("state/models/champion"), "titanic@1\n");
}

/// The card of titanic@1.
fn document_of(folder: &Folder) -> Value {
    folder.run("models show 1 --json").ok().json()["card"].clone()
}

#[test]
fn people_get_a_table_and_the_reason() {
    let folder = Folder::new();
    let ran = folder.run(&format!("train train.csv {QUICK}")).ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines[0],
        "3 folds × 1 repeats, 891 rows, mean ± standard error"
    );
    for head in [
        "learner",
        "accuracy",
        "precision",
        "recall",
        "F1",
        "AUC",
        "log loss",
        "Brier",
        "ECE",
    ] {
        assert!(
            lines[1].to_lowercase().contains(&head.to_lowercase()),
            "{head}: {}",
            lines[1]
        );
    }
    assert!(
        lines[2].starts_with("logistic *") && lines[2].contains('±'),
        "{}",
        lines[2]
    );
    assert!(
        ran.out.contains("\n* logistic was requested; log loss 0."),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .ends_with("titanic@1 is now the champion: there was no champion\n"),
        "{}",
        ran.out
    );
    assert!(
        ran.err.starts_with("train.csv: 891 rows\n") && ran.err.contains(" of 7 fits: "),
        "{}",
        ran.err
    );
    // With `-q` only the result is printed.
    let quiet = folder.run(&format!("train train.csv {QUICK} --quiet")).ok();
    assert_eq!(quiet.err, "");
    assert!(
        quiet
            .out
            .contains("titanic@2 is now the champion: not worse"),
        "{}",
        quiet.out
    );
}

#[test]
fn the_same_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let folder = Folder::new();
    for threads in [1, 3] {
        folder.run(&format!("train train.csv --learner forest --folds 2 --repeats 1 --seed 5 --threads {threads} -q")).ok();
    }
    folder
        .run("train train.csv --learner forest --folds 2 --repeats 1 --seed 6 -q")
        .ok();
    let bytes =
        |n: u32| std::fs::read(folder.path(&format!("state/models/titanic@{n}.model"))).unwrap();
    assert!(bytes(1) == bytes(2), "one seed");
    assert!(bytes(1) != bytes(3), "two seeds");
}

#[test]
fn promotion_is_as_asked() {
    let folder = Folder::trained();
    let train = |more: &str| {
        let document = folder
            .run(&format!("train train.csv {QUICK} --json -q {more}"))
            .ok()
            .json();
        (
            document["model"].as_str().unwrap().to_owned(),
            document["promoted"].as_bool().unwrap(),
            document["reason"].as_str().unwrap().to_owned(),
        )
    };
    let champion = || folder.text("state/models/champion");
    let (model, promoted, reason) = train("--promote never");
    assert_eq!(
        (model.as_str(), promoted, reason.as_str()),
        ("titanic@2", false, "requested: --promote never")
    );
    assert_eq!(champion(), "titanic@1\n");
    // The same training again is not worse.
    let (model, promoted, reason) = train("--promote auto");
    assert!(
        promoted && model == "titanic@3" && reason.starts_with("not worse: log loss 0."),
        "{reason}"
    );
    assert_eq!(champion(), "titanic@3\n");
    // A table of 60 rows gives a worse model: it is registered but not promoted, and can be promoted manually.
    let few: String = folder
        .text("train.csv")
        .split_inclusive('\n')
        .take(61)
        .collect();
    folder.put("few.csv", few);
    let ran = folder
        .run(&format!("train few.csv {QUICK} --json -q"))
        .ok()
        .json();
    assert_eq!(
        (&ran["promoted"], &ran["model"], &ran["rows"]),
        (&json!(false), &json!("titanic@4"), &json!(60))
    );
    assert_eq!(champion(), "titanic@3\n");
    folder.run("models promote 4").ok();
    assert_eq!(champion(), "titanic@4\n");
    let (_, promoted, reason) = train("--promote always");
    assert!(promoted && reason == "requested: --promote always");
}

#[test]
fn without_a_source_it_learns_the_table_at_hand() {
    // Without a state: the spec's own table, which is compiled in for the built-in spec.
    let folder = Folder::new();
    folder.run(&format!("train {QUICK} -q")).ok();
    let whole = document_of(&folder);
    assert_eq!(whole["rows"], 891);
    // With a state: the champion's table.
    let few: String = folder
        .text("train.csv")
        .split_inclusive('\n')
        .take(301)
        .collect();
    let ran = folder
        .pipe(&format!("train - {QUICK} --promote always"), few)
        .ok();
    assert!(
        ran.err.starts_with("standard input: 300 rows\n"),
        "{}",
        ran.err
    );
    let ran = folder.run(&format!("train {QUICK} --json")).ok();
    let said = "training on the table of titanic@2\nthere is no store in state: no labelled rows\n";
    assert!(ran.err.starts_with(said), "{}", ran.err);
    assert_eq!(ran.json()["rows"], 300);
    assert!(!folder.path("state/events.redb").exists());
    // The stored table is checked against its digest before it is used.
    let table = folder.run("models show 2 --json").ok().json()["card"]["table"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = folder.path(&format!("state/tables/{table}.parquet"));
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let error = folder.run(&format!("train {QUICK}")).fails(1);
    assert!(
        error.starts_with(&format!("the table {table} is damaged")),
        "{error}"
    );
    // Training from the source repairs it.
    let few: String = folder
        .text("train.csv")
        .split_inclusive('\n')
        .take(301)
        .collect();
    folder.put("few.csv", few);
    folder.run(&format!("train few.csv {QUICK} -q")).ok();
    folder.run(&format!("train {QUICK} -q")).ok();
}

/// Splits the table into its first `rows` rows and the others.
fn split(folder: &Folder, rows: usize) {
    let whole = folder.text("train.csv");
    let (header, body) = whole.split_once('\n').unwrap();
    let rows_of = |take: &mut dyn Iterator<Item = &str>| {
        let rows: String = take.collect();
        format!("{header}\n{rows}")
    };
    let mut lines = body.split_inclusive('\n');
    folder.put("first.csv", rows_of(&mut lines.by_ref().take(rows)));
    folder.put("rest.csv", rows_of(&mut lines));
}

/// New labelled rows of the store are added to the training, and the champion is compared on them; each row once.
#[test]
fn without_a_source_it_learns_the_labelled_rows_of_the_store_too() {
    let folder = Folder::new();
    split(&folder, 300);
    folder.run(&format!("train first.csv {QUICK} -q")).ok();
    folder.run("ingest rest.csv -q").ok();
    let ran = folder.run(&format!("train {QUICK} --json")).ok();
    let said = "training on the table of titanic@1\nand on 591 labelled rows of the store that came since\n";
    assert!(ran.err.starts_with(said), "{}", ran.err);
    let document = ran.json();
    assert_eq!(
        (&document["rows"], &document["origin"]),
        (
            &json!(891),
            &json!({"table": 300, "store": 591, "corrected": 0})
        )
    );
    assert_eq!(document["gate"]["rows"], 591, "{document}");
    let promoted = document["gate"]["verdict"] == "promote";
    assert_eq!(document["promoted"], promoted);
    let trained = || -> Value {
        let ledger = folder.text("state/models/ledger.jsonl");
        let mut lines = ledger
            .lines()
            .map(|l| serde_json::from_str::<Value>(l).unwrap());
        lines.rfind(|l| l["action"] == "trained").unwrap()
    };
    let evidence = &trained()["evidence"];
    assert_eq!(evidence["gate"], document["gate"]);
    assert_eq!(evidence["through"], 591);
    let rows = &evidence["rows"];
    assert_eq!(
        (&rows["table"], &rows["store"], &rows["unseen"]),
        (&json!(300), &json!(591), &json!(591))
    );
    assert_eq!(rows["ids"].as_str().unwrap().len(), 64);

    // Training rows of the champion are not added again.
    folder.run("models promote 2").ok();
    let ran = folder.run(&format!("train {QUICK} --json")).ok();
    let said = "training on the table of titanic@2\nthe store holds no labelled rows beside it\n";
    assert!(ran.err.starts_with(said), "{}", ran.err);
    let document = ran.json();
    assert_eq!(
        document["origin"],
        json!({"table": 891, "store": 0, "corrected": 0})
    );
    assert_eq!(
        (&document["gate"], &document["rows"]),
        (&Value::Null, &json!(891))
    );
    // With an explicit source, only that source is used.
    let document = folder
        .run(&format!("train first.csv {QUICK} --json"))
        .ok()
        .json();
    assert_eq!(
        document["origin"],
        json!({"table": 300, "store": 0, "corrected": 0})
    );
    assert_eq!(trained()["evidence"]["rows"], Value::Null);
}

/// Without a model: the spec's own table plus the labelled rows of the store.
#[test]
fn without_a_model_the_stores_rows_come_to_the_specs_table() {
    let folder = Folder::new();
    split(&folder, 880);
    folder.run("ingest rest.csv -q").ok();
    let ran = folder.run(&format!("train {QUICK} --json")).ok();
    let said =
        "training on the spec's own table\nand on 11 labelled rows of the store that came since\n";
    assert!(ran.err.starts_with(said), "{}", ran.err);
    let document = ran.json();
    assert_eq!(
        document["origin"],
        json!({"table": 891, "store": 11, "corrected": 0})
    );
    assert_eq!(document["reason"], "there was no champion");
}

#[test]
fn wrong_usage_ends_with_2_and_writes_nothing() {
    let folder = Folder::new();
    let before = folder.files();
    for (line, said) in [
        (
            "train train.csv --learner logistc",
            "did you mean \"logistic\"?",
        ),
        (
            "train train.csv --learner logistic --folds 1",
            "at least 2 folds",
        ),
        ("train train.csv --repeats 0", "at least 2 folds, 1 repeat"),
        ("train train.csv --repeats 1000000", "are too many"),
        (
            "train train.csv --folds many",
            "invalid value 'many' for '--folds <FOLDS>'",
        ),
        (
            "train train.csv --promote maybe",
            "[possible values: auto, always, never]",
        ),
        (
            "train train.csv --threads 0",
            "invalid value '0' for '--threads <N>'",
        ),
        ("train train.csv --seed -1", "unexpected argument '-1'"),
        ("train train.csv test.csv", "unexpected argument 'test.csv'"),
        ("train train.csv --lerner auto", "'--learner'"),
        ("train train.csv -q -v", "cannot be used with"),
    ] {
        let ran = folder.run(line).ended(2);
        assert!(
            ran.out.is_empty() && ran.err.contains(said),
            "{line}: {ran:#?}"
        );
    }
    assert_eq!(folder.files(), before);
}

#[test]
fn bad_rows_are_named_and_counted_and_strict_ends_at_the_first() {
    let folder = Folder::new();
    let table = folder
        .text("train.csv")
        .replacen("male,22,", "mal,22,", 1)
        .replacen("female,38,", "female,380,", 1);
    folder.put("bad.csv", table);
    let ran = folder.run(&format!("train bad.csv {QUICK} --json")).ok();
    assert_eq!(
        (&ran.json()["rows"], &ran.json()["left_out"]),
        (&json!(889), &json!(2))
    );
    let warnings: Vec<&str> = ran
        .err
        .lines()
        .filter(|l| l.starts_with("warning: "))
        .collect();
    assert_eq!(
        warnings,
        [
            "warning: left out: line 2: Sex: unknown level, got mal, allowed: one of female, male (did you mean \"male\"?)",
            "warning: left out: line 3: Age: out of range, got 380, allowed: a number from 0 to 120",
            "warning: 2 of 891 rows were left out",
            "warning: Sex: 1 unknown level (\"mal\" 1)",
            "warning: Age: 1 out of range (\"380\" 1)",
        ]
    );
    let before = folder.files();
    let error = folder
        .run(&format!("train bad.csv {QUICK} --strict"))
        .fails(1);
    assert!(
        error.starts_with("bad.csv, line 2: Sex: unknown level, got mal"),
        "{error}"
    );
    assert_eq!(folder.files(), before);
}

/// The first signal requests a stop: nothing is written, and the exit code says so.
#[test]
fn an_interrupted_training_writes_nothing() {
    let folder = Folder::new();
    let before = folder.files();
    let line = "train train.csv --folds 10 --repeats 500 --json --threads 1";
    let mut child = folder.command(line).spawn().unwrap();
    let mut err = BufReader::new(child.stderr.take().unwrap());
    let mut said = String::new();
    err.read_line(&mut said).unwrap();
    assert_eq!(said, "train.csv: 891 rows\n");
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(signal.success());
    let rest = std::io::read_to_string(err).unwrap();
    let ran = Ran::of(line, child.wait_with_output().unwrap()).ended(130);
    assert_eq!(ran.out, "");
    assert!(
        rest.ends_with("stopping; once more to end at once\nerror: stopped; nothing was written\n"),
        "{rest}"
    );
    assert_eq!(folder.files(), before);
}

const VISITS: &str = "version: 1
name: visits
target: {column: came, positive: yes, negative: no}
id: nr
columns:
  - {name: age, kind: number}
  - {name: day, kind: unused}
recipe:
  steps: [impute: {of: age, as: age}]
  features: [age]
";

/// Rows of visits: every fifth day has its own share of positives, and four rows share a day.
fn visits(rows: std::ops::Range<usize>, came: impl Fn(usize) -> &'static str) -> Vec<String> {
    let row = |n: usize| {
        let (age, day) = (20 + n * 37 % 41, 1 + n / 4);
        format!(
            "{n},{age},2026-{:02}-{:02},{}\n",
            1 + day / 28,
            1 + day % 28,
            came(n)
        )
    };
    rows.map(row).collect()
}

fn table(rows: &[String]) -> String {
    format!("nr,age,day,came\n{}", rows.concat())
}

fn yes_or_no(n: usize) -> &'static str {
    ["no", "yes"][usize::from((20 + n * 37 % 41 + n * 7919 % 13) > 45)]
}

const LOGISTIC: &str = "--learner logistic --folds 3 --repeats 1";

#[test]
fn other_spellings_of_the_target_count_and_are_a_warning() {
    let folder = Folder::new();
    folder.put("s.yaml", VISITS);
    let spelt = |n: usize| match (yes_or_no(n), n % 10) {
        ("yes", 0..3) => "Yes",
        ("no", 0..2) => "\" no \"",
        (plain, _) => plain,
    };
    folder.put("v.csv", table(&visits(0..120, spelt)));
    let ran = folder
        .run(&format!("--spec s.yaml train v.csv {LOGISTIC} --json"))
        .ok();
    assert_eq!(ran.json()["rows"], 120);
    let odd = (0..120).filter(|n| spelt(*n) != yes_or_no(*n)).count();
    let told = |document: &Value| {
        let mut warnings = document["warnings"].as_array().unwrap().iter();
        let of = warnings.find(|w| w["problem"] == "other_spelling").unwrap();
        (
            of["column"].clone(),
            of["rows"].clone(),
            of["examples"].clone(),
        )
    };
    let expected = (json!("came"), json!(odd), json!([" no ", "Yes"]));
    let (column, rows, examples) = told(&ran.json());
    let mut examples: Vec<Value> = examples.as_array().unwrap().clone();
    examples.sort_by_key(Value::to_string);
    assert_eq!((column, rows, json!(examples)), expected);
    assert!(
        ran.err.contains("of the target in another spelling"),
        "{}",
        ran.err
    );
    let ran = folder.run("evaluate v.csv --json").ok();
    assert_eq!(told(&ran.json()).1, odd);
    assert!(ran.err.contains(&format!(
        "came: {odd} values of the target in another spelling"
    )));
}

#[test]
fn rows_in_order_of_time_are_scored_alike_in_any_order_of_the_file() {
    let folder = Folder::new();
    folder.put("t.yaml", format!("{VISITS}evaluation: {{time: day}}\n"));
    let mut rows = visits(0..120, yes_or_no);
    folder.put("a.csv", table(&rows));
    rows.reverse();
    rows.swap(3, 77);
    rows.rotate_left(31);
    folder.put("b.csv", table(&rows));
    let [a, b] = ["a", "b"].map(|name| {
        let line = format!("--state {name} --spec t.yaml train {name}.csv {LOGISTIC} --json");
        folder.run(&line).ok().json()
    });
    for metric in METRICS {
        let [a, b] = [&a, &b].map(|of| of["cv"][metric]["mean"].as_f64().unwrap());
        assert!((a - b).abs() < 1e-6, "{metric}: {a} {b}");
    }
}

#[test]
fn rows_without_a_time_are_counted_and_refused_when_they_are_many() {
    let folder = Folder::new();
    folder.put("t.yaml", format!("{VISITS}evaluation: {{time: day}}\n"));
    let mut rows = visits(0..120, yes_or_no);
    for (n, day) in [(7, ""), (50, "soon"), (90, "")] {
        let cells: Vec<String> = rows[n].split(',').map(str::to_owned).collect();
        rows[n] = format!("{},{},{day},{}", cells[0], cells[1], cells[3]);
    }
    folder.put("v.csv", table(&rows));
    let line = format!("--spec t.yaml train v.csv {LOGISTIC} --json");
    let ran = folder.run(&line).ok();
    let said = "day: 3 rows have no readable time and count as the oldest";
    assert!(ran.err.contains(said), "{}", ran.err);
    let warnings = ran.json()["warnings"].clone();
    let of_day: Vec<&Value> = warnings
        .as_array()
        .unwrap()
        .iter()
        .filter(|w| w["column"] == "day")
        .collect();
    assert_eq!(
        (&of_day[0]["problem"], &of_day[0]["rows"]),
        (&json!("missing"), &json!(3))
    );
    let said = folder.run(&format!("{line} --max-bad 0.02")).fails(1);
    assert!(
        said.contains("3 of 120 rows have no readable time in \"day\""),
        "{said}"
    );
    // Rows with one date cannot be split by date.
    let same: Vec<String> = (0..120)
        .map(|n| format!("{n},{},2026-01-01,{}\n", 20 + n % 40, yes_or_no(n)))
        .collect();
    folder.put("same.csv", table(&same));
    let said = folder
        .run(&format!("--spec t.yaml train same.csv {LOGISTIC}"))
        .fails(2);
    assert!(said.contains("leave 3 of 3 folds empty"), "{said}");
}
