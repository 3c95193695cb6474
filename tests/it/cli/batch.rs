//! What the commands that read a table report about it, by kind of fault, and when they fail.

use std::io::{BufRead, BufReader, Read};

use serde_json::{Value, json};

use super::folder::{Folder, QUICK, Ran};

const SPEC: &str = r#"version: 1
name: m
target: {column: churn, positive: "yes", negative: "no"}
id: id
columns:
  - {name: age, kind: number, range: [18, 80]}
  - {name: income, kind: number, range: [0, 20000], unexpected: reject}
  - {name: city, kind: category, levels: [Cairo, Lima, Oslo]}
  - {name: plan, kind: category, levels: [basic, gold, plus]}
recipe:
  steps:
    - impute: {of: age, as: a}
    - impute: {of: income, as: i}
    - one_hot: {of: [plan]}
  features: [a, i, 'plan=*']
"#;

/// Rows of the base case: the target depends on income and on chance.
fn rows(n: usize) -> Vec<[String; 6]> {
    let row = |i: usize| {
        let chance = (i * 7919 + 13) % 101;
        let income = 500 + (i * 613) % 9000;
        let churn = if income / 90 + chance > 100 {
            "yes"
        } else {
            "no"
        };
        let plan = ["basic", "gold", "plus"][(i * 5 + i / 7) % 3];
        let city = ["Cairo", "Lima", "Oslo"][(i * 11 + i / 5) % 3];
        [
            i.to_string(),
            (18 + (i * 37) % 62).to_string(),
            income.to_string(),
            city.into(),
            plan.into(),
            churn.into(),
        ]
    };
    (1..=n).map(row).collect()
}

fn csv(header: &str, rows: impl IntoIterator<Item = [String; 6]>) -> String {
    let lines = rows.into_iter().map(|row| row.join(",") + "\n");
    format!("{header}\n{}", lines.collect::<String>())
}

const HEADER: &str = "id,age,income,city,plan,churn";

/// A folder with the base case and a model trained on it.
fn trained() -> Folder {
    let folder = Folder::new();
    folder.put("s.yaml", SPEC);
    folder.put("base.csv", csv(HEADER, rows(120)));
    folder
        .run(&format!("--spec s.yaml train base.csv {QUICK}"))
        .ok();
    folder
}

fn changed(change: impl Fn(usize, &mut [String; 6])) -> String {
    let mut all = rows(120);
    all.iter_mut()
        .enumerate()
        .for_each(|(i, row)| change(i, row));
    csv(HEADER, all)
}

/// Problems of the warnings by column.
fn problems(warnings: &Value) -> Vec<(String, String, u64)> {
    let text = |v: &Value| v.as_str().unwrap().to_owned();
    let list = warnings.as_array().unwrap();
    list.iter()
        .map(|w| {
            (
                text(&w["column"]),
                text(&w["problem"]),
                w["rows"].as_u64().unwrap(),
            )
        })
        .collect()
}

fn has(ran: &Ran, column: &str, problem: &str, rows: u64) {
    let all = problems(&ran.json()["warnings"]);
    let wanted = (column.to_owned(), problem.to_owned(), rows);
    assert!(all.contains(&wanted), "{wanted:?} in {all:?}\n{}", ran.err);
}

