//! The WebSocket: predictions, events, errors, and the ends of connections.

use futures_util::SinkExt;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use crate::case::{Case, TITANIC, on_both};
use crate::rest::probability;
use crate::server::{Server, answer, passenger};
use crate::socket::Socket;

on_both!(
    predictions_are_pipelined_and_keep_their_order,
    events_come_once_in_order_and_can_be_resumed,
    predictions_of_every_door_are_told,
);

fn predict(case: &Case, reference: impl Into<Value>) -> Value {
    json!({"type": "predict", "ref": reference.into(), "row": case.row()})
}

async fn predictions_are_pipelined_and_keep_their_order(case: &Case) {
    let server = Server::of(case).await;
    let mut socket = Socket::open(&server).await;
    let expected = probability(&server, 1, &case.row());
    for n in 0..500 {
        socket
            .0
            .feed(Message::text(predict(case, n).to_string()))
            .await
            .unwrap();
    }
    socket.0.flush().await.unwrap();
    for n in 0..500 {
        let answer = socket.next().await;
        assert_eq!(
            (&answer["type"], &answer["ref"]),
            (&json!("prediction"), &json!(n))
        );
        assert_eq!(
            (&answer["probability"], &answer["model"]),
            (&json!(expected), &json!(case.version(1)))
        );
    }
    let keys: Vec<String> = socket
        .ask(predict(case, "a \"ref\""))
        .await
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    assert_eq!(
        keys,
        [
            "type",
            "ref",
            "id",
            "label",
            "probability",
            "model",
            "warnings"
        ]
    );
    let why = socket
        .ask(json!({"row": case.row(), "explain": true, "ref": 1.5, "type": "predict"}))
        .await;
    let parts = why["explanation"]["contributions"].as_array().unwrap();
    let sum: f64 = parts
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    assert!((why["explanation"]["base"].as_f64().unwrap() + sum - expected).abs() < 1e-9);
    assert_eq!(why["ref"], 1.5);
    assert!(
        server
            .metrics()
            .await
            .contains("\ntitanic_predictions_rows_total{transport=\"ws\"} 502\n")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_faulty_message_gets_an_error_and_the_connection_stays() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    let mut check = async |message: &str, reference: Value, status: u16, path: Option<&str>| {
        socket.send_text(message).await;
        let answer = socket.next().await;
        assert_eq!(
            (&answer["type"], &answer["ref"]),
            (&json!("error"), &reference),
            "{message}: {answer}"
        );
        let problem = &answer["problem"];
        assert_eq!(problem["status"], status, "{message}: {problem}");
        assert_eq!(
            problem["errors"][0]["path"].as_str(),
            path,
            "{message}: {problem}"
        );
        assert_eq!(problem.as_object().unwrap().len(), 5);
    };
    check("hello", Value::Null, 400, None).await;
    check("[1]", Value::Null, 400, None).await;
    check(
        r#"{"type": "predict", "ref": 1, "row": {}"#,
        Value::Null,
        400,
        None,
    )
    .await;
    check(
        r#"{"type": "predict", "ref": 1, "ref": 2}"#,
        Value::Null,
        400,
        None,
    )
    .await;
    check(
        r#"{"type": "predict", "ref": 1, "row": {"Age": 1e400}}"#,
        Value::Null,
        400,
        None,
    )
    .await;
    check(
        r#"{"type": "predict", "ref": 1, "row": {"Sex": "male", "Pclass": 9}}"#,
        json!(1),
        422,
        Some("/Pclass"),
    )
    .await;
    check(
        r#"{"type": "predict", "ref": "a", "row": 7}"#,
        json!("a"),
        422,
        Some(""),
    )
    .await;
    check(
        r#"{"type": "predict", "ref": 3}"#,
        json!(3),
        422,
        Some("/row"),
    )
    .await;
    check(
        r#"{"type": "predict", "ref": {}, "row": {}}"#,
        Value::Null,
        422,
        Some("/ref"),
    )
    .await;
    check(
        r#"{"type": "predict", "ref": 3, "row": {}, "explian": true}"#,
        json!(3),
        422,
        Some("/explian"),
    )
    .await;
    check(
        r#"{"type": "predikt", "ref": 3}"#,
        json!(3),
        422,
        Some("/type"),
    )
    .await;
    check(r#"{"ref": 3}"#, json!(3), 422, Some("/type")).await;
    check(
        r#"{"type": "subscribe", "ref": 3, "topics": ["model"]}"#,
        json!(3),
        422,
        Some("/topics/0"),
    )
    .await;
    check(
        r#"{"type": "subscribe", "ref": 3}"#,
        json!(3),
        422,
        Some("/topics"),
    )
    .await;
    check(
        r#"{"type": "subscribe", "ref": 3, "topics": ["models"], "since": 99}"#,
        json!(3),
        422,
        None,
    )
    .await;
    check(
        r#"{"type": "subscribe", "ref": 3, "topics": ["models"], "since": 0, "epoch": "x"}"#,
        json!(3),
        410,
        None,
    )
    .await;
    check(
        r#"{"type": "label", "ref": 3, "id": "x", "label": 2}"#,
        json!(3),
        422,
        Some("/label"),
    )
    .await;
    socket.0.send(Message::binary(vec![1, 2, 3])).await.unwrap();
    let binary = socket.next().await;
    assert_eq!(
        (
            &binary["type"],
            &binary["ref"],
            &binary["problem"]["status"]
        ),
        (&json!("error"), &Value::Null, &json!(415))
    );
    assert_eq!(socket.ask(predict(&TITANIC, 4)).await["type"], "prediction");
    server.stop().await;
}

async fn events_come_once_in_order_and_can_be_resumed(case: &Case) {
    let server = Server::of(case).await;
    let mut socket = Socket::open(&server).await;
    let subscribed = socket
        .ask(json!({"type": "subscribe", "ref": 1, "topics": ["models"]}))
        .await;
    let epoch = subscribed["epoch"].clone();
    assert_eq!(
        subscribed,
        json!({"type": "subscribed", "ref": 1, "seq": 0, "epoch": epoch})
    );
    for version in [2, 1] {
        let promoted = server.request(Method::POST, &format!("/v1/models/{version}/promote"));
        assert_eq!(answer(promoted).await.0, 200);
    }
    assert_eq!(
        answer(server.request(Method::POST, "/v1/models/rollback"))
            .await
            .0,
        200
    );
    for (seq, action, model, previous) in [
        (1, "promoted", case.version(2), case.version(1)),
        (2, "promoted", case.version(1), case.version(2)),
        (3, "rolled_back", case.version(2), case.version(1)),
    ] {
        let event = socket.next().await;
        let data = json!({"action": action, "model": model, "previous": previous});
        let expected = json!({"type": "event", "topic": "models", "seq": seq, "time": event["time"], "data": data});
        assert_eq!(event, expected);
    }
    let mut other = Socket::open(&server).await;
    let resumed =
        json!({"type": "subscribe", "ref": 2, "topics": ["models"], "since": 1, "epoch": epoch});
    assert_eq!(other.ask(resumed).await["seq"], 3);
    assert_eq!(
        (
            other.next().await["seq"].as_u64(),
            other.next().await["seq"].as_u64()
        ),
        (Some(2), Some(3))
    );
    let left = other
        .ask(json!({"type": "unsubscribe", "ref": 3, "topics": ["models"]}))
        .await;
    assert_eq!(
        left,
        json!({"type": "unsubscribed", "ref": 3, "topics": []})
    );
    server.stop().await;
}

async fn predictions_of_every_door_are_told(case: &Case) {
    let server = Server::of(case).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe(&["predictions"]).await;
    let mut made = Vec::new();
    made.push(server.post("/v1/predict", &case.row()).await.1);
    let (_, many) = server
        .post("/v1/predict", &json!([case.row(), case.row()]))
        .await;
    made.extend(many["predictions"].as_array().unwrap().iter().cloned());
    let mut asking = Socket::open(&server).await;
    let mut over_socket = asking.ask(predict(case, 1)).await;
    for key in ["type", "ref"] {
        over_socket.as_object_mut().unwrap().shift_remove(key);
    }
    made.push(over_socket);
    for (n, prediction) in made.into_iter().enumerate() {
        let event = socket.next().await;
        assert_eq!(
            (&event["seq"], &event["data"]),
            (&json!(n + 1), &prediction)
        );
    }
    server.stop().await;
}

#[tokio::test]
async fn a_message_over_the_limit_closes_with_1009() {
    let server = Server::with(|settings| settings.server.limits.message.0 = 2000).await;
    let mut socket = Socket::open(&server).await;
    let mut row = passenger();
    row["Name"] = "x".repeat(1500).into();
    let fits = json!({"type": "predict", "ref": 1, "row": row});
    assert_eq!(socket.ask(fits).await["type"], "prediction");
    socket.send_text(&"x".repeat(2001)).await;
    assert_eq!(socket.close_code().await, 1009);
    let mut socket = Socket::open(&server).await;
    // A message much larger than all buffers: the server must close the connection while the message is still being sent.
    let sent = socket.0.send(Message::text("x".repeat(8 << 20))).await;
    assert!(sent.is_ok() || matches!(sent, Err(Error::Io(_))));
    assert!(
        server
            .metrics()
            .await
            .contains("titanic_websocket_closed_total{reason=\"too_large\"} 2\n")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_reader_too_slow_is_closed_with_1013_and_the_others_are_not() {
    let server =
        Server::with(|settings| settings.server.limits.queue = 16.try_into().unwrap()).await;
    let (mut slow, mut quick) = (Socket::open(&server).await, Socket::open(&server).await);
    slow.subscribe(&["alerts"]).await;
    quick.subscribe(&["alerts"]).await;
    let long = json!({"text": "x".repeat(1 << 20)});
    let feed = server.app().feed().clone();
    let mut told = 0;
    // Publishes until all buffers of the slow reader are full; the quick reader receives each event before the next.
    while !server
        .metrics()
        .await
        .contains("titanic_websocket_closed_total{reason=\"too_slow\"} 1\n")
    {
        feed.publish(titanic_platform::store::feed::Topic::Alerts, &long);
        told += 1;
        assert_eq!(quick.next().await["seq"], told);
    }
    let (events, close) = slow.end().await;
    let close = close.expect("a close frame");
    assert!(events < told, "{events} of {told}");
    assert_eq!(u16::from(close.code), 1013);
    assert!(
        close.reason.contains("server.limits.queue"),
        "{}",
        close.reason
    );
    server.stop().await;
}

#[tokio::test]
async fn who_answers_no_ping_is_gone() {
    let server =
        Server::with(|settings| settings.server.heartbeat.0 = std::time::Duration::from_millis(40))
            .await;
    let mut listening = Socket::open(&server).await;
    listening.subscribe(&["alerts"]).await;
    let silent = Socket::open(&server).await; // nobody reads it, so nobody answers its pings
    let gone = "titanic_websocket_closed_total{reason=\"lost\"} 1\n";
    while !server.metrics().await.contains(gone) {
        // Reading lets the client reply to pings.
        let moment = std::time::Duration::from_millis(5);
        let _ = tokio::time::timeout(moment, listening.end()).await;
    }
    assert_eq!(
        listening.ask(predict(&TITANIC, 1)).await["type"],
        "prediction"
    );
    drop(silent);
    server.stop().await;
}

#[tokio::test]
async fn a_page_of_another_origin_cannot_connect() {
    let server = Server::start().await;
    let mut request = server.ws().into_client_request().unwrap();
    request
        .headers_mut()
        .insert("origin", "https://evil.example".parse().unwrap());
    match connect_async(request).await {
        Err(Error::Http(response)) => assert_eq!(response.status(), 403),
        other => panic!("{:?}", other.map(|_| ())),
    }
    server.stop().await;
}
