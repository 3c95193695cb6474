//! A writer and two followers as processes, under a load of predictions on all three, while versions are promoted and
//! processes are killed: every prediction that was answered is in the writer's store once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::task::JoinHandle;

use crate::process::{self, Process};
use crate::server::{self, answer, passenger, until};

/// Number of promotions under load.
const PROMOTIONS: u64 = 50;

/// How many promotions come before it is checked that followers are current.
const BETWEEN_CHECKS: u64 = 5;

/// Clients of each server; each sends one row at a time.
const CLIENTS: usize = 2;

/// An address on which nothing listens, for a server that is started again.
fn free_address() -> String {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    free.local_addr().unwrap().to_string()
}

/// A server that can be killed and started again at the same address.
struct Site {
    state: TempDir,
    address: String,
    /// The source; none for a writer.
    source: Option<String>,
    /// `server.limits.body`, if it is not the built-in one.
    body: Option<&'static str>,
    process: Option<Process>,
}

impl Site {
    fn writer() -> Site {
        Site::start(server::state(), None)
    }

    fn follower(writer: &Site) -> Site {
        Site::start(tempfile::tempdir().unwrap(), Some(writer.url()))
    }

    fn start(state: TempDir, source: Option<String>) -> Site {
        let mut site = Site {
            state,
            address: free_address(),
            source,
            body: None,
            process: None,
        };
        site.restart();
        site
    }

    fn restart(&mut self) {
        let mut command = Command::new(crate::cli::BINARY);
        command
            .args(["-q", "serve", "--listen", &self.address, "--state"])
            .arg(self.state.path())
            .env("TITANIC_RETRAIN__ENABLED", "false");
        if let Some(body) = self.body {
            command.env("TITANIC_SERVER__LIMITS__BODY", body);
        }
        if let Some(source) = &self.source {
            command
                .args(["--follow", source])
                .env("TITANIC_FOLLOW__SPOOL__FOLDER", self.spool());
        }
        self.process = Some(Process::of(command));
    }

    fn spool(&self) -> PathBuf {
        self.state.path().join("spool")
    }

    /// Ids of the predictions in the spool file.
    fn spooled(&self) -> BTreeSet<String> {
        let text = std::fs::read_to_string(self.spool().join("predictions")).unwrap();
        let (_, lines) = text.split_once('\n').unwrap();
        // The last line may be incomplete.
        let lines = lines.split_inclusive('\n').filter(|l| l.ends_with('\n'));
        let mut ids = BTreeMap::new();
        for line in lines {
            let parts: Vec<&str> = line.trim_end().splitn(4, ' ').collect();
            let number: u64 = parts[2].parse().unwrap();
            if parts[1] == "+" {
                let event: Value = serde_json::from_str(parts[3]).unwrap();
                ids.insert(number, event["id"].as_str().unwrap().to_owned());
            } else {
                let end: u64 = parts[3].parse().unwrap();
                ids.retain(|known, _| *known < number || *known >= end);
            }
        }
        ids.into_values().collect()
    }

    /// Kills the process in the middle of what it does.
    fn kill(&mut self) {
        self.process.take().unwrap().kill();
    }

    fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    async fn get(&self, path: &str) -> Value {
        answer(server::client().get(format!("{}{path}", self.url())))
            .await
            .1
    }

    async fn promote(&self, number: u64) {
        let url = format!("{}/v1/models/{number}/promote", self.url());
        let (status, problem) = answer(server::client().post(url)).await;
        assert_eq!(status, 200, "{problem}");
    }

    async fn label(&self, id: &str) -> Value {
        let label = json!({"id": id, "label": 1});
        let request = server::client().post(format!("{}/v1/labels", self.url()));
        let (status, done) = answer(request.json(&label)).await;
        assert_eq!(status, 200, "{done}");
        done["status"].clone()
    }

