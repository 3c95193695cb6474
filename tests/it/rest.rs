//! REST: predictions for rows, and the other routes.

use std::cell::RefCell;
use std::io;
use std::sync::{Arc, Condvar, Mutex};

use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::model::{Model, Workspace};
use titanic_platform::registry::VersionRef;
use titanic_platform::schema::row::Purpose;
use titanic_platform::schema::{Row, json as rows};
use titanic_platform::serve::route::FRAGMENTS;

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, answer, passenger, until};

on_both!(
    one_row_is_answered_by_the_champion,
    every_format_gives_the_same_probability,
    warnings_and_explanations,
    a_partial_answer_tells_of_the_bad_rows,
    a_named_prediction_is_made_once,
    what_tells_of_the_server,
);

/// The probability of a version, computed in the test.
pub fn probability(server: &Server, version: u64, row: &Value) -> f64 {
    let bytes = server
        .registry()
        .read(&VersionRef::Number(version))
        .unwrap();
    let model = Model::from_bytes(&bytes).unwrap();
    let mut checked = Row::new(model.schema(), Purpose::Predict);
    rows::rows(
        model.schema(),
        row.to_string().as_bytes(),
        1,
        &mut checked,
        &mut |_, _| {},
    )
    .unwrap();
    model.probability(checked.view(), &mut Workspace::default())
}

async fn text(
    server: &Server,
    path: &str,
    media_type: &str,
    body: impl Into<reqwest::Body>,
) -> (u16, String) {
    let request = server
        .request(Method::POST, path)
        .header("content-type", media_type)
        .body(body);
    let response = request.send().await.unwrap();
    assert_eq!(response.headers()["content-type"], media_type);
    (response.status().as_u16(), response.text().await.unwrap())
}

async fn one_row_is_answered_by_the_champion(case: &Case) {
    let server = Server::of(case).await;
    let (status, body) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(status, 200);
    let expected = probability(&server, 1, &case.row());
    assert_eq!(body["probability"], expected, "to the bit");
    assert_eq!(
        (&body["model"], &body["warnings"]),
        (&json!(case.version(1)), &json!([]))
    );
    assert_eq!(body["label"], case.label(expected));
    assert_eq!(
        uuid::Uuid::parse_str(body["id"].as_str().unwrap())
            .unwrap()
            .get_version_num(),
        7
    );
    let keys: Vec<_> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "label", "probability", "model", "warnings"]);
    server.stop().await;
}

async fn every_format_gives_the_same_probability(case: &Case) {
    let server = Server::of(case).await;
    let rows = case.rows();
    let (status, csv) = text(&server, "/v1/predict", "text/csv", (case.unlabelled)()).await;
    assert_eq!(status, 200, "{csv}");
    let mut lines = csv.lines();
    let header = format!("{},prediction_id,warnings", case.header);
    assert_eq!(lines.next(), Some(&*header));
    let from_csv: Vec<f64> = lines
        .map(|line| line.split(',').nth(2).unwrap().parse().unwrap())
        .collect();
    assert_eq!(from_csv.len(), rows.len());

    let (status, list) = server.post("/v1/predict", &json!(rows)).await;
    assert_eq!(status, 200, "{list}");
    assert_eq!(list["model"], case.version(1));
    let from_list: Vec<f64> = list["predictions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["probability"].as_f64().unwrap())
        .collect();
    assert_eq!(from_list, from_csv);

    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    let (status, lines) = text(&server, "/v1/predict", "application/x-ndjson", lines).await;
    assert_eq!(status, 200, "{lines}");
    let from_lines: Vec<f64> = lines
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line).unwrap()["probability"]
                .as_f64()
                .unwrap()
        })
        .collect();
    assert_eq!(from_lines, from_csv);

    for n in [0, 7, rows.len() - 1] {
        let (_, one) = server.post("/v1/predict", &rows[n]).await;
        assert_eq!(one["probability"], from_csv[n], "row {n}");
    }
    server.stop().await;
}

