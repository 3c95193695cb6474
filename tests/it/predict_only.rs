//! `serve --predict-only`, and the routes by which hosting platforms call a model: each test plays the platform.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use titanic_platform::serve::routes::ROUTES;

use crate::cli::BINARY;
use crate::process::Process;
use crate::server::{self, Server, answer, passenger};
use crate::socket::Socket;

/// A predict-only server on a state, with additional arguments.
fn start(state: &Path, more: &[&str]) -> Process {
    let more: Vec<&OsStr> = ["--predict-only"]
        .iter()
        .chain(more)
        .map(OsStr::new)
        .collect();
    Process::start(state, &more)
}

/// A folder with one model file of this number, made of the state's champion.
fn folder(number: u64) -> tempfile::TempDir {
    let state = server::state();
    let folder = tempfile::tempdir().unwrap();
    let to = folder.path().join(format!("titanic@{number}.model"));
    std::fs::copy(state.path().join("models/titanic@1.model"), to).unwrap();
    folder
}

/// Every file below a folder with its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.clone(), std::fs::read(path).unwrap());
            }
        }
    }
    found
}

async fn ask(method: Method, url: String, body: Option<&Value>) -> (StatusCode, Value) {
    let request = server::client().request(method, url);
    answer(match body {
        Some(body) => request.json(body),
        None => request,
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn it_predicts_as_the_full_server_and_writes_nothing() {
    let full = Server::start().await;
    let (_, expected) = full.post("/v1/predict", &passenger()).await;
    let state = full.leave().await;
    // An earlier release has no epoch; a server that may write would add one.
    std::fs::remove_file(state.path().join("models/epoch")).unwrap();
    let before = files(state.path());
    let server = start(state.path(), &[]);
    let post = |path: &str, body: Value| {
        let url = format!("{}{path}", server.url);
        async move { ask(Method::POST, url, Some(&body)).await }
    };
    let get = |path: &str| ask(Method::GET, format!("{}{path}", server.url), None);
    let (status, made) = post("/v1/predict?explain=true", passenger()).await;
    assert_eq!(status, 200, "{made}");
    assert_eq!(made["probability"], expected["probability"]);
    assert_eq!(made["model"], "titanic@1");
    assert_eq!(made["id"].as_str().unwrap().len(), 36);
    let (_, models) = get("/v1/models").await;
    assert_eq!(models["champion"], "titanic@1");
    assert_eq!(models["models"].as_array().unwrap().len(), 2);
    let (status, ready) = get("/readyz").await;
    assert_eq!(
        (status.as_u16(), &ready["model"]),
        (200, &json!("titanic@1"))
    );
    let (status, problem) = post("/v1/predict?durable=true", passenger()).await;
    assert_eq!(
        (status.as_u16(), &problem["type"]),
        (409, &json!("/docs#predict-only"))
    );
    assert_eq!(post("/v1/predict?id=mine", passenger()).await.0, 409);
    let (_, page) = get("/").await;
    let page = page.as_str().unwrap();
    assert!(page.contains("titanic@1") && page.contains("id=\"form\""));
    assert!(page.contains("href=\"/models\"") && !page.contains("href=\"/timeline\""));
    assert!(
        page.contains("data-readonly"),
        "no buttons of what it does not do"
    );
    let (_, openapi) = get("/openapi.json").await;
    assert!(openapi["paths"]["/v1/predict"].is_object());
    assert!(openapi["paths"]["/v1/rows"].is_null());
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert_eq!(files(state.path()), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_works_or_names_the_mode() {
    let state = server::state();
    let server = start(state.path(), &[]);
    for route in ROUTES.iter() {
        let path = route.pattern.replace("{version}", "1").replace("{v}", "1");
        let path = path.replace("{name}", "titanic").replace("{id}", "x");
        let method = Method::from_bytes(route.method.as_bytes()).unwrap();
        let (status, found) = ask(method, format!("{}{path}", server.url), Some(&json!({}))).await;
        let is_refused = found["type"] == "/docs#predict-only";
        assert_eq!(
            is_refused, !route.is_stateless,
            "{} {path}: {found}",
            route.method
        );
        assert_eq!(
            is_refused,
            status == 409,
            "{} {path}: {found}",
            route.method
        );
        assert!(status.as_u16() < 500, "{} {path}: {found}", route.method);
    }
    let (status, found) = ask(Method::GET, format!("{}/v1/nothing", server.url), None).await;
    assert_eq!(
        (status.as_u16(), &found["type"]),
        (404, &json!("/docs#not-found"))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_websocket_predicts_and_takes_no_labels() {
    let state = server::state();
    let server = start(state.path(), &[]);
    let mut socket = Socket::at(&format!("ws://{}/ws", server.address())).await;
    let made = socket
        .ask(json!({"type": "predict", "ref": 1, "row": passenger()}))
        .await;
    assert_eq!(
        (&made["type"], &made["model"]),
        (&json!("prediction"), &json!("titanic@1"))
    );
    let label = json!({"type": "label", "ref": 2, "id": made["id"], "label": 1});
    let refused = socket.ask(label).await;
    assert_eq!(refused["problem"]["type"], "/docs#predict-only");
    let topic = |name: &str| json!({"type": "subscribe", "ref": 3, "topics": [name]});
    assert_eq!(socket.ask(topic("alerts")).await["problem"]["status"], 409);
    assert_eq!(socket.ask(topic("models")).await["type"], "subscribed");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_model_comes_from_a_file_or_the_newest_of_the_folders() {
    let (empty, newest, older) = (tempfile::tempdir().unwrap(), folder(7), folder(3));
    let file = newest.path().join("titanic@7.model");
    let live = |server: &Process| {
        let url = format!("{}/readyz", server.url);
        async move { ask(Method::GET, url, None).await.1["model"].clone() }
    };
    let by_file = start(empty.path(), &["--model", file.to_str().unwrap()]);
    assert_eq!(live(&by_file).await, "titanic@7");
    let (_, models) = ask(Method::GET, format!("{}/v1/models", by_file.url), None).await;
    assert_eq!(models["champion"], "titanic@7");
    assert_eq!(models["models"][0]["role"], "champion");
    std::fs::copy(&file, older.path().join("titanic@5.model")).unwrap();
    std::fs::write(older.path().join("titanic@6.model"), b"half a file").unwrap();
    let by_folder = start(
        empty.path(),
        &["--model_dir", older.path().to_str().unwrap()],
    );
    assert_eq!(
        live(&by_folder).await,
        "titanic@5",
        "the newest that is whole"
    );
    // The champion of a state is stronger than a folder.
    let state = server::state();
    let by_state = start(
        state.path(),
        &["--model_dir", older.path().to_str().unwrap()],
    );
    assert_eq!(live(&by_state).await, "titanic@1");
    assert!(files(empty.path()).is_empty());
}

#[test]
fn without_a_model_it_ends_and_names_the_places() {
    let empty = tempfile::tempdir().unwrap();
    let run = |more: &[&str], storage: &str| {
        let output = Command::new(BINARY)
            .args([
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--predict-only",
                "--state",
            ])
            .arg(empty.path())
            .args(more)
            .env("AIP_STORAGE_URI", storage)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), text)
    };
    let (code, text) = run(&[], "");
    assert_eq!(code, 1, "{text}");
    assert!(
        text.contains("/opt/ml/model") && text.contains("--model"),
        "{text}"
    );
    let (code, text) = run(&[], "gs://bucket/model");
    assert!(
        code == 1 && text.contains("gs://bucket/model"),
        "{code} {text}"
    );
    let (code, text) = run(&["--model", "model.bin"], "");
    assert!(
        code == 1 && text.contains("titanic@7.model"),
        "{code} {text}"
    );
    let (code, text) = run(&["--model", "none/titanic@1.model"], "");
    assert!(code == 1 && text.contains("titanic@1"), "{code} {text}");
    for name in ["7", "titanic@7"] {
        assert_eq!(run(&["--model_name", name], "").0, 2, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sagemaker_pings_and_invokes() {
    let (empty, model) = (tempfile::tempdir().unwrap(), folder(7));
    let server = start(
        empty.path(),
        &["--model_dir", model.path().to_str().unwrap()],
    );
    let (status, _) = ask(Method::GET, format!("{}/ping", server.url), None).await;
    assert_eq!(status, 200);
    let url = format!("{}/invocations", server.url);
    let (status, one) = ask(Method::POST, url.clone(), Some(&passenger())).await;
    assert_eq!(
        (status.as_u16(), one["id"].is_string()),
        (200, true),
        "{one}"
    );
    let send = |kind: &'static str, body: &'static str| {
        let request = server::client()
            .post(&url)
            .header("Content-Type", kind)
            .body(body);
        async move {
            let response = request.send().await.unwrap();
            (response.status().as_u16(), response.text().await.unwrap())
        }
    };
    let (status, csv) = send("text/csv", "Pclass,Sex\n3,male\n1,female\n").await;
    let header = csv.lines().next().unwrap();
    assert!(status == 200 && header.contains("prediction_id"), "{csv}");
    assert_eq!(csv.lines().count(), 3);
    let rows = "{\"Pclass\": 3, \"Sex\": \"male\"}\n{\"Pclass\": 1, \"Sex\": \"female\"}\n";
    for kind in ["application/x-ndjson", "application/jsonlines"] {
        let (status, lines) = send(kind, rows).await;
        assert_eq!((status, lines.lines().count()), (200, 2), "{kind}: {lines}");
    }
    assert_eq!(send("image/png", "x").await.0, 415);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn vertex_names_port_and_routes() {
    let (empty, model) = (tempfile::tempdir().unwrap(), folder(2));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let mut command = Command::new(BINARY);
    command
        .args(["-q", "--state"])
        .arg(empty.path())
        .args(["serve", "--predict-only"])
        .env("AIP_HTTP_PORT", port.to_string())
        .env("AIP_HEALTH_ROUTE", "/v1/endpoints/1/deployedModels/2")
        .env("AIP_PREDICT_ROUTE", "/predict")
        .env("AIP_STORAGE_URI", model.path())
        .env_remove("PORT");
    let server = Process::of(command);
    assert_eq!(server.url, format!("http://127.0.0.1:{port}"));
    let health = format!("{}/v1/endpoints/1/deployedModels/2", server.url);
    assert_eq!(ask(Method::GET, health, None).await.0, 200);
    let url = format!("{}/predict", server.url);
    let body = json!({"instances": [passenger(), passenger()], "parameters": {"explain": true}});
    let (status, made) = ask(Method::POST, url.clone(), Some(&body)).await;
    assert_eq!(status, 200, "{made}");
    let predictions = made["predictions"].as_array().unwrap();
    assert_eq!(predictions.len(), 2);
    assert!(predictions[1]["explanation"]["base"].is_number(), "{made}");
    assert_eq!(made["ids"][1], predictions[1]["id"]);
    assert!(made["ids"][1].is_string());
    // Faults point into the body as it was sent.
    let bad = json!({"instances": [passenger(), {"Pclass": 9, "Sex": "male"}]});
    let (status, problem) = ask(Method::POST, url.clone(), Some(&bad)).await;
    assert_eq!(
        (status.as_u16(), &problem["errors"][0]["path"]),
        (422, &json!("/instances/1/Pclass"))
    );
    // The page at the same path is still there.
    assert_eq!(ask(Method::GET, url, None).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn kserve_names_the_model() {
    let (empty, model) = (tempfile::tempdir().unwrap(), folder(2));
    let folder = model.path().to_str().unwrap();
    let server = start(
        empty.path(),
        &["--model_name", "ship", "--model_dir", folder],
    );
    let url = |path: &str| format!("{}/v1/models/{path}", server.url);
    let (status, ready) = ask(Method::GET, url("ship"), None).await;
    assert_eq!(
        (status.as_u16(), ready),
        (200, json!({"name": "ship", "ready": true}))
    );
    let body = json!({"instances": [passenger()]});
    let (status, made) = ask(Method::POST, url("ship:predict"), Some(&body)).await;
    assert_eq!(
        (status.as_u16(), made["predictions"][0]["model"].as_str()),
        (200, Some("titanic@2"))
    );
    assert_eq!(
        ask(Method::POST, url("boat:predict"), Some(&body)).await.0,
        404
    );
    assert_eq!(ask(Method::GET, url("boat"), None).await.0, 404);
    // A version is still found by its name.
    assert_eq!(
        ask(Method::GET, url("titanic@2"), None).await.1["model"],
        "titanic@2"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn mlflow_sends_tables_in_three_layouts() {
    let server = Server::start().await;
    let (_, expected) = server.post("/v1/predict", &passenger()).await;
    let row = passenger();
    let (names, values): (Vec<String>, Vec<Value>) =
        row.as_object().unwrap().clone().into_iter().unzip();
    for body in [
        json!({"dataframe_records": [row]}),
        json!({"inputs": [row]}),
        json!({"dataframe_split": {"index": [0], "columns": names, "data": [values]}, "params": {}}),
    ] {
        let (status, made) = server.post("/invocations", &body).await;
        assert_eq!(status, 200, "{made}");
        assert_eq!(
            made["predictions"][0]["probability"], expected["probability"],
            "{body}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_full_server_with_an_empty_state_takes_the_model_of_a_folder() {
    let (empty, model) = (tempfile::tempdir().unwrap(), folder(7));
    let more = ["--model_dir", model.path().to_str().unwrap()].map(OsStr::new);
    let server = Process::start(empty.path(), &more);
    let (_, models) = ask(Method::GET, format!("{}/v1/models", server.url), None).await;
    assert_eq!(models["champion"], "titanic@1");
    assert!(
        models["models"][0]["cv"]["log_loss"]["mean"].is_number(),
        "{models}"
    );
    let ledger = std::fs::read_to_string(empty.path().join("models/ledger.jsonl")).unwrap();
    let line: Value = serde_json::from_str(ledger.lines().next().unwrap()).unwrap();
    assert!(line["evidence"]["cv"]["folds"].is_number(), "{line}");
    let made = std::fs::read(empty.path().join("models/titanic@1.model")).unwrap();
    assert_eq!(
        made,
        std::fs::read(model.path().join("titanic@7.model")).unwrap()
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn health_ends_with_zero_or_one_and_one_line() {
    let server = Server::start().await;
    let url = server.url("");
    let run = async |more: &[&str], url: &str| {
        let mut command = tokio::process::Command::new(BINARY);
        command.args(["health", "--url", url]).args(more);
        let output = command.output().await.unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        (output.status.code().unwrap(), text)
    };
    assert_eq!(run(&[], &url).await, (0, "live\n".into()));
    assert_eq!(
        run(&["--ready"], &url).await,
        (0, "ready, titanic@1\n".into())
    );
    let (code, text) = run(&["--ready", "--json"], &url).await;
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &json["model"]), (0, &json!("titanic@1")));
    server.app().stop();
    let (code, text) = run(&["--ready"], &url).await;
    assert!(
        code == 1 && text.contains("stopping") && text.lines().count() == 1,
        "{text}"
    );
    server.stop().await;
    let (code, text) = run(&[], &url).await;
    assert!(code == 1 && text.contains("does not answer"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_is_told_that_it_is_ready_alive_and_stopping() {
    let (folder, state) = (tempfile::tempdir().unwrap(), server::state());
    let path = folder.path().join("notify");
    let socket = tokio::net::UnixDatagram::bind(&path).unwrap();
    let mut command = Process::command(state.path());
    command
        .args(["-q"])
        .env("NOTIFY_SOCKET", &path)
        .env("WATCHDOG_USEC", "2000000");
    let next = async || {
        let mut bytes = [0; 256];
        let message = tokio::time::timeout(server::PATIENCE, socket.recv(&mut bytes));
        let length = message.await.expect("a message").unwrap();
        String::from_utf8(bytes[..length].to_vec()).unwrap()
    };
    let server = Process::of(command);
    assert_eq!(next().await.trim(), "READY=1");
    for _ in 0..2 {
        assert_eq!(next().await.trim(), "WATCHDOG=1");
    }
    server.signal("TERM");
    let mut last = next().await;
    while last.trim() == "WATCHDOG=1" {
        last = next().await;
    }
    assert_eq!(last.trim(), "STOPPING=1");
    assert_eq!(server.ended(), Some(0));
}