    /// Stops the server as a supervisor does.
    fn stop(&mut self) {
        let process = self.process.take().unwrap();
        process.signal("TERM");
        assert_eq!(process.ended(), Some(0));
    }
}

/// Clients of one server, and the ids of the predictions that they received.
struct Load {
    ids: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
    clients: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts the clients. Unless `may_fail`, each request must succeed.
    fn on(site: &Site, query: &str, may_fail: bool) -> Load {
        let (ids, over) = (Arc::default(), Arc::default());
        let url = format!("{}/v1/predict{query}", site.url());
        let clients = (0..CLIENTS).map(|_| {
            let (url, ids, over) = (url.clone(), Arc::clone(&ids), Arc::clone(&over));
            tokio::spawn(predict(server::client(), url, may_fail, ids, over))
        });
        let clients = clients.collect();
        Load { ids, over, clients }
    }

    fn count(&self) -> usize {
        self.ids.lock().unwrap().len()
    }

    /// The predictions so far without the first `skip`.
    fn since(&self, skip: usize) -> BTreeSet<String> {
        self.ids.lock().unwrap()[skip..].iter().cloned().collect()
    }

    /// Waits until `many` more predictions were received.
    async fn more(&self, many: usize) {
        let enough = self.count() + many;
        until("predictions", || async { self.count() >= enough }).await;
    }

    /// Ends the clients; returns the ids of all predictions, which differ from each other.
    async fn end(self) -> BTreeSet<String> {
        self.over.store(true, Ordering::Relaxed);
        for client in self.clients {
            client.await.unwrap();
        }
        let ids = std::mem::take(&mut *self.ids.lock().unwrap());
        let all: BTreeSet<String> = ids.iter().cloned().collect();
        assert_eq!(all.len(), ids.len(), "no id is given twice");
        all
    }
}

async fn predict(
    client: Client,
    url: String,
    may_fail: bool,
    ids: Arc<Mutex<Vec<String>>>,
    over: Arc<AtomicBool>,
) {
    while !over.load(Ordering::Relaxed) {
        let response = client.post(&url).json(&passenger()).send().await;
        let made: Value = match response {
            Ok(response) => {
                let status = response.status();
                match response.json().await {
                    Ok(made) if status == 200 => made,
                    body => {
                        assert!(may_fail, "{status}: {body:?}");
                        continue;
                    }
                }
            }
            Err(error) => {
                assert!(may_fail, "{error:?}");
                tokio::task::yield_now().await;
                continue;
            }
        };
        let is_known = [json!("titanic@1"), json!("titanic@2")].contains(&made["model"]);
        assert!(is_known, "{made}");
        ids.lock()
            .unwrap()
            .push(made["id"].as_str().unwrap().to_owned());
    }
}

/// Waits until the champion of the writer is live at a follower.
async fn current(follower: &Site, number: u64) {
    let wanted = json!(format!("titanic@{number}"));
    until("the promotion", || async {
        follower.get("/readyz").await["model"] == wanted
    })
    .await;
}

async fn empty_spool(follower: &Site) {
    until("an empty spool", || async {
        follower.get("/v1/follow").await["spooled"] == 0
    })
    .await;
}

