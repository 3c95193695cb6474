//! Training jobs as reported to subscribers.

use reqwest::Method;
use serde_json::{Value, json};

use crate::case::{Case, on_both};
use crate::server::{Server, answer};
use crate::socket::Socket;

on_both!(
    a_training_is_told_from_its_beginning_to_its_end,
    one_that_is_called_off_says_so
);

/// Events of a job until it has ended.
async fn told(socket: &mut Socket, id: &Value) -> Vec<Value> {
    let mut told: Vec<Value> = Vec::new();
    loop {
        let event = socket.next().await;
        if event["topic"] != "jobs" || event["data"]["id"] != *id {
            continue;
        }
        let data = event["data"].clone();
        let is_over = !["queued", "running"].contains(&data["state"].as_str().unwrap());
        told.push(data);
        if is_over {
            return told;
        }
    }
}

async fn a_training_is_told_from_its_beginning_to_its_end(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe(&["jobs"]).await;
    let begun = std::time::Instant::now();
    let order = json!({"folds": 10, "repeats": 2, "promote": "never"});
    let (status, job) = server.post("/v1/train", &order).await;
    assert_eq!(status, 202);
    let told = told(&mut socket, &job["id"]).await;
    let took = begun.elapsed();
    let state = |n: usize| told[n]["state"].as_str().unwrap();
    assert_eq!((state(0), state(1)), ("queued", "running"));
    let fractions: Vec<f64> = told
        .iter()
        .map(|job| job["progress"].as_f64().unwrap())
        .collect();
    assert!(fractions.is_sorted(), "{fractions:?}");
    assert!(
        fractions.iter().any(|f| *f > 0.0 && *f < 1.0),
        "{fractions:?}"
    );
    let most = 4 + took.as_millis() / 250;
    assert!((told.len() as u128) <= most, "{} in {took:?}", told.len());
    let last = told.last().unwrap();
    assert_eq!(last["state"], "done", "{last}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    assert_eq!(server.get(&path).await, *last, "the same document");
    server.stop().await;
}

async fn one_that_is_called_off_says_so(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe(&["jobs"]).await;
    let order = json!({"folds": 10, "repeats": 50});
    let (_, running) = server.post("/v1/train", &order).await;
    let (_, waiting) = server.post("/v1/train", &order).await;
    for job in [&waiting, &running] {
        let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
        assert_eq!(answer(server.request(Method::DELETE, &path)).await.0, 202);
    }
    let mut open = vec![&running["id"], &waiting["id"]];
    while !open.is_empty() {
        let event = socket.next().await;
        let data = &event["data"];
        if data["state"] == "cancelled" {
            open.retain(|id| **id != data["id"]);
        }
    }
    server.stop().await;
}
