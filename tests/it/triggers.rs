//! What makes a server retrain by itself, tested through the public API: time and verdicts. The test sets the clock.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::Manual;
use titanic_platform::config::Settings;
use titanic_platform::store::kind::Kind;

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, state_of, until};

on_both!(
    time_begins_a_training_where_there_are_new_labels,
    a_verdict_begins_a_training_and_waits_for_the_cooldown,
);

const HOUR: Duration = Duration::from_secs(3600);

/// A server that trains neither by number of labels nor by time, and its clock.
async fn server(case: &Case, change: impl FnOnce(&mut Settings)) -> (Server, Arc<Manual>) {
    let clock = Arc::new(Manual::new("2026-01-31T09:15:00Z".parse().unwrap()));
    let quiet = |settings: &mut Settings| {
        settings.retrain.folds = 2;
        settings.retrain.labels = None;
        settings.retrain.every = None;
        settings.retrain.drift_labels = 1.try_into().unwrap();
        settings.shadow.horizon = 1; // so few rows leave no verdict, and while a shadow is compared nothing is trained
        change(settings);
    };
    let server = Server::over(state_of(case), quiet, First::bundled(), clock.clone()).await;
    (server.unwrap(), clock)
}

/// Sends one labelled prediction and waits until the loop has read the label; returns the number of labels it has read.
async fn one_label(server: &Server, case: &Case, before: u64) -> u64 {
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    let truth = json!({"id": made["id"], "label": read(case.labels)[0]});
    assert_eq!(server.post("/v1/labels", &truth).await.0, 200);
    until("the label", || async {
        server.get("/v1/loop").await["fresh"] == before + 1
    })
    .await;
    before + 1
}

async fn jobs(server: &Server) -> Vec<Value> {
    server.get("/v1/jobs").await["jobs"]
        .as_array()
        .unwrap()
        .clone()
}

/// Waits until `trainings` jobs are done; returns why the last one was started.
async fn trained(server: &Server, trainings: usize) -> String {
    until("the training", || async {
        let jobs = jobs(server).await;
        jobs.len() == trainings && jobs[0]["state"] == "done"
    })
    .await;
    let ledger = std::fs::read_to_string(server.state().join("models/ledger.jsonl")).unwrap();
    let mut lines = ledger
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    let last = lines.rfind(|line| line["action"] == "trained").unwrap();
    last["by"].as_str().unwrap().to_owned()
}

async fn time_begins_a_training_where_there_are_new_labels(case: &Case) {
    let (server, clock) = server(case, |settings| {
        settings.retrain.every = Some("1h".parse().unwrap());
    })
    .await;
    let fresh = one_label(&server, case, 0).await;
    clock.advance(HOUR - Duration::from_secs(1));
    one_label(&server, case, fresh).await; // the loop has looked, with labels and before its time
    assert_eq!(jobs(&server).await, [] as [Value; 0]);
    clock.advance(Duration::from_secs(1));
    let why = trained(&server, 1).await;
    assert_eq!(
        why,
        "rule: 3600 s since the last training, retrain.every being 3600 s; 2 new labels"
    );
    // The next hour passes without a label, so there is nothing to train on. With one label there is.
    clock.advance(2 * HOUR);
    end_shadow(&server, case).await;
    let why = trained(&server, 2).await;
    assert!(
        why.starts_with("rule: 7200 s since the last training"),
        "{why}"
    );
    server.stop().await;
}

/// Ends the shadow period of the previous training with one label.
async fn end_shadow(server: &Server, case: &Case) {
    until("the shadow", || async {
        !server.get("/v1/loop").await["shadow"].is_null()
    })
    .await;
    assert_eq!(jobs(server).await.len(), 1);
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    let truth = json!({"id": made["id"], "label": read(case.labels)[0]});
    assert_eq!(server.post("/v1/labels", &truth).await.0, 200);
}

/// Publishes a verdict of the monitor.
async fn found(server: &Server, case: &Case, mut body: Value) {
    body["model"] = server.get("/v1/loop").await["champion"].clone();
    body["window"] = json!({"from": 1, "to": 1});
    let store = server.app().store();
    let told = store.tell(Kind::Verdict, case.version(1), body.to_string());
    told.await.unwrap();
}

async fn a_verdict_begins_a_training_and_waits_for_the_cooldown(case: &Case) {
    let (server, clock) = server(case, |_| {}).await;
    let fresh = one_label(&server, case, 0).await;
    let asks = |asked: bool, why: &str| json!({"asked": asked, "why": why});
    let broken = json!({"about": "drift", "drift": true, "retrain": asks(false, "it is broken")});
    found(&server, case, broken).await;
    one_label(&server, case, fresh).await; // the loop has read past it
    assert_eq!(jobs(&server).await, [] as [Value; 0]);
    let why = "two columns are not what they were";
    let change = json!({"about": "drift", "drift": true, "retrain": asks(true, why)});
    found(&server, case, change.clone()).await;
    let why = trained(&server, 1).await;
    assert_eq!(why, "rule: verdict: two columns are not what they were");
    // A second verdict within the cooldown waits for its end and is not lost.
    end_shadow(&server, case).await;
    until("the end of the shadow", || async {
        server.get("/v1/loop").await["shadow"].is_null()
    })
    .await;
    found(&server, case, change).await;
    until("the verdict", || async {
        server.get("/v1/loop").await["verdict"] == "two columns are not what they were"
    })
    .await;
    assert_eq!(jobs(&server).await.len(), 1);
    clock.advance(HOUR);
    trained(&server, 2).await;
    until("the verdict as acted on", || async {
        server.get("/v1/loop").await["verdict"].is_null()
    })
    .await;
    server.stop().await;
}
