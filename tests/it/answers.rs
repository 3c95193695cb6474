//! Prediction files: the same content in every format, and a file is written completely or not at all.

use std::fs;
use std::io::Write;
use std::path::Path;

use titanic_platform::ingest::write::{self, AnswerFormat, Answers, WriteError};
use titanic_platform::ingest::{self, Loaded};
use titanic_platform::model::{Spec, Workspace};
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{Cell, Table};
use titanic_platform::train::{self, Request, Unwatched};

use crate::tables;

/// Spec for reading predictions back: id, label and probability form a table.
fn answer_spec(id: &str, target: &str) -> Spec {
    Spec::parse(&format!(
        "version: 1
name: answers
target: {target}
{id}
extra: ignore
columns: [{{name: probability, kind: number, range: [0, 1], required: true, unexpected: reject}}]
recipe: {{steps: [], features: [probability]}}
"
    ))
    .unwrap()
}

fn write_answers(loaded: &Loaded, probabilities: &[f64], format: AnswerFormat) -> Vec<u8> {
    let target = loaded.table.schema().target();
    let labels: Vec<_> = probabilities
        .iter()
        .map(|p| target.label(*p >= 0.5))
        .collect();
    let mut out = Vec::new();
    let answers = Answers {
        loaded,
        labels: &labels,
        probabilities,
    };
    write::answers(answers, format, &mut out).unwrap();
    out
}

fn check(loaded: &Loaded, probabilities: &[f64], spec: &Spec) {
    let folder = tempfile::tempdir().unwrap();
    for (name, format) in [
        ("a.csv", AnswerFormat::Csv),
        ("a.jsonl", AnswerFormat::JsonLines),
        ("a.parquet", AnswerFormat::Parquet),
    ] {
        let path = folder.path().join(name);
        assert_eq!(AnswerFormat::of(&path).unwrap(), format);
        fs::write(&path, write_answers(loaded, probabilities, format)).unwrap();
        let back = ingest::read_file(&path, &spec.schema, Purpose::Learn).unwrap();
        assert_eq!(
            (back.bad.len(), back.table.len()),
            (0, loaded.table.len()),
            "{name}"
        );
        let text = |table: &Table, i: usize| match table.id(i) {
            Cell::Text(span) => span.get(table.text()).to_owned(),
            Cell::Number(v) => v.to_string(),
            _ => String::new(),
        };
        for (i, p) in probabilities.iter().enumerate() {
            // Equal to the last bit in every format.
            assert_eq!(back.table.cell(i, 0), Cell::Number(*p), "{name}, row {i}");
            assert_eq!(back.table.target(i), Some(*p >= 0.5), "{name}, row {i}");
            assert_eq!(
                text(&back.table, i),
                text(&loaded.table, i),
                "{name}, row {i}"
            );
        }
    }
}

#[test]
fn answers_are_the_same_in_every_format() {
    let request = Request {
        learner: Some("logistic".into()),
        folds: 2,
        repeats: 1,
        seed: 0,
        threads: 2,
        limits: Default::default(),
    };
    for ((spec, loaded), id, target) in [
        (
            tables::titanic(),
            "id: PassengerId",
            "{column: Survived, positive: 1, negative: 0}",
        ),
        (
            tables::churn(),
            "id: account",
            "{column: left, positive: yes, negative: no}",
        ),
    ] {
        let model = train::train(&spec, &tables::material(&loaded), &request, &Unwatched)
            .unwrap()
            .model;
        let mut probabilities = vec![0.0; loaded.table.len()];
        model.probabilities(
            &loaded.table,
            0,
            &mut probabilities,
            &mut Workspace::default(),
        );
        probabilities[0] = 0.0;
        probabilities[1] = 1.0;
        probabilities[2] = f64::MIN_POSITIVE;
        check(&loaded, &probabilities, &answer_spec(id, target));
    }
}

