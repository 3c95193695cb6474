//! Overload, clients that disconnect, and slow clients (FAULTS B2 and B3).

use std::cell::{Cell, RefCell};
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use titanic_platform::config::Settings;

use crate::server::{Server, passenger, until};

/// Number of rows whose explanations keep a worker busy for a while.
const MANY: usize = 50_000;

fn one_worker(settings: &mut Settings) {
    settings.server.workers = Some(1.try_into().unwrap());
    settings.server.limits.wait = "1ms".parse().unwrap();
}

fn many() -> String {
    json!(vec![passenger(); MANY]).to_string()
}

/// Sends a request over its own connection, without reading the response.
fn send(address: SocketAddr, target: &str, body: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST {target} HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    stream
}

/// Status and `Retry-After` of a request to explain a row.
async fn explained(server: &Server) -> (StatusCode, Option<u64>) {
    let request = server
        .request(Method::POST, "/v1/predict?explain=true")
        .json(&passenger());
    let answer = request.send().await.unwrap();
    let again = answer.headers().get("retry-after");
    let again = again.map(|again| again.to_str().unwrap().parse().unwrap());
    (answer.status(), again)
}

fn predictions(metrics: &str) -> u64 {
    let name = "titanic_predictions_rows_total{transport=\"rest\"} ";
    let line = metrics.lines().find_map(|line| line.strip_prefix(name));
    line.map_or(0, |count| count.parse().unwrap())
}