/// Ids of the predictions in the store of a stopped writer, each of which is there once.
fn stored(state: &Path) -> BTreeSet<String> {
    let ids = process::stored(state);
    let all: BTreeSet<String> = ids.iter().cloned().collect();
    assert_eq!(all.len(), ids.len(), "each once");
    all
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn promotions_under_load_fail_no_request_and_every_prediction_is_stored_once() {
    let mut writer = Site::writer();
    let mut followers = [Site::follower(&writer), Site::follower(&writer)];
    let loads = [&writer, &followers[0], &followers[1]].map(|site| Load::on(site, "", false));
    for promotion in 1..=PROMOTIONS {
        let number = 1 + promotion % 2;
        writer.promote(number).await;
        if promotion % BETWEEN_CHECKS == 0 {
            for follower in &followers {
                current(follower, number).await;
            }
        }
    }
    let mut answered = Vec::new();
    for load in loads {
        load.more(10).await;
        answered.push(load.end().await);
    }
    for (follower, ids) in followers.iter().zip(&answered[1..]) {
        empty_spool(follower).await;
        assert_eq!(follower.get("/v1/follow").await["dropped"], 0);
        for id in ids.iter().take(10) {
            assert_eq!(writer.label(id).await, "joined");
        }
    }
    followers.iter_mut().for_each(Site::stop);
    writer.stop();
    let answered: BTreeSet<String> = answered.into_iter().flatten().collect();
    assert_eq!(stored(writer.state.path()), answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_of_a_follower_and_of_the_writer_lose_nothing_that_was_written() {
    let mut writer = Site::writer();
    let mut killed = Site::follower(&writer);
    let mut other = Site::follower(&writer);
    // Under `durable` a response waits for the commit; without it, a kill may lose the predictions of the last moments.
    let of_writer = Load::on(&writer, "?durable=true", true);
    let of_killed = Load::on(&killed, "", true);
    let of_other = Load::on(&other, "", false);
    let mut written = BTreeSet::new();
    // Predictions of a process that was killed may be missing; those of the running one will be written.
    let mut start = 0;
    for round in 0..3 {
        of_writer.more(10).await;
        of_killed.more(10).await;
        writer.promote(2 - round % 2).await;
        writer.kill();
        // Followers go on, and keep what they cannot send.
        of_killed.more(20).await;
        of_other.more(20).await;
        let answered = of_killed.since(start);
        let before = process::stored(writer.state.path()).into_iter();
        written.extend(before);
        until("the file", || async {
            let spooled = killed.spooled();
            let is_kept = |id: &String| written.contains(id) || spooled.contains(id);
            answered.iter().all(is_kept)
        })
        .await;
        killed.kill();
        written.extend(killed.spooled());
        assert!(written.is_superset(&answered));
        if round % 2 == 0 {
            killed.restart();
            writer.restart();
        } else {
            writer.restart();
            killed.restart();
        }
        current(&killed, 2 - round % 2).await;
        current(&other, 2 - round % 2).await;
        start = of_killed.count();
    }
    let durable = of_writer.end().await;
    let of_killed = of_killed.end().await;
    let of_other = of_other.end().await;
    for follower in [&mut killed, &mut other] {
        empty_spool(follower).await;
        assert_eq!(follower.get("/v1/follow").await["dropped"], 0);
        follower.stop();
        assert_eq!(follower.spooled(), BTreeSet::new());
    }
    writer.stop();
    let stored = stored(writer.state.path());
    assert!(stored.is_superset(&durable), "durable predictions");
    assert!(
        stored.is_superset(&of_other),
        "those of a follower that lives"
    );
    assert!(stored.is_superset(&written), "those of a file");
    // What is missing was answered after the file was checked and before the kill.
    let lost = of_killed.difference(&stored).count();
    println!(
        "{} predictions of the killed follower, {lost} of them lost",
        of_killed.len()
    );
    assert!(lost < of_killed.len() / 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn predictions_that_the_stop_leaves_are_counted_or_in_the_file() {
    // A source that accepts requests and never responds: the listener of a writer that is stopped by a signal.
    for in_file in [false, true] {
        let mut writer = Site::writer();
        let state = tempfile::tempdir().unwrap();
        let log = state.path().join("log");
        let command = || {
            let mut command = Process::command(state.path());
            command
                .args(["--follow", &writer.url()])
                .env("TITANIC_SERVER__SHUTDOWN", "2s")
                .stderr(std::fs::File::create(&log).unwrap());
            if in_file {
                command.env("TITANIC_FOLLOW__SPOOL__FOLDER", state.path().join("spool"));
            }
            command
        };
        let follower = Process::of(command());
        process::signal(writer.process.as_ref().unwrap().id(), "STOP");
        let ids: Vec<String> = {
            let mut ids = Vec::new();
            for _ in 0..3 {
                let request = server::client().post(format!("{}/v1/predict", follower.url));
                let (_, made) = answer(request.json(&passenger())).await;
                ids.push(made["id"].as_str().unwrap().to_owned());
            }
            ids
        };
        follower.signal("TERM");
        assert_eq!(follower.ended(), Some(0));
        let text = std::fs::read_to_string(&log).unwrap();
        let (said, not_said) = match in_file {
            true => (
                "they wait in the spool file for the next start",
                "were dropped",
            ),
            false => (
                "predictions were dropped; the source does not know them count=3",
                "spool file",
            ),
        };
        assert!(text.contains(said), "{text}");
        assert!(!text.contains(not_said), "{text}");
        process::signal(writer.process.as_ref().unwrap().id(), "CONT");
        if in_file {
            let again = Process::of(command());
            until("an empty spool", || async {
                let url = format!("{}/v1/follow", again.url);
                answer(server::client().get(url)).await.1["spooled"] == 0
            })
            .await;
            writer.stop();
            let stored = stored(writer.state.path());
            assert!(ids.iter().all(|id| stored.contains(id)), "{stored:?}");
        }
    }
}

/// No file can grow beyond 8 KiB, as if the disk were full then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_spool_on_a_full_disk_waits_in_memory_and_says_so_once() {
    let mut writer = Site::writer();
    let state = tempfile::tempdir().unwrap();
    let log = state.path().join("log");
    let script = format!(
        "trap '' XFSZ; ulimit -f 16; exec '{}' serve --listen 127.0.0.1:0 --state '{}' --follow {}",
        crate::cli::BINARY,
        state.path().display(),
        writer.url()
    );
    let mut command = Command::new("sh");
    command
        .args(["-c", &script])
        .env("TITANIC_FOLLOW__SPOOL__FOLDER", state.path().join("spool"))
        .stderr(std::fs::File::create(&log).unwrap());
    let follower = Process::of(command);
    writer.kill();
    let mut ids = BTreeSet::new();
    for _ in 0..100 {
        let request = server::client().post(format!("{}/v1/predict", follower.url));
        let (_, made) = answer(request.json(&passenger())).await;
        ids.insert(made["id"].as_str().unwrap().to_owned());
    }
    let says = |part: &str| {
        let text = std::fs::read_to_string(&log).unwrap();
        text.matches(part).count()
    };
    until("the error", || async {
        says("the spool file cannot be written") == 1
    })
    .await;
    writer.restart();
    until("an empty spool", || async {
        let url = format!("{}/v1/follow", follower.url);
        answer(server::client().get(url)).await.1["spooled"] == 0
    })
    .await;
    // What waits is nothing, for which there is room.
    until("the file", || async {
        says("the spool file is written again") == 1
    })
    .await;
    assert_eq!(says("the spool file cannot be written"), 1);
    assert_eq!(says("were dropped"), 0);
    drop(follower);
    writer.stop();
    assert_eq!(stored(writer.state.path()), ids);
}

/// The writer takes bodies of 16 KiB, which is less than what waits, and closes the connection on a larger one.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_is_sent_in_requests_that_the_writer_takes() {
    let mut writer = Site::writer();
    let follower = Site::follower(&writer);
    writer.kill();
    let mut ids = BTreeSet::new();
    for _ in 0..200 {
        let request = server::client().post(format!("{}/v1/predict", follower.url()));
        let (_, made) = answer(request.json(&passenger())).await;
        ids.insert(made["id"].as_str().unwrap().to_owned());
    }
    writer.body = Some("16KiB");
    writer.restart();
    empty_spool(&follower).await;
    assert_eq!(follower.get("/v1/follow").await["dropped"], 0);
    drop(follower);
    writer.stop();
    assert_eq!(stored(writer.state.path()), ids);
}
