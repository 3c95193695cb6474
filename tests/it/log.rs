//! Standard error and standard output of a server that are not read, or closed by their reader.

use std::io::{PipeWriter, Write};
use std::os::fd::AsRawFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::json;

use crate::cli::{BINARY, Folder, QUICK};
use crate::process::{self, Process, stored};
use crate::server::{self, answer, passenger, until};

/// Test timeout, for a server that hangs.
const PATIENCE: Duration = Duration::from_secs(120);

/// Fills a pipe to its last byte.
fn fill(pipe: &PipeWriter) {
    const O_NONBLOCK: i32 = 0o4000;
    let mut again = std::fs::OpenOptions::new()
        .write(true)
        .custom_flags(O_NONBLOCK)
        .open(format!("/proc/self/fd/{}", pipe.as_raw_fd()))
        .unwrap();
    for piece in [4096, 1] {
        while again.write(&vec![b'.'; piece]).is_ok() {}
    }
}

/// Sends a row to predict, and a promotion, which writes a log line.
async fn work(url: &str) {
    let client = server::client();
    let row = client.post(format!("{url}/v1/predict")).json(&passenger());
    let (status, body) = answer(row.timeout(PATIENCE)).await;
    assert_eq!(status, 200, "{body}");
    for version in [2, 1] {
        let promotion = client.post(format!("{url}/v1/models/{version}/promote"));
        let (status, body) = answer(promotion.json(&json!({})).timeout(PATIENCE)).await;
        assert_eq!(status, 200, "{body}");
        until("the other model", || async {
            let ready = client.get(format!("{url}/readyz")).timeout(PATIENCE);
            answer(ready).await.1["model"] == format!("titanic@{version}")
        })
        .await;
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn b5_a_full_pipe_that_nobody_reads_holds_up_nothing() {
    let state = server::state();
    let (reader, writer) = std::io::pipe().unwrap();
    fill(&writer);
    let mut command = Process::command(state.path());
    command.env("TITANIC_LOG__LEVEL", "debug").stderr(writer);
    let server = Process::of(command);
    work(&server.url).await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert_eq!(stored(state.path()).len(), 1);
    drop(reader);
}

#[tokio::test]
async fn b5_a_reader_of_the_log_that_leaves_ends_nothing() {
    let state = server::state();
    let (reader, writer) = std::io::pipe().unwrap();
    let mut command = Process::command(state.path());
    command.stderr(writer);
    let server = Process::of(command);
    drop(reader);
    work(&server.url).await;
    let client = server::client();
    until("dropped lines", || async {
        let page = client.get(format!("{}/metrics", server.url));
        let page = page.send().await.unwrap().text().await.unwrap();
        let line = page
            .lines()
            .find_map(|line| line.strip_prefix("titanic_log_dropped_lines_total "));
        line.expect("the metric is registered at start") != "0"
    })
    .await;
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert_eq!(stored(state.path()).len(), 1);
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn b5_a_server_goes_on_without_a_reader_of_its_address() {
    for is_full in [false, true] {
        let state = server::state();
        let (reader, writer) = std::io::pipe().unwrap();
        let reader = is_full.then_some(reader); // else it is gone
        if is_full {
            fill(&writer);
        }
        let mut child = Process::command(state.path())
            .stdout(writer)
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut url = String::new();
        until("its address beside the store", || {
            url = address(state.path()).unwrap_or_default();
            let is_known = !url.is_empty();
            assert!(child.try_wait().unwrap().is_none(), "full: {is_full}");
            async move { is_known }
        })
        .await;
        work(&url).await;
        process::signal(child.id(), "TERM");
        assert_eq!(child.wait().unwrap().code(), Some(0), "full: {is_full}");
        assert_eq!(stored(state.path()).len(), 1);
        drop(reader);
    }
}

/// The server address that is written beside the store.
fn address(state: &Path) -> Option<String> {
    let text = std::fs::read_to_string(state.join("events.server")).ok()?;
    text.split_whitespace().last().map(str::to_owned)
}

#[test]
fn b5_commands_without_any_reader_end_quietly() {
    let folder = Folder::trained();
    for line in [
        "config show",
        "man",
        "predict test.csv",
        "spec infer train.csv --target Survived",
        "models show 99",
        &format!("train train.csv {QUICK} --promote never"),
    ] {
        let (reader, writer) = std::io::pipe().unwrap();
        drop(reader);
        let mut command = folder.command(line);
        command.stdout(writer.try_clone().unwrap()).stderr(writer);
        let code = command.status().unwrap().code().unwrap();
        let expected = i32::from(line == "models show 99");
        assert_eq!(code, expected, "{line}");
    }
    // A server that cannot start reports that to a closed standard error.
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut serve = Command::new(BINARY);
    serve.args(["serve", "--listen", "0.0.0.0:0", "--state"]);
    serve.arg(folder.path("other")).stderr(writer);
    assert_eq!(serve.status().unwrap().code(), Some(1));
}