async fn warnings_and_explanations(case: &Case) {
    let server = Server::of(case).await;
    let row = read(case.odd.0);
    let (status, body) = server.post("/v1/predict?explain=true", &row).await;
    assert_eq!(status, 200);
    assert_eq!(body["warnings"], read(case.odd.1));
    let parts = body["explanation"]["contributions"].as_array().unwrap();
    let sum: f64 = parts
        .iter()
        .map(|part| part["contribution"].as_f64().unwrap())
        .sum();
    let probability = body["probability"].as_f64().unwrap();
    assert_eq!(body["explanation"]["unit"], "probability");
    assert!((body["explanation"]["base"].as_f64().unwrap() + sum - probability).abs() < 1e-9);
    for (column, shown) in case.shown {
        let part = parts.iter().find(|part| part["column"] == *column);
        assert_eq!(part.unwrap()["value"], read(shown), "{column}");
    }
    server.stop().await;
}

async fn a_partial_answer_tells_of_the_bad_rows(case: &Case) {
    let server = Server::of(case).await;
    let rows = json!([case.row(), read(case.bad.0), 3, case.row()]);
    let (status, body) = server.post("/v1/predict?partial=true", &rows).await;
    assert_eq!(status, 200, "{body}");
    let predictions = body["predictions"].as_array().unwrap();
    assert_eq!(
        predictions.iter().map(Value::is_null).collect::<Vec<_>>(),
        [false, true, true, false]
    );
    let paths: Vec<_> = body["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| &error["path"])
        .collect();
    assert_eq!(paths, [&json!(format!("/1{}", case.bad.1)), &json!("/2")]);
    let (status, csv) = text(&server, "/v1/predict?partial", "text/csv", case.half_bad).await;
    let id = case.half_bad.trim_end().rsplit(',').next().unwrap();
    let bad = format!("{id},,,,\"{}: ", &case.bad.1[1..]);
    let line = csv.lines().nth(2).unwrap();
    assert!(status == 200 && line.starts_with(&bad), "{csv}");
    let lines = format!(
        "{}\n{}\n\n3\n{}\n",
        case.row(),
        read(case.bad.0),
        case.row()
    );
    let path = "/v1/predict?partial";
    let (status, lines) = text(&server, path, "application/x-ndjson", lines).await;
    let lines: Vec<Value> = lines.lines().map(read).collect();
    assert_eq!((status, lines.len()), (200, 4), "{lines:?}");
    for (n, column, problem) in [
        (1, &case.bad.1[1..], &body["errors"][0]["problem"]),
        (2, "", &json!("not_a_row")),
    ] {
        let line = &lines[n];
        assert!(
            line["probability"].is_null() && line["label"].is_null(),
            "{line}"
        );
        let warning = &line["warnings"][0];
        assert_eq!(
            (&warning["column"], &warning["problem"]),
            (&json!(column), problem)
        );
        assert_eq!(warning["value"], body["errors"][n - 1]["got"]);
    }
    assert!(lines[3]["probability"].is_f64() && lines[3]["id"].is_string());
    server.stop().await;
}

async fn a_named_prediction_is_made_once(case: &Case) {
    let server = Server::of(case).await;
    let path = "/v1/predict?id=order%2F7";
    let (status, first) = server.post(path, &case.row()).await;
    assert_eq!((status.as_u16(), &first["id"]), (200, &json!("order/7")));
    let (status, promoted) = server.post("/v1/models/2/promote", &json!({})).await;
    assert_eq!(status, 200, "{promoted}");
    assert_eq!(
        server.post(path, &case.row()).await.1,
        first,
        "the same, whoever answers now"
    );
    let (status, problem) = server.post(path, &case.other_row()).await;
    assert_eq!(status, 409, "{problem}");
    let (status, problem) = server
        .post("/v1/predict?id=order/7&explain=true", &case.row())
        .await;
    assert_eq!(status, 409, "{problem}");
    server.stop().await;
}

#[tokio::test]
async fn a_body_may_come_in_pieces() {
    let server = Server::start().await;
    let row = passenger().to_string();
    let pieces: Vec<Result<String, std::io::Error>> = row
        .as_bytes()
        .chunks(7)
        .map(|piece| Ok(String::from_utf8(piece.to_vec()).unwrap()))
        .collect();
    let body = reqwest::Body::wrap_stream(futures_util::stream::iter(pieces));
    let (status, answer) = text(&server, "/v1/predict", "application/json", body).await;
    assert_eq!(status, 200, "{answer}");
    server.stop().await;
}

async fn what_tells_of_the_server(case: &Case) {
    let server = Server::of(case).await;
    assert_eq!(server.get("/healthz").await, json!({"status": "live"}));
    assert_eq!(
        server.get("/readyz").await,
        json!({"status": "ready", "model": case.version(1)})
    );
    let metrics = server.metrics().await;
    for name in titanic_platform::telemetry::metrics::NAMES {
        assert!(
            metrics.contains(&format!("\n# TYPE {name} "))
                || metrics.starts_with(&format!("# HELP {name} ")),
            "{name}"
        );
    }
    let info = format!(
        r#"titanic_model_info{{model="{}",learner="logistic"}} 1"#,
        case.version(1)
    );
    assert!(metrics.contains(&info));
    assert!(
        metrics.contains(
            r#"titanic_http_requests_total{method="GET",route="/healthz",status="200"} 1"#
        )
    );

    let openapi = server.get("/openapi.json").await;
    assert_eq!(openapi["openapi"], "3.1.0");
    // Routes that the page uses for itself are not part of the public interface.
    let is_of_page = |pattern: &str| {
        pattern.starts_with("/assets")
            || pattern.starts_with(FRAGMENTS)
            || ["/login", "/logout"].contains(&pattern)
            || (pattern != "/"
                && titanic_platform::serve::page::shell::LINKS
                    .iter()
                    .any(|(path, _)| *path == pattern)
                && pattern != "/docs")
            || ["/models/{v}", "/data/rows", "/predictions/{id}"].contains(&pattern)
    };
    for (method, pattern) in
        titanic_platform::serve::routes::labels().filter(|(_, pattern)| !is_of_page(pattern))
    {
        assert!(
            openapi["paths"][pattern][method.to_lowercase()].is_object(),
            "{method} {pattern}"
        );
    }
    assert_eq!(
        openapi["components"]["schemas"]["Row"]["required"],
        read(case.required)
    );
    let example = &openapi["paths"]["/v1/predict"]["post"]["requestBody"]["content"]["application/json"]
        ["example"];
    assert_eq!(
        server.post("/v1/predict", example).await.0,
        200,
        "{example}"
    );

    let page = server.request(Method::GET, "/").send().await.unwrap();
    assert!(
        page.headers()["content-security-policy"]
            .to_str()
            .unwrap()
            .contains("default-src 'none'")
    );
    assert!(page.text().await.unwrap().contains(&case.version(1)));
    assert!(
        server
            .request(Method::GET, "/docs")
            .send()
            .await
            .unwrap()
            .text()
            .await
            .unwrap()
            .contains("/v1/predict")
    );
    let script = server
        .request(Method::GET, "/assets/page.js")
        .send()
        .await
        .unwrap();
    let tag = script.headers()["etag"].clone();
    let again = server
        .request(Method::GET, "/assets/page.js")
        .header("if-none-match", tag)
        .send()
        .await
        .unwrap();
    assert_eq!(again.status(), 304);
    let head = server
        .request(Method::HEAD, "/healthz")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (head.status().as_u16(), &head.headers()["content-length"]),
        (200, &"17".parse().unwrap())
    );
    server.stop().await;
}

