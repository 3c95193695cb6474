//! How a server starts and stops.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

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
    let (client, url) = (server.client(), server.url("/v1/predict"));
    let (ready, readiness) = (server.client(), server.url("/readyz"));
    let rows = json!(vec![passenger(); 20_000]);
    let body = serde_json::to_string(&rows).unwrap();
    let begun = Arc::new(tokio::sync::Notify::new());
    let told = begun.clone();
    // The head and a piece first: the request is in flight when the stop is asked.
    let (head, tail) = (body[..100].to_owned(), body[100..].to_owned());
    let pieces = futures_util::stream::unfold((0, Some(tail)), move |(n, tail)| {
        let (head, told) = (head.clone(), told.clone());
        async move {
            match n {
                0 => Some((Ok::<_, std::io::Error>(head), (1, tail))),
                1 => {
                    told.notified().await;
                    tail.map(|tail| (Ok(tail), (2, None)))
                }
                _ => None,
            }
        }
    });
    let request = client.post(url).header("content-type", "application/json");
    let request = tokio::spawn(request.body(reqwest::Body::wrap_stream(pieces)).send());
    server::until("the request", || async {
        server
            .metrics()
            .await
            .contains("\ntitanic_http_inflight_requests 2\n")
    })
    .await;
    server.app().stop();
    let lifecycle = server.app().lifecycle();
    assert!(lifecycle.is_stopping());
    let (status, problem) = answer(ready.get(readiness)).await;
    assert_eq!(status, 503, "{problem}");
    let stopped = tokio::spawn(async move { server.stop().await });
    assert_eq!(socket.close_code().await, 1001);
    begun.notify_one();
    let response = request.await.unwrap().unwrap();
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["connection"], "close");
    let answers: serde_json::Value = response.json().await.unwrap();
    assert_eq!(answers["predictions"].as_array().unwrap().len(), 20_000);
    drop((client, ready));
    stopped.await.unwrap();
}

#[tokio::test]
async fn an_empty_state_trains_from_the_spec_and_says_by_whom() {
    let state = tempfile::tempdir().unwrap();
    let spec = Spec::parse(crate::churn::SPEC).unwrap();
    let first = First {
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

/// The binary, serving a state.
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

/// The address it says it is ready at.
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

    // The same address again: the holder is named.
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