/// A3: every batch command reports warnings by column, as text and as data.
#[test]
fn a3_batch_commands_report_their_warnings() {
    let folder = trained();
    folder.put(
        "odd.csv",
        changed(|i, row| {
            if i % 3 == 0 {
                row[4] = "Gold".into();
            }
            row[1] = format!("{}0000", row[1]);
        }),
    );
    for line in [
        "evaluate odd.csv --json".to_owned(),
        "predict odd.csv --json".into(),
        format!("--spec s.yaml train odd.csv {QUICK} --json"),
        "ingest odd.csv --json".into(),
    ] {
        let ran = folder.run(&line).ok();
        has(&ran, "plan", "unknown_level", 40);
        has(&ran, "age", "out_of_range", 120);
        let entry = ran.json()["warnings"]
            .as_array()
            .unwrap()
            .iter()
            .find(|w| w["column"] == "plan")
            .cloned()
            .unwrap();
        assert_eq!(entry["examples"], json!(["Gold"]), "{line}");
        for said in [
            "plan: 40 unknown levels (\"Gold\" 40)",
            "age: 120 out of range",
        ] {
            assert!(
                ran.err.lines().any(|l| l.contains(said)),
                "{line}: {}",
                ran.err
            );
        }
    }
    folder.run("predict odd.csv -o odd.jsonl").ok();
    let first: Value =
        serde_json::from_str(folder.text("odd.jsonl").lines().next().unwrap()).unwrap();
    assert_eq!(
        first["warnings"][1],
        json!({"column": "plan", "problem": "unknown_level", "value": "Gold"})
    );
    let clean = trained().run("predict base.csv").ok();
    assert_eq!(clean.out.lines().next(), Some("id,churn,probability"));
}

/// A3: a missing column, an empty column and an unused column are reported.
#[test]
fn a3_columns_that_are_not_there_or_hold_nothing_are_named() {
    let folder = trained();
    let without: String = rows(120)
        .iter()
        .map(|r| format!("{},,{},{},{}\n", r[0], r[3], r[4], r[5]))
        .collect();
    folder.put("less.csv", format!("id,age,city,plan,churn\n{without}"));
    for line in ["evaluate less.csv --json", "ingest less.csv --json"] {
        let ran = folder.run(line).ok();
        has(&ran, "income", "missing_column", 120);
        has(&ran, "age", "all_missing", 120);
        assert!(ran.err.contains("income: not in the table"), "{}", ran.err);
    }
    let ran = folder
        .run(&format!("--spec s.yaml train base.csv {QUICK} --json"))
        .ok();
    has(&ran, "city", "unused_column", 120);
    assert!(!ran.err.contains("income"), "{}", ran.err);
}

/// A3: a target with a single class is reported with its column.
#[test]
fn a3_a_target_of_one_class_names_its_column() {
    let folder = trained();
    folder.put("one.csv", changed(|_, row| row[5] = "yes".into()));
    let error = folder
        .run(&format!("--spec s.yaml train one.csv {QUICK}"))
        .fails(1);
    assert!(error.contains("\"churn\""), "{error}");
}

/// A4: above the limit of bad rows, `train` and `evaluate` fail and report the most frequent fault with its remedy.
#[test]
fn a4_too_many_bad_rows_end_train_and_evaluate() {
    let folder = trained();
    folder.put(
        "bad.csv",
        changed(|i, row| {
            if i % 10 == 0 {
                row[2] = "n/b".into();
            }
            if i == 1 {
                row[2] = "99999".into();
            }
        }),
    );
    folder.put(
        "few.csv",
        changed(|i, row| {
            if i < 6 {
                row[2] = "n/b".into();
            }
        }),
    );
    for command in [
        format!("--spec s.yaml train bad.csv {QUICK}"),
        "evaluate bad.csv".into(),
    ] {
        let error = folder.run(&command).fails(1);
        for said in [
            "13 of 120 rows",
            "5 %",
            "in 12 rows: income: wrong type",
            "leave the cell empty",
            "--max-bad",
        ] {
            assert!(error.contains(said), "{said}: {error}");
        }
        folder.run(&format!("{command} --max-bad 0.2")).ok();
        folder.run(&command.replace("bad.csv", "few.csv")).ok();
        let error = folder.run(&format!("{command} --strict")).fails(1);
        assert!(error.contains("bad.csv, line 2: income"), "{error}");
        assert!(
            folder
                .run(&format!("{command} --max-bad 5"))
                .ended(2)
                .err
                .contains("from 0 to 1")
        );
    }
}

