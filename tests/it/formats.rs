//! The same table as CSV, TSV, semicolon CSV, JSON, JSON lines, Parquet and SQLite gives the same results bit for bit:
//! inferred, trained on, predicted, stored and compared (A1).

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use polars::prelude::{Column, DataFrame, NamedFrom, ParquetWriter, Series};
use proptest::prelude::*;
use reqwest::Method;
use serde_json::{Map, Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions, Executor};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::ingest::infer::{self, Wanted};
use titanic_platform::ingest::source::{Options, Source};
use titanic_platform::model::{Model, Spec, Workspace};
use titanic_platform::schema::json::write;
use titanic_platform::schema::row::Purpose;
use titanic_platform::train::{self, Request, Unwatched};

use crate::server::Server;
use crate::store_cli::run;
use crate::tables;

/// A column of one type, with one optional value per row.
#[derive(Clone, Debug)]
enum Cells {
    Numbers(Vec<Option<f64>>),
    Whole(Vec<Option<i64>>),
    Flags(Vec<Option<bool>>),
    Texts(Vec<Option<String>>),
}

#[derive(Clone, Debug)]
struct Made {
    rows: usize,
    columns: Vec<(&'static str, Cells)>,
}

impl Cells {
    fn json(&self, i: usize) -> Value {
        match self {
            Cells::Numbers(v) => v[i].map_or(Value::Null, Value::from),
            Cells::Whole(v) => v[i].map_or(Value::Null, Value::from),
            Cells::Flags(v) => v[i].map_or(Value::Null, Value::from),
            Cells::Texts(v) => v[i].as_deref().map_or(Value::Null, Value::from),
        }
    }

    /// Text as pandas writes it: True, and an integer as a float if a value of the column is missing.
    fn text(&self, i: usize) -> String {
        let floats = matches!(self, Cells::Whole(v) if v.contains(&None));
        match self.json(i) {
            Value::Null => String::new(),
            Value::Bool(v) => if v { "True" } else { "False" }.into(),
            Value::String(v) => v,
            Value::Number(v) if floats => format!("{v}.0"),
            other => other.to_string(),
        }
    }

    /// Values as a data frame holds them: integers as floats if a value is missing.
    fn frame(&self, name: &str) -> Column {
        let name = name.into();
        match self {
            Cells::Numbers(v) => Series::new(name, v.clone()),
            Cells::Whole(v) if v.contains(&None) => {
                let floats: Vec<Option<f64>> = v.iter().map(|v| v.map(|v| v as f64)).collect();
                Series::new(name, floats)
            }
            Cells::Whole(v) => Series::new(name, v.clone()),
            Cells::Flags(v) => Series::new(name, v.clone()),
            Cells::Texts(v) => Series::new(name, v.clone()),
        }
        .into()
    }

    /// All values as text, as a column of mixed types is written.
    fn as_text(&self) -> Cells {
        let rows = match self {
            Cells::Numbers(v) => v.len(),
            Cells::Whole(v) => v.len(),
            Cells::Flags(v) => v.len(),
            Cells::Texts(v) => v.len(),
        };
        let texts = (0..rows).map(|i| Some(self.text(i)).filter(|text| !text.is_empty()));
        Cells::Texts(texts.collect())
    }

    fn sql(&self, i: usize) -> String {
        match self.json(i) {
            Value::Null => "null".into(),
            Value::Bool(v) => u8::from(v).to_string(),
            Value::String(v) => format!("'{}'", v.replace('\'', "''")),
            other => other.to_string(),
        }
    }
}

impl Made {
    fn delimited(&self, delimiter: &str) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        let line = |i: usize| {
            let cells = self.columns.iter().map(|(_, cells)| cells.text(i));
            cells.collect::<Vec<_>>().join(delimiter)
        };
        let lines: Vec<String> = (0..self.rows).map(line).collect();
        format!("{}\n{}\n", names.join(delimiter), lines.join("\n"))
    }

    fn objects(&self) -> Vec<Value> {
        let object = |i: usize| {
            let members = self
                .columns
                .iter()
                .map(|(name, cells)| ((*name).to_owned(), cells.json(i)));
            Value::from(members.collect::<Map<_, _>>())
        };
        (0..self.rows).map(object).collect()
    }

    fn as_text(&self) -> Made {
        let columns = self.columns.iter();
        Made {
            rows: self.rows,
            columns: columns.map(|(name, c)| (*name, c.as_text())).collect(),
        }
    }

