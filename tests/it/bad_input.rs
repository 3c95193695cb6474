//! Kinds of bad input: one clear message, the right exit code, nothing written and nothing lost.

use std::fs;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use titanic_platform::clock::{Clock, System};
use titanic_platform::registry::{Decision, Evidence, Registry};

use crate::cli::{Folder, QUICK};

/// Checks that a training fails with this message and changes no file.
fn check_train(folder: &Folder, table: &str, more: &str, said: &str) {
    let before = folder.files();
    let error = folder.run(&format!("train {table} {more}")).fails(1);
    assert!(error.contains(said), "{table}: {error}");
    assert_eq!(folder.files(), before, "{table}");
}

/// Checks that a table is rejected for training and prediction for the same reason, while the champion still predicts others.
fn check_refused(content: &[u8], said: &str) {
    let folder = Folder::trained();
    folder.put("bad.csv", content);
    check_train(&folder, "bad.csv", QUICK, said);
    let before = folder.files();
    for line in [
        "predict bad.csv",
        "predict bad.csv --partial",
        "predict bad.csv -o answers.csv",
    ] {
        let error = folder.run(line).fails(1);
        assert!(error.contains(said), "{line}: {error}");
        assert_eq!(folder.files(), before, "{line}");
    }
    folder.run("predict test.csv").ok();
}

const HEADER: &str = "Survived,Pclass,Sex,Age";

/// Makes `n` rows: every third survives, classes and ages vary.
fn rows(n: usize) -> String {
    let row = |i: usize| {
        format!(
            "{},{},{},{}\n",
            u8::from(i.is_multiple_of(3)),
            i % 3 + 1,
            ["male", "female"][i % 2],
            i % 60
        )
    };
    (0..n).map(row).collect()
}

#[test]
fn an_empty_file() {
    check_refused(
        b"",
        "bad.csv: it is empty: a line of column names is needed first",
    );
    check_refused(b"\n\n", "bad.csv: it is empty");
    let folder = Folder::trained();
    folder.put("empty.json", "");
    folder.put("empty.parquet", "");
    folder.put("empty.jsonl", "");
    check_train(
        &folder,
        "empty.json",
        QUICK,
        "empty.json: a row is an object like",
    );
    check_train(
        &folder,
        "empty.parquet",
        QUICK,
        "empty.parquet: it is not readable: ",
    );
    check_train(
        &folder,
        "empty.jsonl",
        QUICK,
        "the table has no rows; it cannot be trained on",
    );
    let error = folder.pipe("predict -", "").fails(1);
    assert_eq!(
        error,
        "standard input: it is empty: a line of column names is needed first"
    );
}

#[test]
fn the_header_alone() {
    let folder = Folder::trained();
    folder.put("bad.csv", format!("{HEADER}\n"));
    check_train(
        &folder,
        "bad.csv",
        QUICK,
        "the table has no rows; it cannot be trained on",
    );
    for line in ["predict bad.csv", "predict bad.csv --partial"] {
        assert_eq!(folder.run(line).ok().out.lines().count(), 1);
    }
    assert_eq!(
        folder.run("evaluate bad.csv").fails(1),
        "the table has no rows; it cannot be trained on"
    );
}

#[test]
fn one_class_only() {
    let folder = Folder::new();
    for (label, other) in [("0", "1"), ("1", "0")] {
        let table = rows(30)
            .lines()
            .map(|l| format!("{label}{}\n", &l[1..]))
            .collect::<String>();
        folder.put("one.csv", format!("{HEADER}\n{table}"));
        let said = format!(
            "only 0 of 30 rows have the value {other} in the target column \"Survived\"; at least 2 rows of each value are needed"
        );
        check_train(&folder, "one.csv", QUICK, &said);
    }
}