/// A4: a row without a target is not bad.
#[test]
fn a4_rows_without_a_target_are_counted_apart() {
    let folder = trained();
    folder.put(
        "half.csv",
        changed(|i, row| {
            if i % 2 == 0 {
                row[5] = String::new();
            }
        }),
    );
    let ran = folder
        .run(&format!("--spec s.yaml train half.csv {QUICK} --json"))
        .ok();
    let document = ran.json();
    assert_eq!(
        (
            &document["rows"],
            &document["left_out"],
            &document["unlabelled"]
        ),
        (&json!(60), &json!(0), &json!(60))
    );
    assert!(
        ran.err
            .contains("60 of 120 rows have no value of the target \"churn\""),
        "{}",
        ran.err
    );
    assert_eq!(
        folder.run("evaluate half.csv --json --strict").ok().json()["rows"],
        60
    );
}

/// A4: `predict` writes a line for every row in every format, and fails above the limit of bad rows.
#[test]
fn a4_predict_writes_a_line_for_every_row() {
    let folder = trained();
    folder.put(
        "bad.csv",
        changed(|i, row| {
            if i == 1 || i == 3 {
                row[2] = "n/b".into();
            }
        }),
    );
    let ran = folder.run("predict bad.csv").ok();
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        (lines.len(), lines[0]),
        (121, "id,churn,probability,warnings")
    );
    assert!(
        lines[2].starts_with("2,,,\"income: wrong type"),
        "{}",
        lines[2]
    );
    assert!(
        lines[3].starts_with("3,") && lines[3].ends_with(','),
        "{}",
        lines[3]
    );
    folder.run("predict bad.csv -o bad.jsonl").ok();
    let text = folder.text("bad.jsonl");
    let second: Value = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    assert_eq!(
        (&second["id"], &second["probability"], &second["churn"]),
        (&json!(2), &Value::Null, &Value::Null)
    );
    assert_eq!(
        (
            &second["warnings"][0]["column"],
            &second["warnings"][0]["problem"]
        ),
        (&json!("income"), &json!("wrong_type"))
    );
    folder.run("predict bad.csv -o bad.parquet").ok();
    folder.put(
        "most.csv",
        changed(|i, row| {
            if i % 2 == 0 {
                row[2] = "n/b".into();
            }
        }),
    );
    let ran = folder.run("predict most.csv -o most.csv.csv").ended(1);
    assert!(
        ran.err.contains("60 of 120 rows cannot be used"),
        "{}",
        ran.err
    );
    assert_eq!(folder.text("most.csv.csv").lines().count(), 121);
    folder.run("predict most.csv --partial").ok();
    folder.run("predict most.csv --max-bad 0.5").ok();
    folder.run("predict most.csv --strict").fails(1);
}

/// A4: an ingest that stores no row fails.
#[test]
fn a4_an_ingest_that_stores_nothing_fails() {
    let folder = trained();
    folder.put("all.csv", changed(|_, row| row[2] = "n/b".into()));
    let ran = folder.run("ingest all.csv").ended(1);
    assert!(
        ran.err.contains("nothing was stored: all 120 rows"),
        "{}",
        ran.err
    );
}

/// A8: columns that reveal the target are reported, whether by number, level or presence of a value; columns with all values
/// distinct and honest columns are not.
#[test]
fn a8_columns_that_tell_the_target_are_named() {
    let folder = Folder::new();
    let extra = "  - {name: score, kind: number}\n  - {name: state, kind: category, levels: [on, off]}\n  - {name: closed, kind: text}\n  - {name: note, kind: text}\nrecipe:";
    folder.put("s.yaml", SPEC.replace("recipe:", extra));
    let lines = rows(120).into_iter().map(|row| {
        let (yes, i) = (row[5] == "yes", row[0].clone());
        let score = if yes {
            5.0 - i.parse::<f64>().unwrap() / 100.0
        } else {
            9.0
        };
        let (state, closed) = if yes {
            ("off", format!("2024-{i}"))
        } else {
            ("on", String::new())
        };
        format!("{},{score},{state},{closed},note {i}\n", row.join(","))
    });
    folder.put(
        "t.csv",
        format!(
            "{HEADER},score,state,closed,note\n{}",
            lines.collect::<String>()
        ),
    );
    let ran = folder
        .run(&format!("--spec s.yaml train t.csv {QUICK} --json"))
        .ok();
    let leaks: Vec<String> = problems(&ran.json()["warnings"])
        .into_iter()
        .filter(|p| p.1 == "leakage")
        .map(|p| p.0)
        .collect();
    assert_eq!(leaks, ["score", "state", "closed"], "{}", ran.err);
}

