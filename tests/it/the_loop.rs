//! The closed loop through the public API: predictions, late labels, a training that starts by itself, the gate, the swap,
//! the shadow, the probation.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::control::controller::MEMORY;
use titanic_platform::promotion::chain::Chain;
use titanic_platform::store::feed::{self, Feed};
use titanic_platform::store::{self, Parts, Store};
use titanic_platform::telemetry::metrics::Metrics;

use crate::case::{Case, on_both};
use crate::openapi::as_described;
use crate::rest::probability;
use crate::server::{PATIENCE, Server, answer, until};

on_both!(
    labels_begin_a_training_and_the_gate_decides,
    too_few_rows_put_the_candidate_into_the_shadow,
    a_candidate_that_is_better_on_live_traffic_is_promoted_by_its_shadow,
    a_shadow_that_is_behind_skips_and_nobody_waits,
    a_restart_goes_on_with_the_shadow,
    what_a_candidate_has_learnt_is_not_compared,
);

/// Sends labelled rows of a case: first all predictions, then all labels.
async fn live(server: &Server, case: &Case, rows: &[(Value, Value)]) {
    let asked: Vec<&Value> = rows.iter().map(|(row, _)| row).collect();
    let (status, made) = server.post("/v1/predict", &json!(asked)).await;
    assert_eq!(status, 200, "{made}");
    let labels: Vec<Value> = made["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .zip(rows)
        .map(|(made, (_, label))| json!({"id": made["id"], "label": label}))
        .collect();
    let (status, told) = server.post("/v1/labels", &json!(labels)).await;
    assert_eq!(status, 200, "{}: {told}", case.name);
}

/// The case's own table as rows with their labels.
fn labelled(case: &Case) -> Vec<(Value, Value)> {
    let schema = case.spec().schema;
    let target = schema.target().column.clone();
    crate::tables::objects(&schema, case.table)
        .into_iter()
        .map(|mut row| {
            let label = row.as_object_mut().unwrap().shift_remove(&target).unwrap();
            let label = match label.as_str() {
                Some(text) => serde_json::from_str(text).unwrap_or(label),
                None => label,
            };
            (row, label)
        })
        .collect()
}

fn ledger(server: &Server) -> Vec<Value> {
    let text = std::fs::read_to_string(server.state().join("models/ledger.jsonl")).unwrap();
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

async fn job(server: &Server) -> Value {
    until("a training on its own", || async {
        let jobs = server.get("/v1/jobs").await;
        let jobs = jobs["jobs"].as_array().unwrap().clone();
        jobs.first()
            .is_some_and(|job| job["state"] != "queued" && job["state"] != "running")
    })
    .await;
    server.get("/v1/jobs").await["jobs"][0].clone()
}

async fn labels_begin_a_training_and_the_gate_decides(case: &Case) {
    let server = Server::of_with(case, |settings| {
        settings.retrain.labels = Some(150.try_into().unwrap());
    })
    .await;
    // Version 2 was trained on the beginning of the table only; the other rows are sent as traffic.
    let promoted = server.request(Method::POST, "/v1/models/2/promote");
    assert_eq!(answer(promoted).await.0, 200);
    let rows = labelled(case);
    let unseen = &rows[case.lines - 1..];
    live(&server, case, unseen).await;
    let job = job(&server).await;
    assert_eq!(job["state"], "done", "{job}");
    let gate = &job["result"]["gate"];
    assert_eq!(gate["rows"], unseen.len(), "{gate}");
    let keys: Vec<_> = gate.as_object().unwrap().keys().collect();
    assert_eq!(
        keys,
        ["verdict", "rows", "needed", "log_loss", "mcnemar", "floors"]
    );
    let loss = |who: &str| gate["log_loss"][who].as_f64().unwrap();
    assert!((loss("champion") - loss("candidate") - loss("difference")).abs() < 1e-9);
    // The champion's loss, recomputed from its stored predictions, equals the one in the gate's result.
    let events = server.get("/v1/events?kind=prediction&limit=1000").await;
    let events = events["events"].as_array().unwrap();
    let sum: f64 = events
        .iter()
        .zip(unseen)
        .map(|(event, (_, label))| {
            let p = event["probability"].as_f64().unwrap();
            let positive = *label == crate::case::json(case.labels)[1];
            -(if positive { p } else { 1.0 - p }).ln()
        })
        .sum();
    assert!((sum / unseen.len() as f64 - loss("champion")).abs() < 1e-9);
    let promoted = gate["verdict"] == "promote";
    assert_eq!(job["result"]["promoted"], promoted);
    let live = if promoted { 3 } else { 2 };
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(made["model"], case.version(live));
    // The ledger contains everything that the decision was based on, under one hash.
    let lines = ledger(&server);
    let trained = lines.iter().rfind(|line| line["action"] == "trained");
    let trained = trained.unwrap();
    assert_eq!(trained["evidence"]["gate"], *gate, "{trained}");
    assert_eq!(trained["evidence"]["rows"]["unseen"], unseen.len());
    assert!(
        trained["by"].as_str().unwrap().starts_with("rule: "),
        "{trained}"
    );
    until("the verdict as an event", || async {
        let said = server.get("/v1/events?kind=verdict").await;
        let mut said = said["events"].as_array().unwrap().iter();
        said.any(|event| event["gate"] == *gate)
    })
    .await;
    // The next training finds no rows that are new to this model.
    let (status, _) = server
        .post("/v1/train", &json!({"folds": 2, "learner": "logistic"}))
        .await;
    assert_eq!(status, 202);
    until("the second training", || async {
        server.get("/v1/jobs").await["jobs"][0]["state"] == "done"
    })
    .await;
    let again = server.get("/v1/jobs").await["jobs"][0].clone();
    let unseen_again = if promoted {
        Value::Null
    } else {
        json!(unseen.len())
    };
    assert_eq!(again["result"]["gate"]["rows"], unseen_again, "{again}");
    server.stop().await;
}

async fn too_few_rows_put_the_candidate_into_the_shadow(case: &Case) {
    let server = Server::of_with(case, |settings| {
        settings.retrain.enabled = false;
        settings.shadow.horizon = 60;
    })
    .await;
    let rows = labelled(case);
    live(&server, case, &rows[..40]).await;
    let (status, _) = server
        .post("/v1/train", &json!({"folds": 2, "learner": "logistic"}))
        .await;
    assert_eq!(status, 202);
    let job = job(&server).await;
    let gate = &job["result"]["gate"];
    assert_eq!(
        (&gate["verdict"], &gate["rows"], &gate["needed"]),
        (&json!("insufficient"), &json!(40), &json!(60)),
        "{job}"
    );
    assert_eq!(job["result"]["promoted"], false);
    let mut socket = crate::socket::Socket::open(&server).await;
    let subscribe = json!({"type": "subscribe", "ref": 1, "topics": ["models"], "since": 0});
    socket.send(&subscribe).await;
    assert_eq!(socket.next().await["type"], "subscribed");
    let shadowed = loop {
        let event = socket.next().await;
        if event["data"]["action"] == "shadowed" {
            break event;
        }
    };
    assert_eq!(shadowed["data"]["model"], case.version(3));
    assert_eq!(shadowed["data"]["previous"], case.version(1));
    // Sixty more labels end the shadow period without a decision, because the two models are nearly the same.
    live(&server, case, &rows[40..100]).await;
    let dropped = socket.next().await;
    let expected =
        json!({"action": "dropped", "model": case.version(3), "previous": case.version(1)});
    assert_eq!(dropped["data"], expected, "one event a deed");
    // The ledger says who decided, by which metrics and on which rows.
    let lines = ledger(&server);
    let [began, ended] = &lines[lines.len() - 2..] else {
        panic!("{lines:?}")
    };
    assert_eq!(
        (&began["action"], &began["by"], &began["evidence"]["gate"]),
        (&json!("shadowed"), &json!("gate"), gate)
    );
    assert_eq!(began["evidence"]["rows"]["unseen"], 40);
    assert_eq!(
        (&ended["action"], &ended["by"]),
        (&json!("dropped"), &json!("shadow"))
    );
    assert!(
        ended["reason"].as_str().unwrap().contains("over 60 labels"),
        "{ended}"
    );
    assert_eq!(ended["evidence"]["shadow"]["rows"], 60);
    let told = server.get("/v1/events?kind=label&limit=1000").await;
    let mut compared = Chain::default();
    for event in &told["events"].as_array().unwrap()[40..] {
        compared.update(event["id"].as_str().unwrap());
    }
    assert_eq!(
        ended["evidence"]["rows"],
        json!({"compared": 60, "ids": compared})
    );
    assert!(server.registry().verify(None).unwrap().is_empty());
    let listed = server.get("/v1/models").await;
    assert_eq!(
        (&listed["champion"], &listed["models"][2]["role"]),
        (&json!(case.version(1)), &json!("candidate"))
    );
    until("the verdict as an event", || async {
        let said = server.get("/v1/events?kind=verdict").await;
        let mut said = said["events"].as_array().unwrap().iter();
        said.any(|said| said["about"] == "shadow" && said["shadow"]["rows"] == 60)
    })
    .await;
    server.stop().await;
}

/// Holds however late the loop reads the labels of the candidate's training rows: here it reads all of them again.
async fn what_a_candidate_has_learnt_is_not_compared(case: &Case) {
    let state = in_the_shadow(case, 4096).await.leave().await;
    forget_what_was_seen(state.path()).await;
    let change = |settings: &mut titanic_platform::config::Settings| {
        settings.retrain.enabled = false;
    };
    let server = Server::over(state, change, First::bundled(), Arc::new(System)).await;
    let server = server.unwrap();
    live(&server, case, &labelled(case)[..5]).await;
    until("the comparison", || async {
        let shadow = server.get("/v1/loop").await["shadow"].clone();
        assert!(!shadow.is_null(), "it came to a verdict");
        shadow["comparison"]["rows"].as_u64().unwrap() >= 5
    })
    .await;
    let shadow = server.get("/v1/loop").await["shadow"].clone();
    assert_eq!(shadow["comparison"]["rows"], 5, "{shadow}");
    as_described(&server, "/v1/loop").await;
    server.stop().await;
}

/// Makes the loop of a state read all events again.
async fn forget_what_was_seen(state: &std::path::Path) {
    let (metrics, clock) = (Arc::new(Metrics::new([])), Arc::new(System));
    let (_recorder, predictions) = feed::recorder(metrics.clone());
    let options = feed::Options { keep: 1, queue: 1 };
    let (store, writer) = Store::new(Parts {
        file: store::open(state).unwrap(),
        predictions,
        feed: Feed::new(options, clock.clone(), metrics.clone()),
        waiting: titanic_platform::store::waiting::Bound::of(1_000_000),
        tap: feed::tap(1, metrics.clone()).0,
        clock,
        metrics,
    });
    let writer = tokio::spawn(writer.run());
    let memory = store.remembered(MEMORY).unwrap().unwrap();
    let mut memory: Value = serde_json::from_str(&memory).unwrap();
    assert!(memory["seen"].as_u64().unwrap() > 0);
    memory["seen"] = 0.into();
    let told = store.remember(MEMORY.into(), memory.to_string()).await;
    told.unwrap();
    store.close();
    writer.abort();
    let _ = writer.await; // it lets go of the file
}

/// Rows of a case with all labels inverted.
fn turned(case: &Case) -> Vec<(Value, Value)> {
    let labels = crate::case::json(case.labels);
    let turn = |(row, label)| {
        let other = usize::from(label == labels[0]);
        (row, labels[other].clone())
    };
    labelled(case).into_iter().map(turn).collect()
}

/// A server with a candidate in the shadow, version 3, that was trained on inverted labels.
async fn in_the_shadow(case: &Case, queue: usize) -> Server {
    let server = Server::of_with(case, |settings| {
        settings.retrain.enabled = false;
        settings.gate.min_rows = 100_000;
        settings.shadow.queue = queue.try_into().unwrap();
    })
    .await;
    // Often enough that the candidate is better than the base rate on inverted labels.
    for _ in 0..5 {
        live(&server, case, &turned(case)).await;
    }
    let order = json!({"folds": 2, "learner": "logistic"});
    assert_eq!(server.post("/v1/train", &order).await.0, 202);
    assert_eq!(job(&server).await["result"]["promoted"], false);
    until("the shadow", || async {
        server.get("/v1/loop").await["shadow"]["model"] == case.version(3)
    })
    .await;
    server
}

/// Sends rows; returns their predictions, which have no labels yet.
async fn asked(server: &Server, rows: &[(Value, Value)]) -> Vec<Value> {
    let rows: Vec<&Value> = rows.iter().map(|(row, _)| row).collect();
    let (status, made) = server.post("/v1/predict", &json!(rows)).await;
    assert_eq!(status, 200, "{made}");
    made["predictions"].as_array().unwrap().clone()
}

/// The live metrics of the shadow, once it has processed this many predictions.
async fn seen(server: &Server, predictions: usize) -> Value {
    until("the live scores", || async {
        let live = server.get("/v1/loop").await["shadow"]["live"].clone();
        let count = |key: &str| live[key].as_u64().unwrap_or(0);
        count("scored") + count("skipped") >= predictions as u64
    })
    .await;
    server.get("/v1/loop").await["shadow"].clone()
}

async fn a_candidate_that_is_better_on_live_traffic_is_promoted_by_its_shadow(case: &Case) {
    let server = in_the_shadow(case, 4096).await;
    let mut socket = crate::socket::Socket::open(&server).await;
    socket.subscribe(&["models"]).await;
    // Before any label: how the predictions of the two models differ.
    let rows = turned(case);
    let made = asked(&server, &rows[..200]).await;
    let shadow = seen(&server, 200).await;
    let live = &shadow["live"];
    assert_eq!(
        (&live["scored"], &live["skipped"]),
        (&json!(200), &json!(0))
    );
    assert_eq!(shadow["comparison"]["rows"], 0);
    let (mut difference, mut agreed) = (0.0, 0);
    for ((row, _), made) in rows.iter().zip(&made) {
        let candidate = probability(&server, 3, row);
        difference += (candidate - made["probability"].as_f64().unwrap()) / 200.0;
        agreed += u32::from(case.label(candidate) == made["label"]);
    }
    assert!(
        (live["difference"].as_f64().unwrap() - difference).abs() < 1e-9,
        "{live}"
    );
    assert_eq!(live["agreement"], f64::from(agreed) / 200.0, "{live}");
    let page = server
        .request(Method::GET, "/fragments/loop")
        .send()
        .await
        .unwrap();
    let page = page.text().await.unwrap();
    assert!(page.contains("200 predictions scored, 0 skipped"), "{page}");
    let metrics = server.metrics().await;
    assert!(metrics.contains("\ntitanic_shadow_scored_predictions_total 200\n"));
    assert!(metrics.contains("\ntitanic_shadow_skipped_predictions_total 0\n"));

    // Labels are sent until the shadow is promoted.
    let labels: Vec<Value> = made
        .iter()
        .zip(&rows)
        .map(|(made, (_, label))| json!({"id": made["id"], "label": label}))
        .collect();
    assert_eq!(server.post("/v1/labels", &json!(labels)).await.0, 200);
    let told = async {
        loop {
            let event = socket.next().await;
            // The event `shadowed` may arrive shortly after the shadow is visible.
            if event["topic"] == "models" && event["data"]["action"] != "shadowed" {
                break event;
            }
        }
    };
    let traffic = async {
        loop {
            live_on(&server, case, &rows).await;
        }
    };
    let verdict = async {
        tokio::select! {
            event = told => event,
            () = traffic => unreachable!("traffic has no end"),
        }
    };
    let event = tokio::time::timeout(PATIENCE, verdict).await;
    let event = event.expect("a verdict in time");
    let promoted =
        json!({"action": "promoted", "model": case.version(3), "previous": case.version(1)});
    assert_eq!(event["data"], promoted);
    let last = ledger(&server).pop().unwrap();
    assert_eq!(
        (
            &last["action"],
            &last["by"],
            &last["evidence"]["shadow"]["verdict"]
        ),
        (&json!("promoted"), &json!("shadow"), &json!("promote"))
    );
    let (rows, figures) = (&last["evidence"]["rows"], &last["evidence"]["shadow"]);
    assert_eq!(rows["compared"], figures["rows"]);
    assert!(figures["gain"]["low"].as_f64().unwrap() > 0.0, "{last}");
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(made["model"], case.version(3));
    until("the end of the shadow", || async {
        server.get("/v1/loop").await["shadow"].is_null()
    })
    .await;
    assert!(server.registry().verify(None).unwrap().is_empty());
    server.stop().await;
}

/// Like [`live`], in several requests.
async fn live_on(server: &Server, case: &Case, rows: &[(Value, Value)]) {
    for some in rows.chunks(50) {
        live(server, case, some).await;
    }
}

async fn a_shadow_that_is_behind_skips_and_nobody_waits(case: &Case) {
    let server = in_the_shadow(case, 1).await;
    let rows: Vec<_> = labelled(case).into_iter().cycle().take(3000).collect();
    let made = asked(&server, &rows).await;
    assert_eq!(made.len(), 3000, "all are answered");
    let live = seen(&server, 3000).await["live"].clone();
    let (scored, skipped) = (
        live["scored"].as_u64().unwrap(),
        live["skipped"].as_u64().unwrap(),
    );
    assert!(skipped > 0 && scored + skipped == 3000, "{live}");
    let metrics = server.metrics().await;
    for (name, count) in [("scored", scored), ("skipped", skipped)] {
        let line = format!("\ntitanic_shadow_{name}_predictions_total {count}\n");
        assert!(metrics.contains(&line), "{line}");
    }
    assert!(metrics.contains("\ntitanic_store_dropped_predictions_total 0\n"));
    // Skipped predictions are compared as well once their labels arrive; ten of them are too few for a decision.
    let labels: Vec<Value> = made
        .iter()
        .zip(&rows)
        .take(10)
        .map(|(made, (_, label))| json!({"id": made["id"], "label": label}))
        .collect();
    assert_eq!(server.post("/v1/labels", &json!(labels)).await.0, 200);
    until("the comparison", || async {
        server.get("/v1/loop").await["shadow"]["comparison"]["rows"] == 10
    })
    .await;
    server.stop().await;
}

async fn a_restart_goes_on_with_the_shadow(case: &Case) {
    let server = in_the_shadow(case, 4096).await;
    // Half of the rows favor each model: neither is better before all are compared.
    let turned = turned(case).into_iter().enumerate();
    let pairs = labelled(case).into_iter().zip(turned);
    let rows: Vec<(Value, Value)> = pairs
        .map(|(plain, (i, turned))| if i % 2 == 0 { plain } else { turned })
        .collect();
    let made = asked(&server, &rows[..30]).await;
    seen(&server, 30).await;
    let label = async |server: &Server, from: usize, to: usize| {
        let pairs = made.iter().zip(&rows).skip(from).take(to - from);
        let labels: Vec<Value> = pairs
            .map(|(made, (_, label))| json!({"id": made["id"], "label": label}))
            .collect();
        assert_eq!(server.post("/v1/labels", &json!(labels)).await.0, 200);
        until("the comparison", || async {
            server.get("/v1/loop").await["shadow"]["comparison"]["rows"] == to
        })
        .await;
    };
    label(&server, 0, 10).await;
    let before = server.get("/v1/loop").await["shadow"].clone();
    let state = server.leave().await;
    let change = |settings: &mut titanic_platform::config::Settings| {
        settings.retrain.enabled = false;
    };
    let server = Server::over(state, change, First::bundled(), Arc::new(System)).await;
    let server = server.unwrap();
    assert_eq!(server.get("/v1/loop").await["shadow"], before);
    // Scores made before the restart are made again, and each pair counts once.
    label(&server, 10, 30).await;
    asked(&server, &rows[30..40]).await;
    let live = seen(&server, 40).await["live"].clone();
    assert_eq!((&live["scored"], &live["skipped"]), (&json!(40), &json!(0)));
    // Promoting another version ends the shadow.
    let promoted = server.request(Method::POST, "/v1/models/2/promote");
    assert_eq!(answer(promoted).await.0, 200);
    until("the end of the shadow", || async {
        server.get("/v1/loop").await["shadow"].is_null()
    })
    .await;
    let last = ledger(&server).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["evidence"]["rows"]["compared"]),
        (&json!("dropped"), &json!(30))
    );
    let why = format!("{} became champion", case.version(2));
    assert_eq!(last["reason"], why);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_champion_that_breaks_its_promise_is_rolled_back() {
    let case = &crate::case::TITANIC;
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let promoted = server.request(Method::POST, "/v1/models/2/promote");
    assert_eq!(answer(promoted).await.0, 200);
    until("the probation", || async {
        server
            .app()
            .store()
            .remembered("steward")
            .unwrap()
            .is_some_and(|memory| memory.contains(&format!("\"model\":\"{}\"", case.version(2))))
    })
    .await;
    as_described(&server, "/v1/loop").await;
    // The labels are inverted from now on.
    live(&server, case, &turned(case)[..400]).await;
    until("the rollback", || async {
        server.post("/v1/predict", &case.row()).await.1["model"] == case.version(1)
    })
    .await;
    let last = ledger(&server).pop().unwrap();
    assert_eq!(
        (&last["action"], &last["by"]),
        (&json!("rolled_back"), &json!("probation"))
    );
    assert!(
        last["evidence"]["probation"]["rows"].as_u64().unwrap() < 400,
        "{last}"
    );
    let rows = &last["evidence"]["rows"];
    assert_eq!(rows["compared"], last["evidence"]["probation"]["rows"]);
    assert_eq!(rows["ids"].as_str().unwrap().len(), 64);
    server.stop().await;
}

/// The champion is rolled back during a training: the candidate is promoted only over the model it was compared with.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rollback_during_a_training_leaves_the_gate_without_an_opponent() {
    let case = &crate::case::TITANIC;
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let promoted = server.request(Method::POST, "/v1/models/2/promote");
    assert_eq!(answer(promoted).await.0, 200);
    live(&server, case, &labelled(case)[case.lines - 1..]).await;
    let order = json!({"folds": 10, "repeats": 3});
    assert_eq!(server.post("/v1/train", &order).await.0, 202);
    until("the training", || async {
        let job = server.get("/v1/jobs").await["jobs"][0].clone();
        job["state"] == "running" && job["progress"].as_f64().unwrap() > 0.0
    })
    .await;
    let back = server.request(Method::POST, "/v1/models/rollback");
    assert_eq!(answer(back).await.0, 200);
    let job = job(&server).await;
    assert_eq!(job["result"]["promoted"], false, "{job}");
    assert!(
        job["result"]["reason"]
            .as_str()
            .unwrap()
            .contains("another became champion"),
        "{job}"
    );
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(made["model"], case.version(1));
    server.stop().await;
}

/// Labels that arrive while models are swapped: each is joined, and each event names the model that made the prediction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn truths_come_through_swaps() {
    let case = &crate::case::CHURN;
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let label = crate::case::json(case.labels)[0].clone();
    let mut made = Vec::new();
    for round in 0..20 {
        let (_, one) = server.post("/v1/predict", &case.row()).await;
        let swap = server.request(
            Method::POST,
            &format!("/v1/models/{}/promote", 2 - round % 2),
        );
        let truth = json!({"id": one["id"], "label": label});
        let (swapped, told) = tokio::join!(answer(swap), server.post("/v1/labels", &truth));
        assert_eq!(
            (swapped.0.as_u16(), told.0.as_u16()),
            (200, 200),
            "{}",
            told.1
        );
        made.push(one);
    }
    for one in made {
        let event = server
            .get(&format!("/v1/predictions/{}", one["id"].as_str().unwrap()))
            .await;
        assert_eq!((&event["truth"], &event["model"]), (&label, &one["model"]));
    }
    server.stop().await;
}
