//! Followers of a real server: promotions arrive, predictions get into the writer's store once, and trouble at the source
//! leaves the last good model live.

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::path::Path;

use reqwest::Method;
use serde_json::{Value, json};

use crate::process::Process;
use crate::server::{self, Server, answer, passenger, until};

fn follower(state: &Path, source: &str) -> Process {
    Process::start(state, &["--follow", source].map(OsStr::new))
}

async fn get(url: &str, path: &str) -> Value {
    answer(server::client().get(format!("{url}{path}"))).await.1
}

async fn predict(url: &str) -> Value {
    let request = server::client()
        .post(format!("{url}/v1/predict"))
        .json(&passenger());
    let (status, made) = answer(request).await;
    assert_eq!(status, 200, "{made}");
    made
}

/// The ids of the predictions in a server's store.
async fn stored(server: &Server) -> Vec<String> {
    let events = server.get("/v1/events?kind=prediction&limit=10000").await;
    let events = events["events"].as_array().unwrap();
    events
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn promotions_are_followed_and_every_prediction_is_stored_once() {
    let writer = Server::start().await;
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let followers = [
        follower(one.path(), &writer.url("")),
        follower(two.path(), &writer.url("")),
    ];
    let made = std::sync::Mutex::new(BTreeSet::new());
    for promotion in 0..6 {
        let number = 2 - promotion % 2;
        let path = format!("/v1/models/{number}/promote");
        assert_eq!(writer.status(Method::POST, &path).await, 200);
        let wanted = json!(format!("titanic@{number}"));
        for follower in &followers {
            until("the promotion", || async {
                let answer = predict(&follower.url).await;
                made.lock()
                    .unwrap()
                    .insert(answer["id"].as_str().unwrap().to_owned());
                answer["model"] == wanted
            })
            .await;
        }
    }
    let made = made.into_inner().unwrap();
    until("the predictions", || async {
        stored(&writer).await.len() >= made.len()
    })
    .await;
    let all = stored(&writer).await;
    assert_eq!(all.len(), made.len(), "each once");
    assert_eq!(all.into_iter().collect::<BTreeSet<_>>(), made);
    // A label that is sent to the writer finds the follower's prediction.
    let id = made.first().unwrap();
    let (status, label) = writer
        .post("/v1/labels", &json!({"id": id, "label": 1}))
        .await;
    assert_eq!((status.as_u16(), &label["status"]), (200, &json!("joined")));
    let follow = get(&followers[0].url, "/v1/follow").await;
    assert_eq!(follow["source"], writer.url(""));
    assert_eq!(
        (&follow["dropped"], &follow["spooled"]),
        (&json!(0), &json!(0))
    );
    assert!(follow["lag_seconds"].as_f64().unwrap() < 60.0, "{follow}");
    let seq = writer.get("/v1/models").await["seq"].clone();
    until("the seq", || async {
        get(&followers[0].url, "/v1/follow").await["seq"] == seq
    })
    .await;
    assert_eq!(writer.status(Method::GET, "/v1/follow").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_is_gone_leaves_the_model_and_the_predictions_wait() {
    let writer = Server::start().await;
    let (state, url) = (tempfile::tempdir().unwrap(), writer.url(""));
    let follower_ = follower(state.path(), &url);
    assert_eq!(predict(&follower_.url).await["model"], "titanic@1");
    until("the prediction", || async {
        stored(&writer).await.len() == 1
    })
    .await;
    writer.stop().await;
    let id = predict(&follower_.url).await["id"].clone();
    assert!(id.is_string());
    until("the spool", || async {
        get(&follower_.url, "/v1/follow").await["spooled"] == 1
    })
    .await;
    // Stopped, it gives up what it cannot send; started again, it serves the model that it kept.
    follower_.signal("TERM");
    assert_eq!(follower_.ended(), Some(0));
    let again = follower(state.path(), &url);
    assert_eq!(get(&again.url, "/readyz").await["model"], "titanic@1");
    assert_eq!(
        get(&again.url, "/v1/follow").await["lag_seconds"],
        Value::Null
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_file_is_not_taken_over() {
    let writer = Server::start().await;
    let state = tempfile::tempdir().unwrap();
    let follower = follower(state.path(), &writer.url(""));
    let path = writer.state().join("models/titanic@2.model");
    assert_eq!(
        writer.status(Method::POST, "/v1/models/2/promote").await,
        200
    );
    until("the promotion", || async {
        predict(&follower.url).await["model"] == "titanic@2"
    })
    .await;
    // Damage after the promotion: the writer serves from memory, a new follower must not take the file.
    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let (status, problem) = answer(writer.request(Method::GET, "/v1/models/2/file")).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(predict(&follower.url).await["model"], "titanic@2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_folder_is_followed_too() {
    let source = server::state();
    let state = tempfile::tempdir().unwrap();
    let follower = follower(state.path(), source.path().to_str().unwrap());
    assert_eq!(predict(&follower.url).await["model"], "titanic@1");
    let promoted = std::process::Command::new(crate::cli::BINARY)
        .args(["models", "promote", "2", "--state"])
        .arg(source.path())
        .output()
        .unwrap();
    assert!(promoted.status.success());
    until("the promotion", || async {
        predict(&follower.url).await["model"] == "titanic@2"
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_does_not_take_the_state_of_a_writer() {
    let (source, state) = (server::state(), server::state());
    let output = std::process::Command::new(crate::cli::BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--follow"])
        .arg(source.path())
        .arg("--state")
        .arg(state.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(text.contains("a follower needs one of its own"), "{text}");
    let output = std::process::Command::new(crate::cli::BINARY)
        .args(["serve", "--follow", "ftp://host/x"])
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_file_of_a_version_has_its_digest_as_etag() {
    let server = Server::start().await;
    let listed = server.get("/v1/models").await;
    let sha256 = listed["models"][0]["sha256"].as_str().unwrap().to_owned();
    let file = server
        .request(Method::GET, "/v1/models/titanic@1/file")
        .send()
        .await
        .unwrap();
    assert_eq!(file.headers()["etag"], format!("\"{sha256}\""));
    let bytes = file.bytes().await.unwrap();
    assert_eq!(
        bytes,
        std::fs::read(server.state().join("models/titanic@1.model")).unwrap()
    );
    let known = server.request(Method::GET, "/v1/models/1/file");
    let known = known
        .header("If-None-Match", format!("\"{sha256}\""))
        .send()
        .await
        .unwrap();
    assert_eq!(known.status(), 304);
    assert_eq!(server.status(Method::GET, "/v1/models/99/file").await, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn adopted_events_are_checked_and_stored_once() {
    let server = Server::start().await;
    let (_, made) = server.post("/v1/predict?durable=true", &passenger()).await;
    let id = made["id"].as_str().unwrap();
    let mut event = server.get(&format!("/v1/predictions/{id}")).await;
    event.as_object_mut().unwrap().remove("truth");
    assert_eq!(
        server.post("/v1/events", &json!([event])).await.1,
        json!({"stored": 0, "repeated": 1})
    );
    let mut other = event.clone();
    other["id"] = "from-afar".into();
    let (status, adopted) = server
        .post("/v1/events", &json!([event, other, other]))
        .await;
    assert_eq!(
        (status.as_u16(), adopted),
        (200, json!({"stored": 1, "repeated": 2}))
    );
    let stored = server.get("/v1/predictions/from-afar").await;
    for key in ["row", "probability", "label", "model", "time", "warnings"] {
        assert_eq!(stored[key], event[key], "{key}");
    }
    let changed = |key: &str, value: Value| {
        let mut event = event.clone();
        event[key] = value;
        event
    };
    for bad in [
        changed("kind", json!("label")),
        changed("kind", json!("nothing")),
        changed("time", json!("yesterday")),
        changed("probability", json!(1.5)),
        changed("probability", json!("high")),
        changed("model", json!("@")),
        changed("row", json!([1])),
        changed("row", json!({"Age": [1]})),
        changed("row", json!({"Age": {"years": 1}})),
        changed("label", json!({})),
        changed("label", json!(null)),
        changed("id", json!(7)),
        changed("seq", json!("one")),
        changed("id", json!("")),
        json!({}),
        json!(3),
    ] {
        let (status, problem) = server.post("/v1/events", &json!([event, bad])).await;
        assert_eq!(status, 422, "{bad}: {problem}");
        assert_eq!(problem["errors"][0]["path"], "/1", "{bad}: {problem}");
    }
    assert_eq!(server.post("/v1/events", &json!([])).await.0, 422);
    assert_eq!(server.post("/v1/events", &json!({})).await.0, 400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_writer_has_every_prediction_of_its_follower_once_when_it_is_back() {
    let (writer_state, state) = (server::state(), tempfile::tempdir().unwrap());
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = free.local_addr().unwrap().to_string();
    drop(free);
    let start = || {
        let mut command = std::process::Command::new(crate::cli::BINARY);
        command
            .args(["-q", "serve", "--listen", &address, "--state"])
            .arg(writer_state.path())
            .env("TITANIC_RETRAIN__ENABLED", "false");
        Process::of(command)
    };
    let mut writer = start();
    let follower = follower(state.path(), &format!("http://{address}"));
    let mut made = BTreeSet::new();
    for round in 0..4 {
        for _ in 0..50 {
            let answer = predict(&follower.url).await;
            made.insert(answer["id"].as_str().unwrap().to_owned());
        }
        if round < 3 {
            writer.kill(); // somewhere between receiving, committing and acknowledging
            writer = start();
        }
    }
    until("an empty spool", || async {
        get(&follower.url, "/v1/follow").await["spooled"] == 0
    })
    .await;
    follower.signal("TERM");
    assert_eq!(follower.ended(), Some(0));
    writer.signal("TERM");
    assert_eq!(writer.ended(), Some(0));
    let stored = crate::process::stored(writer_state.path());
    assert_eq!(stored.len(), made.len(), "each once");
    assert_eq!(stored.into_iter().collect::<BTreeSet<_>>(), made);
}