/// A8: several rows of one person and duplicated rows inflate the metrics and are reported.
#[test]
fn a8_keys_that_repeat_and_copies_are_named() {
    let folder = Folder::new();
    folder.put(
        "s.yaml",
        SPEC.replace("recipe:", "  - {name: person, kind: number}\nrecipe:"),
    );
    let people = rows(60);
    let visits = (0..180).map(|n| {
        let mut row = people[n % 60].clone();
        row[0] = n.to_string();
        row[5] = if (n * 31) % 7 < 3 { "yes" } else { "no" }.into();
        format!("{},{}\n", row.join(","), 700 + (n % 60) * 17)
    });
    folder.put(
        "visits.csv",
        format!("{HEADER},person\n{}", visits.collect::<String>()),
    );
    let ran = folder
        .run(&format!("--spec s.yaml train visits.csv {QUICK} --json"))
        .ok();
    has(&ran, "person", "repeated_key", 180);
    let honest = trained()
        .run(&format!("--spec s.yaml train base.csv {QUICK} --json"))
        .ok();
    let found = problems(&honest.json()["warnings"]);
    assert!(
        !found
            .iter()
            .any(|p| ["leakage", "repeated_key"].contains(&p.1.as_str())),
        "{found:?}"
    );
}

/// A9: equal rows without an id are different rows; when a file is ingested again or has grown, each row is stored once.
#[test]
fn a9_equal_rows_without_an_id_all_count() {
    let folder = Folder::new();
    folder.put("s.yaml", SPEC.replace("id: id\n", ""));
    let line = |row: &[String; 6]| row[1..].join(",") + "\n";
    let twenty: String = (0..5).flat_map(|_| rows(4)).map(|r| line(&r)).collect();
    let header = "age,income,city,plan,churn\n";
    folder.put("a.csv", format!("{header}{twenty}"));
    let check = |file: &str, stored: u64, repeated: u64| {
        let told = folder
            .run(&format!("--spec s.yaml ingest {file} --json"))
            .ok()
            .json();
        assert_eq!(
            (&told["stored"], &told["repeated"]),
            (&json!(stored), &json!(repeated)),
            "{file}"
        );
    };
    check("a.csv", 20, 0);
    check("a.csv", 0, 20);
    let grown: String = rows(4).iter().map(line).collect();
    folder.put("a.csv", format!("{header}{twenty}{grown}"));
    check("a.csv", 4, 20);
    folder.put("b.csv", format!("{header}{grown}"));
    check("b.csv", 4, 0);
    std::fs::create_dir(folder.path("many")).unwrap();
    folder.put("many/1.csv", format!("{header}{grown}{grown}"));
    folder.put("many/2.csv", format!("{header}{grown}"));
    check("many", 12, 0);
    check("many", 0, 12);
    check("many/1.csv", 0, 8);
}