    /// Writes the table as files and databases, each with the options to read it.
    fn write(&self, folder: &Path) -> Vec<(String, Options)> {
        let file = |name: &str, text: String| {
            let path = folder.join(name);
            std::fs::write(&path, text).unwrap();
            (path.display().to_string(), Options::default())
        };
        let lines: Vec<String> = self.objects().iter().map(Value::to_string).collect();
        let mut written = vec![
            file("t.csv", self.delimited(",")),
            file("t.tsv", self.delimited("\t")),
            file("semicolon.csv", self.delimited(";")),
            file("t.json", json!(self.objects()).to_string()),
            file("t.jsonl", lines.join("\n")),
        ];
        let path = folder.join("t.parquet");
        let columns = self
            .columns
            .iter()
            .map(|(name, cells)| cells.frame(name))
            .collect();
        let mut frame = DataFrame::new(self.rows, columns).unwrap();
        ParquetWriter::new(File::create(&path).unwrap())
            .finish(&mut frame)
            .unwrap();
        written.push((path.display().to_string(), Options::default()));
        written.push((self.database(&folder.join("t.db")), table()));
        written
    }

    fn database(&self, path: &PathBuf) -> String {
        let kind = |cells: &Cells| match cells {
            Cells::Numbers(_) => "real",
            Cells::Whole(_) | Cells::Flags(_) => "integer",
            Cells::Texts(_) => "text",
        };
        let columns: Vec<String> = self
            .columns
            .iter()
            .map(|(n, c)| format!("\"{n}\" {}", kind(c)))
            .collect();
        let row = |i: usize| {
            let cells: Vec<String> = self.columns.iter().map(|(_, c)| c.sql(i)).collect();
            format!("({})", cells.join(", "))
        };
        let rows: Vec<String> = (0..self.rows).map(row).collect();
        let sql = format!(
            "create table t ({}); insert into t values {};",
            columns.join(", "),
            rows.join(", ")
        );
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true);
        // A separate thread, because the caller may be inside a runtime.
        let write = || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                let mut connection = options.connect().await.unwrap();
                connection
                    .execute(sqlx::raw_sql(AssertSqlSafe(sql)))
                    .await
                    .unwrap();
            });
        };
        std::thread::scope(|scope| scope.spawn(write).join().unwrap());
        format!("sqlite:{}", path.display())
    }
}

fn table() -> Options {
    Options {
        table: Some("t".into()),
        ..Options::default()
    }
}

/// Values for `rows` rows, some of which may be missing.
fn column<T: Clone + std::fmt::Debug + 'static>(
    rows: usize,
    value: impl Strategy<Value = T> + 'static,
) -> impl Strategy<Value = Vec<Option<T>>> {
    let some = prop::collection::vec(value.prop_map(Some), rows);
    (some, any::<bool>()).prop_flat_map(move |(values, gaps)| {
        let blank = prop::collection::vec(
            prop::bool::weighted(if gaps { 0.1 } else { 0.0 }),
            values.len(),
        );
        blank.prop_map(move |blank| {
            let pairs = values.iter().cloned().zip(blank);
            pairs
                .map(|(value, blank)| value.filter(|_| !blank))
                .collect()
        })
    })
}

fn made() -> impl Strategy<Value = Made> {
    const ROWS: usize = 48;
    let words =
        |words: &'static [&'static str]| prop::sample::select(words).prop_map(str::to_owned);
    let amount = prop_oneof![
        -1e6..1e6f64,
        (-50..50i32).prop_map(|v| f64::from(v) / 4.0),
        1e-9..1e-6f64
    ];
    // Some numbers are a placeholder, so that programs treat the column as text.
    let score = prop_oneof![
        23 => (-400..400i32).prop_map(|v| (f64::from(v) / 8.0).to_string()),
        1 => Just("?".to_owned()),
    ];
    let score = prop::collection::vec(score, ROWS).prop_map(|mut scores| {
        let marks = scores.iter_mut().filter(|score| *score == "?");
        marks.skip(2).for_each(|score| *score = "0.5".into());
        scores.into_iter().map(Some).collect::<Vec<_>>()
    });
    let level = (0..23usize).prop_map(|i| format!("v{}", i * i % 24));
    let day = (0..900i32, any::<bool>()).prop_map(|(day, noon)| {
        let date = jiff::civil::date(2023, 1, 1) + jiff::Span::new().days(day);
        format!("{date}{}", if noon { " 12:30:00" } else { "" })
    });
    let targets = prop::sample::select(vec![0usize, 1, 2]);
    (
        column(ROWS, amount),
        column(ROWS, 0..4i64),
        column(ROWS, any::<bool>()),
        column(ROWS, words(&["red", "green", "deep blue", "it's"])),
        column(ROWS, words(&["01", "02", "1", "x"])),
        column(ROWS, level),
        column(ROWS, day),
        score,
        prop::collection::vec(any::<bool>(), ROWS),
        targets,
    )
        .prop_map(
            |(amount, code, flag, colour, mixed, level, day, score, positive, target)| {
                // Both labels occur, whatever the random values are.
                let positive = || {
                    positive
                        .iter()
                        .enumerate()
                        .map(|(i, p)| if i < 8 { i % 2 == 0 } else { *p })
                };
                let target = match target {
                    0 => Cells::Whole(positive().map(|p| Some(i64::from(p))).collect()),
                    1 => Cells::Flags(positive().map(Some).collect()),
                    _ => Cells::Texts(
                        positive()
                            .map(|p| Some(if p { "yes" } else { "no" }.into()))
                            .collect(),
                    ),
                };
                let ids = (0..ROWS as i64).map(|i| Some((i * 7) % 48 + 100));
                Made {
                    rows: ROWS,
                    columns: vec![
                        ("id", Cells::Whole(ids.collect())),
                        ("amount", Cells::Numbers(amount)),
                        ("grade", Cells::Whole(code)),
                        ("member", Cells::Flags(flag)),
                        ("colour", Cells::Texts(colour)),
                        ("zone", Cells::Texts(mixed)),
                        ("branch", Cells::Texts(level)),
                        ("since", Cells::Texts(day)),
                        ("score", Cells::Texts(score)),
                        ("left", target),
                    ],
                }
            },
        )
}

