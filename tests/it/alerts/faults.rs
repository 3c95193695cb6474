//! Receivers that misbehave: each costs one timeout, the error is visible, and no notification is lost.

use std::sync::atomic::Ordering;
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Mood, Receiver};
use super::{clock, drift, hook, server};
use crate::server::{Server, answer, passenger, until};

const AGAIN: Duration = Duration::from_secs(5);

/// Waits until `times` delivery attempts have failed.
async fn failed(server: &Server, times: usize) {
    let line = format!("titanic_notifications_failed_total{{type=\"webhook\"}} {times}\n");
    until("the failure", || async {
        server.metrics().await.contains(&line)
    })
    .await;
}

async fn outbox(server: &Server) -> Value {
    server.get("/v1/alerts").await["outbox"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_hangs_holds_up_nobody_else() {
    let (slow, quick) = (
        Receiver::new(Mood::Hang).await,
        Receiver::answering(200).await,
    );
    let clock = clock();
    let channels = [("slow", hook(&slow.url)), ("quick", hook(&quick.url))];
    let server = server(&channels, &clock).await;
    drift(&server, true);
    slow.wait(1).await;
    quick.wait(1).await;
    // While one receiver hangs, the other receives the end, and rows are predicted.
    drift(&server, false);
    quick.wait(2).await;
    let (status, _) = server.post("/v1/predict", &passenger()).await;
    assert_eq!(status, 200);
    // The end is sent after the beginning; otherwise the alert would never end for the receiver.
    failed(&server, 1).await;
    slow.feel(Mood::Answer(200, String::new()));
    clock.advance(AGAIN);
    let got = slow.wait(3).await;
    assert_eq!((got[1].id(), &got[1].body), (got[0].id(), &got[0].body));
    assert_ne!(got[2].id(), got[0].id());
    until("all sent", || async {
        outbox(&server).await["waiting"] == 0
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_yes_that_comes_too_late_counts_as_none() {
    let receiver = Receiver::new(Mood::Late).await;
    let clock = clock();
    let server = server(&[("hook", hook(&receiver.url))], &clock).await;
    drift(&server, true);
    failed(&server, 1).await;
    assert_eq!(outbox(&server).await["waiting"], 1);
    receiver.feel(Mood::Answer(200, String::new()));
    clock.advance(AGAIN);
    let got = receiver.wait(2).await;
    assert_eq!((got[0].id(), &got[0].body), (got[1].id(), &got[1].body));
    until("it is taken", || async {
        outbox(&server).await["waiting"] == 0
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn redirects_are_not_followed() {
    let other = Receiver::answering(200).await;
    for status in [302, 307] {
        let location = format!("location: {}\r\n", other.url);
        let receiver = Receiver::new(Mood::Answer(status, location)).await;
        let server = server(&[("hook", hook(&receiver.url))], &clock()).await;
        drift(&server, true);
        failed(&server, 1).await;
        assert_eq!(outbox(&server).await["waiting"], 1, "{status}");
        server.stop().await;
    }
    assert_eq!(other.got(), []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_gigabyte_is_not_listened_to() {
    let receiver = Receiver::new(Mood::Flood).await;
    let server = server(&[("hook", hook(&receiver.url))], &clock()).await;
    drift(&server, true);
    receiver.wait(1).await;
    until("it is taken", || async {
        outbox(&server).await["waiting"] == 0
    })
    .await;
    server.stop().await;
    let flooded = receiver.flooded.load(Ordering::SeqCst);
    assert!(
        flooded < 64 << 20,
        "{flooded} bytes: what sockets hold, and no more"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_gone_gets_no_more_until_somebody_asks_for_it() {
    let receiver = Receiver::answering(410).await;
    let clock = clock();
    let server = server(&[("hook", hook(&receiver.url))], &clock).await;
    drift(&server, true);
    failed(&server, 1).await;
    until("the dead letter", || async {
        outbox(&server).await["dead"] == 1
    })
    .await;
    let shown = server.get("/v1/alerts").await;
    let letter = &shown["outbox"]["dead_letters"][0];
    assert_eq!(letter["error"], "it answered 410 Gone: hello");
    assert_eq!(
        (&letter["attempts"], &letter["channel"]),
        (&json!(1), &json!("hook"))
    );
    let channel = |shown: &Value| {
        let channels = shown["channels"].as_array().unwrap().clone();
        channels
            .into_iter()
            .find(|channel| channel["name"] == "hook")
            .unwrap()
    };
    assert_eq!(channel(&shown)["paused"], "it answered 410 Gone: hello");
    // New notifications wait while the channel is paused, however much time passes.
    drift(&server, false);
    until("the end", || async {
        outbox(&server).await["waiting"] == 1
    })
    .await;
    clock.advance(Duration::from_secs(7200));
    until("a look at it", || async {
        server.app().alerts().view().alerts.len() == 1
    })
    .await;
    assert_eq!(receiver.got().len(), 1);
    // An operator sends the dead letter again.
    receiver.feel(Mood::Answer(200, String::new()));
    let id = letter["id"].as_str().unwrap();
    let resend = |id: &str| {
        let path = format!("/v1/alerts/outbox/{id}/resend");
        answer(server.request(Method::POST, &path))
    };
    let (status, problem) = resend("msg_unknown").await;
    assert_eq!(status, 404, "{problem}");
    let (status, shown) = resend(id).await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(channel(&shown)["paused"], Value::Null);
    let got = receiver.wait(3).await;
    assert!(
        got[1..]
            .iter()
            .any(|again| *again.id() == *id && again.body == got[0].body)
    );
    until("all sent", || async {
        let outbox = outbox(&server).await;
        outbox["waiting"] == 0 && outbox["dead"] == 0
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_is_not_there_is_tried_again() {
    let receiver = Receiver::answering(200).await;
    let url = receiver.url.clone();
    drop(receiver);
    let server = server(&[("hook", hook(&url))], &clock()).await;
    drift(&server, true);
    failed(&server, 1).await;
    assert_eq!(outbox(&server).await["waiting"], 1);
    server.stop().await;
}