#[test]
fn answers_look_as_promised() {
    let spec = Spec::parse(
        "version: 1\nname: t\ntarget: {column: 'left, or \"not\"', positive: 1, negative: 0}\nid: no\ncolumns: [{name: x, kind: number, required: true}]\nrecipe: {steps: [], features: [x]}\n",
    )
    .unwrap();
    let loaded = tables::csv_for(
        &spec,
        "no,x\n007,1\n7,1\n\"a,\"\"b\"\"\",1\n,1\n18446744073709551615,1\n",
        Purpose::Predict,
    );
    let p = [0.25, 1.0, 0.1 + 0.2, 1e-7, 0.5];
    let text = |format| String::from_utf8(write_answers(&loaded, &p, format)).unwrap();
    assert_eq!(
        text(AnswerFormat::Csv),
        "no,\"left, or \"\"not\"\"\",probability\n007,0,0.25\n7,1,1.0\n\"a,\"\"b\"\"\",0,0.30000000000000004\n,0,1e-7\n18446744073709551615,1,0.5\n"
    );
    assert_eq!(
        text(AnswerFormat::JsonLines),
        r#"{"no":"007","left, or \"not\"":0,"probability":0.25,"warnings":[]}
{"no":7,"left, or \"not\"":1,"probability":1.0,"warnings":[]}
{"no":"a,\"b\"","left, or \"not\"":0,"probability":0.30000000000000004,"warnings":[]}
{"no":null,"left, or \"not\"":0,"probability":1e-7,"warnings":[]}
{"no":18446744073709551615,"left, or \"not\"":1,"probability":0.5,"warnings":[]}
"#
    );
}

#[test]
fn endings_say_the_format_of_answers() {
    let of = |path: &str| AnswerFormat::of(Path::new(path)).map_err(|e| e.to_string());
    assert_eq!(of("a.CSV"), Ok(AnswerFormat::Csv));
    assert_eq!(of("a.ndjson"), Ok(AnswerFormat::JsonLines));
    for path in ["a.json", "a", "a.tsv", "/dev/full"] {
        let said = of(path).unwrap_err();
        assert_eq!(
            said,
            format!(
                "{path:?} does not say its format; answers are written as csv, jsonl or parquet"
            )
        );
    }
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn a_file_is_written_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.csv");
    write::beside(&path, |sink| {
        sink.write_all(b"one").unwrap();
        assert!(!path.exists(), "half a file is never seen");
        Ok::<(), WriteError>(())
    })
    .unwrap();
    assert_eq!(
        (names(folder.path()), fs::read_to_string(&path).unwrap()),
        (vec!["a.csv".into()], "one".into())
    );

    // A writer that fails half-way: the old file remains, and no other file is left.
    let refused = write::beside(&path, |sink| {
        sink.write_all(b"two").unwrap();
        Err::<(), _>(WriteError::Format("x".into()))
    });
    assert!(matches!(refused, Err(WriteError::Format(_))));
    assert_eq!(
        (names(folder.path()), fs::read_to_string(&path).unwrap()),
        (vec!["a.csv".into()], "one".into())
    );

    // A folder at the path, and a folder that does not exist.
    fs::create_dir(folder.path().join("b.csv")).unwrap();
    fs::write(folder.path().join("b.csv/c"), "").unwrap();
    for wrong in ["b.csv", "none/a.csv", "a.csv/b.csv"] {
        let path = folder.path().join(wrong);
        let said = write::beside(&path, |sink| {
            sink.write_all(b"x").unwrap();
            Ok::<(), WriteError>(())
        })
        .unwrap_err()
        .to_string();
        assert!(
            said.starts_with(&format!("{} cannot be written: ", path.display())),
            "{said}"
        );
        assert_eq!(names(folder.path()), ["a.csv", "b.csv"], "{wrong}");
    }
}

/// Every format reports an error if the disk is full.
#[test]
fn a_full_disk_is_told() {
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let (_, loaded) = tables::churn();
    let p = vec![0.5; loaded.table.len()];
    let labels = vec![&loaded.table.schema().target().positive; p.len()];
    for format in [
        AnswerFormat::Csv,
        AnswerFormat::JsonLines,
        AnswerFormat::Parquet,
    ] {
        let answers = Answers {
            loaded: &loaded,
            labels: &labels,
            probabilities: &p,
        };
        let said = write::answers(answers, format, &mut Full)
            .unwrap_err()
            .to_string();
        assert!(
            said.contains("cannot be written: no storage space"),
            "{said}"
        );
    }
}