/// Rows of a source as they are stored, and the probabilities that a model gives them.
#[derive(Debug, PartialEq)]
struct Seen {
    ids: Vec<Option<String>>,
    rows: Vec<String>,
    targets: Vec<Option<bool>>,
    probabilities: Vec<u64>,
}

fn seen(model: &Model, source: &Source) -> Seen {
    let loaded = source.load(model.schema(), Purpose::Keep, false).unwrap();
    assert_eq!(loaded.bad, [], "{}", source.name());
    let table = &loaded.table;
    let mut work = Workspace::default();
    let row = |i: usize| {
        let mut out = Vec::new();
        write::object(model.schema(), table.row(i, &mut Vec::new()), &mut out);
        String::from_utf8(out).unwrap()
    };
    let id = |i: usize| match table.id(i) {
        titanic_platform::schema::Cell::Number(v) => Some(v.to_string()),
        titanic_platform::schema::Cell::Text(span) => Some(span.get(table.text()).to_owned()),
        _ => None,
    };
    Seen {
        ids: (0..table.len()).map(id).collect(),
        rows: (0..table.len()).map(row).collect(),
        targets: (0..table.len()).map(|i| table.target(i)).collect(),
        probabilities: (0..table.len())
            .map(|i| model.probability_of(table, i, &mut work).to_bits())
            .collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn a1_a_table_is_the_same_in_every_format(made in made()) {
        let folder = tempfile::tempdir().unwrap();
        let mut sources = made.write(folder.path());
        let texts = folder.path().join("texts");
        std::fs::create_dir(&texts).unwrap();
        sources.extend(made.as_text().write(&texts));
        let open = |(name, options): &(String, Options)| Source::open(name, options).unwrap();
        let wanted = Wanted { target: "left", positive: None, name: Some("m"), format: &[] };
        let first = infer::spec(&open(&sources[0]), &wanted).unwrap();
        let plain = |text: &str| -> Vec<String> {
            let own = |l: &&str| !l.starts_with('#') && !l.starts_with("table:");
            text.lines().filter(own).map(str::to_owned).collect()
        };
        let spec = Spec::parse(&first.text).unwrap();
        for source in &sources[1..] {
            let other = infer::spec(&open(source), &wanted).unwrap();
            // SQLite has no booleans: they become the numbers 0 and 1.
            if !source.0.ends_with("/t.db") || source.0.ends_with("texts/t.db") {
                prop_assert_eq!(plain(&other.text), plain(&first.text), "{}", source.0);
            }
        }
        let loaded = open(&sources[0]).load(&spec.schema, Purpose::Learn, true).unwrap();
        let request = Request {
            learner: Some("logistic".into()),
            folds: 2,
            repeats: 1,
            seed: 0,
            threads: 1,
            limits: Default::default(),
        };
        let trained = train::train(&spec, &tables::material(&loaded), &request, &Unwatched).unwrap();
        let bytes = trained.model.to_bytes().unwrap();
        let model = Model::from_bytes(&bytes).unwrap();
        let expected = seen(&model, &open(&sources[0]));
        for source in &sources[1..] {
            let found = seen(&model, &open(source));
            prop_assert_eq!(&found, &expected, "{}", source.0);
            let again = open(source).load(&spec.schema, Purpose::Learn, true).unwrap();
            let again = train::train(&spec, &tables::material(&again), &request, &Unwatched).unwrap();
            prop_assert_eq!(&again.model.to_bytes().unwrap(), &bytes, "{}", source.0);
        }
    }
}

/// The same rows through commands and routes, which have separate readers: files that are predicted, compared and ingested,
/// and requests in three formats.
async fn every_way_in_agrees(made: &Made) {
    let state = tempfile::tempdir().unwrap();
    let folder = state.path();
    made.write(folder);
    let half: Vec<String> = made
        .delimited(",")
        .lines()
        .take(25)
        .map(str::to_owned)
        .collect();
    std::fs::write(folder.join("half.csv"), half.join("\n")).unwrap();
    let spec = run(&state, "spec infer t.csv --target left --name m")
        .ok()
        .out;
    std::fs::write(folder.join("m.yaml"), spec).unwrap();
    run(
        &state,
        "train t.csv --spec m.yaml --learner logistic --folds 2 --repeats 1",
    )
    .ok();

    let files = ["t.csv", "t.jsonl", "t.parquet"];
    let of_file = |file: &str| {
        run(&state, &format!("predict {file} -o {file}.jsonl")).ok();
        let text = std::fs::read_to_string(folder.join(format!("{file}.jsonl"))).unwrap();
        probabilities(&lines(&text))
    };
    let expected = of_file(files[0]);
    assert_eq!(expected.len(), made.rows);
    let drift = |file: &str| {
        let line = format!("drift --reference half.csv --current {file} --json");
        run(&state, &line).ok().out
    };
    let drifted = drift(files[0]);
    assert!(drifted.contains("\"statistic\""), "{drifted}");
    let stored = stored(&state, folder, files[0]);
    for file in &files[1..] {
        assert_eq!(of_file(file), expected, "{file}");
        assert_eq!(drift(file), drifted, "{file}");
        assert_eq!(self::stored(&state, folder, file), stored, "{file}");
    }

    let server = Server::over(state, |_| {}, First::bundled(), Arc::new(System));
    let server = server.await.unwrap();
    // A request rejects text in a numeric column, including the placeholder, which a file may contain.
    let mut objects = made.objects();
    for object in &mut objects {
        if let Some(text) = object["score"].as_str() {
            object["score"] = json!(text.parse::<f64>().ok());
        }
    }
    let written: Vec<String> = objects.iter().map(Value::to_string).collect();
    for (media, body) in [
        ("application/json", json!(objects).to_string()),
        ("application/x-ndjson", written.join("\n")),
        ("text/csv", made.delimited(",")),
    ] {
        let request = server.request(Method::POST, "/v1/predict?store=false");
        let request = request.header("content-type", media).body(body);
        let response = request.send().await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert_eq!(status, 200, "{media}: {text}");
        let answered = match media {
            "application/json" => {
                let document: Value = serde_json::from_str(&text).unwrap();
                probabilities(document["predictions"].as_array().unwrap())
            }
            "text/csv" => column_of(&text, "probability"),
            _ => probabilities(&lines(&text)),
        };
        assert_eq!(answered, expected, "{media}");
    }
    server.stop().await;
}

fn lines(text: &str) -> Vec<Value> {
    let documents = text.lines().map(serde_json::from_str);
    documents.collect::<Result<_, _>>().unwrap()
}

/// Bits of the probabilities.
fn probabilities(predictions: &[Value]) -> Vec<u64> {
    let bits = |p: &Value| p["probability"].as_f64().unwrap().to_bits();
    predictions.iter().map(bits).collect()
}

/// Bits of a numeric column of CSV text; the numbers are parsed like those in JSON.
fn column_of(text: &str, name: &str) -> Vec<u64> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let place = reader.headers().unwrap().iter().position(|n| n == name);
    let number = |record: csv::StringRecord| -> f64 {
        serde_json::from_str(&record[place.unwrap()]).unwrap()
    };
    let records = reader
        .records()
        .map(|record| number(record.unwrap()).to_bits());
    records.collect()
}

/// Rows and labels that a file gives in a store of its own.
fn stored(spec: &TempDir, folder: &Path, file: &str) -> Vec<Value> {
    let state = tempfile::tempdir().unwrap();
    let [file, spec] = [folder.join(file), spec.path().join("m.yaml")];
    let line = format!("ingest {} --spec {}", file.display(), spec.display());
    run(&state, &line).ok();
    let events = lines(&run(&state, "store export").ok().out);
    let content = |event: &Value| {
        assert_eq!(event["kind"], "row", "{event}");
        json!([event["row"], event["label"]])
    };
    events.iter().map(content).collect()
}

proptest! {
    // Each case starts a dozen processes and a server.
    #![proptest_config(ProptestConfig { cases: 2, max_shrink_iters: 8, ..ProptestConfig::default() })]

    #[test]
    fn a1_commands_and_routes_read_a_table_as_one(made in made()) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(every_way_in_agrees(&made));
    }
}
