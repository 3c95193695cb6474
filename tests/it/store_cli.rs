//! `store …` with the real binary, on a state that a server left, and while a server runs.

use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::case::{Case, TITANIC, json as read, on_both};
use crate::cli::{Folder, Ran};
use crate::server::Server;
use crate::store::models_are_noted;

on_both!(
    what_a_server_left_is_counted_checked_and_exported,
    a_copy_of_the_store_alone_comes_back,
    rows_put_aside_are_listed_tried_again_and_dropped,
    rows_of_a_file_are_tried_again_without_it,
);

/// A state left by a server: a labelled prediction, a waiting label, a row, a quarantined row.
async fn left(case: &Case) -> TempDir {
    let server = Server::of(case).await;
    models_are_noted(&server).await;
    let labels = read(case.labels);
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    for id in [&made["id"], &json!("order \"7\"")] {
        let label = json!({"id": id, "label": labels[1]});
        assert!(server.post("/v1/labels", &label).await.0.is_success());
    }
    let rows = json!([case.other_row(), read(case.bad.0)]);
    assert_eq!(server.post("/v1/rows", &rows).await.0, 200);
    server.leave().await
}

/// Runs a command line on a state.
pub fn run(state: &TempDir, line: &str) -> Ran {
    let output = Command::new(env!("CARGO_BIN_EXE_titanic-platform"))
        .args(line.split_whitespace())
        .args(["--state"])
        .arg(state.path())
        .current_dir(state.path())
        .env_clear()
        .output();
    Ran::of(line, output.unwrap())
}

/// Parses JSON lines.
pub fn lines(text: &str) -> Vec<Value> {
    let line = |line: &str| {
        let Once(event) = serde_json::from_str(line).unwrap();
        event
    };
    text.lines().map(line).collect()
}

/// An object that must have each key once.
struct Once(Value);

impl<'de> serde::Deserialize<'de> for Once {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Once, D::Error> {
        struct Keys;
        impl<'de> serde::de::Visitor<'de> for Keys {
            type Value = Once;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: serde::de::MapAccess<'de>>(self, mut map: M) -> Result<Once, M::Error> {
                let mut object = serde_json::Map::new();
                while let Some((key, value)) = map.next_entry::<String, Value>()? {
                    assert!(!object.contains_key(&key), "{key} twice");
                    object.insert(key, value);
                }
                Ok(Once(Value::Object(object)))
            }
        }
        from.deserialize_map(Keys)
    }
}

async fn what_a_server_left_is_counted_checked_and_exported(case: &Case) {
    let state = left(case).await;
    let stats = run(&state, "store stats --json").ok().json();
    let expected = json!({"row": 1, "prediction": 1, "label": 2, "label_expired": 0, "quarantine": 1,
                          "verdict": 0, "alert": 0, "model": 3});
    assert_eq!(stats["kinds"], expected);
    let figures = ["seq", "oldest", "labels", "waiting", "quarantine"].map(|key| &stats[key]);
    assert_eq!(json!(figures), json!([8, 1, 2, 1, 1]));
    assert!(
        run(&state, "store stats")
            .ok()
            .out
            .contains("rows in quarantine")
    );
    assert_eq!(run(&state, "store check").ok().out, "intact: 8 events\n");

    let all = lines(&run(&state, "store export").ok().out);
    let kinds: Vec<&str> = all.iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(
        kinds,
        [
            "model",
            "model",
            "model",
            "prediction",
            "label",
            "label",
            "row",
            "quarantine"
        ]
    );
    let seqs: Vec<u64> = all.iter().map(|e| e["seq"].as_u64().unwrap()).collect();
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(
        (&all[3]["row"], &all[5]["id"]),
        (&case.row(), &json!("order \"7\""))
    );

    let labels = lines(&run(&state, "store export --kind label").ok().out);
    assert_eq!(labels, all[4..6]);
    assert_eq!(run(&state, "store export --until 2020-01-01").ok().out, "");
    let some = run(&state, "store export --since 2020-01-01 -o all.jsonl").ok();
    assert_eq!(some.out, "");
    let file = std::fs::read_to_string(state.path().join("all.jsonl")).unwrap();
    assert_eq!(lines(&file), all);

    run(&state, "store export --format parquet").ended(2);
    run(&state, "store export --kind rows").ended(2);
    run(&state, "store export --since yesterday").ended(2);

    let sizes = run(&state, "store compact --json").ok().json();
    assert!(
        sizes["after"].as_u64() <= sizes["before"].as_u64(),
        "{sizes}"
    );
    assert_eq!(lines(&run(&state, "store export").ok().out), all);
    run(&state, "store check").ok();
}