/// A11: columns named like those of the predictions are handled; without an id column the row number identifies the row.
#[test]
fn a11_answers_have_each_name_once() {
    let folder = Folder::new();
    folder.put(
        "s.yaml",
        SPEC.replace("column: churn", "column: probability")
            .replace("id: id\n", ""),
    );
    let lines: String = rows(120).iter().map(|r| r[1..].join(",") + "\n").collect();
    folder.put(
        "t.csv",
        format!("age,income,city,plan,probability\n{lines}"),
    );
    folder
        .run(&format!("--spec s.yaml train t.csv {QUICK}"))
        .ok();
    let ran = folder.run("predict t.csv").ok();
    let first: Vec<&str> = ran.out.lines().take(2).collect();
    assert_eq!(first[0], "row,probability (table),probability");
    assert!(first[1].starts_with("1,"), "{first:?}");
    assert!(ran.err.contains("\"probability (table)\""), "{}", ran.err);
    folder.run("predict t.csv -o t.jsonl").ok();
    let last: Value = serde_json::from_str(folder.text("t.jsonl").lines().last().unwrap()).unwrap();
    assert_eq!(
        super::folder::keys(&last),
        ["row", "probability (table)", "probability", "warnings"]
    );
    assert_eq!(last["row"], 120);
}

/// A13: folds and repeats decrease with the number of rows; the flag and the spec take precedence.
#[test]
fn a13_folds_go_by_rows_and_the_time_is_forecast() {
    let folder = trained();
    let cv = |ran: Ran| {
        let cv = ran.json()["cv"].clone();
        (
            cv["folds"].as_u64().unwrap(),
            cv["repeats"].as_u64().unwrap(),
        )
    };
    let ran = folder
        .run("--spec s.yaml train base.csv --learner logistic --json")
        .ok();
    assert!(ran.err.contains("forecast_seconds"), "{}", ran.err);
    assert_eq!(cv(ran), (10, 5));
    folder.put("more.csv", csv(HEADER, rows(2001)));
    let ran = folder
        .run("--spec s.yaml train more.csv --learner logistic")
        .ok();
    assert!(
        ran.err.contains("the training will take about"),
        "{}",
        ran.err
    );
    assert!(ran.out.starts_with("5 folds × 1 repeats"), "{}", ran.out);
    folder.put("own.yaml", format!("{SPEC}evaluation: {{folds: 4}}\n"));
    assert_eq!(
        cv(folder
            .run("--spec own.yaml train base.csv --learner logistic --json")
            .ok()),
        (4, 5)
    );
    assert_eq!(
        cv(folder
            .run("--spec own.yaml train base.csv --learner logistic --repeats 2 --folds 3 --json")
            .ok()),
        (3, 2)
    );
}

/// A13: Ctrl-C ends the process within two seconds, even during a long fit, and leaves no files.
#[test]
fn a13_an_interrupt_ends_a_long_fit() {
    let folder = trained();
    folder.put("long.csv", csv(HEADER, rows(60_000)));
    let before = folder.files();
    let mut child = folder
        .command("--spec s.yaml train long.csv --learner forest --folds 2 --threads 1")
        .spawn()
        .unwrap();
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap(); // the table is read: the first fit begins
    assert!(line.contains("60000 rows"), "{line}");
    let begun = std::time::Instant::now();
    let pid = child.id().to_string();
    std::process::Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .unwrap();
    let status = child.wait().unwrap();
    let took = begun.elapsed();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(status.code(), Some(130), "{rest}");
    assert!(took.as_secs_f64() < 2.0, "{took:?}");
    assert!(
        rest.contains("error: stopped; nothing was written"),
        "{rest}"
    );
    assert_eq!(folder.files(), before);
}

/// A14: a model that never predicts the positive label is reported, with the threshold and the costs at which it would.
#[test]
fn a14_a_model_that_never_says_yes_is_named() {
    let folder = Folder::new();
    folder.put("s.yaml", SPEC);
    let mut all = rows(1000);
    for (i, row) in all.iter_mut().enumerate() {
        row[5] = if i % 40 == 7 { "yes" } else { "no" }.into();
    }
    folder.put("rare.csv", csv(HEADER, all));
    let ran = folder
        .run(&format!("--spec s.yaml train rare.csv {QUICK} --json"))
        .ok();
    has(&ran, "churn", "never_positive", 1000);
    for said in [
        "threshold 0.5",
        "decision: {threshold: 0.0",
        "costs: {false_positive: 1, false_negative: ",
    ] {
        assert!(ran.err.contains(said), "{said}: {}", ran.err);
    }
}
