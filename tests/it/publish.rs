//! Champions in a folder or bucket, from which followers take them, and trouble with the place and with sources.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::app::App;
use titanic_platform::clock::Clock;
use titanic_platform::config::Settings;
use titanic_platform::follow::Source;
use titanic_platform::registry::Registry;
use titanic_platform::serve::listener;
use titanic_platform::units::Span;

use crate::buckets::{Cloud, TestBucket};
use crate::case::{CHURN, TITANIC};
use crate::process::Process;
use crate::server::{self, Server, answer, client, until};

async fn get(url: &str, path: &str) -> Value {
    answer(client().get(format!("{url}{path}"))).await.1
}

async fn predict(url: &str) -> Value {
    let request = client().post(format!("{url}/v1/predict"));
    let (status, made) = answer(request.json(&TITANIC.row())).await;
    assert_eq!(status, 200, "{made}");
    made["model"].clone()
}

/// The value of a metric without labels.
async fn metric(url: &str, name: &str) -> f64 {
    let page = client().get(format!("{url}/metrics")).send().await.unwrap();
    let page = page.text().await.unwrap();
    let value = page.lines().find_map(|line| line.strip_prefix(name));
    value.unwrap().trim().parse().unwrap()
}

async fn promote(writer: &Server, number: u64) {
    let path = format!("/v1/models/{number}/promote");
    assert_eq!(writer.status(Method::POST, &path).await, 200);
}

async fn live(follower: &Process, number: u64) {
    let wanted = json!(format!("titanic@{number}"));
    until("the promotion", || async {
        predict(&follower.url).await == wanted
    })
    .await;
}

async fn lag_above(follower: &Process, seconds: f64) {
    until("the lag", || async {
        metric(&follower.url, "titanic_follow_lag_seconds ").await > seconds
    })
    .await;
}

/// A follower whose log is written to a file.
fn follower(state: &Path, source: &str) -> (Process, PathBuf) {
    let log = state.join("log");
    let mut command = Process::command(state);
    command
        .args(["--follow", source])
        .stderr(std::fs::File::create(&log).unwrap());
    (Process::of(command), log)
}

async fn logged(log: &Path, part: &str) {
    until(part, || async {
        std::fs::read_to_string(log).unwrap().contains(part)
    })
    .await;
}

async fn publishing(to: &str) -> Server {
    let to = to.to_owned();
    Server::with(|settings| {
        settings.publish.to = Some(to);
        settings.alerts.rules.publish.wait = Span(std::time::Duration::ZERO);
    })
    .await
}

