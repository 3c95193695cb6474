//! The process is killed at random moments, again and again: everything that was acknowledged is stored exactly once.
//!
//! Runs 50 rounds; CRASH_ROUNDS sets another number.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Instant;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::Notify;

use crate::case::{Case, TITANIC};
use crate::process::Process;
use crate::server;

#[derive(Clone, Default)]
struct Acknowledged {
    /// Ids of predictions with a label.
    labelled: Vec<String>,
    /// Ids of rows by row number.
    rows: BTreeMap<u64, String>,
}

/// What was acknowledged, and a signal for each acknowledgement.
#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Acknowledged>>, Arc<Notify>);

impl Seen {
    fn note(&self, note: impl FnOnce(&mut Acknowledged)) {
        note(&mut self.0.lock().unwrap());
        self.1.notify_one();
    }

    fn so_far(&self) -> Acknowledged {
        self.0.lock().unwrap().clone()
    }

    /// Waits until `many` more were acknowledged.
    async fn more(&self, many: usize) {
        let count = || {
            let seen = self.0.lock().unwrap();
            seen.labelled.len() + seen.rows.len()
        };
        let enough = count() + many;
        while count() < enough {
            self.1.notified().await;
        }
    }
}

async fn post(client: &Client, url: &str, path: &str, body: &Value) -> Option<Value> {
    let request = client.post(format!("{url}{path}")).json(body);
    let response = request.send().await.ok()?;
    response.status().is_success().then_some(())?;
    response.json().await.ok()
}

/// A row that differs from all others by its number.
fn numbered(case: &Case, n: u64) -> Value {
    let mut row = case.row();
    row[case.spec().schema.id().expect("the case has an id")] = json!(n);
    row
}

/// Sends predictions with their labels, and rows, until the process is gone.
async fn write(case: &'static Case, client: Client, url: String, first: u64, seen: Seen) {
    let label = crate::case::json(case.labels)[1].clone();
    for n in first.. {
        let Some(made) = post(&client, &url, "/v1/predict", &case.row()).await else {
            return;
        };
        let id = made["id"].as_str().unwrap().to_owned();
        let truth = json!({"id": id, "label": label});
        if post(&client, &url, "/v1/labels", &truth).await.is_none() {
            return;
        }
        seen.note(|seen| seen.labelled.push(id));
        let Some(taken) = post(&client, &url, "/v1/rows", &numbered(case, n)).await else {
            return;
        };
        let id = taken["ids"][0].as_str().unwrap().to_owned();
        seen.note(|seen| drop(seen.rows.insert(n, id)));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_every_kill() {
    let rounds = std::env::var("CRASH_ROUNDS").map_or(50, |n| n.parse().unwrap());
    let case = &TITANIC;
    let state = server::state_of(case);
    let client = server::client();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(4);
    let seen = Seen::default();
    let mut checked = (0, 0);
    for round in 0..rounds {
        let process = Process::start(state.path(), &[]);
        let writers: Vec<_> = (0..3)
            .map(|w| {
                let first = 1 + (round * 3 + w) * 1_000_000;
                let (client, url) = (client.clone(), process.url.clone());
                tokio::spawn(write(case, client, url, first, seen.clone()))
            })
            .collect();
        seen.more(rng.random_range(1..12)).await;
        process.kill(); // the three are in the middle of something
        for writer in writers {
            writer.await.unwrap();
        }
        let process = Process::start(state.path(), &[]);
        checked = check(case, &client, &process.url, &seen.so_far(), checked).await;
        process.kill();
    }
    let process = Process::start(state.path(), &[]);
    check(case, &client, &process.url, &seen.so_far(), (0, 0)).await;
    let (labelled, rows) = checked;
    println!("{rounds} kills: {labelled} labels and {rows} rows acknowledged, all there once");
    assert!(
        labelled as u64 > rounds && rows as u64 > rounds,
        "there was something to lose"
    );
    process.kill();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_acknowledged_survives_kills_while_the_store_is_reopened() {
    kill_while_reopening(4).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "200 rounds take minutes; `.ci/run long crash` runs them on the release binary"]
async fn what_was_acknowledged_survives_200_rounds_of_kills_while_the_store_is_reopened() {
    kill_while_reopening(std::env::var("CRASH_ROUNDS").map_or(200, |n| n.parse().unwrap())).await;
}

/// In each round the process is killed while writing, then twice at a random moment of the next start.
async fn kill_while_reopening(rounds: u64) {
    let case = &TITANIC;
    let state = server::state_of(case);
    let client = server::client();
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(5);
    let seen = Seen::default();
    let (mut checked, mut early) = ((0, 0), 0);
    let mut begun = Instant::now();
    let mut process = Process::start(state.path(), &[]);
    let mut start = begun.elapsed();
    for round in 0..rounds {
        let first = 1 + round * 1_000_000;
        let url = process.url.clone();
        let writer = tokio::spawn(write(case, client.clone(), url, first, seen.clone()));
        seen.more(rng.random_range(1..12)).await;
        process.kill();
        writer.await.unwrap();
        for _ in 0..2 {
            let moment = start.mul_f64(rng.random_range(0.0..1.0));
            let mut command = Process::command(state.path());
            command.arg("-q");
            early += u64::from(!Process::kill_after(command, moment).await);
        }
        begun = Instant::now();
        process = Process::start(state.path(), &[]);
        start = begun.elapsed();
        checked = check(case, &client, &process.url, &seen.so_far(), checked).await;
    }
    check(case, &client, &process.url, &seen.so_far(), (0, 0)).await;
    process.kill();
    let (labelled, rows) = checked;
    println!(
        "{rounds} rounds of three kills, {early} of them before it was ready: {labelled} labels and {rows} rows \
         acknowledged, all there once"
    );
    assert!(early > 0, "no kill met the start");
    assert!(labelled as u64 >= rounds / 2 && rows as u64 >= rounds / 2);
}

/// Checks everything acknowledged since `from`, and the order of the events.
async fn check(
    case: &Case,
    client: &Client,
    url: &str,
    seen: &Acknowledged,
    from: (usize, usize),
) -> (usize, usize) {
    let get = async |path: &str| -> Value {
        let answer = client.get(format!("{url}{path}")).send().await.unwrap();
        answer.json().await.unwrap()
    };
    for id in &seen.labelled[from.0..] {
        let event = get(&format!("/v1/predictions/{id}")).await;
        assert!(!event["truth"].is_null(), "{id}: {event}");
    }
    for (n, id) in seen.rows.iter().skip(from.1) {
        let taken = post(client, url, "/v1/rows", &numbered(case, *n))
            .await
            .unwrap();
        assert_eq!(
            (&taken["repeated"], &taken["ids"][0]),
            (&json!(1), &json!(id)),
            "row {n} is there, once"
        );
    }
    let (mut after, mut ids) = (0, std::collections::HashSet::new());
    let mut windows = std::collections::HashSet::new();
    loop {
        let page = get(&format!("/v1/events?after={after}&limit=10000")).await;
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            return (seen.labelled.len(), seen.rows.len());
        }
        for event in events {
            assert_eq!(event["seq"], after + 1, "no gap");
            after += 1;
            let once = match event["kind"].as_str().unwrap() {
                "prediction" | "row" => ids.insert(event["id"].as_str().unwrap().to_owned()),
                "verdict" if event["about"] == "drift" => {
                    windows.insert(event["window"].to_string())
                }
                _ => true,
            };
            assert!(once, "twice: {event}");
        }
    }
}