#[test]
fn the_target_missing() {
    let folder = Folder::new();
    // A missing column is reported once, not once per row.
    let without = folder.run("train test.csv").fails(1);
    assert_eq!(
        without,
        "test.csv: Survived: missing, allowed: 0 or 1 (a table without the target cannot be trained on)"
    );
    check_train(&folder, "test.csv", QUICK, "Survived: missing");
    // The label is missing in every row, and in some rows.
    let blank: String = rows(30).lines().map(|l| format!("{}\n", &l[1..])).collect();
    folder.put("blank.csv", format!("{HEADER}\n{blank}"));
    check_train(
        &folder,
        "blank.csv",
        QUICK,
        "none of the table's 30 rows can be used; it cannot be trained on",
    );
    folder.put("some.csv", format!("{HEADER}\n{}{blank}", rows(60)));
    let ran = folder.run(&format!("train some.csv {QUICK} --json")).ok();
    assert_eq!(
        (
            &ran.json()["rows"],
            &ran.json()["left_out"],
            &ran.json()["unlabelled"]
        ),
        (&json!(60), &json!(0), &json!(30))
    );
    let said = "warning: 30 of 90 rows have no value of the target \"Survived\" and were not used";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert!(!ran.err.contains("left out"), "{}", ran.err);
}

#[test]
fn a_header_that_says_a_name_twice() {
    let said = "the column \"Age\" stands twice in the header; keep one of them";
    check_refused(format!("{HEADER},Age\n0,1,male,3,4\n").as_bytes(), said);
}

