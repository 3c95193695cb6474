//! The labelled rows that a training finds: each once, whether the row or the label came first.

use serde_json::{Value, json};
use titanic_platform::trainset::labelled::Labelled;

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, until};

on_both!(
    a_row_is_learnt_once_whichever_came_first,
    a_row_that_came_without_its_truth_is_learnt_with_it,
    a_correction_takes_the_place_of_what_was_learnt,
    a_row_that_brought_its_truth_can_be_corrected,
    a_training_learns_a_corrected_row_once,
    a_training_over_a_damaged_ledger_line_fails,
);

fn since(server: &Server, case: &Case, seq: u64) -> Labelled {
    let store = server.app().store();
    let read = store.snapshot(|store| Labelled::since(store, &case.spec().schema, seq));
    read.unwrap()
}

async fn label(server: &Server, id: &Value, label: &Value) {
    let truth = json!({"id": id, "label": label});
    let (status, body) = server.post("/v1/labels", &truth).await;
    assert!(status.is_success(), "{body}");
}

async fn a_row_is_learnt_once_whichever_came_first(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let yes = &read(case.labels)[1];
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    label(&server, &made["id"], yes).await;
    label(&server, &json!("early"), yes).await; // its prediction comes later
    let first = since(&server, case, 0);
    assert_eq!((first.table.len(), first.left_out), (1, 0));
    assert_eq!(first.table.labels(), [true]);

    let named = "/v1/predict?id=early&durable=true";
    assert_eq!(server.post(named, &case.other_row()).await.0, 200);
    let second = since(&server, case, first.through);
    assert_eq!(
        second.table.len(),
        1,
        "what was early is found when it is whole"
    );
    assert_ne!(first.digest, second.digest);
    assert_eq!(since(&server, case, 0).table.len(), 2);
    let third = since(&server, case, second.through);
    assert_eq!((third.table.len(), third.through), (0, second.through));
    server.stop().await;
}

async fn a_row_that_came_without_its_truth_is_learnt_with_it(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let no = &read(case.labels)[0];
    let (_, taken) = server.post("/v1/rows", &case.row()).await;
    let first = since(&server, case, 0);
    assert_eq!(first.table.len(), 0);
    label(&server, &taken["ids"][0], no).await;
    let second = since(&server, case, first.through);
    assert_eq!(second.table.labels(), [false]);
    // A row that was stored with its label is used with that label, and once.
    let mut whole = case.other_row();
    whole[case.spec().schema.target().column.as_str()] = no.clone();
    assert_eq!(server.post("/v1/rows", &whole).await.1["stored"], 1);
    let third = since(&server, case, second.through);
    assert_eq!(third.table.labels(), [false]);
    assert_eq!(since(&server, case, third.through).table.len(), 0);
    server.stop().await;
}

async fn correct(server: &Server, id: &Value, label: &Value) {
    let truth = json!({"id": id, "label": label, "correct": true});
    let (status, body) = server.post("/v1/labels", &truth).await;
    assert_eq!(
        (status.as_u16(), &body["status"]),
        (200, &json!("corrected")),
        "{body}"
    );
}

async fn a_correction_takes_the_place_of_what_was_learnt(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let labels = read(case.labels);
    let (_, one) = server.post("/v1/predict", &case.row()).await;
    let (_, other) = server.post("/v1/predict", &case.other_row()).await;
    label(&server, &one["id"], &labels[0]).await;
    label(&server, &other["id"], &labels[0]).await;
    let first = since(&server, case, 0);
    assert_eq!(first.table.labels(), [false, false]);

    correct(&server, &other["id"], &labels[1]).await;
    // A training from scratch sees one row with its last label.
    let anew = since(&server, case, 0);
    assert_eq!(
        (anew.table.labels(), anew.corrected.len()),
        (vec![false, true], 0)
    );
    assert_eq!(anew.digest, first.digest, "the same rows");
    // A model trained on both rows sees no new row, but a correction.
    let second = since(&server, case, first.through);
    assert_eq!((second.table.len(), second.corrected.len()), (0, 1));
    assert!(second.corrected[0].positive);
    // A model trained on the correction sees no correction.
    let third = since(&server, case, second.through);
    assert_eq!((third.table.len(), third.corrected.len()), (0, 0));
    // A label that was changed and changed back is no correction.
    correct(&server, &other["id"], &labels[0]).await;
    let back = since(&server, case, first.through);
    assert_eq!((back.table.len(), back.corrected.len()), (0, 0));
    let fourth = since(&server, case, second.through);
    assert_eq!(
        fourth.corrected.len(),
        1,
        "but for who learnt the first one"
    );

    // A label that arrived before its prediction, and was corrected before it as well.
    label(&server, &json!("early"), &labels[0]).await;
    let waits = json!({"id": "early", "label": labels[1], "correct": true});
    assert_eq!(
        server.post("/v1/labels", &waits).await.1["status"],
        "waiting"
    );
    let before = since(&server, case, 0);
    let named = "/v1/predict?id=early&durable=true";
    assert_eq!(server.post(named, &case.row()).await.0, 200);
    let late = since(&server, case, before.through);
    assert_eq!((late.table.labels(), late.corrected.len()), (vec![true], 0));
    server.stop().await;
}