#[tokio::test]
async fn pages_of_listed_origins_may_ask() {
    let server =
        Server::with(|settings| settings.server.origins = vec!["https://app.example.org".into()])
            .await;
    let origin = "https://app.example.org";
    let preflight = server
        .request(Method::OPTIONS, "/v1/predict")
        .header("origin", origin);
    let preflight = preflight
        .header("access-control-request-method", "POST")
        .send()
        .await
        .unwrap();
    assert_eq!(preflight.status(), 204);
    assert_eq!(preflight.headers()["access-control-allow-origin"], origin);
    assert_eq!(preflight.headers()["access-control-allow-methods"], "POST");
    let answer = server
        .request(Method::POST, "/v1/predict")
        .header("origin", origin)
        .json(&passenger())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (
            answer.status().as_u16(),
            &answer.headers()["access-control-allow-origin"]
        ),
        (200, &origin.parse().unwrap())
    );
    let own = server
        .request(Method::POST, "/v1/predict")
        .header("origin", server.url(""))
        .json(&passenger());
    assert_eq!(own.send().await.unwrap().status(), 200);
    server.stop().await;
}

/// A simulated disk whose commits block while it stalls.
#[derive(Clone, Debug, Default)]
struct Stalling {
    memory: Arc<InMemoryBackend>,
    stalls: Arc<(Mutex<bool>, Condvar)>,
}

