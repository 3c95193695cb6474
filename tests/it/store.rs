//! The store of a server: labels, rows, events, and their state after a restart.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::System;

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, answer, until};
use crate::socket::Socket;

on_both!(
    a_truth_is_joined_repeated_refused_and_corrected,
    a_truth_may_come_before_its_prediction,
    a_list_of_truths_is_taken_whole_or_not_at_all,
    rows_are_kept_once_and_bad_ones_put_aside,
    events_are_numbered_without_gap,
    what_was_answered_is_there_after_a_restart,
    a_durable_answer_is_on_the_disk,
    truths_come_over_the_socket_too,
);

async fn predict(server: &Server, case: &Case) -> String {
    let (status, body) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(status, 200, "{body}");
    body["id"].as_str().unwrap().to_owned()
}

async fn label(server: &Server, id: &str, label: &Value) -> (u16, Value) {
    let (status, body) = server
        .post("/v1/labels", &json!({"id": id, "label": label}))
        .await;
    (status.as_u16(), body)
}

fn labels(case: &Case) -> [Value; 2] {
    let labels = read(case.labels);
    [labels[0].clone(), labels[1].clone()]
}

async fn a_truth_is_joined_repeated_refused_and_corrected(case: &Case) {
    let server = Server::of(case).await;
    let [no, yes] = labels(case);
    let id = predict(&server, case).await;
    let said = |status: &str| json!({"id": id, "status": status});
    assert_eq!(label(&server, &id, &yes).await, (200, said("joined")));
    assert_eq!(label(&server, &id, &yes).await, (200, said("repeated")));
    let (status, problem) = label(&server, &id, &no).await;
    assert_eq!(status, 409, "{problem}");
    let event = server.get(&format!("/v1/predictions/{id}")).await;
    assert_eq!(event["truth"], yes, "the stored one stays");
    assert_eq!(event["row"], case.row());
    let correction = json!({"id": id, "label": no, "correct": true});
    assert_eq!(
        server.post("/v1/labels", &correction).await.1,
        said("corrected")
    );
    let event = server.get(&format!("/v1/predictions/{id}")).await;
    assert_eq!(event["truth"], no);
    let events = server.get("/v1/events?kind=label").await;
    let told: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| (&event["label"], &event["correct"]))
        .collect();
    assert_eq!(told, [(&yes, &json!(false)), (&no, &json!(true))]);
    server.stop().await;
}

async fn a_truth_may_come_before_its_prediction(case: &Case) {
    let server = Server::of(case).await;
    let [no, yes] = labels(case);
    assert_eq!(
        label(&server, "order/7", &yes).await,
        (
            202,
            json!({"id": "order/7", "status": "waiting", "detail": "no prediction of this id is known yet"})
        )
    );
    assert_eq!(label(&server, "order/7", &no).await.0, 409);
    let path = "/v1/predict?id=order/7";
    let (status, _) = server.post(path, &case.row()).await;
    assert_eq!(status, 200);
    assert_eq!(
        label(&server, "order/7", &yes).await,
        (200, json!({"id": "order/7", "status": "repeated"}))
    );
    let event = server.get("/v1/predictions/order%2F7").await;
    assert_eq!((&event["truth"], &event["id"]), (&yes, &json!("order/7")));
    server.stop().await;
}

async fn a_list_of_truths_is_taken_whole_or_not_at_all(case: &Case) {
    let server = Server::of(case).await;
    let [no, yes] = labels(case);
    let (a, b) = (predict(&server, case).await, predict(&server, case).await);
    assert_eq!(label(&server, &a, &yes).await.0, 200);
    let list =
        json!([{"id": b, "label": no}, {"id": a, "label": no}, {"id": "unknown", "label": no}]);
    let (status, problem) = server.post("/v1/labels", &list).await;
    assert_eq!(status, 409, "{problem}");
    assert_eq!(problem["errors"][0]["path"], "/1/label");
    let event = server.get(&format!("/v1/predictions/{b}")).await;
    assert_eq!(event["truth"], Value::Null, "nothing was applied");
    let (status, taken) = server.post("/v1/labels?partial=true", &list).await;
    let of = |n: usize| taken["labels"][n]["status"].as_str().unwrap();
    assert_eq!(status, 200, "{taken}");
    assert_eq!([of(0), of(1), of(2)], ["joined", "conflict", "waiting"]);
    for bad in [
        json!([{"id": "x", "label": 7}]),
        json!([3]),
        json!({"id": "", "label": no}),
        json!({"id": "x", "lable": no}),
        json!([]),
    ] {
        let (status, problem) = server.post("/v1/labels", &bad).await;
        assert_eq!(status, 422, "{bad}: {problem}");
    }
    server.stop().await;
}