#[test]
fn ragged_rows() {
    let folder = Folder::trained();
    let ragged = format!("{HEADER}\n{}0,1,male\n1,2,female,4,5\n", rows(60));
    folder.put("ragged.csv", &ragged);
    let ran = folder
        .run(&format!("train ragged.csv {QUICK} --json --promote never"))
        .ok();
    assert_eq!(
        (&ran.json()["rows"], &ran.json()["left_out"]),
        (&json!(60), &json!(2))
    );
    assert!(
        ran.err
            .contains("left out: line 62: not a row, got 3 cells where the header has 4\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("left out: line 63: not a row, got 5 cells where the header has 4\n"),
        "{}",
        ran.err
    );
    check_train(
        &folder,
        "ragged.csv",
        "--strict",
        "ragged.csv, line 62: not a row, got 3 cells",
    );
    let answers = folder.run("predict ragged.csv").ok().out;
    assert_eq!(answers.lines().count(), 63);
    assert!(answers.contains("\n61,,,\"not a row"), "{answers}");
}

/// The same table saved in different ways gives the same model, to the byte.
#[test]
fn marks_line_ends_and_quoted_newlines() {
    let folder = Folder::new();
    let plain = folder.text("train.csv");
    folder.put("crlf.csv", plain.replace('\n', "\r\n"));
    folder.put("bom.csv", format!("\u{feff}{plain}"));
    folder.put(
        "both.csv",
        format!("\u{feff}{}", plain.replace('\n', "\r\n").trim_end()),
    );
    for (i, table) in ["train.csv", "crlf.csv", "bom.csv", "both.csv"]
        .iter()
        .enumerate()
    {
        let ran = folder.run(&format!("train {table} {QUICK} --json")).ok();
        assert!(!ran.err.contains("warning"), "{table}: {}", ran.err);
        let model =
            |n: usize| fs::read(folder.path(&format!("state/models/titanic@{n}.model"))).unwrap();
        assert!(model(1) == model(i + 1), "{table}");
    }
    // A newline within quotes is part of the name, and lines are counted as an editor does.
    for newline in ["\n", "\r\n"] {
        let table = plain.replacen(
            "\"Braund, Mr. Owen Harris\"",
            &format!("\"Braund,{newline}Mr. Owen Harris\""),
            1,
        );
        folder.put("quoted.csv", table.replacen("female,38,", "female,380,", 1));
        let ran = folder.run(&format!("train quoted.csv {QUICK} --json")).ok();
        assert_eq!(
            (&ran.json()["rows"], &ran.json()["left_out"]),
            (&json!(890), &json!(1))
        );
        assert!(
            ran.err
                .contains("left out: line 4: Age: out of range, got 380"),
            "{}",
            ran.err
        );
    }
    check_refused(
        format!("{HEADER}\n{}0,1,male,\"3\n1,2,female,4\n", rows(5)).as_bytes(),
        "bad.csv: a quote opened in the row of line 7 is never closed",
    );
}

#[test]
fn text_that_is_not_utf_8() {
    let folder = Folder::new();
    let mut latin = folder.text("train.csv").into_bytes();
    let at = latin.windows(6).position(|w| w == b"Braund").unwrap();
    latin[at] = 0xe9;
    folder.put("latin.csv", latin);
    let ran = folder.run(&format!("train latin.csv {QUICK} --json")).ok();
    assert_eq!(ran.json()["left_out"], 1);
    assert!(
        ran.err
            .contains("left out: line 2: not a row, got the line is not UTF-8 (name the encoding of the file, such as --format encoding=latin-1"),
        "{}",
        ran.err
    );
    let utf16: Vec<u8> = folder
        .text("train.csv")
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    folder.put("utf16.csv", [b"\xff\xfe", utf16.as_slice()].concat());
    let ran = folder.run(&format!("train utf16.csv {QUICK} --json")).ok();
    assert_eq!(ran.json()["left_out"], 0);
    assert!(
        ran.err
            .contains("utf16.csv: read as text with encoding UTF-16LE\n"),
        "{}",
        ran.err
    );
}

#[test]
fn a_million_columns() {
    let header: String = (0..1_000_000).map(|i| format!("c{i},")).collect();
    check_refused(
        format!("{header}Survived\n").as_bytes(),
        "bad.csv: the header has 1000001 columns, 10000 are the most; is the delimiter right?",
    );
}

#[test]
fn nan_and_infinities() {
    let folder = Folder::trained();
    // NaN stands for a missing number; an infinity is invalid.
    let table = rows(60)
        .replacen(",5\n", ",NaN\n", 1)
        .replacen(",7\n", ",inf\n", 1)
        .replacen(",9\n", ",1e400\n", 1);
    folder.put("odd.csv", format!("{HEADER}\n{table}"));
    let ran = folder
        .run(&format!("train odd.csv {QUICK} --json --promote never"))
        .ok();
    assert_eq!(
        (&ran.json()["rows"], &ran.json()["left_out"]),
        (&json!(58), &json!(2))
    );
    for (line, value) in [(9, "inf"), (11, "1e400")] {
        let said = format!(
            "left out: line {line}: Age: wrong type, got \"{value}\", allowed: a number from 0 to 120"
        );
        assert!(ran.err.contains(&said), "{}", ran.err);
    }
    for number in ["1e400", "-1e400", "NaN", "Infinity"] {
        folder.put(
            "odd.json",
            format!("[{{\"Pclass\": 3, \"Sex\": \"male\", \"Age\": {number}}}]"),
        );
        let error = folder.run("predict odd.json").fails(1);
        assert!(
            error.starts_with("odd.json: not readable as JSON: "),
            "{error}"
        );
    }
    folder.put(
        "odd.jsonl",
        "{\"Pclass\": 3, \"Sex\": \"male\"}\n{\"Pclass\": 3, \"Sex\": \"male\", \"Age\": 1e400}\n",
    );
    let ran = folder.run("predict odd.jsonl --partial").ok();
    assert!(
        ran.err
            .contains("left out: line 2: not a row, got broken JSON, 1e400 at column 37 is beyond"),
        "{}",
        ran.err
    );
    assert_eq!(ran.out.lines().count(), 3);
}

#[test]
fn a_column_that_is_all_missing() {
    let folder = Folder::new();
    let blank: String = rows(60)
        .lines()
        .map(|l| format!("{},\n", l.rsplit_once(',').unwrap().0))
        .collect();
    folder.put("blank.csv", format!("{HEADER}\n{blank}"));
    let ran = folder.run(&format!("train blank.csv {QUICK} --json")).ok();
    let warnings = ran.json()["warnings"].clone();
    let named = |w: &Value| w["column"] == "Age" && w["problem"] == "all_missing";
    assert!(warnings.as_array().unwrap().iter().any(named), "{warnings}");
    let shown = folder.run("models show 1").ok().out;
    assert!(
        shown.lines().any(|l| l.starts_with("warning: Age: ")),
        "{shown}"
    );
    folder.run("predict test.csv").ok();
}

#[test]
fn fewer_rows_than_folds() {
    let folder = Folder::new();
    folder.put("few.csv", format!("{HEADER}\n{}", rows(6)));
    check_train(
        &folder,
        "few.csv",
        "",
        "6 rows cannot be cut into 10 folds; ask for 6 or fewer with --folds",
    );
    folder
        .run("train few.csv --folds 3 --repeats 1 --learner logistic")
        .ok();
}

#[test]
fn a_spec_of_an_unknown_version() {
    let folder = Folder::new();
    folder.put(
        "later.yaml",
        folder
            .text("churn.yaml")
            .replace("version: 1", "version: 2\nshape: round"),
    );
    let before = folder.files();
    let ran = folder.run("train churn.csv --spec later.yaml");
    let said = "line 3, column 10: the spec is of version 2, this release reads version 1; use a release that reads it, or rewrite it";
    assert!(ran.err.contains(said), "{}", ran.err);
    assert_eq!(ran.fails(1), "later.yaml is not usable:");
    let ran = folder.run("spec check later.yaml").ended(4);
    assert_eq!(ran.out, format!("later.yaml: {said}\n"));
    assert_eq!(folder.files(), before);
}

/// A model file as a later release might write it: intact, but with an unknown format revision.
#[test]
fn a_model_of_a_later_format() {
    let folder = Folder::trained();
    let mut bytes = fs::read(folder.path("state/models/titanic@1.model")).unwrap();
    bytes[8..12].copy_from_slice(&4u32.to_le_bytes());
    let sum = Sha256::new()
        .chain_update(&bytes[..20])
        .chain_update(&bytes[52..])
        .finalize();
    bytes[20..52].copy_from_slice(&sum);
    let registry = Registry::open(&folder.path("state")).unwrap();
    let trained = Decision {
        by: "a later release".into(),
        reason: "to see".into(),
        evidence: Evidence::ByHand,
    };
    let version = registry
        .publish("titanic", &bytes, trained, System.now())
        .unwrap();
    assert_eq!(version.to_string(), "titanic@2");
    let said = "the model file has format revision 4, and this release reads up to 3: it was made by a later release; \
                upgrade titanic-platform, or train again";
    for line in [
        "predict test.csv --model 2",
        "evaluate train.csv --model 2",
        "models show 2",
        "models promote 2",
    ] {
        let error = folder.run(line).fails(1);
        assert!(
            error.contains(said) && error.contains("titanic@2"),
            "{line}: {error}"
        );
    }
    assert_eq!(folder.text("state/models/champion"), "titanic@1\n");
    folder.run("models verify").ok(); // its bytes are those that were trained
    folder.run("predict test.csv").ok();
}

#[test]
fn a_state_that_cannot_be_written() {
    let folder = Folder::new();
    folder.put("file", "in the way");
    let before = folder.files();
    for line in [
        "train train.csv --state file",
        "train train.csv --state file/below",
        "models list --state file",
    ] {
        let error = folder.run(line).fails(1);
        assert!(
            error.contains("a file is in the way") && error.contains("--state"),
            "{line}: {error}"
        );
    }
    assert_eq!(folder.files(), before);
    // The folder of models, or of tables, is a file.
    for part in ["models", "tables"] {
        let state = format!("odd-{part}");
        fs::create_dir(folder.path(&state)).unwrap();
        folder.put(&format!("{state}/{part}"), "in the way");
        let error = folder
            .run(&format!("train train.csv --state {state} {QUICK}"))
            .fails(1);
        assert!(
            error.contains(&format!("{state}/{part}")) && error.contains("a file is in the way"),
            "{error}"
        );
        assert!(!folder.files().iter().any(|f| f.ends_with(".model")));
    }
}

/// No file can grow, as on a full disk: the error says so, and the state is unchanged.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk() {
    let folder = Folder::trained();
    folder.put("old.csv", "old");
    let before = folder.files();
    let contents = |folder: &Folder| {
        folder
            .files()
            .iter()
            .map(|f| fs::read(folder.path(f)).unwrap())
            .collect::<Vec<_>>()
    };
    let all = contents(&folder);
    for line in [
        &format!("train train.csv {QUICK} --seed 9"),
        "models promote 1 --state state",
        "predict test.csv -o old.csv",
        "predict test.csv -o new.parquet",
        "predict test.csv -o new.jsonl",
        "ingest train.csv --out old.csv",
        "ingest train.csv --out new.parquet",
    ] {
        let ran = folder.run_without_room(line);
        if line.starts_with("models") {
            ran.ok(); // it is champion already: nothing to write
        } else {
            let error = ran.fails(1);
            assert!(error.contains("File too large"), "{line}: {error}");
        }
        assert_eq!(folder.files(), before, "{line}");
    }
    assert!(contents(&folder) == all, "every byte is as it was");
    folder.run("models verify").ok();
    folder.run("predict test.csv -o old.csv").ok();
    folder
        .run(&format!("train train.csv {QUICK} --seed 9"))
        .ok();
    folder.run("models verify").ok();
}