/// Ends the stall when it is dropped.
struct Stalled(Stalling);

impl Stalling {
    fn stall(&self) -> Stalled {
        *self.stalls.0.lock().unwrap() = true;
        Stalled(self.clone())
    }
}

impl Drop for Stalled {
    fn drop(&mut self) {
        *self.0.stalls.0.lock().unwrap() = false;
        self.0.stalls.1.notify_all();
    }
}

impl StorageBackend for Stalling {
    fn len(&self) -> io::Result<u64> {
        self.memory.len()
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.memory.read(offset, out)
    }
    fn set_len(&self, len: u64) -> io::Result<()> {
        self.memory.set_len(len)
    }
    fn sync_data(&self) -> io::Result<()> {
        let stalls = self.stalls.0.lock().unwrap();
        drop(self.stalls.1.wait_while(stalls, |stalls| *stalls).unwrap());
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.memory.write(offset, data)
    }
}

#[tokio::test]
async fn beyond_the_bound_requests_are_refused_and_health_is_told() {
    let disk = Stalling::default();
    let file = disk.clone();
    let server = Server::on_with(Box::new(move || Ok(Box::new(file.clone()))), |settings| {
        settings.server.limits.inflight = 1.try_into().unwrap();
    })
    .await;
    // A prediction that waits for its commit takes the only slot.
    let stalled = disk.stall();
    let ask = || {
        let durable = server.request(Method::POST, "/v1/predict?durable=true");
        tokio::spawn(durable.json(&passenger()).send())
    };
    let durable = RefCell::new(ask());
    until("no place", async || {
        // A request of the test itself may have taken the slot first: then the prediction was rejected and is sent again.
        if durable.borrow().is_finished() {
            durable.replace(ask());
        }
        let models = server.request(Method::GET, "/v1/models").send().await;
        models.unwrap().status() == 503
    })
    .await;
    let refused = server
        .request(Method::POST, "/v1/predict")
        .json(&passenger())
        .send()
        .await
        .unwrap();
    assert_eq!(
        (refused.status().as_u16(), &refused.headers()["retry-after"]),
        (503, &"1".parse().unwrap())
    );
    assert_eq!(server.get("/healthz").await["status"], "live");
    drop(stalled);
    assert_eq!(durable.into_inner().await.unwrap().unwrap().status(), 200);
    until("the place", || async {
        server.post("/v1/predict", &passenger()).await.0 == 200
    })
    .await;
    server.stop().await;
}

/// A rejected value is returned as it was sent, in every format.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_level_has_the_type_it_came_with() {
    let server = Server::start().await;
    for (sent, got) in [
        (json!(9), json!(9)),
        (json!("9"), json!("9")),
        (json!(2.5), json!(2.5)),
        (json!(true), json!(true)),
    ] {
        let row = json!({"Pclass": sent, "Sex": "male"});
        let (status, problem) = server.post("/v1/predict", &row).await;
        assert_eq!(status, 422, "{problem}");
        assert_eq!(problem["errors"][0]["got"], got, "{problem}");
    }
    let request = server.request(Method::POST, "/v1/predict");
    let request = request.header("content-type", "text/csv");
    let (_, problem) = answer(request.body("Pclass,Sex\n9,male\n")).await;
    assert_eq!(problem["errors"][0]["got"], "9", "{problem}");
    server.stop().await;
}
