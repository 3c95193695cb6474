//! First use: trials leave no trace, stored rows record their transport, CSV predictions can be labelled.

use reqwest::Method;
use serde_json::{Value, json};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, answer, until};
use crate::socket::Socket;

on_both!(
    trials_leave_no_trace,
    a_trial_is_not_combined_with_what_is_stored,
    stored_events_name_their_transport,
    csv_answers_can_be_labelled,
    labels_in_csv_and_by_key_join_the_newest_prediction,
    a_prediction_is_read_back_at_once,
);

const TRIAL: &str = "/v1/predict?store=false";

async fn text(server: &Server, path: &str, media: &str, body: String) -> (u16, String) {
    let request = server.request(Method::POST, path);
    let request = request.header("content-type", media).body(body);
    let response = request.send().await.unwrap();
    (response.status().as_u16(), response.text().await.unwrap())
}

/// Counters that a trial must not change.
fn traces(page: &str) -> Vec<&str> {
    const NAMES: [&str; 9] = [
        "titanic_predictions_rows_total",
        "titanic_refused_",
        "titanic_failed_rows_total",
        "titanic_prediction_warnings_total",
        "titanic_labels_total",
        "titanic_rows_total",
        "titanic_store_events_total",
        "titanic_feed_events_total",
        "titanic_monitor_window_rows",
    ];
    let is_one = |line: &&str| NAMES.iter().any(|name| line.starts_with(name));
    let mut found: Vec<&str> = page.lines().filter(is_one).collect();
    found.sort_unstable(); // the values of a label come in any order
    found
}

async fn trials_leave_no_trace(case: &Case) {
    let server = Server::of(case).await;
    let before = server.metrics().await;
    let (_, stored) = server.post("/v1/predict?explain=true", &case.row()).await;
    let after_one = server.metrics().await;
    assert_ne!(
        traces(&before),
        traces(&after_one),
        "a stored one is counted"
    );
    server.app().store().flush().await.unwrap();
    until("the monitor's look at the stored one", || async {
        server
            .metrics()
            .await
            .contains("\ntitanic_monitor_window_rows 1\n")
    })
    .await;
    let before = server.metrics().await;
    let last = server.app().store().last().unwrap();
    let mut reader = Socket::open(&server).await;
    reader.subscribe(&["predictions"]).await;

    let (status, trial) = server
        .post(&format!("{TRIAL}&explain=true"), &case.row())
        .await;
    assert_eq!(status, 200, "{trial}");
    let mut same = stored.as_object().unwrap().clone();
    same.remove("id").unwrap();
    assert_eq!(trial, Value::Object(same), "the same response without id");
    let (bad, odd) = (read(case.bad.0), read(case.odd.0));
    assert_eq!(server.post(TRIAL, &bad).await.0, 422);
    let (_, list) = server
        .post(&format!("{TRIAL}&partial"), &json!([case.row(), bad, odd]))
        .await;
    assert_eq!(list["predictions"][0]["probability"], stored["probability"]);
    assert_eq!(list["predictions"][0]["id"], Value::Null);
    let lines = format!("{}\n", case.row().to_string().replace('\n', " "));
    let (status, lines) = text(&server, TRIAL, "application/x-ndjson", lines).await;
    assert!(status == 200 && !lines.contains("\"id\""), "{lines}");
    let (status, csv) = text(
        &server,
        &format!("{TRIAL}&partial"),
        "text/csv",
        case.half_bad.into(),
    )
    .await;
    assert_eq!(status, 200, "{csv}");
    let cells: Vec<&str> = csv.lines().nth(1).unwrap().split(',').collect();
    assert_eq!(cells[3], "", "no prediction_id: {csv}");
    assert_eq!(
        text(&server, TRIAL, "text/csv", "no such column\n1\n".into())
            .await
            .0,
        422
    );
    let from_page = format!("{TRIAL}&transport=page");
    assert_eq!(server.post(&from_page, &case.row()).await.0, 200);
    let mut socket = Socket::open(&server).await;
    let asked = |row: Value| json!({"type": "predict", "ref": 1, "row": row, "store": false});
    let answered = socket.ask(asked(case.row())).await;
    assert_eq!(answered["probability"], stored["probability"]);
    assert_eq!(answered.get("id"), None, "{answered}");
    assert_eq!(socket.ask(asked(bad)).await["problem"]["status"], 422);

    server.app().store().flush().await.unwrap();
    let page = server.metrics().await;
    assert_eq!(traces(&page), traces(&before), "nothing is counted");
    assert_eq!(server.app().store().last(), Ok(last), "nothing is stored");
    for (transport, rows) in [
        ("rest", 5),
        ("page", 1),
        ("ws", 1),
        ("file", 0),
        ("pull", 0),
    ] {
        let line = format!("\ntitanic_trial_rows_total{{transport=\"{transport}\"}} {rows}\n");
        assert!(page.contains(&line), "{line}\n{page}");
    }
    // The first event of a subscriber is the first stored prediction; trials give none.
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(reader.next().await["data"]["id"], made["id"]);
    server.stop().await;
}