async fn a_row_that_brought_its_truth_can_be_corrected(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let labels = read(case.labels);
    let mut whole = case.row();
    whole[case.spec().schema.target().column.as_str()] = labels[0].clone();
    let (_, taken) = server.post("/v1/rows", &whole).await;
    let id = &taken["ids"][0];
    let first = since(&server, case, 0);
    assert_eq!(first.table.labels(), [false]);
    let same = json!({"id": id, "label": labels[0]});
    assert_eq!(
        server.post("/v1/labels", &same).await.1["status"],
        "repeated"
    );
    let other = json!({"id": id, "label": labels[1]});
    assert_eq!(server.post("/v1/labels", &other).await.0, 409);
    correct(&server, id, &labels[1]).await;
    assert_eq!(since(&server, case, 0).table.labels(), [true]);
    let second = since(&server, case, first.through);
    assert_eq!((second.table.len(), second.corrected.len()), (0, 1));
    server.stop().await;
}

/// Runs a training that always promotes; returns the ledger line of the new version.
async fn train(server: &Server) -> Value {
    let order = json!({"folds": 2, "learner": "logistic", "promote": "always"});
    let (status, job) = server.post("/v1/train", &order).await;
    assert_eq!(status, 202);
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    until("the training", || async {
        let job = server.get(&path).await;
        assert_ne!(job["state"], "failed", "{job}");
        job["state"] == "done"
    })
    .await;
    let ledger = std::fs::read_to_string(server.state().join("models/ledger.jsonl")).unwrap();
    let mut lines = ledger
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    lines.rfind(|line| line["action"] == "trained").unwrap()
}

async fn a_training_learns_a_corrected_row_once(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let labels = read(case.labels);
    let rows = case.rows();
    let mut ids = Vec::new();
    for part in [&rows[..40], &rows[40..70]] {
        let (_, made) = server.post("/v1/predict", &json!(part)).await;
        for one in made["predictions"].as_array().unwrap() {
            ids.push(one["id"].clone());
        }
    }
    for id in &ids[..40] {
        label(&server, id, &labels[0]).await;
    }
    let first = train(&server).await;
    let whole = case.trainings()[0].table.len();
    let rows = |line: &Value| line["evidence"]["rows"].clone();
    assert_eq!(
        (&rows(&first)["table"], &rows(&first)["store"]),
        (&json!(whole), &json!(40))
    );
    let positives = async |server: &Server, line: &Value| {
        let path = format!("/v1/models/{}", line["model"].as_str().unwrap());
        let card = server.get(&path).await;
        (
            card["rows"].as_u64().unwrap(),
            card["positives"].as_u64().unwrap(),
        )
    };
    let (learnt, yes) = positives(&server, &first).await;

    // Five training rows are corrected; thirty rows are new.
    for id in &ids[..5] {
        correct(&server, id, &labels[1]).await;
    }
    for id in &ids[40..] {
        label(&server, id, &labels[0]).await;
    }
    let second = train(&server).await;
    assert_eq!(
        (
            &rows(&second)["table"],
            &rows(&second)["store"],
            &rows(&second)["corrected"]
        ),
        (&json!(whole + 40), &json!(30), &json!(5))
    );
    assert_eq!(
        second["evidence"]["gate"]["rows"], 30,
        "the champion has seen the others"
    );
    assert_eq!(positives(&server, &second).await, (learnt + 30, yes + 5));
    // The next training finds nothing new.
    let third = train(&server).await;
    assert_eq!(
        (&rows(&third)["store"], &rows(&third)["corrected"]),
        (&json!(0), &json!(0))
    );
    assert_eq!(positives(&server, &third).await, (learnt + 30, yes + 5));
    server.stop().await;
}

/// Runs a training on the labels so far; returns its finished job.
async fn trained(server: &Server) -> Value {
    let asked = json!({"learner": "logistic", "folds": 2, "repeats": 1, "promote": "always"});
    let (status, job) = server.post("/v1/train", &asked).await;
    assert_eq!(status, 202, "{job}");
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    until("the training", || async {
        let state = server.get(&path).await["state"].clone();
        state == "done" || state == "failed"
    })
    .await;
    server.get(&path).await
}

async fn a_training_over_a_damaged_ledger_line_fails(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let labels = read(case.labels);
    for n in 0..6 {
        let (_, made) = server.post("/v1/predict", &case.row()).await;
        label(&server, &made["id"], &labels[n % 2]).await;
    }
    let first = trained(&server).await;
    assert_eq!(first["result"]["gate"]["rows"], 6, "{first}");
    let ledger = server.state().join("models/ledger.jsonl");
    let sound = std::fs::read_to_string(&ledger).unwrap();
    let line = sound
        .lines()
        .position(|line| line.contains("\"through\""))
        .unwrap()
        + 1;
    std::fs::write(&ledger, sound.replacen("\"through\"", "\"thr0ugh\"", 1)).unwrap();
    // Without this ledger line the champion would seem to have no training rows of the store, and they would be used again.
    let second = trained(&server).await;
    assert_eq!(second["state"], "failed", "{second}");
    let error = second["error"].as_str().unwrap();
    assert!(
        error.contains(&format!("ledger.jsonl, line {line}: ")),
        "{error}"
    );
    assert!(error.contains("models verify"), "{error}");
    let versions = server.get("/v1/models").await["models"].clone();
    assert_eq!(versions.as_array().unwrap().len(), 3);
    // With the ledger restored from a copy, the training succeeds and finds no new rows.
    std::fs::write(&ledger, &sound).unwrap();
    let third = trained(&server).await;
    assert_eq!(
        (&third["state"], &third["result"]["gate"]),
        (&json!("done"), &Value::Null),
        "{third}"
    );
    server.stop().await;
}
