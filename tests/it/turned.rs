//! Half of the labels are inverted, so the rows contain no information about the outcome and no model is better than the
//! base rate. A candidate that beats a bad champion but not the base rate is not promoted, and a swap does not end the alert.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::control::retrain::{self, Order};
use titanic_platform::model::Spec;
use titanic_platform::promotion::policy::Promote;
use titanic_platform::registry::Registry;
use titanic_platform::train::{Request, Unwatched};

use crate::server::{Server, answer, until};
use crate::tables;

/// A spec without floors, as `spec infer` writes it.
const SPEC: &str = "version: 1\nname: turned\ntarget: {column: y, positive: 1, negative: 0}\n\
    columns: [{name: x, kind: number, required: true}, {name: z, kind: number, required: true}]\n\
    recipe: {steps: [], features: [x, z]}\n";

/// Row `n` and its label: every second row is positive and has a high `x`.
fn row(n: usize) -> (Value, bool) {
    let positive = n.is_multiple_of(2);
    let x = n * 7 % 40 + if positive { 25 } else { 0 };
    (json!({"x": x, "z": n * 13 % 17}), positive)
}

/// A server whose champion was trained on the first 300 rows.
async fn server() -> Server {
    let spec = Spec::parse(SPEC).unwrap();
    assert!(spec.evaluation.floors.is_empty());
    let line = |n| {
        let (row, positive) = row(n);
        format!("{},{},{}\n", row["x"], row["z"], u8::from(positive))
    };
    let text: String = (0..300).map(line).collect();
    let loaded = tables::csv(&spec, &format!("x,z,y\n{text}"));
    let state = tempfile::tempdir().unwrap();
    let registry = Registry::open(state.path()).unwrap();
    let request = Request {
        learner: Some("logistic".into()),
        folds: 5,
        repeats: 1,
        seed: 0,
        threads: 2,
        limits: Default::default(),
    };
    let order = Order {
        request,
        promote: Promote::Auto,
        by: "a test".into(),
        gate: Default::default(),
        max_bad: 0.05,
    };
    let first = retrain::run(
        &registry,
        &spec,
        &loaded.into(),
        None,
        &order,
        &System,
        &Unwatched,
    );
    assert_eq!(first.unwrap().verdict.reason, "there was no champion");
    drop(registry);
    let change = |settings: &mut titanic_platform::config::Settings| {
        settings.retrain.enabled = false;
        settings.probation.window = 1; // nothing is rolled back: whose labels are counted depends on this test alone
    };
    Server::over(state, change, First::bundled(), Arc::new(System))
        .await
        .unwrap()
}

/// Sends rows and their labels in blocks of 100; if `turned`, half of the labels are inverted.
async fn live(server: &Server, rows: std::ops::Range<usize>, turned: bool) {
    let numbers: Vec<usize> = rows.collect();
    for block in numbers.chunks(100) {
        let asked: Vec<Value> = block.iter().map(|n| row(*n).0).collect();
        let (status, made) = server.post("/v1/predict", &json!(asked)).await;
        assert_eq!(status, 200, "{made}");
        let label = |(n, made): (&usize, &Value)| {
            let is_turned = turned && (n / 2).is_multiple_of(2);
            json!({"id": made["id"], "label": u8::from(row(*n).1 != is_turned)})
        };
        let made = made["predictions"].as_array().unwrap();
        let labels: Vec<Value> = block.iter().zip(made).map(label).collect();
        let (status, told) = server.post("/v1/labels", &json!(labels)).await;
        assert_eq!(status, 200, "{told}");
    }
}

async fn train(server: &Server, promote: &str) -> Value {
    let asked = json!({"learner": "logistic", "folds": 5, "repeats": 1, "promote": promote});
    let (status, job) = server.post("/v1/train", &asked).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    until("the training", || async {
        let state = server.get(&path).await["state"].clone();
        state == "done" || state == "failed"
    })
    .await;
    server.get(&path).await["result"].clone()
}

