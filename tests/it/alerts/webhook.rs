//! A webhook receives an alert from its beginning to its end.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::hmac;
use serde_json::json;

use super::receiver::{Got, Receiver};
use super::{clock, drift, hook, server};
use crate::server::until;

/// Verifies the signature of a request as a receiver would (Standard Webhooks 1.0.0).
fn is_signed(got: &Got, secret: &[u8]) -> bool {
    let signed = format!(
        "{}.{}.{}",
        got.id(),
        got.headers["webhook-timestamp"],
        got.body
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let expected = format!(
        "v1,{}",
        STANDARD.encode(hmac::sign(&key, signed.as_bytes()))
    );
    got.headers["webhook-signature"]
        .split(' ')
        .any(|one| one == expected)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_alert_is_told_when_it_begins_and_when_it_ends() {
    let receiver = Receiver::answering(200).await;
    let folder = tempfile::tempdir().unwrap();
    let secret = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        std::fs::write(&path, format!("whsec_{}\n", STANDARD.encode(bytes))).unwrap();
        path
    };
    let secrets = [
        secret("new", b"the new secret"),
        secret("old", b"the old secret"),
    ];
    let hook = json!({"type": "webhook", "url": receiver.url, "secret_file": secrets});
    let clock = clock();
    let server = server(&[("hook", hook)], &clock).await;

    drift(&server, true);
    let first = receiver.wait(1).await.remove(0);
    let told = first.json();
    assert_eq!(
        told,
        json!({
            "version": "4",
            "groupKey": "{}:{alertname=\"drift\"}",
            "truncatedAlerts": 0,
            "status": "firing",
            "receiver": "hook",
            "groupLabels": {"alertname": "drift"},
            "commonLabels": {"alertname": "drift", "column": "sex", "subject": "titanic@1"},
            "commonAnnotations": {"summary": "more women"},
            "externalURL": server.url(""),
            "alerts": [{
                "status": "firing",
                "labels": {"alertname": "drift", "column": "sex", "subject": "titanic@1"},
                "annotations": {"summary": "more women"},
                "startsAt": "2026-01-31T09:15:00.000Z",
                "endsAt": "0001-01-01T00:00:00Z",
                "generatorURL": server.url("/v1/alerts"),
                "fingerprint": told["alerts"][0]["fingerprint"],
            }],
        })
    );
    assert_eq!(first.headers["content-type"], "application/json");
    assert_eq!(first.headers["webhook-timestamp"], "1769850900");
    assert!(is_signed(&first, b"the new secret") && is_signed(&first, b"the old secret"));
    assert!(!is_signed(&first, b"another secret"));

    clock.advance(Duration::from_secs(60));
    drift(&server, false);
    let second = receiver.wait(2).await.remove(1);
    assert_ne!(second.id(), first.id(), "another notification");
    assert!(is_signed(&second, b"the new secret"));
    let (told, over) = (&told["alerts"][0], &second.json()["alerts"][0]);
    assert_eq!(second.json()["status"], "resolved");
    assert_eq!(over["status"], "resolved");
    for key in ["fingerprint", "startsAt", "labels", "annotations"] {
        assert_eq!(over[key], told[key], "{key}");
    }
    assert_eq!(over["endsAt"], "2026-01-31T09:16:00.000Z");

    // The alert is stored, counted and displayed.
    let events = server.get("/v1/events?kind=alert").await;
    let states: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|e| &e["state"])
        .collect();
    assert_eq!(states, ["firing", "resolved"]);
    let shown = server.get("/v1/alerts").await;
    assert_eq!(events["events"][0]["alert"], shown["alerts"][0]["id"]);
    until("nothing to be sent", || async {
        let metrics = server.metrics().await;
        metrics.contains("titanic_notifications_sent_total{type=\"webhook\"} 2\n")
            && metrics.contains("titanic_notifications_waiting{type=\"webhook\"} 0\n")
            && metrics.contains("titanic_alerts_firing{rule=\"drift\"} 0\n")
    })
    .await;
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_fails_for_an_hour_loses_nothing() {
    let receiver = Receiver::answering(500).await;
    let clock = clock();
    let server = server(&[("hook", hook(&receiver.url))], &clock).await;
    drift(&server, true);
    receiver.wait(1).await;
    let failed = async || {
        let name = "titanic_notifications_failed_total{type=\"webhook\"} ";
        let metrics = server.metrics().await;
        let found = metrics.lines().find_map(|line| line.strip_prefix(name));
        found.unwrap().parse::<usize>().unwrap()
    };
    // One hour in steps of the maximum wait (5 s, 10 s, …); jitter leaves at least half of each wait.
    let (mut passed, mut tries) = (0, 1);
    while passed < 3600 {
        until("the failure to be noted", || async {
            failed().await == tries
        })
        .await;
        let wait = (5u64 << (tries - 1)).min(3600);
        clock.advance(Duration::from_secs(wait / 2 - 1));
        assert_eq!(failed().await, tries, "not before half of the wait");
        clock.advance(Duration::from_secs(wait - wait / 2 + 1));
        passed += wait;
        tries += 1;
        receiver.wait(tries).await;
    }
    until("the failure to be noted", || async {
        failed().await == tries
    })
    .await;
    let outbox = &server.get("/v1/alerts").await["outbox"];
    assert_eq!(
        (&outbox["waiting"], &outbox["dead"]),
        (&json!(1), &json!(0))
    );
    // A restart in between changes nothing.
    let state = server.leave().await;
    let change = |settings: &mut titanic_platform::config::Settings| {
        super::through(settings, &[("hook", hook(&receiver.url))]);
    };
    let first = titanic_platform::app::First::bundled();
    let server = crate::server::Server::over(state, change, first, clock.clone())
        .await
        .unwrap();
    receiver.feel(super::receiver::Mood::Answer(204, String::new()));
    clock.advance(Duration::from_secs(3600));
    let all = receiver.wait(tries + 1).await;
    for got in &all {
        assert_eq!(
            (got.id(), &got.body),
            (all[0].id(), &all[0].body),
            "the same each time"
        );
    }
    until("nothing to be sent", || async {
        server.get("/v1/alerts").await["outbox"]["waiting"] == 0
    })
    .await;
    server.stop().await;
}
