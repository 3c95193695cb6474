//! `store export` as Parquet, read back and compared with the JSON lines.

use std::sync::Arc;
use std::time::Duration;

use polars::prelude::{AnyValue, DataFrame, DataType, ParquetReader, SerReader};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::{Clock, Manual};
use titanic_platform::config::Settings;
use titanic_platform::store::kind::{self, Kind};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, state_of};
use crate::store_cli::{lines, run};

on_both!(a_table_holds_what_the_lines_hold);

/// Time of the first events; the others follow one and two seconds later.
const BEGIN: &str = "2026-01-31T09:15:00Z";
const SECOND: Duration = Duration::from_secs(1);

/// More rows than one row group of a Parquet file.
const MANY: usize = 17_000;

/// A state with events of every kind.
async fn full(case: &Case) -> TempDir {
    let clock = Arc::new(Manual::new(BEGIN.parse().unwrap()));
    // The window never fills, so the monitor adds no verdicts: all events are those made here.
    let quiet =
        |settings: &mut Settings| settings.monitor.window = (100 * MANY).try_into().unwrap();
    let server = Server::over(state_of(case), quiet, First::bundled(), clock.clone()).await;
    let server = server.unwrap();
    let store = server.app().store();
    let [_, yes] = [0, 1].map(|n| read(case.labels)[n].clone());
    let rows = vec![case.row(); MANY];
    let (_, made) = server.post("/v1/predict", &json!(rows)).await;
    for id in [&made["predictions"][7]["id"], &json!("order \"7\" é")] {
        let label = json!({"id": id, "label": yes});
        assert!(server.post("/v1/labels", &label).await.0.is_success());
    }
    store.flush().await.unwrap();
    assert_eq!(store.expire(clock.now() + SECOND).await, Ok(1));
    clock.advance(SECOND);
    let rows = json!([case.other_row(), read(case.bad.0)]);
    assert_eq!(server.post("/v1/rows", &rows).await.0, 200);
    clock.advance(SECOND);
    for (kind, id, body) in [
        (Kind::Verdict, "", "{}"),
        (Kind::Alert, "a,b\nc", r#"{"why": "\"x\"\n", "n": null}"#),
        (Kind::Model, "m", r#"{"deep": {"list": [1, 2.5, "ü"]}}"#),
    ] {
        store.tell(kind, id.into(), body.into()).await.unwrap();
    }
    server.leave().await
}

/// The rows of the table of a kind, in the form of the JSON lines.
fn events(state: &TempDir, kind: &str, options: &str) -> Vec<Value> {
    let line = format!("store export --format parquet {options} -o tables");
    run(state, &line).ok();
    let path = state.path().join(format!("tables/{kind}.parquet"));
    let table = ParquetReader::new(std::fs::File::open(path).unwrap());
    let table = table.finish().unwrap();
    (0..table.height())
        .map(|n| event(&table, kind, n))
        .collect()
}

/// Row `n` as an event: missing cells are omitted, and `row.NAME` becomes a member of the row.
fn event(table: &DataFrame, kind: &str, n: usize) -> Value {
    let mut event = Map::new();
    for column in table.columns() {
        let name = column.name().as_str();
        let value = match column.get(n).unwrap() {
            AnyValue::Null => continue,
            AnyValue::Int64(v) => json!(v),
            AnyValue::Float64(v) => json!(v),
            AnyValue::Boolean(v) => json!(v),
            AnyValue::String(text) => json!(text),
            AnyValue::StringOwned(text) => json!(text.as_str()),
            other => panic!("{name}: {other:?}"),
        };
        match name.strip_prefix("row.") {
            Some(name) => {
                let row = event.entry("row").or_insert_with(|| json!({}));
                row[name] = value;
            }
            None => drop(event.insert(name.into(), value)),
        }
        if name == "time" {
            event.insert("kind".into(), json!(kind));
        }
    }
    Value::Object(event)
}

/// An event in the form that a table holds: missing values are removed, lists and objects become text.
fn flat(event: &Value) -> Value {
    let mut event = event.as_object().unwrap().clone();
    event.retain(|_, value| !value.is_null());
    for (key, value) in &mut event {
        if key == "row" {
            value
                .as_object_mut()
                .unwrap()
                .retain(|_, cell| !cell.is_null());
        } else if value.is_object() || value.is_array() {
            *value = value.to_string().into();
        }
    }
    Value::Object(event)
}

async fn a_table_holds_what_the_lines_hold(case: &Case) {
    let state = full(case).await;
    let all = lines(&run(&state, "store export").ok().out);
    let seqs: Vec<u64> = all.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=MANY as u64 + 11).collect::<Vec<_>>(), "no gap");
    let of = |wanted: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|e| wanted(e)).map(flat).collect()
    };
    for kind in kind::all().map(kind::name) {
        let expected = of(&|event| event["kind"] == kind);
        assert!(!expected.is_empty(), "there is one of kind {kind}");
        assert!(events(&state, kind, "") == expected, "{kind}");
    }

    // Columns have their types: numbers are numbers, and every column of a row has its own.
    let read = |name: &str| {
        let file = std::fs::File::open(state.path().join(name)).unwrap();
        ParquetReader::new(file).finish().unwrap()
    };
    let table = read("tables/prediction.parquet");
    assert_eq!(table.height(), MANY);
    assert_eq!(
        table.column("probability").unwrap().dtype(),
        &DataType::Float64
    );
    let (number, _) = case.number;
    let number = table.column(&format!("row.{number}")).unwrap();
    assert!(number.dtype().is_primitive_numeric(), "{number:?}");
    assert!(table.column("model").unwrap().dtype() == &DataType::String);

    // Times are text that sorts chronologically.
    let time = |event: &Value| event["time"].as_str().unwrap().to_owned();
    let when = |kind: &str| time(&of(&|event| event["kind"] == kind)[0]);
    let (row, verdict) = (when("row"), when("verdict"));
    assert!(time(&all[0]) < row && row < verdict);
    let between = format!("--since {row} --until {verdict}");
    for kind in ["prediction", "row", "quarantine", "verdict"] {
        let inside = |event: &Value| time(event) >= row && time(event) < verdict;
        let expected = of(&|event| event["kind"] == kind && inside(event));
        assert_eq!(events(&state, kind, &between), expected, "{kind}");
    }

    // One kind can be written to a single file; all kinds cannot.
    run(&state, "store export --kind row -o row.parquet").ok();
    assert_eq!(read("row.parquet").height(), 1);
    run(&state, "store export -o all.parquet").ended(2);
}

/// Integers that an f64 cannot represent keep their digits, whatever else is in their column.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whole_numbers_keep_their_digits() {
    let server = Server::of_with(&crate::case::CHURN, |settings| {
        settings.retrain.enabled = false
    })
    .await;
    let store = server.app().store();
    let bodies = [
        r#"{"mixed": 9007199254740993, "long": 9007199254740993, "huge": 18446744073709551615, "plain": 10000000000000000}"#,
        r#"{"mixed": 0.5, "long": 1, "huge": 2, "plain": 0.5}"#,
    ];
    for body in bodies {
        store
            .tell(Kind::Alert, "a".into(), body.into())
            .await
            .unwrap();
    }
    let state = server.leave().await;
    let found = events(&state, "alert", "");
    let cells = |key: &str| json!([found[0][key], found[1][key]]);
    assert_eq!(cells("mixed"), json!(["9007199254740993", "0.5"]));
    assert_eq!(cells("long"), json!([9_007_199_254_740_993_i64, 1]));
    assert_eq!(cells("huge"), json!(["18446744073709551615", "2"]));
    assert_eq!(cells("plain"), json!([1e16, 0.5]), "it is exact as it is");
}
