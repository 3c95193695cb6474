//! Start and stop of a server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use serde_json::json;
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::model::Spec;
use titanic_platform::registry::Registry;

use crate::server::{self, Server, answer, passenger};
use crate::socket::Socket;

#[tokio::test]
async fn a_stop_closes_sockets_and_finishes_what_is_in_flight() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe(&["models"]).await;
    let (ready, readiness) = (server.client(), server.url("/readyz"));
    let body = json!(vec![passenger(); 20_000]).to_string();
    // The server has received only the head of the request when the stop is requested; `100 Continue` confirms the head.
    let mut request = TcpStream::connect(server.address()).await.unwrap();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nhost: {}\r\ncontent-type: application/json\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        server.address(),
        body.len()
    );
    request.write_all(head.as_bytes()).await.unwrap();
    let mut goes_on = [0; 25];
    request.read_exact(&mut goes_on).await.unwrap();
    assert_eq!(&goes_on, b"HTTP/1.1 100 Continue\r\n\r\n");
    server.app().stop();
    let lifecycle = server.app().lifecycle();
    assert!(lifecycle.is_stopping());
    let (status, problem) = answer(ready.get(readiness)).await;
    assert_eq!(status, 503, "{problem}");
    let stopped = tokio::spawn(async move { server.stop().await });
    assert_eq!(socket.close_code().await, 1001);
    request.write_all(body.as_bytes()).await.unwrap();
    let mut response = String::new();
    request.read_to_string(&mut response).await.unwrap(); // it closes the connection
    let (head, answers) = response.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200 OK"), "{head}");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    let answers: serde_json::Value = serde_json::from_str(answers).unwrap();
    assert_eq!(answers["predictions"].as_array().unwrap().len(), 20_000);
    drop(ready);
    stopped.await.unwrap();
}

#[tokio::test]
async fn an_empty_state_trains_from_the_spec_and_says_by_whom() {
    let state = tempfile::tempdir().unwrap();
    let spec = Spec::parse(crate::churn::SPEC).unwrap();
    let first = First {
        given: None,
        spec,
        folder: crate::tables::root().join("tests/fixtures"),
    };
    let server = Server::over(state, |_| {}, first, Arc::new(System))
        .await
        .unwrap();
    let champion = server.get("/readyz").await["model"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(champion.ends_with("@1"), "{champion}");
    let entries = server.registry().entries_after(0).unwrap();
    assert!(entries.iter().all(|entry| entry.by == "serve") && entries.len() == 2);
    let openapi = server.get("/openapi.json").await;
    let example = &openapi["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
        ["example"];
    let (status, prediction) = server.post("/v1/predict", example).await;
    assert_eq!(status, 200, "{prediction}");
    assert!(
        ["yes", "no"].contains(&prediction["label"].as_str().unwrap()),
        "labels as the table has them"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_damaged_champion_gives_way_to_an_older_version_and_none_to_nothing() {
    let state = server::state();
    let registry = Registry::open(state.path()).unwrap();
    let before = registry.last_seq().unwrap();
    std::fs::write(state.path().join("models/titanic@1.model"), b"rubbish").unwrap();
    let kept = tempfile::tempdir().unwrap();
    server::copy(state.path(), kept.path());
    let server = Server::over(kept, |_| {}, First::bundled(), Arc::new(System)).await;
    let error = server
        .err()
        .expect("the only champion is damaged and nothing is older")
        .to_string();
    assert!(error.contains("titanic@1.model"), "{error}");
    assert_eq!(
        registry.last_seq().unwrap(),
        before,
        "nothing was trained in its place"
    );

    let state = server::state();
    let server = Server::over(state, |_| {}, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    assert_eq!(server.post("/v1/models/2/promote", &json!({})).await.0, 200);
    let kept = tempfile::tempdir().unwrap();
    server::copy(&server.state(), kept.path());
    server.stop().await;
    std::fs::write(kept.path().join("models/titanic@2.model"), b"rubbish").unwrap();
    let server = Server::over(kept, |_| {}, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    assert_eq!(
        server.post("/v1/predict", &passenger()).await.1["model"],
        "titanic@1"
    );
    server.stop().await;
}

/// A command that serves a state with the binary.
fn serve(state: &std::path::Path, listen: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_titanic-platform"));
    command
        .args(["serve", "--listen", listen, "--state"])
        .arg(state);
    command
        .env_clear()
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Reads the address from the ready message.
fn ready(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.as_mut().unwrap())
        .read_line(&mut line)
        .unwrap();
    line.strip_prefix("ready ")
        .unwrap_or_else(|| panic!("{line:?}"))
        .trim_end()
        .to_owned()
}

#[tokio::test]
async fn the_binary_says_when_it_is_ready_and_ends_when_asked() {
    let state = server::state();
    let mut child = serve(state.path(), "127.0.0.1:0").spawn().unwrap();
    let url = ready(&mut child);
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    let client = server::client();
    let (status, body) = answer(client.post(format!("{url}/v1/predict")).json(&passenger())).await;
    assert_eq!(
        (status.as_u16(), &body["model"]),
        (200, &json!("titanic@1"))
    );
    drop(client);

    // A second server on the same address: the error names the process that holds it.
    let held = serve(state.path(), url.trim_start_matches("http://"))
        .output()
        .unwrap();
    assert_eq!(held.status.code(), Some(3));
    let message = String::from_utf8(held.stderr).unwrap();
    let pid = child.id().to_string();
    assert!(
        message.contains(url.trim_start_matches("http://")) && message.contains(&pid),
        "{message}"
    );

    let signal = Command::new("kill").args(["-TERM", &pid]).status().unwrap();
    assert!(signal.success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
