//! The store itself fails: the alert is notified although it cannot be persisted, and is persisted once that is possible.

use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::json;
use titanic_platform::store::Health;
use titanic_platform::units::Span;

use super::receiver::Receiver;
use super::{hook, through};
use crate::full_disk::Disk;
use crate::server::{Server, passenger, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn trouble_of_the_store_is_told_while_it_lasts() {
    let receiver = Receiver::answering(200).await;
    let disk = Disk::default();
    let plug = disk.clone();
    let backend = Box::new(move || Ok(Box::new(plug.clone()) as _));
    let server = Server::on_with(backend, |settings| {
        through(settings, &[("hook", hook(&receiver.url))]);
        settings.alerts.rules.store.keep_firing_for = Span(Duration::ZERO);
        settings.alerts.rules.store.channels = vec!["hook".into()];
    })
    .await;
    disk.is_full.store(true, Ordering::SeqCst);
    let (status, _) = server.post("/v1/rows", &passenger()).await;
    assert_eq!(status, 503);
    let first = receiver.wait(1).await.remove(0).json();
    assert_eq!(first["status"], "firing");
    assert_eq!(first["alerts"][0]["labels"]["subject"], "events.redb");
    assert_eq!(
        server.post("/v1/predict", &passenger()).await.0,
        200,
        "it answers all the same"
    );

    disk.is_full.store(false, Ordering::SeqCst);
    let second = receiver.wait(2).await.remove(1).json();
    assert_eq!(second["status"], "resolved");
    for key in ["fingerprint", "startsAt"] {
        assert_eq!(second["alerts"][0][key], first["alerts"][0][key]);
    }
    until("it is kept", || async {
        let events = server.get("/v1/events?kind=alert").await;
        let events = events["events"].as_array().unwrap().clone();
        let states: Vec<_> = events.iter().map(|event| event["state"].clone()).collect();
        states == [json!("firing"), json!("resolved")]
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_asked_while_the_store_fails_is_not_said_to_be_kept() {
    let disk = Disk::default();
    let plug = disk.clone();
    let backend = Box::new(move || Ok(Box::new(plug.clone()) as _));
    let server = Server::on_with(backend, |_| {}).await;
    disk.is_full.store(true, Ordering::SeqCst);
    let (status, _) = server.post("/v1/rows", &passenger()).await;
    assert_eq!(status, 503);
    until("the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "firing"
    })
    .await;
    let shown = server.get("/v1/alerts").await;
    let alert = shown["alerts"][0]["id"].as_str().unwrap();
    let silence = format!("/v1/alerts/{alert}/silence");
    let (status, problem) = server.post(&silence, &json!({"for": "1h"})).await;
    assert_eq!(status, 503, "{problem}");
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("cannot be stored"), "{problem}");
    disk.is_full.store(false, Ordering::SeqCst);
    let mut health = server.app().store().health();
    let is_writing = |health: &Health| *health == Health::Writing;
    health.wait_for(is_writing).await.unwrap();
    until("it is kept, each once", || async {
        let events = server.get("/v1/events?kind=alert").await;
        let events = events["events"].as_array().unwrap().clone();
        let ids: std::collections::BTreeSet<_> =
            events.iter().map(|e| e["id"].to_string()).collect();
        events.len() >= 2 && ids.len() == events.len()
    })
    .await;
    server.stop().await;
}