/// State and subject of the alert of a rule.
async fn alert(server: &Server, rule: &str) -> (Value, Value) {
    let alerts = server.get("/v1/alerts").await["alerts"].clone();
    let mut alerts = alerts.as_array().unwrap().iter();
    let alert = alerts.find(|alert| alert["rule"] == rule);
    alert.map_or_else(Default::default, |a| {
        (a["state"].clone(), a["subject"].clone())
    })
}

/// Waits until the monitor has counted this many labels of the live model.
async fn counted(server: &Server, truths: u64) {
    until("the truths", || async {
        server.get("/v1/monitor").await["performance"]["truths"] == truths
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_candidate_that_beats_the_champion_alone_is_not_promoted() {
    let server = server().await;
    live(&server, 300..900, true).await;
    let result = train(&server, "auto").await;
    let gate = &result["gate"];
    assert_eq!(gate["rows"], 600);
    assert!(
        gate["log_loss"]["low"].as_f64().unwrap() > 0.0,
        "it is better than the champion: {gate}"
    );
    let floor = gate["floors"][0].as_object().unwrap();
    let keys: Vec<_> = floor.keys().collect();
    assert_eq!(keys, ["metric", "floor", "value", "holds"]);
    // Half of these rows are positive.
    let ln_2 = floor["floor"].as_f64().unwrap();
    assert!((ln_2 - std::f64::consts::LN_2).abs() < 1e-9, "{gate}");
    assert_eq!(floor["metric"], "log_loss");
    assert_eq!(floor["value"], gate["log_loss"]["candidate"]);
    assert!(floor["value"].as_f64().unwrap() > ln_2, "{gate}");
    assert_eq!(
        (&floor["holds"], &gate["verdict"], &result["promoted"]),
        (&false.into(), &"keep".into(), &false.into())
    );
    let reason = result["reason"].as_str().unwrap();
    assert!(reason.contains("base rate (0.6931)"), "{reason}");
    // An operator may promote the candidate nevertheless.
    let promoted = server.request(Method::POST, "/v1/models/2/promote");
    assert_eq!(answer(promoted).await.0, 200);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_decay_outlives_the_swap_until_labels_show_it_gone() {
    let server = server().await;
    live(&server, 300..700, false).await;
    live(&server, 700..1000, true).await;
    until("the alert", || async {
        alert(&server, "decay").await.0 == "firing"
    })
    .await;
    let swapped = train(&server, "always").await;
    assert_eq!(swapped["promoted"], true, "{swapped}");
    live(&server, 1000..1200, true).await;
    counted(&server, 200).await;
    let still = (json!("firing"), json!("turned@1"));
    assert_eq!(alert(&server, "decay").await, still, "a window as bad");
    live(&server, 1200..1400, false).await;
    until("the end of the alert", || async {
        alert(&server, "decay").await.0 == "resolved"
    })
    .await;
    server.stop().await;
}

/// Events that the monitor reads during a swap are not attributed to the wrong model.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn labels_right_after_a_swap_all_count() {
    let server = server().await;
    live(&server, 300..500, false).await;
    let trained = train(&server, "always").await;
    assert_eq!(trained["promoted"], true, "{trained}");
    let seen = |name: String| {
        let server = &server;
        until("the swap", move || {
            let name = name.clone();
            async move { server.get("/v1/monitor").await["model"] == name.as_str() }
        })
    };
    seen("turned@2".into()).await;
    for round in 0..10 {
        // The monitor is still processing events when the swap happens.
        let before = 500 + round * 200;
        live(&server, before..before + 100, false).await;
        let version = 1 + round % 2;
        let promote = format!("/v1/models/{version}/promote");
        let promoted = server.request(Method::POST, &promote);
        assert_eq!(answer(promoted).await.0, 200);
        live(&server, before + 100..before + 200, false).await;
        seen(format!("turned@{version}")).await;
        counted(&server, 100).await;
    }
    server.stop().await;
}
