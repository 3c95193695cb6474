//! `store export` as Parquet, read back and held against the lines of JSON.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use polars::prelude::{DataFrame, ParquetReader, SerReader};
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::{self, Clock, Manual};
use titanic_platform::config::Settings;
use titanic_platform::store::kind::{self, Kind};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, state_of};
use crate::store_cli::{lines, run};

on_both!(a_table_holds_what_the_lines_hold);

/// When the first events come; the others come a second and two seconds later.
const BEGIN: &str = "2026-01-31T09:15:00Z";
const SECOND: Duration = Duration::from_secs(1);

/// More than one group of a Parquet file.
const MANY: usize = 17_000;

/// A state with events of every kind.
async fn full(case: &Case) -> TempDir {
    let clock = Arc::new(Manual::new(BEGIN.parse().unwrap()));
    // The monitor has nothing to say of a window that does not fill: the events are those made here.
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

/// Its rows as the lines have them.
fn events(state: &TempDir, options: &str) -> Vec<Value> {
    run(state, &format!("store export {options} -o events.parquet")).ok();
    let file = std::fs::File::open(state.path().join("events.parquet")).unwrap();
    let table = ParquetReader::new(file).finish().unwrap();
    assert_eq!(
        table.get_column_names(),
        ["seq", "time", "kind", "id", "body"]
    );
    let seqs = table.column("seq").unwrap().i64().unwrap();
    let [times, kinds, ids, bodies] = ["time", "kind", "id", "body"].map(|c| texts(&table, c));
    let event = |n: usize| {
        let mut event = Map::new();
        event.insert("seq".into(), json!(seqs.get(n).unwrap()));
        event.insert("time".into(), json!(times[n]));
        event.insert("kind".into(), json!(kinds[n]));
        event.insert("id".into(), json!(ids[n]));
        event.extend(serde_json::from_str::<Map<_, _>>(&bodies[n]).unwrap());
        Value::Object(event)
    };
    (0..table.height()).map(event).collect()
}

fn texts(table: &DataFrame, column: &str) -> Vec<String> {
    let column = table.column(column).unwrap().str().unwrap();
    column.iter().map(|cell| cell.unwrap().into()).collect()
}

async fn a_table_holds_what_the_lines_hold(case: &Case) {
    let state = full(case).await;
    let all = lines(&run(&state, "store export").ok().out);
    let seqs: Vec<u64> = all.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, (1..=MANY as u64 + 8).collect::<Vec<_>>(), "no gap");
    assert!(events(&state, "") == all);
    assert!(events(&state, "--format parquet") == all);

    let of = |wanted: &dyn Fn(&Value) -> bool| -> Vec<Value> {
        all.iter().filter(|event| wanted(event)).cloned().collect()
    };
    for kind in kind::all().map(kind::name) {
        let expected = of(&|event| event["kind"] == kind);
        assert!(!expected.is_empty(), "there is one of kind {kind}");
        let option = format!("--kind {kind}");
        assert!(events(&state, &option) == expected, "{kind}");
    }

    // Times are text that sorts as they do.
    let time = |event: &Value| event["time"].as_str().unwrap().to_owned();
    let when = |kind: &str| time(&of(&|event| event["kind"] == kind)[0]);
    let (row, verdict) = (when("row"), when("verdict"));
    assert!(time(&all[0]) < row && row < verdict);
    let since = of(&|event| time(event) >= row);
    let until = of(&|event| time(event) < row);
    assert_eq!((since.len(), until.len()), (5, MANY + 3));
    assert!(events(&state, &format!("--since {row}")) == since);
    assert!(events(&state, &format!("--until {row}")) == until);
    let between = format!("--since {row} --until {verdict}");
    let kinds: Vec<Value> = events(&state, &between)
        .iter()
        .map(|event| event["kind"].clone())
        .collect();
    assert_eq!(kinds, ["row", "quarantine"]);
    let one = events(&state, &format!("{between} --kind quarantine"));
    assert_eq!(one, of(&|event| event["kind"] == "quarantine"));
    assert_eq!(events(&state, "--until 2020-01-01"), [] as [Value; 0]);
    let begin: Timestamp = BEGIN.parse().unwrap();
    let after = clock::rfc3339(begin + 3 * SECOND);
    assert_eq!(
        events(&state, &format!("--since {after}")),
        [] as [Value; 0]
    );
}