fn champion(place: &Path) -> Value {
    let text = std::fs::read_to_string(place.join("champion.json"));
    serde_json::from_str(&text.unwrap_or_default()).unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follower_of_a_folder_follows_without_the_writer() {
    let (place, state) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let folder = place.path().join("models/of/shop");
    let writer = publishing(folder.to_str().unwrap()).await;
    until("the document", || async {
        champion(&folder)["champion"]["model"] == "titanic@1"
    })
    .await;
    let (follower, log) = follower(state.path(), folder.to_str().unwrap());
    assert_eq!(predict(&follower.url).await, "titanic@1");
    promote(&writer, 2).await;
    live(&follower, 2).await;
    let rolled_back = writer.status(Method::POST, "/v1/models/rollback").await;
    assert_eq!(rolled_back, 200);
    live(&follower, 1).await;
    let seq = writer.get("/v1/models").await["seq"].clone();
    until("the seq", || async {
        get(&follower.url, "/v1/follow").await["seq"] == seq
    })
    .await;
    let follow = get(&follower.url, "/v1/follow").await;
    assert_eq!(follow["source"], folder.to_str().unwrap());
    assert_eq!(follow["spooled"], 0, "a folder takes no predictions");

    // A damaged file is not taken over; it is once it is whole.
    writer.stop().await;
    let document = champion(&folder);
    let mut damaged = document.clone();
    let other = document["previous"][0].clone();
    let file = folder.join(format!("{}.model", other["sha256"].as_str().unwrap()));
    let whole = std::fs::read(&file).unwrap();
    damaged["champion"] = other;
    damaged["seq"] = json!(document["seq"].as_u64().unwrap() + 1);
    let put = |path: &Path, bytes: &[u8]| {
        let temporary = state.path().join("temporary");
        std::fs::write(&temporary, bytes).unwrap();
        std::fs::rename(&temporary, path).unwrap();
    };
    put(&file, &whole[..whole.len() / 2]);
    put(
        &folder.join("champion.json"),
        damaged.to_string().as_bytes(),
    );
    logged(&log, "the file of titanic@2 has SHA-256").await;
    lag_above(&follower, 1.0).await;
    assert_eq!(predict(&follower.url).await, "titanic@1");
    put(&file, &whole);
    live(&follower, 2).await;
    // Half a document, and no place at all.
    put(&folder.join("champion.json"), br#"{"revision": 1, "se"#);
    logged(&log, "does not say which model is champion").await;
    std::fs::remove_dir_all(place.path()).unwrap();
    logged(&log, "models/of/shop has no champion").await;
    lag_above(&follower, 1.0).await;
    assert_eq!(predict(&follower.url).await, "titanic@2");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_place_that_cannot_be_written_is_tried_again_beside_predictions() {
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().join("models");
    std::fs::write(&folder, "a file in its place").unwrap();
    let writer = publishing(folder.to_str().unwrap()).await;
    until("a failure", || async {
        metric(&writer.url(""), "titanic_publish_failures_total ").await > 1.0
    })
    .await;
    promote(&writer, 2).await;
    assert_eq!(predict(&writer.url("")).await, "titanic@2");
    assert_eq!(writer.get("/readyz").await["model"], "titanic@2");
    let alert = || async {
        let alerts = writer.get("/v1/alerts").await;
        let alerts = alerts["alerts"].as_array().unwrap().clone();
        alerts.into_iter().find(|alert| alert["rule"] == "publish")
    };
    until("the alert", || async { alert().await.is_some() }).await;
    assert_eq!(alert().await.unwrap()["state"], "firing");
    until("the lag", || async {
        metric(&writer.url(""), "titanic_publish_lag_seconds ").await > 0.0
    })
    .await;
    std::fs::remove_file(&folder).unwrap();
    until("the document", || async {
        champion(&folder)["champion"]["model"] == "titanic@2"
    })
    .await;
    // What is not named is removed, and what is none of the server's files is left alone.
    let old = folder.join(format!("{}.model", "0".repeat(64)));
    std::fs::write(&old, "an old model").unwrap();
    std::fs::write(folder.join("mine.txt"), "notes").unwrap();
    promote(&writer, 1).await;
    until("the document", || async {
        champion(&folder)["previous"][0]["model"] == "titanic@2"
    })
    .await;
    until("the removal", || async { !old.exists() }).await;
    until("the end of the alert", || async {
        alert()
            .await
            .is_none_or(|alert| alert["state"] == "resolved")
    })
    .await;
    until("no lag", || async {
        metric(&writer.url(""), "titanic_publish_lag_seconds ").await == 0.0
    })
    .await;
    assert!(folder.join("mine.txt").exists());
    writer.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_of_other_rows_is_not_followed_by_a_running_follower() {
    let (source, other) = (server::state(), server::state_of(&CHURN));
    let state = tempfile::tempdir().unwrap();
    let (running, log) = follower(state.path(), source.path().to_str().unwrap());
    assert_eq!(predict(&running.url).await, "titanic@1");
    std::fs::remove_dir_all(source.path()).unwrap();
    server::copy(other.path(), source.path());
    logged(&log, "takes other rows than titanic@1").await;
    assert_eq!(predict(&running.url).await, "titanic@1");
    lag_above(&running, 1.0).await;
    // Started anew, it takes the source as it is.
    drop(running);
    let (again, _) = follower(state.path(), source.path().to_str().unwrap());
    until("the other model", || async {
        get(&again.url, "/readyz").await["model"] == CHURN.version(1)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_hangs_holds_up_neither_predictions_nor_the_stop() {
    let source = Server::start().await;
    let state = tempfile::tempdir().unwrap();
    let (first, _) = follower(state.path(), &source.url(""));
    first.signal("TERM");
    assert_eq!(first.ended(), Some(0));
    // It accepts connections and says nothing, to the end of this test.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let (follower, log) = follower(state.path(), &url);
    for _ in 0..3 {
        assert_eq!(
            predict(&follower.url).await,
            "titanic@1",
            "the model that it kept"
        );
    }
    lag_above(&follower, 1.0).await;
    until("the spool", || async {
        get(&follower.url, "/v1/follow").await["spooled"] == 3
    })
    .await;
    follower.signal("TERM");
    assert_eq!(follower.ended(), Some(0));
    logged(&log, "were dropped; the source does not know them count=3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_source_that_restarts_or_restores_an_older_state_is_followed() {
    let source = server::state();
    let state = tempfile::tempdir().unwrap();
    let (follower, log) = follower(state.path(), source.path().to_str().unwrap());
    let registry = Registry::open(source.path()).unwrap();
    let models = source.path().join("models");
    let old = std::fs::read(models.join("ledger.jsonl")).unwrap();
    let promoted = Command::new(crate::cli::BINARY)
        .args(["models", "promote", "2", "--state"])
        .arg(source.path())
        .output();
    assert!(promoted.unwrap().status.success());
    live(&follower, 2).await;
    // A copy that lags, within one epoch, is not followed back.
    std::fs::write(models.join("ledger.jsonl"), &old).unwrap();
    logged(&log, "a copy that lags is not followed back").await;
    assert_eq!(predict(&follower.url).await, "titanic@2");
    // Nor by the next run.
    drop(follower);
    let (follower, log) = self::follower(state.path(), source.path().to_str().unwrap());
    logged(&log, "a copy that lags is not followed back").await;
    assert_eq!(predict(&follower.url).await, "titanic@2");
    // A restore begins an epoch, and is.
    registry.begin_epoch().unwrap();
    live(&follower, 1).await;
}

/// A clock that differs from the system's by a fixed time.
struct Skewed(SignedDuration);

impl Clock for Skewed {
    fn now(&self) -> Timestamp {
        Timestamp::now() + self.0
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn clocks_of_followers_may_be_ahead_or_behind() {
    let writer = Server::start().await;
    for hours in [48, -48] {
        let state = tempfile::tempdir().unwrap();
        let mut settings = Settings::built_in();
        settings.state = state.path().into();
        settings.server.workers = Some(1.try_into().unwrap());
        let source = Source::new(&writer.url(""), None).unwrap();
        settings.server.listen = "127.0.0.1:0".parse().unwrap();
        let listener = listener::bind(&settings.server.listen).unwrap();
        let clock = Arc::new(Skewed(SignedDuration::from_hours(hours)));
        let app = App::follow(settings, source, listener, clock)
            .await
            .unwrap();
        let url = app.url().of("");
        let mut ids = Vec::new();
        for number in [2, 1] {
            promote(&writer, number).await;
            until("the promotion", || async {
                get(&url, "/readyz").await["model"] == TITANIC.version(number)
            })
            .await;
            let request = client().post(format!("{url}/v1/predict"));
            let made = answer(request.json(&TITANIC.row())).await.1;
            ids.push(made["id"].as_str().unwrap().to_owned());
        }
        let lag = get(&url, "/v1/follow").await["lag_seconds"].clone();
        assert!(lag.as_f64().unwrap() < 60.0, "{hours}: {lag}");
        for id in ids {
            let path = format!("/v1/predictions/{id}");
            until("the prediction", || async {
                writer.status(Method::GET, &path).await == 200
            })
            .await;
            // Not in the future of the writer, by whose clock retention and the monitor go.
            let time = writer.get(&path).await["time"].clone();
            let time: Timestamp = time.as_str().unwrap().parse().unwrap();
            assert!(time <= Timestamp::now(), "{hours}: {time}");
            let label = json!({"id": id, "label": 1});
            let (status, done) = writer.post("/v1/labels", &label).await;
            assert_eq!(status, 200, "{done}");
            assert_eq!(done["status"], "joined", "{hours}");
        }
        app.stop();
        app.wait().await.unwrap();
    }
    let stored = writer.get("/v1/events?kind=prediction").await;
    assert_eq!(stored["events"].as_array().unwrap().len(), 4, "each once");
}

/// Passes connections on to a bucket, as long as it is not closed.
struct Proxy {
    url: String,
    open: Arc<std::sync::atomic::AtomicBool>,
    task: tokio::task::JoinHandle<()>,
}

impl Proxy {
    async fn to(target: String) -> Proxy {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let open = Arc::new(std::sync::atomic::AtomicBool::new(true));
        let is_open = open.clone();
        let task = tokio::spawn(async move {
            let mut silent = Vec::new();
            while let Ok((mut client, _)) = listener.accept().await {
                if !is_open.load(std::sync::atomic::Ordering::Relaxed) {
                    silent.push(client); // it hangs
                    continue;
                }
                let target = target.clone();
                tokio::spawn(async move {
                    let mut bucket = tokio::net::TcpStream::connect(target).await.unwrap();
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut bucket).await;
                });
            }
        });
        Proxy { url, open, task }
    }

    /// New connections hang from now on.
    fn hang(&self) {
        self.open.store(false, std::sync::atomic::Ordering::Relaxed);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server with the interface of S3: .ci/buckets starts one and sets S3_TEST_URL"]
async fn a_follower_of_a_bucket_follows_until_the_bucket_hangs() {
    follows_until_it_hangs(Cloud::S3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server with the interface of S3: .ci/buckets starts one and sets S3_TEST_URL"]
async fn a_follower_of_a_bucket_of_google_follows_until_the_bucket_hangs() {
    follows_until_it_hangs(Cloud::Google).await;
}

async fn follows_until_it_hangs(cloud: Cloud) {
    let bucket = TestBucket::create(cloud, "models").await;
    let proxy = Proxy::to(bucket.endpoint.trim_start_matches("http://").to_owned()).await;
    let with_keys = |command: &mut Command| cloud.give(command, &proxy.url);
    let place = bucket.place("shop/models");
    let (writer_state, state) = (server::state(), tempfile::tempdir().unwrap());
    let mut command = Process::command(writer_state.path());
    command.env("TITANIC_PUBLISH__TO", &place);
    with_keys(&mut command);
    let writer = Process::of(command);
    let log = state.path().join("log");
    let follow = || {
        let mut command = Process::command(state.path());
        command
            .args(["--follow", &place])
            .stderr(std::fs::File::create(&log).unwrap());
        with_keys(&mut command);
        Process::of(command)
    };
    let follower = follow();
    for number in [2, 1, 2] {
        let promoted = client().post(format!("{}/v1/models/{number}/promote", writer.url));
        assert_eq!(answer(promoted).await.0, 200);
        live(&follower, number).await;
    }
    assert_eq!(get(&follower.url, "/v1/follow").await["source"], place);
    // The writer is gone, and nothing changes.
    writer.kill();
    assert!(
        get(&follower.url, "/v1/follow").await["lag_seconds"]
            .as_f64()
            .unwrap()
            < 60.0
    );

    // Half of a model under the name of a whole one.
    let object = |method: Method, name: &str| {
        let url = format!("{}/shop/models/{name}", bucket.url());
        let request = client().request(method, url);
        request.header("authorization", "AWS a-key:unchecked")
    };
    let mut document = answer(object(Method::GET, "champion.json")).await.1;
    let previous = document["previous"][0].clone();
    let file = format!("{}.model", previous["sha256"].as_str().unwrap());
    let whole = object(Method::GET, &file).send().await.unwrap();
    let whole = whole.bytes().await.unwrap();
    assert_eq!(previous["bytes"], whole.len());
    let put = async |name: &str, bytes: Vec<u8>| {
        let put = object(Method::PUT, name).body(bytes).send().await;
        assert!(put.unwrap().status().is_success());
    };
    put(&file, whole[..whole.len() / 2].into()).await;
    document["champion"] = previous;
    document["seq"] = json!(document["seq"].as_u64().unwrap() + 1);
    put("champion.json", document.to_string().into()).await;
    logged(&log, "the file of titanic@1 has SHA-256").await;
    assert_eq!(predict(&follower.url).await, "titanic@2");
    put(&file, whole.into()).await;
    live(&follower, 1).await;

    // A bucket that hangs, then one that is gone.
    proxy.hang();
    follower.signal("TERM");
    assert_eq!(follower.ended(), Some(0));
    let follower = follow();
    assert_eq!(
        predict(&follower.url).await,
        "titanic@1",
        "the model that it kept"
    );
    lag_above(&follower, 2.0).await;
    proxy.task.abort();
    logged(&log, "the last good model stays live").await;
    assert_eq!(predict(&follower.url).await, "titanic@1");
    follower.signal("TERM");
    assert_eq!(follower.ended(), Some(0));
}