/// Before there were archives, a backup was a copy of the event store alone.
async fn a_copy_of_the_store_alone_comes_back(case: &Case) {
    let state = left(case).await;
    let all = run(&state, "store export").ok().out;
    std::fs::copy(
        state.path().join("events.redb"),
        state.path().join("copy.redb"),
    )
    .unwrap();
    let error = run(&state, "store restore copy.redb").fails(1);
    assert!(
        error.contains("8 events") && error.contains("--force"),
        "{error}"
    );
    let epoch = || std::fs::read_to_string(state.path().join("models/epoch")).unwrap();
    let before = epoch();
    run(&state, "store restore copy.redb --force").ok();
    assert_eq!(run(&state, "store export").ok().out, all);
    assert_ne!(epoch(), before, "followers notice a restore");

    let store = state.path().join("events.redb");
    std::fs::remove_file(&store).unwrap();
    assert!(
        run(&state, "store stats")
            .fails(1)
            .contains("there is no store")
    );
    run(&state, "store restore copy.redb").ok();
    assert_eq!(run(&state, "store export").ok().out, all);

    std::fs::write(&store, "no store at all").unwrap();
    run(&state, "store check").ended(4);
    run(&state, "store restore copy.redb").fails(1);
    std::fs::write(state.path().join("other"), "no copy at all").unwrap();
    let error = run(&state, "store restore other --force").fails(1);
    assert!(error.contains("other"), "{error}");
    run(&state, "store restore gone --force").fails(1);
    assert_eq!(
        std::fs::read(&store).unwrap(),
        b"no store at all",
        "nothing has changed"
    );
    run(&state, "store restore copy.redb --force").ok();
    run(&state, "store check").ok();
    let parts = std::fs::read_dir(state.path()).unwrap();
    let parts = parts.filter(|e| {
        e.as_ref()
            .unwrap()
            .file_name()
            .to_string_lossy()
            .contains("part")
    });
    assert_eq!(parts.count(), 0, "nothing half done is left");
    let again = Server::over(
        state,
        |_| {},
        titanic_platform::app::First::bundled(),
        std::sync::Arc::new(titanic_platform::clock::System),
    )
    .await
    .unwrap();
    let events = again.get("/v1/events?kind=prediction").await;
    assert_eq!(events["events"][0]["row"], case.row());
    again.stop().await;
}

#[tokio::test]
async fn damage_is_found_wherever_it_is() {
    let state = left(&TITANIC).await;
    let store = state.path().join("events.redb");
    let whole = std::fs::read(&store).unwrap();
    let needle = b"Embarked"; // among the names of a block's rows
    // The file also contains replaced pages; only the file itself determines which page is current.
    let all: Vec<usize> = whole
        .windows(needle.len())
        .enumerate()
        .filter(|(_, window)| window == needle)
        .map(|(at, _)| at)
        .collect();
    for places in [&[0], &[3], &*all] {
        let mut bytes = whole.clone();
        for at in places {
            bytes[*at] ^= 0x10;
        }
        std::fs::write(&store, &bytes).unwrap();
        let ran = run(&state, "store check").ended(4);
        assert!(ran.out.contains("damaged"), "{places:?}: {ran:#?}");
    }
    for length in [whole.len() / 2, 100, 1] {
        std::fs::write(&store, &whole[..length]).unwrap();
        run(&state, "store check --json").ended(4);
    }
    std::fs::write(&store, &whole).unwrap();
    run(&state, "store check").ok();
}

#[tokio::test]
async fn beside_a_server_a_restore_names_the_holder() {
    let server = Server::start().await;
    let folder = Folder::new();
    let state = server.state().display().to_string();
    std::fs::copy(server.state().join("events.redb"), folder.path("copy.redb")).unwrap();
    let holder = format!("process {}", std::process::id());
    for line in ["store restore train.csv", "store restore copy.redb --force"] {
        let error = folder.run(&format!("{line} --state {state}")).fails(3);
        assert!(error.contains(&holder), "{error}");
    }
    server.stop().await;
}

