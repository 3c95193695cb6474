//! The process is killed while it delivers notifications: each arrives nevertheless, under the same id.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::path::Path;

use serde_json::{Value, json};
use titanic_platform::store::{self, alerts};

use super::receiver::{Mood, Receiver};
use crate::process::Process;
use crate::server::{self, until};

const ROUNDS: u64 = 6;

/// Ids of the notifications that wait in the outbox on disk.
fn waiting(state: &Path) -> BTreeSet<String> {
    let file = store::open(state).unwrap();
    let (_, rows) = alerts::kept(&file).unwrap();
    let rows = rows
        .iter()
        .map(|row| serde_json::from_str::<Value>(row).unwrap());
    rows.map(|row| {
        assert_eq!(row["dead"], false, "{row}");
        row["id"].as_str().unwrap().to_owned()
    })
    .collect()
}

/// Sends invalid rows, enough to trigger an alert; `round` makes them differ each time.
async fn bad_rows(url: &str, round: u64) {
    let row = |n: u64| json!({"PassengerId": 1_000 * round + n, "Pclass": 9, "Sex": "male"});
    let rows: Vec<_> = (1..=10).map(row).collect();
    let sent = server::client()
        .post(format!("{url}/v1/rows"))
        .json(&rows)
        .send()
        .await
        .unwrap();
    let taken: Value = sent.json().await.unwrap();
    assert_eq!(taken["quarantined"], 10, "{taken}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_notification_arrives_however_often_the_process_is_killed() {
    let receiver = Receiver::answering(200).await;
    let state = server::state();
    let folder = tempfile::tempdir().unwrap();
    let settings = folder.path().join("config.yaml");
    let text = format!(
        "alerts:
  group_wait: 0s
  channels: {{hook: {{type: webhook, url: '{}'}}}}
  retry: {{first: 1s, max: 1s}}
  rules:
    quarantine: {{rows: 5, over: 2s, keep_firing_for: 0s, repeat: 1s, channels: [hook]}}
",
        receiver.url
    );
    std::fs::write(&settings, text).unwrap();
    let more = [OsStr::new("--config"), settings.as_os_str()];
    let mut owed = BTreeSet::new();
    for round in 0..ROUNDS {
        // The process is killed before the receiver responds, or right after it responds with 200.
        let mood = match round % 2 {
            0 => Mood::Hang,
            _ => Mood::Answer(200, String::new()),
        };
        receiver.feel(mood);
        let process = Process::start(state.path(), &more);
        let before = receiver.got().len();
        bad_rows(&process.url, round).await;
        receiver.wait(before + 1).await;
        process.kill();
        let left = waiting(state.path());
        if round % 2 == 0 {
            let last = receiver.got().last().unwrap().id().to_owned();
            assert!(
                left.contains(&last),
                "it was on the disk before it was sent"
            );
        }
        owed.extend(left);
    }
    receiver.feel(Mood::Answer(200, String::new()));
    let last = waiting(state.path());
    let before = receiver.got().len();
    let process = Process::start(state.path(), &more);
    until("everything that waited", || async {
        let got = receiver.got();
        let again: BTreeSet<_> = got[before..]
            .iter()
            .map(|got| got.id().to_owned())
            .collect();
        last.is_subset(&again)
    })
    .await;
    let client = server::client();
    until("nothing to be sent", || async {
        let answer = client
            .get(format!("{}/v1/alerts", process.url))
            .send()
            .await
            .unwrap();
        let shown: Value = answer.json().await.unwrap();
        shown["outbox"]["waiting"] == 0 && shown["outbox"]["dead"] == 0
    })
    .await;
    process.kill();
    let mut bodies: BTreeMap<String, String> = BTreeMap::new();
    for got in receiver.got() {
        let before = bodies.insert(got.id().to_owned(), got.body.clone());
        assert!(
            before.is_none_or(|before| before == got.body),
            "the same bytes each time"
        );
    }
    assert!(owed.len() >= 2, "there was something to lose: {owed:?}");
    let lost: Vec<_> = owed.iter().filter(|id| !bodies.contains_key(*id)).collect();
    assert!(lost.is_empty(), "{lost:?}");
}
