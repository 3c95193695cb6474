//! A store with damaged bytes, used by commands and by a running server. Regression: `serve` ended with a panic, or one of
//! its threads did while `/readyz` still returned 200.

use std::path::Path;
use std::process::{Command, Output};

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use reqwest::StatusCode;
use serde_json::{Value, json};
use tempfile::TempDir;
use titanic_platform::store::{File, StoreError, check, maintenance};

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

/// A state whose store has `length` bytes overwritten from page `page` on.
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

/// States with random damage whose store can be opened but not fully read.
fn half_readable() -> impl Iterator<Item = TempDir> {
    let bytes = std::fs::read(Path::new(STATE).join("events.redb")).unwrap();
    let made = move |seed: u64| {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        let mut bytes = bytes.clone();
        for _ in 0..4 {
            let begin = dice.random_range(8192..bytes.len() - 512);
            bytes[begin..begin + 512].fill_with(|| dice.random());
        }
        let state = tempfile::tempdir().unwrap();
        copy(Path::new(STATE), state.path());
        std::fs::write(state.path().join("events.redb"), bytes).unwrap();
        state
    };
    let is_half = |state: &TempDir| {
        let Ok(file) = File::open(state.path()) else {
            return false;
        };
        let used = [
            maintenance::stats(&file).map(drop),
            maintenance::events(&file, |_| true),
            check::check(&file).map(drop),
        ];
        file.shut();
        used.contains(&Ok(()))
            && used
                .iter()
                .any(|u| matches!(u, Err(StoreError::Damaged(_))))
    };
    (0..400).map(made).filter(is_half)
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
        let said = [output.stderr, output.stdout].concat();
        let said = String::from_utf8_lossy(&said);
        let found_damage = if line == "store check" { 4 } else { 1 };
        assert_eq!(output.status.code(), Some(found_damage), "{line}: {said}");
        assert!(said.contains("store restore"), "{line}: {said}");
        assert!(!said.contains("panicked"), "{line}: {said}");
    }
}

#[test]
fn b7_commands_on_a_store_with_damaged_pages_say_so() {
    let states: Vec<TempDir> = half_readable().take(3).collect();
    assert!(!states.is_empty());
    for state in states {
        let mut found = 0;
        for line in [
            "store stats",
            "store check",
            "store export",
            "store compact",
        ] {
            let output = run(state.path(), line);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(!said.contains("panicked"), "{line}: {said}");
            found += u32::from(output.status.code() != Some(0));
        }
        assert!(found > 0);
    }
}

#[tokio::test]
async fn b7_a_server_over_damaged_pages_is_not_ready_and_alerts() {
    let mut met = false;
    for state in half_readable().take(6) {
        // A server whose store is damaged where it reads at the start ends with a message that says what to do.
        let Some(process) = Process::try_of(Process::command(state.path())) else {
            let output = run(state.path(), "serve --listen 127.0.0.1:0");
            let said = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(1), "{said}");
            assert!(
                said.contains("store restore") && !said.contains("panicked"),
                "{said}"
            );
            continue;
        };
        met = true;
        is_not_ready_and_alerts(&process).await;
    }
    assert!(
        met,
        "no store was damaged in a place that a server reads later"
    );
}

async fn is_not_ready_and_alerts(process: &Process) {
    let client = server::client();
    let get = async |path: &str| {
        let response = client.get(format!("{}{path}", process.url)).send().await;
        let response = response.unwrap();
        // The content of an event may be damaged as well.
        let status = response.status();
        (status, response.json().await.unwrap_or(Value::Null))
    };
    // Requests that read everything encounter the damage.
    let checked = client.post(format!("{}/v1/store/check", process.url));
    checked.send().await.unwrap();
    until("the damage", || async {
        get("/v1/events?limit=1000").await;
        get("/v1/store").await;
        get("/readyz").await.0 == StatusCode::SERVICE_UNAVAILABLE
    })
    .await;
    let (_, problem) = get("/readyz").await;
    assert!(
        problem["detail"].as_str().unwrap().contains("damaged"),
        "{problem}"
    );
    assert_eq!(get("/v1/events").await.0, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(get("/healthz").await.0, StatusCode::OK);
    until("the alert", || async {
        let (_, alerts) = get("/v1/alerts").await;
        let alerts = alerts["alerts"].as_array().unwrap();
        alerts
            .iter()
            .any(|a| a["rule"] == "store" && a["state"] == "firing")
    })
    .await;
    // Rows are still predicted.
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