#[tokio::test]
async fn b2_explanations_beyond_the_wait_are_refused_and_plain_rows_are_answered() {
    let server = Server::with(one_worker).await;
    let (busy, again) = (RefCell::new(Vec::new()), Cell::new(None));
    until("a refusal", async || {
        let more = send(server.address(), "/v1/predict?explain=true", &many());
        busy.borrow_mut().push(more);
        let (status, after) = explained(&server).await;
        again.set(after);
        status == 503
    })
    .await;
    assert!(again.get().unwrap() >= 1, "{again:?}");
    assert_eq!(server.post("/v1/predict", &passenger()).await.0, 200);
    drop(busy); // its client has left: the work ends, long before it is done
    until("a free worker", || async {
        explained(&server).await.0 == 200
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn b2_what_nobody_waits_for_is_not_begun() {
    let server = Server::with(|settings| {
        one_worker(settings);
        settings.server.limits.wait = "1h".parse().unwrap();
    })
    .await;
    let address = server.address();
    let busy = send(address, "/v1/predict?explain=true", &many());
    let one = passenger().to_string();
    for n in 0..30 {
        let stream = send(address, "/v1/predict?explain=true", &one);
        match n % 2 {
            0 => drop(stream),
            _ => stream.shutdown(Shutdown::Write).unwrap(),
        }
    }
    busy.shutdown(Shutdown::Write).unwrap();
    until("a free worker", || async {
        explained(&server).await.0 == 200
    })
    .await;
    assert_eq!(predictions(&server.metrics().await), 1);
    server.stop().await;
}

#[tokio::test]
async fn b3_heads_without_bodies_take_no_place() {
    let server =
        Server::with(|settings| settings.server.limits.inflight = 1.try_into().unwrap()).await;
    let address = server.address();
    let head = format!(
        "POST /v1/predict HTTP/1.1\r\nhost: {address}\r\ncontent-type: application/json\r\ncontent-length: 30\r\n\r\n"
    );
    let silent: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    for _ in 0..50 {
        let models = server.request(Method::GET, "/v1/models").send().await;
        assert_eq!(models.unwrap().status(), 200);
    }
    assert_eq!(server.post("/v1/predict", &passenger()).await.0, 200);
    drop(silent);
    server.stop().await;
}

/// Reads the status of a response whose rest stays unread.
fn status(stream: &mut TcpStream) -> String {
    let mut head = [0; 12];
    stream.read_exact(&mut head).unwrap();
    String::from_utf8_lossy(&head[9..]).into_owned()
}

#[tokio::test]
async fn b3_answers_that_nobody_reads_count_against_the_budget() {
    // A response too large for the socket buffers.
    let rows = json!(vec![json!({"Pclass": 1, "Sex": "male"}); 100_000]).to_string();
    let server = Server::start().await;
    let request = server
        .request(Method::POST, "/v1/predict?store=false")
        .header("content-type", "application/json")
        .body(rows.clone());
    let length = request.send().await.unwrap().bytes().await.unwrap().len();
    server.stop().await;
    let server = Server::with(|settings| {
        settings.server.limits.memory = format!("{}B", length * 3 / 2).parse().unwrap();
    })
    .await;
    let address = server.address();
    let mut unread = send(address, "/v1/predict?store=false", &rows);
    assert_eq!(status(&mut unread), "200");
    // A response that has been computed is sent; the next request is rejected before it is handled.
    let mut second = send(address, "/v1/predict?store=false", &rows);
    assert_eq!(status(&mut second), "200");
    let mut third = send(address, "/v1/predict", &passenger().to_string());
    assert_eq!(status(&mut third), "503");
    assert_eq!(server.get("/healthz").await["status"], "live");
    drop((unread, second));
    until("room for it", || async {
        let request = server
            .request(Method::POST, "/v1/predict?store=false")
            .header("content-type", "application/json")
            .body(rows.clone());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let body: Value = answer.json().await.unwrap();
        status == 200 && body["predictions"].as_array().unwrap().len() == 100_000
    })
    .await;
    server.stop().await;
}

#[tokio::test]
async fn explanations_over_a_websocket_are_refused_as_over_rest() {
    let server = Server::with(one_worker).await;
    let mut socket = crate::socket::Socket::open(&server).await;
    let message = json!({"type": "predict", "ref": 7, "row": passenger(), "explain": true});
    let answer = socket.ask(message.clone()).await;
    let rest = server
        .post("/v1/predict?explain=true&store=false", &passenger())
        .await
        .1;
    assert_eq!(answer["explanation"], rest["explanation"]);
    let (mut busy, mut refused) = (Vec::new(), Value::Null);
    while refused["type"] != "error" {
        assert!(busy.len() < 1_000, "never refused");
        busy.push(send(server.address(), "/v1/predict?explain=true", &many()));
        refused = socket.ask(message.clone()).await;
    }
    assert_eq!(
        (&refused["type"], &refused["ref"]),
        (&json!("error"), &json!(7))
    );
    assert_eq!(refused["problem"]["status"], 503);
    let plain = json!({"type": "predict", "ref": 8, "row": passenger()});
    assert_eq!(socket.ask(plain).await["type"], "prediction");
    drop(busy);
    server.stop().await;
}

#[tokio::test]
async fn b4_labels_beyond_those_that_may_wait_are_refused() {
    let server = Server::with(|settings| settings.labels.waiting = 2).await;
    let label = |id: &str| json!({"id": id, "label": 1});
    assert_eq!(server.post("/v1/labels", &label("a")).await.0, 202);
    let (status, problem) = server
        .post("/v1/labels", &json!([label("b"), label("c")]))
        .await;
    assert_eq!(status, 503);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("labels.waiting"),
        "{problem}"
    );
    assert_eq!(server.post("/v1/labels", &label("b")).await.0, 202);
    assert_eq!(server.post("/v1/labels", &label("c")).await.0, 503);
    server.stop().await;
}

#[tokio::test]
async fn b4_what_is_echoed_is_cut_and_keys_are_bounded() {
    let server = Server::start().await;
    let long = "x".repeat(100_000);
    let check = |problem: &Value| {
        let longest = problem["errors"][0]["got"].as_str().map(str::len);
        assert!(longest.is_none_or(|length| length <= 260), "{longest:?}");
        assert!(
            problem.to_string().len() < 3_000,
            "{}",
            problem.to_string().len()
        );
    };
    let (status, problem) = server
        .post("/v1/labels", &json!({"id": long, "label": 1}))
        .await;
    assert_eq!(status, 422);
    check(&problem);
    let (status, problem) = server
        .post("/v1/labels", &json!({"id": "a", "label": long}))
        .await;
    assert_eq!(status, 422);
    check(&problem);
    let mut row = passenger();
    row[&long] = json!(1);
    row["Sex"] = json!(long);
    check(&server.post("/v1/predict", &row).await.1);
    let path = format!("/v1/events?{long}=1");
    let request = server.request(Method::GET, &path[..8_000]).send();
    let problem = request.await.unwrap().json().await.unwrap();
    check(&problem);
    let many: serde_json::Map<_, _> = (0..100_000).map(|n| (n.to_string(), json!(1))).collect();
    let (status, problem) = server.post("/v1/labels", &Value::Object(many)).await;
    assert_eq!(status, 400);
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("more than 64 keys"),
        "{problem}"
    );
    let id = "i".repeat(256);
    let label = json!({"id": id, "label": 1});
    assert_eq!(server.post("/v1/labels", &label).await.0, 202);
    let mut socket = crate::socket::Socket::open(&server).await;
    let message = json!({"type": "predict", "ref": "r".repeat(300), "row": passenger()});
    let answer = socket.ask(message).await;
    assert_eq!(answer["problem"]["errors"][0]["path"], "/ref", "{answer}");
    server.stop().await;
}
