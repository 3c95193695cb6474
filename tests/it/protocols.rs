//! Details of the HTTP protocols that clients, proxies and browsers rely on, tested on the wire. Each one is a regression.

use reqwest::Method;
use reqwest::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_REQUEST_METHOD,
    CONTENT_TYPE, ORIGIN, SEC_WEBSOCKET_VERSION, UPGRADE,
};
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::server::{Server, passenger};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_an_upgrade_that_is_required_names_its_version() {
    let server = Server::start().await;
    let response = server.request(Method::GET, "/ws").send().await.unwrap();
    assert_eq!(response.status(), 426);
    assert_eq!(response.headers()[SEC_WEBSOCKET_VERSION], "13");
    assert_eq!(response.headers()[UPGRADE], "websocket");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_pages_of_listed_origins_send_and_read_the_headers_of_the_interface() {
    let origin = "https://app.example.org";
    let server = Server::with(|settings| settings.server.origins = vec![origin.into()]).await;
    let preflight = server
        .request(Method::OPTIONS, "/v1/rows")
        .header(ORIGIN, origin);
    let preflight = preflight.header(ACCESS_CONTROL_REQUEST_METHOD, "POST");
    let response = preflight.send().await.unwrap();
    let allowed = response.headers()[ACCESS_CONTROL_ALLOW_HEADERS]
        .to_str()
        .unwrap();
    assert!(allowed.contains("idempotency-key"), "{allowed}");
    let read = server
        .request(Method::GET, "/v1/models")
        .header(ORIGIN, origin);
    let response = read.send().await.unwrap();
    let exposed = response.headers()[ACCESS_CONTROL_EXPOSE_HEADERS]
        .to_str()
        .unwrap();
    assert_eq!(exposed, "location, retry-after");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_bodies_as_other_programs_write_them() {
    let server = Server::start().await;
    let row = passenger().to_string();
    for (media_type, body) in [
        ("application/json; charset=UTF8", row.clone()),
        ("application/json; charset=\"utf-8\"", row.clone()),
        ("application/json", format!("\u{feff}{row}")),
        (
            "application/x-ndjson; charset=UTF8",
            format!("\u{feff}{row}\n"),
        ),
    ] {
        let request = server
            .request(Method::POST, "/v1/predict")
            .body(body.clone());
        let response = request
            .header(CONTENT_TYPE, media_type)
            .send()
            .await
            .unwrap();
        assert_eq!(response.status(), 200, "{media_type} {body:?}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_a_prediction_is_read_back_at_once() {
    let server = Server::start().await;
    for _ in 0..20 {
        let (_, made) = server.post("/v1/predict", &passenger()).await;
        let id = made["id"].as_str().unwrap();
        let event = server.get(&format!("/v1/predictions/{id}")).await;
        assert_eq!((&event["id"], &event["truth"]), (&made["id"], &Value::Null));
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_a_health_check_over_http_1_0_names_no_host() {
    let server = Server::start().await;
    let host = server.url("").trim_start_matches("http://").to_owned();
    for (path, status) in [
        ("/healthz", "200"),
        ("/readyz", "200"),
        ("/v1/models", "421"),
    ] {
        let mut stream = TcpStream::connect(&host).await.unwrap();
        let head = format!("GET {path} HTTP/1.0\r\n\r\n");
        stream.write_all(head.as_bytes()).await.unwrap();
        let mut response = String::new();
        stream.read_to_string(&mut response).await.unwrap();
        let expected = format!("HTTP/1.0 {status} ");
        assert!(response.starts_with(&expected), "{path}: {response}");
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b8_addresses_in_documents_are_not_what_anybody_forwards() {
    let server = Server::start().await;
    for (name, value) in [
        ("x-forwarded-host", "evil.example"),
        ("forwarded", "host=evil.example;proto=https"),
        ("x-forwarded-proto", "https"),
    ] {
        for path in ["/openapi.json", "/docs"] {
            let request = server.request(Method::GET, path).header(name, value);
            let text = request.send().await.unwrap().text().await.unwrap();
            assert!(text.contains(&server.url("")), "{path} {name}");
            assert!(!text.contains("evil.example"), "{path} {name}");
        }
    }
    server.stop().await;
}