async fn a_trial_is_not_combined_with_what_is_stored(case: &Case) {
    let server = Server::of(case).await;
    for more in ["id=mine", "durable=true", "durable"] {
        let (status, problem) = server.post(&format!("{TRIAL}&{more}"), &case.row()).await;
        assert_eq!(status, 400, "{more}");
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains("store=false stores nothing"), "{detail}");
    }
    let request = server.request(Method::POST, TRIAL).json(&case.row());
    let (status, problem) = answer(request.header("idempotency-key", "k")).await;
    assert_eq!(status, 400, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("Idempotency-Key")
    );
    let mut socket = Socket::open(&server).await;
    let wrong = json!({"type": "predict", "ref": 1, "row": case.row(), "store": "no"});
    let answered = socket.ask(wrong).await;
    assert_eq!(
        answered["problem"]["errors"][0]["path"], "/store",
        "{answered}"
    );
    server.stop().await;
}

async fn stored_events_name_their_transport(case: &Case) {
    let server = Server::of(case).await;
    let (_, rest) = server.post("/v1/predict?durable", &case.row()).await;
    let mut socket = Socket::open(&server).await;
    let ws = socket
        .ask(json!({"type": "predict", "ref": 1, "row": case.row()}))
        .await;
    let (_, page) = server.post("/v1/predict?transport=page", &case.row()).await;
    for (made, transport) in [(&rest, "rest"), (&ws, "ws"), (&page, "page")] {
        let id = made["id"].as_str().unwrap();
        let event = server.get(&format!("/v1/predictions/{id}")).await;
        assert_eq!(event["transport"], transport, "{event}");
    }
    let both = json!([case.row(), read(case.bad.0)]);
    assert_eq!(server.post("/v1/rows", &both).await.0, 200);
    let events = server.get("/v1/events").await;
    let kinds: Vec<_> = events["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|event| {
            ["row", "prediction", "quarantine"].contains(&event["kind"].as_str().unwrap())
        })
        .map(|event| event["transport"].as_str().unwrap_or_default())
        .collect();
    assert_eq!(kinds, ["rest", "ws", "page", "rest", "rest"], "{events}");
    let (status, problem) = server.post("/v1/predict?transport=tcp", &case.row()).await;
    assert_eq!(status, 400, "{problem}");
    server.stop().await;
}

/// The name of the table's id column, and a CSV table with a single row that has this id.
fn with_id(case: &Case, id: &str) -> (String, String) {
    let own = case.spec().schema.id().unwrap().to_owned();
    let mut lines = case.half_bad.lines();
    let (header, row) = (lines.next().unwrap(), lines.next().unwrap());
    let cells = row.rsplit_once(',').unwrap().0;
    (own, format!("{header}\n{cells},{id}\n"))
}