async fn rows_put_aside_are_listed_tried_again_and_dropped(case: &Case) {
    let server = Server::of(case).await;
    let (bad, column) = (read(case.bad.0), &case.bad.1[1..]);
    // Each row has its own id: the same row twice is quarantined once.
    let own_id = case.spec().schema.id().unwrap().to_owned();
    let numbered = |n: usize| {
        let mut row = bad.clone();
        row[&own_id] = json!(n);
        row
    };
    let rows = json!([numbered(1), numbered(2), numbered(3), numbered(3)]);
    for counts in [[3, 1], [0, 4]] {
        let (_, taken) = server.post("/v1/rows", &rows).await;
        let found = ["quarantined", "repeated"].map(|key| taken[key].clone());
        assert_eq!(json!(found), json!(counts));
    }
    let state = server.leave().await;
    let list = || {
        let document = run(&state, "ingest quarantine list --json").ok().json();
        document["quarantine"].as_array().unwrap().clone()
    };
    let first = list();
    assert_eq!(first.len(), 3);
    let entry = json!({"id": first[0]["id"], "source": "rest", "line": null, "column": column,
                       "value": first[0]["value"], "reason": first[0]["reason"]});
    assert_eq!(first[0], entry);
    let shown = run(&state, "ingest quarantine list").ok().out;
    assert!(
        shown.contains(column) && shown.lines().count() == 4,
        "{shown}"
    );

    let again = run(&state, "ingest quarantine retry --all --json")
        .ok()
        .json();
    let counts = ["stored", "repeated", "remaining"].map(|key| &again[key]);
    assert_eq!(json!(counts), json!([0, 0, 3]), "still bad");
    assert_eq!(list(), first);

    // A spec that contains the level accepts the row.
    let wide = widened(case, &bad[column]);
    std::fs::write(state.path().join("wide.yaml"), wide).unwrap();
    let id = first[0]["id"].as_str().unwrap();
    let good = run(
        &state,
        &format!("ingest quarantine retry {id} --spec wide.yaml --json"),
    );
    let good = good.ok().json();
    assert_eq!(
        (&good["stored"], &good["remaining"]),
        (&json!(1), &json!(0))
    );
    assert_eq!(list(), first[1..]);
    let kept = lines(&run(&state, "store export --kind row").ok().out);
    assert_eq!(
        (&kept[0]["id"], &kept[0]["row"]),
        (&first[0]["id"], &numbered(1))
    );

    let error = run(&state, &format!("ingest quarantine drop {id}")).fails(1);
    assert!(error.contains("no row"), "{error}");
    run(&state, "ingest quarantine drop").ended(2);
    run(&state, "ingest").ended(2);
    let id = first[1]["id"].as_str().unwrap();
    run(&state, &format!("ingest quarantine drop {id}")).ok();
    assert_eq!(list(), first[2..]);
    run(&state, "ingest quarantine drop --all").ok();
    let shown = run(&state, "ingest quarantine list").ok().out;
    assert_eq!(shown, "nothing is in quarantine\n");
    run(&state, "store check").ok();
}

/// Quarantined rows of a file are stored: with a corrected spec they are accepted without their file.
async fn rows_of_a_file_are_tried_again_without_it(case: &Case) {
    let folder = Folder::new();
    let (bad, column) = (read(case.bad.0), &case.bad.1[1..]);
    let own_id = case.spec().schema.id().unwrap().to_owned();
    let columns: Vec<&String> = bad.as_object().unwrap().keys().collect();
    let cell = |value: &Value| value.as_str().map_or(value.to_string(), str::to_owned);
    let cells: Vec<String> = columns
        .iter()
        .map(|c| format!("{:?}", cell(&bad[*c])))
        .collect();
    let header = columns
        .iter()
        .map(|c| c.as_str())
        .collect::<Vec<_>>()
        .join(",");
    let text = format!("{own_id},{header}\n17,{0}\n18,{0}\n19\n", cells.join(","));
    std::fs::write(folder.path("bad.csv"), text).unwrap();
    std::fs::write(folder.path("case.yaml"), case.spec).unwrap();
    let ingest = "ingest bad.csv --spec case.yaml --json";
    for counts in [[0, 0, 3], [0, 3, 0]] {
        let ran = folder.run(ingest);
        // All rows are bad, new or not, so the command fails.
        assert_eq!(ran.code, 1);
        let read = ran.json();
        let found = ["stored", "repeated", "quarantined"].map(|key| read[key].clone());
        assert_eq!(json!(found), json!(counts));
    }
    std::fs::remove_file(folder.path("bad.csv")).unwrap();
    let list = folder.run("ingest quarantine list --json").ok().json();
    let list = list["quarantine"].as_array().unwrap().clone();
    assert_eq!(
        list.len(),
        3,
        "put aside once, however often the file is read"
    );
    assert!(
        list.iter()
            .all(|row| is_uuid_7(row["id"].as_str().unwrap()))
    );

    std::fs::write(folder.path("wide.yaml"), widened(case, &bad[column])).unwrap();
    let again = folder.run("ingest quarantine retry --all --spec wide.yaml --json");
    let again = again.ok().json();
    let counts = ["stored", "repeated", "remaining"].map(|key| &again[key]);
    assert_eq!(json!(counts), json!([2, 0, 1]));
    let reason = again["quarantine"][0]["reason"].as_str().unwrap();
    assert!(reason.contains("send it again from its source"), "{reason}");
    let kept = lines(&folder.run("store export --kind row").ok().out);
    let mut expected = bad.clone();
    expected[&own_id] = json!(17);
    assert_eq!(kept[0]["row"], expected);
    folder.run("store check").ok();
}

fn is_uuid_7(id: &str) -> bool {
    uuid::Uuid::parse_str(id).is_ok_and(|id| id.get_version_num() == 7)
}

/// The case's spec with one more level.
fn widened(case: &Case, level: &Value) -> String {
    let level = level.to_string();
    let wide = case
        .spec
        .replace("levels: [basic,", &format!("levels: [{level}, basic,"));
    let wide = wide.replace("levels: [1, 2, 3]", &format!("levels: [1, 2, 3, {level}]"));
    assert_ne!(wide, case.spec);
    wide
}
