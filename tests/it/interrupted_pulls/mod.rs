//! The process is killed during a pull, again and again: every row of the source is in the store exactly once.
//!
//! Runs 5 kills per source; CRASH_ROUNDS sets another number.

mod api;
mod database;
mod inbox;

use std::collections::BTreeSet;
use std::process::Command;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use reqwest::Client;
use serde_json::Value;

use crate::case::{Case, TITANIC};
use crate::cli::{BINARY, Ran};
use crate::process::Process;
use crate::server::{self, until};

/// Number of rows of a source: several batches.
const ROWS: u64 = 30_000;

/// A source with rows numbered from 1 to [`ROWS`].
trait Feed {
    async fn new(case: &'static Case) -> Self;

    /// Settings of the source below `sources.NAME`, as JSON.
    fn settings(&self) -> Value;

    /// Adds one row at the end.
    async fn one_more(&self);
}

/// The name of the column that numbers the rows.
fn id(case: &Case) -> String {
    case.spec().schema.id().expect("the case has an id").into()
}

/// Makes rows that differ by their number; the case's spec is parsed once for all of them.
fn numbering(case: &Case) -> impl Fn(u64) -> Value + Send + Sync + 'static {
    let (row, id) = (case.row(), id(case));
    move |n| {
        let mut row = row.clone();
        row[&id] = n.into();
        row
    }
}

/// A state, a source that is pulled into it, and an HTTP client.
struct Pulled<F> {
    feed: F,
    state: tempfile::TempDir,
    client: Client,
}

impl<F: Feed> Pulled<F> {
    async fn new(case: &'static Case) -> Pulled<F> {
        let feed = F::new(case).await;
        let state = server::state_of(case);
        let mut source = feed.settings();
        source["every"] = "1s".into();
        let settings = serde_json::json!({"sources": {"feed": source}}); // JSON is YAML
        std::fs::write(state.path().join("pulls.yaml"), settings.to_string()).unwrap();
        Pulled {
            feed,
            state,
            client: server::client(),
        }
    }

    fn start(&self) -> Process {
        let settings = self.state.path().join("pulls.yaml");
        Process::start(
            self.state.path(),
            &["--config".as_ref(), settings.as_os_str()],
        )
    }

    async fn get(&self, process: &Process, path: &str) -> String {
        let answer = self.client.get(format!("{}{path}", process.url)).send();
        answer.await.unwrap().text().await.unwrap()
    }

    async fn events(&self, process: &Process, after: u64, limit: u64) -> Vec<Value> {
        let path = format!("/v1/events?after={after}&limit={limit}");
        let page: Value = serde_json::from_str(&self.get(process, &path).await).unwrap();
        page["events"].as_array().unwrap().clone()
    }

    /// Whether the store has `rows` rows, not counting the events of the models.
    async fn holds(&self, process: &Process, rows: u64) -> bool {
        let models = self.get(process, "/v1/events?kind=model").await;
        let models: Value = serde_json::from_str(&models).unwrap();
        let models = models["events"].as_array().unwrap().len() as u64;
        !self.events(process, rows + models - 1, 1).await.is_empty()
    }

    /// Number of rows this process received, including repeated ones.
    async fn taken(&self, process: &Process) -> u64 {
        let metrics = self.get(process, "/metrics").await;
        let counts = metrics.lines().filter(|line| {
            line.starts_with("titanic_rows_total{") && !line.contains("quarantined")
        });
        counts
            .map(|line| line.rsplit(' ').next().unwrap().parse::<u64>().unwrap())
            .sum()
    }

    /// Starts the process and kills it at a random point of the pull; returns whether rows were still missing.
    async fn kill(&self, rng: &mut Xoshiro256PlusPlus) -> bool {
        let process = self.start();
        let enough = rng.random_range(0..6000);
        until("rows", || async {
            self.taken(&process).await >= enough || self.holds(&process, ROWS).await
        })
        .await;
        for _ in 0..rng.random_range(0..20) {
            self.get(&process, "/healthz").await; // some way into the next piece
        }
        let middle = !self.holds(&process, ROWS).await;
        process.kill();
        middle
    }

    /// Lets the pull finish. Then adds a row: once that is stored, all earlier rows have been read.
    async fn finish(&self, case: &Case) {
        let process = self.start();
        until("all rows", || self.holds(&process, ROWS)).await;
        self.feed.one_more().await;
        until("one more", || self.holds(&process, ROWS + 1)).await;
        let (id, mut seq, mut rows) = (id(case), 0, BTreeSet::new());
        loop {
            let events = self.events(&process, seq, 10_000).await;
            if events.is_empty() {
                break;
            }
            for event in events {
                seq += 1;
                assert_eq!(event["seq"], seq);
                if event["kind"] == "model" {
                    continue; // the server's own, from when it began
                }
                assert_eq!(event["kind"], "row");
                assert!(rows.insert(event["row"][&id].as_u64().unwrap()), "{event}");
            }
        }
        assert!(rows.into_iter().eq(1..=ROWS + 1), "each is there");
        process.kill();
        let check = ["store", "check", "--state"];
        let checked = Command::new(BINARY)
            .args(check)
            .arg(self.state.path())
            .output();
        let checked = Ran::of("store check", checked.unwrap()).ok();
        assert_eq!(checked.out, format!("intact: {seq} events\n"));
    }
}

async fn survives_kills<F: Feed>() {
    let kills = std::env::var("CRASH_ROUNDS").map_or(5, |n| n.parse().unwrap());
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let (mut done, mut middle) = (0, 0);
    while done < kills {
        let pulled = Pulled::<F>::new(&TITANIC).await;
        while done < kills {
            done += 1;
            match pulled.kill(&mut rng).await {
                true => middle += 1,
                false => break, // it has all: another one
            }
        }
        pulled.finish(&TITANIC).await;
    }
    println!("{done} kills, {middle} in the middle of a pull: every row is there once");
    assert!(middle > 0, "there was something to interrupt");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_of_a_database_survives_every_kill() {
    survives_kills::<database::Database>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_of_a_folder_survives_every_kill() {
    survives_kills::<inbox::Inbox>().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_pull_of_a_web_api_survives_every_kill() {
    survives_kills::<api::Api>().await;
}
