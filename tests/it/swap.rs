//! The model is swapped under load: no request fails, and every prediction comes from exactly one model.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::live::pointer;

use crate::case::{Case, on_both};
use crate::rest::probability;
use crate::server::{Server, answer, until};
use crate::socket::Socket;

on_both!(
    under_load_every_answer_is_of_one_model,
    a_promotion_by_another_process_is_seen_soon,
);

/// Number of swaps in a run.
const SWAPS: u64 = 60;

/// Model and probability that each version gives.
#[derive(Clone)]
struct Pairs([(String, f64); 2]);

impl Pairs {
    fn check(&self, prediction: &Value) {
        let (model, probability) = (&prediction["model"], &prediction["probability"]);
        let fits = self
            .0
            .iter()
            .any(|(name, p)| model == name && probability == p);
        assert!(fits, "{prediction} is of neither model");
    }
}

/// Number of requests sent while the models were swapped.
#[derive(Clone, Default)]
struct Load {
    over: Arc<AtomicBool>,
    rest: Arc<AtomicU64>,
    ws: Arc<AtomicU64>,
}

impl Load {
    fn is_over(&self) -> bool {
        self.over.load(Ordering::Relaxed)
    }
}

async fn ask_rest(
    case: &'static Case,
    client: reqwest::Client,
    url: String,
    pairs: Pairs,
    load: Load,
) {
    let rows = json!([case.row(), case.row(), case.row()]);
    while !load.is_over() {
        let one = client.post(&url).json(&case.row()).send().await.unwrap();
        assert_eq!(one.status(), 200);
        pairs.check(&one.json().await.unwrap());
        let many = client.post(&url).json(&rows).send().await.unwrap();
        assert_eq!(many.status(), 200);
        let many: Value = many.json().await.unwrap();
        for prediction in many["predictions"].as_array().unwrap() {
            pairs.check(prediction);
            assert_eq!(prediction["model"], many["model"], "one model a request");
        }
        load.rest.fetch_add(2, Ordering::Relaxed);
    }
}

async fn ask_ws(case: &'static Case, mut socket: Socket, pairs: Pairs, load: Load) {
    while !load.is_over() {
        for n in 0..10 {
            socket
                .send(&json!({"type": "predict", "ref": n, "row": case.row()}))
                .await;
        }
        for n in 0..10 {
            let prediction = socket.next().await;
            assert_eq!(
                (&prediction["type"], &prediction["ref"]),
                (&json!("prediction"), &json!(n))
            );
            pairs.check(&prediction);
        }
        load.ws.fetch_add(10, Ordering::Relaxed);
    }
}

async fn under_load_every_answer_is_of_one_model(case: &'static Case) {
    let server = Server::of(case).await;
    let of = |version: u64| {
        (
            case.version(version),
            probability(&server, version, &case.row()),
        )
    };
    let pairs = Pairs([of(1), of(2)]);
    assert_ne!(
        pairs.0[0].1, pairs.0[1].1,
        "the two must differ to be told apart"
    );
    let mut events = Socket::open(&server).await;
    events.subscribe(&["models"]).await;
    let load = Load::default();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..3 {
        clients.spawn(ask_rest(
            case,
            server.client(),
            server.url("/v1/predict"),
            pairs.clone(),
            load.clone(),
        ));
        clients.spawn(ask_ws(
            case,
            Socket::open(&server).await,
            pairs.clone(),
            load.clone(),
        ));
    }
    for n in 0..SWAPS {
        let version = 2 - n % 2;
        let (status, body) =
            answer(server.request(Method::POST, &format!("/v1/models/{version}/promote"))).await;
        assert_eq!(status, 200, "{body}");
        let (_, prediction) = server.post("/v1/predict", &case.row()).await;
        assert_eq!(
            prediction["model"], body["model"],
            "live when it is answered"
        );
        let asked = (
            load.rest.load(Ordering::Relaxed),
            load.ws.load(Ordering::Relaxed),
        );
        until("load between two swaps", || async {
            load.rest.load(Ordering::Relaxed) > asked.0 && load.ws.load(Ordering::Relaxed) > asked.1
        })
        .await;
    }
    load.over.store(true, Ordering::Relaxed);
    while let Some(client) = clients.join_next().await {
        client.unwrap();
    }
    for n in 0..SWAPS {
        let mut event;
        loop {
            event = events.next().await;
            if event["topic"] == "models" {
                break;
            }
        }
        let expected = json!({"action": "promoted", "model": case.version(2 - n % 2), "previous": case.version(1 + n % 2)});
        assert_eq!(event["data"], expected, "exactly one event a promotion");
    }
    let metrics = server.metrics().await;
    assert!(metrics.contains(&format!("\ntitanic_model_swaps_total {SWAPS}\n")));
    assert!(!metrics.contains("status=\"5"), "nothing failed");
    drop(events);
    server.stop().await;
}

async fn a_promotion_by_another_process_is_seen_soon(case: &Case) {
    use titanic_platform::registry::{Decision, Evidence};
    let server = Server::of(case).await;
    let decision = Decision {
        by: "another".into(),
        reason: "a test".into(),
        evidence: Evidence::ByHand,
    };
    let now = "2026-01-31T09:15:00Z".parse().unwrap();
    server
        .registry()
        .promote(
            &"2".parse().unwrap(),
            decision,
            |_| Ok::<_, String>(()),
            now,
        )
        .unwrap();
    assert!(
        pointer::INTERVAL <= Duration::from_millis(250),
        "well within a second"
    );
    until("the swap", || async {
        server.post("/v1/predict", &case.row()).await.1["model"] == case.version(2)
    })
    .await;
    server.stop().await;
}
