//! Rejected rows are counted by transport and by faulty column, and raise an alert.

use reqwest::Method;
use serde_json::{Value, json};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, until};
use crate::socket::Socket;

on_both!(
    what_is_refused_is_counted_with_its_columns,
    a_sender_that_has_changed_is_told_of,
);

/// Value of a counter on the metrics page.
fn count(page: &str, line: &str) -> u64 {
    let value = page.lines().find_map(|found| {
        let value = found.strip_prefix(line)?.strip_prefix(' ')?;
        Some(value.parse().unwrap())
    });
    value.unwrap_or_default()
}

async fn what_is_refused_is_counted_with_its_columns(case: &Case) {
    let server = Server::of(case).await;
    let (bad, column) = (read(case.bad.0), &case.bad.1[1..]);
    let check = async |rest: u64, socket: u64, of_column: u64, of_none: u64, what: &str| {
        let page = server.metrics().await;
        let door = |door: &str| {
            count(
                &page,
                &format!("titanic_rejected_rows_total{{transport=\"{door}\"}}"),
            )
        };
        assert_eq!((door("rest"), door("ws")), (rest, socket), "{what}");
        let values = "titanic_rejected_values_total";
        let named = count(&page, &format!("{values}{{column=\"{column}\"}}"));
        assert_eq!(
            (named, count(&page, values)),
            (of_column, of_none),
            "{what}"
        );
    };
    let post = async |path: &str, rows: &Value, expected: u16| {
        let (status, answer) = server.post(path, rows).await;
        assert_eq!(status, expected, "{answer}");
    };
    check(0, 0, 0, 0, "nothing was asked").await;
    post("/v1/predict", &case.row(), 200).await;
    check(0, 0, 0, 0, "a good row").await;
    post("/v1/predict", &bad, 422).await;
    check(1, 0, 1, 0, "one row").await;
    let list = json!([case.row(), bad, case.row()]);
    post("/v1/predict", &list, 422).await;
    check(2, 0, 2, 0, "none of the list was answered").await;
    post("/v1/predict?partial=true", &list, 200).await;
    check(3, 0, 3, 0, "the good ones of the list were answered").await;

    let csv = async |body: String| {
        let request = server.request(Method::POST, "/v1/predict");
        let request = request.header("content-type", "text/csv").body(body);
        assert_eq!(request.send().await.unwrap().status(), 422);
    };
    csv(case.half_bad.into()).await;
    check(4, 0, 4, 0, "a table").await;
    csv("no such column\n1\n2\n\n3\n".into()).await;
    let page = server.metrics().await;
    assert_eq!(
        count(&page, "titanic_rejected_rows_total{transport=\"rest\"}"),
        7
    );
    assert_eq!(
        count(&page, "titanic_failed_rows_total"),
        3,
        "two of the list, one of the table"
    );
    assert_eq!(
        count(&page, "titanic_rejected_values_total"),
        3,
        "a column it has not, in each row"
    );

    let before = count(
        &page,
        &format!("titanic_rejected_values_total{{column=\"{column}\"}}"),
    );
    let mut socket = Socket::open(&server).await;
    let answer = socket.ask(json!({"type": "predict", "row": bad})).await;
    assert_eq!(answer["type"], "error", "{answer}");
    let mut unknown = case.row();
    unknown["no such column"] = json!(1);
    let answer = socket.ask(json!({"type": "predict", "row": unknown})).await;
    assert_eq!(answer["type"], "error", "{answer}");
    check(7, 2, before + 1, 4, "two messages").await;
    server.stop().await;
}

async fn a_sender_that_has_changed_is_told_of(case: &Case) {
    let server = Server::of(case).await;
    let (bad, column) = (read(case.bad.0), &case.bad.1[1..]);
    let alert = async || {
        let shown = server.get("/v1/alerts").await;
        let alerts = shown["alerts"].as_array().unwrap().clone();
        alerts.into_iter().find(|alert| alert["rule"] == "rejected")
    };
    for _ in 0..30 {
        assert_eq!(server.post("/v1/predict", &case.row()).await.0, 200);
    }
    assert_eq!(alert().await, None);
    until("the alert", || async {
        assert_eq!(server.post("/v1/predict", &json!([bad, bad])).await.0, 422);
        alert()
            .await
            .is_some_and(|alert| alert["state"] == "firing")
    })
    .await;
    let alert = alert().await.unwrap();
    assert_eq!(alert["subject"], "predictions");
    let description = alert["annotations"]["description"].as_str().unwrap();
    assert!(
        description.contains(&format!(", for {column} (")),
        "{description}"
    );
    server.stop().await;
}
