//! A state folder of commit e2402d3 opens in every later release with the same content and predictions
//! (`tests/fixtures/state-1/README.md`).

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use crate::process::Process;
use crate::server;
use crate::store_cli::{lines, run};

const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state-1");
const TEST: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/raw/test.csv");

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A copy of the state.
pub fn state() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    copy(&Path::new(FIXTURE).join("state"), folder.path());
    folder
}

fn fixture(name: &str) -> String {
    fs::read_to_string(Path::new(FIXTURE).join(name)).unwrap()
}

/// Checks that everything in `old` is in `new`, which may contain more.
fn holds(new: &Value, old: &Value, place: &str) {
    match (new, old) {
        (Value::Object(new), Value::Object(old)) => {
            for (key, old) in old {
                let place = format!("{place}/{key}");
                let new = new.get(key).unwrap_or_else(|| panic!("{place} is gone"));
                holds(new, old, &place);
            }
        }
        (Value::Array(new), Value::Array(old)) => {
            assert_eq!(new.len(), old.len(), "{place}");
            for (i, (new, old)) in new.iter().zip(old).enumerate() {
                holds(new, old, &format!("{place}/{i}"));
            }
        }
        _ => assert_eq!(new, old, "{place}"),
    }
}

#[test]
fn its_events_are_exported_as_they_were() {
    let state = state();
    let new = lines(&run(&state, "store export").ok().out);
    let old = lines(&fixture("export.jsonl"));
    assert_eq!(new.len(), old.len());
    for (i, (new, old)) in new.iter().zip(&old).enumerate() {
        holds(new, old, &format!("line {}", i + 1));
    }
    run(&state, "store check").ok();
}

#[test]
fn its_models_answer_as_they_did() {
    let state = state();
    run(&state, "models verify").ok();
    for version in ["1", "2"] {
        let new = run(&state, &format!("predict {TEST} --model {version}")).ok();
        let old = fixture(&format!("predictions-{version}.csv"));
        let (mut new, mut old) = (new.out.lines(), old.lines());
        assert_eq!(new.next(), old.next());
        let mut rows = 0;
        for (new, old) in new.by_ref().zip(old.by_ref()) {
            let (new, old) = [new, old].map(|line| line.rsplit_once(',').unwrap()).into();
            assert_eq!(new.0, old.0);
            let (new, old): (f64, f64) = (new.1.parse().unwrap(), old.1.parse().unwrap());
            // The last digits may differ where the system's exp function does.
            assert!(
                (new - old).abs() < 1e-12,
                "titanic@{version}: {new} was {old}"
            );
            rows += 1;
        }
        assert_eq!((rows, new.next(), old.next()), (418, None, None));
    }
}

#[tokio::test]
async fn a_server_goes_on_with_it() {
    let state = state();
    let process = Process::start(state.path(), &[]);
    let old = lines(&fixture("export.jsonl"));
    let prediction = |event: &&Value| event["kind"] == "prediction";
    let last = old.iter().rfind(prediction).unwrap();
    let id = last["id"].as_str().unwrap();
    let client = server::client();
    let get = async |path: &str| -> Value {
        let response = client.get(format!("{}{path}", process.url)).send().await;
        response.unwrap().json().await.unwrap()
    };
    let new = get(&format!("/v1/predictions/{id}")).await;
    assert_eq!(new["probability"], last["probability"]);
    assert_eq!(new["row"], last["row"]);
    assert_eq!(get("/v1/models").await["champion"], "titanic@1");
}
