//! A store whose bytes are not what was written, under commands and a running server. Found outside: `serve` ended with a
//! panic, or a thread of it did and `/readyz` stayed 200.

use std::path::Path;
use std::process::{Command, Output};

use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use titanic_platform::store::{File, check};

use crate::cli::BINARY;
use crate::process::Process;
use crate::server::{self, until};

const STATE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/state-1/state");

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        match entry.file_type().unwrap().is_dir() {
            true => copy(&entry.path(), &target),
            false => drop(std::fs::copy(entry.path(), target).unwrap()),
        }
    }
}

/// A state whose store has a hole from page `page` on, of as many bytes.
fn holed(page: usize, length: usize) -> TempDir {
    let state = tempfile::tempdir().unwrap();
    copy(Path::new(STATE), state.path());
    let path = state.path().join("events.redb");
    let mut bytes = std::fs::read(&path).unwrap();
    let begin = page * 4096;
    let end = bytes.len().min(begin + length);
    bytes[begin..end].fill(0xa5);
    std::fs::write(path, bytes).unwrap();
    state
}

fn run(state: &Path, line: &str) -> Output {
    let mut command = Command::new(BINARY);
    command.args(line.split(' ')).arg("--state").arg(state);
    command.output().unwrap()
}

/// One that can be opened, and not be read through.
fn half() -> TempDir {
    let pages = std::fs::metadata(Path::new(STATE).join("events.redb"));
    let pages = pages.unwrap().len() as usize / 4096;
    let is_half = |state: &TempDir| {
        let Ok(file) = File::open(state.path()) else {
            return false;
        };
        let is_damaged = check::check(&file).is_err();
        file.shut();
        is_damaged
    };
    let mut states = (1..pages).map(|page| holed(page, 4096));
    states
        .find(|state| is_half(state))
        .expect("some page is needed later than at the start")
}

#[test]
fn b7_a_store_that_cannot_be_opened_names_the_remedy() {
    let state = holed(0, 1 << 20);
    for line in [
        "serve --listen 127.0.0.1:0",
        "store stats",
        "store check",
        "store export",
    ] {
        let output = run(state.path(), line);
        let said = String::from_utf8_lossy(&output.stderr);
        let found_damage = if line == "store check" { 4 } else { 1 };
        assert_eq!(output.status.code(), Some(found_damage), "{line}: {said}");
        assert!(said.contains("store restore"), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
}

#[test]
fn b7_commands_on_a_store_with_a_damaged_page_say_so() {
    let state = half();
    for line in ["store check", "store export", "store compact"] {
        let output = run(state.path(), line);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(!said.contains("panicked"), "{line}: {said}");
        if line == "store check" {
            assert_ne!(output.status.code(), Some(0), "{line}: {said}");
        }
    }
}

#[tokio::test]
async fn b7_a_server_over_a_damaged_page_is_not_ready_and_alerts() {
    let state = half();
    let process = Process::start(state.path(), &[]);
    let client = server::client();
    let get = async |path: &str| {
        let response = client.get(format!("{}{path}", process.url)).send().await;
        let response = response.unwrap();
        (response.status(), response.json::<Value>().await.unwrap())
    };
    // Whoever reads everything meets it.
    until("the damage", || async {
        let (status, _) = get("/v1/events?limit=1000").await;
        let checked = client.post(format!("{}/v1/store/check", process.url));
        let checked = checked.header("content-type", "application/json");
        checked.send().await.unwrap();
        status == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    let (status, problem) = get("/readyz").await;
    assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains("damaged"),
        "{problem}"
    );
    assert_eq!(get("/healthz").await.0, StatusCode::OK);
    until("the alert", || async {
        let (_, alerts) = get("/v1/alerts").await;
        let alerts = alerts["alerts"].as_array().unwrap();
        alerts
            .iter()
            .any(|a| a["rule"] == "store" && a["state"] == "firing")
    })
    .await;
    // Rows are still answered.
    let row = client
        .post(format!("{}/v1/predict", process.url))
        .json(&server::passenger());
    assert_eq!(row.send().await.unwrap().status(), StatusCode::OK);
    let label = client
        .post(format!("{}/v1/labels", process.url))
        .json(&json!({"id": "1", "label": 1}));
    assert_eq!(
        label.send().await.unwrap().status(),
        StatusCode::SERVICE_UNAVAILABLE
    );
}