async fn rows_are_kept_once_and_bad_ones_put_aside(case: &Case) {
    let server = Server::of(case).await;
    let rows = json!([case.row(), read(case.bad.0), case.other_row(), case.row()]);
    let (status, taken) = server.post("/v1/rows", &rows).await;
    assert_eq!(status, 200, "{taken}");
    let counts =
        |taken: &Value| ["stored", "repeated", "quarantined"].map(|k| taken[k].as_u64().unwrap());
    assert_eq!(counts(&taken), [3, 0, 1], "equal rows of one request");
    let ids = taken["ids"].as_array().unwrap();
    assert_ne!((ids.len(), &ids[0]), (3, &ids[2]));
    let (_, again) = server.post("/v1/rows", &rows).await;
    assert_eq!(counts(&again), [0, 4, 0]);
    let page = server.metrics().await;
    let once = r#"titanic_rows_total{status="quarantined"} 1"#;
    assert!(page.contains(once), "{page}");
    assert_eq!(&again["ids"], &taken["ids"], "the same rows, the same ids");
    let (_, alone) = server.post("/v1/rows", &json!([case.row()])).await;
    assert_eq!(counts(&alone), [0, 1, 0], "an equal row in a later request");
    let aside = server.get("/v1/events?kind=quarantine").await;
    let aside = &aside["events"][0];
    assert_eq!(aside["source"], "rest");
    assert_eq!(
        format!("/{}", aside["column"].as_str().unwrap()),
        case.bad.1
    );

    let labelled: String = case.table.split_inclusive('\n').take(31).collect();
    let send = |key: &'static str, body: String| {
        let request = server.request(Method::POST, "/v1/rows").body(body);
        answer(
            request
                .header("content-type", "text/csv")
                .header("idempotency-key", key),
        )
    };
    let (status, first) = send("a", labelled.clone()).await;
    assert_eq!((status.as_u16(), counts(&first)), (200, [30, 0, 0]));
    assert_eq!(
        send("a", labelled.clone()).await.1,
        first,
        "the same request"
    );
    let (status, problem) = send("a", labelled.replace('\n', "\r\n")).await;
    assert_eq!(status, 422, "{problem}");
    assert_eq!(counts(&send("b", labelled).await.1), [0, 30, 0]);
    let rows = server.get("/v1/events?kind=row&limit=100").await;
    let rows = rows["events"].as_array().unwrap();
    let with_label = rows.iter().filter(|row| row["label"] != Value::Null);
    assert_eq!((rows.len(), with_label.count()), (33, 30));
    server.stop().await;
}