async fn csv_answers_can_be_labelled(case: &Case) {
    let server = Server::of(case).await;
    let (_, table) = with_id(case, "h-1");
    let (status, csv) = text(&server, "/v1/predict", "text/csv", table).await;
    assert_eq!(status, 200, "{csv}");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], format!("{},prediction_id,warnings", case.header));
    let cells: Vec<&str> = lines[1].split(',').collect();
    assert_eq!((cells[0], cells[4]), ("h-1", ""), "{csv}");
    let label = &read(case.labels)[1];
    let truth = json!({"id": cells[3], "label": label});
    let (status, joined) = server.post("/v1/labels", &truth).await;
    assert_eq!(
        (status.as_u16(), &joined["status"]),
        (200, &json!("joined"))
    );
    // A CSV of labels finds the prediction by the same id.
    let plain = label
        .as_str()
        .map_or_else(|| label.to_string(), str::to_owned);
    let table = format!("id,label\n{},{plain}\n", cells[3]);
    let (status, body) = text(&server, "/v1/labels", "text/csv", table).await;
    assert!(status == 200 && body.contains("repeated"), "{body}");
    // Warnings and faults have a column of their own.
    let (_, csv) = text(
        &server,
        "/v1/predict?partial",
        "text/csv",
        case.half_bad.into(),
    )
    .await;
    let bad = csv.lines().nth(2).unwrap();
    assert!(bad.contains(&case.bad.1[1..]), "{csv}");
    server.stop().await;
}

async fn labels_in_csv_and_by_key_join_the_newest_prediction(case: &Case) {
    let server = Server::of(case).await;
    let labels = read(case.labels);
    let plain = labels[1]
        .as_str()
        .map_or_else(|| labels[1].to_string(), str::to_owned);
    let (own, table) = with_id(case, "892");
    let mut newest = String::new();
    for _ in 0..2 {
        let (_, csv) = text(&server, "/v1/predict", "text/csv", table.clone()).await;
        newest = csv
            .lines()
            .nth(1)
            .unwrap()
            .split(',')
            .nth(3)
            .unwrap()
            .to_owned();
    }
    let by_key = format!("{own},label\n892,{plain}\n893,{plain}\n");
    let (status, body) = text(&server, "/v1/labels", "text/csv", by_key).await;
    let waiting = "no prediction of this id is known yet";
    assert_eq!(status, 200, "{body}");
    assert_eq!(
        read(&body)["labels"],
        json!([{"id": newest, "key": 892, "status": "joined"},
               {"id": null, "key": 893, "status": "waiting", "detail": waiting}])
    );
    // The same key as JSON, as number or text.
    for key in [json!(892), json!("892"), json!(892.0)] {
        let (_, again) = server
            .post("/v1/labels", &json!([{"key": key, "label": labels[1]}]))
            .await;
        assert_eq!(again["labels"][0]["status"], "repeated", "{key}: {again}");
    }
    let mut socket = Socket::open(&server).await;
    let told = socket
        .ask(json!({"type": "label", "ref": 1, "key": 892, "label": labels[1]}))
        .await;
    assert_eq!(
        (&told["id"], &told["status"]),
        (&json!(newest), &json!("repeated"))
    );
    // A waiting label joins the first prediction of its row.
    let (_, table) = with_id(case, "893");
    let (_, csv) = text(&server, "/v1/predict?durable", "text/csv", table).await;
    let id = csv.lines().nth(1).unwrap().split(',').nth(3).unwrap();
    let event = server.get(&format!("/v1/predictions/{id}")).await;
    assert_eq!(event["truth"], labels[1], "{event}");
    let (status, unknown) = server
        .post("/v1/labels", &json!({"id": "x", "label": labels[1]}))
        .await;
    assert_eq!(
        (status.as_u16(), &unknown["detail"]),
        (202, &json!(waiting))
    );
    for (table, column) in [
        (format!("id,{own},label\n1,2,{plain}\n"), "id"),
        (format!("label\n{plain}\n"), "id"),
        (format!("id,label\na,{plain}\nb,never\n"), "label"),
    ] {
        let (status, problem) = text(&server, "/v1/labels", "text/csv", table.clone()).await;
        assert_eq!(status, 422, "{table}: {problem}");
        assert_eq!(read(&problem)["errors"][0]["column"], column, "{problem}");
    }
    server.stop().await;
}

async fn a_prediction_is_read_back_at_once(case: &Case) {
    let server = Server::of(case).await;
    for _ in 0..5 {
        let (_, made) = server.post("/v1/predict", &case.row()).await;
        let event = server
            .get(&format!("/v1/predictions/{}", made["id"].as_str().unwrap()))
            .await;
        assert_eq!(event["probability"], made["probability"]);
    }
    server.stop().await;
}