async fn events_are_numbered_without_gap(case: &Case) {
    let server = Server::of(case).await;
    let ids = [
        predict(&server, case).await,
        predict(&server, case).await,
        predict(&server, case).await,
    ];
    assert_eq!(label(&server, &ids[2], &labels(case)[0]).await.0, 200);
    models_are_noted(&server).await;
    let (mut seqs, mut after) = (Vec::new(), 0);
    loop {
        let page = server
            .get(&format!("/v1/events?after={after}&limit=2"))
            .await;
        let events = page["events"].as_array().unwrap();
        if events.is_empty() {
            break;
        }
        seqs.extend(events.iter().map(|event| event["seq"].as_u64().unwrap()));
        after = page["next"].as_u64().unwrap();
    }
    // Three of the events record that the models were trained and promoted.
    assert_eq!(seqs, [1, 2, 3, 4, 5, 6, 7]);
    let made = server.get("/v1/events?kind=prediction").await;
    let made: Vec<_> = made["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["id"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(made, ids);
    server.stop().await;
}

async fn what_was_answered_is_there_after_a_restart(case: &Case) {
    let server = Server::of(case).await;
    let (named, plain) = ("/v1/predict?id=mine", predict(&server, case).await);
    let (_, first) = server.post(named, &case.row()).await;
    let state = server.leave().await;
    let server = Server::over(state, |_| {}, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    assert_eq!(
        server.get(&format!("/v1/predictions/{plain}")).await["row"],
        case.row()
    );
    assert_eq!(server.post(named, &case.row()).await.1, first);
    assert_eq!(server.post(named, &case.other_row()).await.0, 409);
    let events = server.get("/v1/events?kind=prediction").await;
    assert_eq!(events["events"].as_array().unwrap().len(), 2);
    server.stop().await;
}

/// Waits until the store has the events of the models: two trained, one promoted.
pub async fn models_are_noted(server: &Server) {
    until("the models' events", || async {
        let models = server.get("/v1/events?kind=model").await;
        models["events"].as_array().unwrap().len() == 3
    })
    .await;
}

async fn a_durable_answer_is_on_the_disk(case: &Case) {
    let server = Server::of(case).await;
    models_are_noted(&server).await;
    for n in 4..=6 {
        let (status, made) = server.post("/v1/predict?durable=true", &case.row()).await;
        assert_eq!(status, 200, "{made}");
        // Checked on the disk at once, before a label or a page of events could flush the event.
        assert_eq!(server.app().store().last(), Ok(n));
    }
    server.stop().await;
}

async fn truths_come_over_the_socket_too(case: &Case) {
    let server = Server::of(case).await;
    let [no, yes] = labels(case);
    let mut socket = Socket::open(&server).await;
    let made = socket
        .ask(json!({"type": "predict", "ref": 1, "row": case.row()}))
        .await;
    let say =
        |label: &Value| json!({"type": "label", "ref": "l", "id": made["id"], "label": label});
    let said =
        |status: &str| json!({"type": "labelled", "ref": "l", "id": made["id"], "status": status});
    assert_eq!(socket.ask(say(&yes)).await, said("joined"));
    assert_eq!(socket.ask(say(&yes)).await, said("repeated"));
    let refused = socket.ask(say(&no)).await;
    assert_eq!(
        (&refused["type"], &refused["problem"]["status"]),
        (&json!("error"), &json!(409))
    );
    server.stop().await;
}

#[tokio::test]
async fn a_second_server_on_the_same_state_names_the_holder() {
    let server = Server::start().await;
    let copy = server.state();
    let binary = env!("CARGO_BIN_EXE_titanic-platform");
    let second = std::process::Command::new(binary)
        .args(["serve", "--listen", "127.0.0.1:0", "--state"])
        .arg(&copy)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&second.stderr);
    assert_eq!(second.status.code(), Some(3), "{said}");
    assert!(said.contains(&std::process::id().to_string()), "{said}");
    assert_eq!(server.get("/healthz").await["status"], "live");
    server.stop().await;
}

/// Values that the spec quarantines are quarantined with every transport; `ingest` has its own test.
#[tokio::test]
async fn values_that_the_spec_sets_apart_are_put_aside() {
    let case = &crate::case::CHURN;
    let server = Server::of(case).await;
    let mut row = case.row();
    row["region"] = json!("centre"); // unexpected: quarantine
    let (status, taken) = server.post("/v1/rows", &json!([case.row(), row])).await;
    assert_eq!(status, 200, "{taken}");
    assert_eq!(
        (&taken["stored"], &taken["quarantined"]),
        (&json!(1), &json!(1))
    );
    let aside = server.get("/v1/events?kind=quarantine").await;
    let aside = &aside["events"][0];
    assert_eq!(
        (&aside["column"], &aside["value"]),
        (&json!("region"), &json!("centre"))
    );
    server.stop().await;
}

/// The maximum number of rows in a request: more than may wait for the disk at any moment, and none of them is lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_largest_body_is_kept_whole() {
    const ROWS: usize = 100_000;
    let server = Server::start().await;
    let rows = json!(vec![json!({"Pclass": 3, "Sex": "male"}); ROWS]);
    let (status, answer) = server.post("/v1/predict?durable=true", &rows).await;
    assert_eq!(status, 200);
    let store = server.app().store();
    for n in [0, ROWS / 2, ROWS - 1] {
        let id = answer["predictions"][n]["id"].as_str().unwrap();
        assert!(store.event(id, |_, _| ()).unwrap().is_some(), "{n}");
    }
    let kinds = store.stats().unwrap().kinds;
    assert_eq!(kinds.get("prediction"), Some(&(ROWS as u64)), "{kinds:?}");
    server.stop().await;
}
