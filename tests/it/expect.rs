//! `Expect: 100-continue` byte by byte. Regression: `100 Continue` was sent before 413, 415, 404 and 401, so clients sent
//! bodies that were discarded.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use titanic_platform::serve::options::{Auth, Scope, Token};

use crate::server::Server;

/// The bytes sent in response to a request head, up to the end of the response head or of the connection.
async fn response(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    while !bytes.ends_with(b"\r\n\r\n") && stream.read_buf(&mut bytes).await.unwrap() > 0 {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            // A body follows: the head is enough, and no other response may precede it.
            return String::from_utf8(bytes[..end].to_vec()).unwrap();
        }
    }
    String::from_utf8(bytes).unwrap()
}

async fn open(server: &Server, head: &str) -> TcpStream {
    let url = server.url("");
    let host = url.trim_start_matches("http://");
    let mut stream = TcpStream::connect(host).await.unwrap();
    let head = format!("{head}\r\nHost: {host}\r\nExpect: 100-continue\r\n\r\n");
    stream.write_all(head.as_bytes()).await.unwrap();
    stream
}

const BODY: &str = r#"{"Pclass": 3, "Sex": "male"}"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b10_a_head_that_decides_gets_its_response_without_100_continue() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "secret").unwrap();
    let token = Token {
        name: "shop".into(),
        scopes: vec![Scope::Predict],
        secret_env: None,
        secret_file: Some(secret.path().into()),
    };
    let tokens = Auth::Tokens(vec![token]);
    let server = Server::with(|settings| settings.server.auth = Some(tokens)).await;
    let bearer = "Authorization: Bearer secret";
    let json = "Content-Type: application/json";
    let large = "Content-Length: 99999999";
    for (line, headers, status) in [
        ("POST /v1/predict", vec![json, "Content-Length: 5"], "401 "),
        (
            "POST /v1/rows",
            vec![bearer, json, "Content-Length: 5"],
            "403 ",
        ),
        (
            "POST /v1/nowhere",
            vec![bearer, json, "Content-Length: 5"],
            "404 ",
        ),
        (
            "PUT /v1/predict",
            vec![bearer, json, "Content-Length: 5"],
            "405 ",
        ),
        ("POST /v1/predict", vec![bearer, json, large], "413 "),
        ("POST /v1/predict", vec![bearer, large], "415 "),
        (
            "POST /v1/predict",
            vec![bearer, "Content-Type: text/html", "Content-Length: 5"],
            "415 ",
        ),
        (
            "POST /v1/predict",
            vec![
                bearer,
                json,
                "Content-Length: 5",
                "Origin: http://evil.example",
            ],
            "403 ",
        ),
    ] {
        let head = format!("{line} HTTP/1.1\r\n{}", headers.join("\r\n"));
        let mut stream = open(&server, &head).await;
        let got = response(&mut stream).await;
        let expected = format!("HTTP/1.1 {status}");
        assert!(got.starts_with(&expected), "{head}: {got}");
        assert!(got.contains("application/problem+json"), "{head}: {got}");
    }
    // A request that can be handled gets `100 Continue` first.
    let length = format!("Content-Length: {}", BODY.len());
    let head = ["POST /v1/predict HTTP/1.1", bearer, json, &length].join("\r\n");
    let mut stream = open(&server, &head).await;
    let mut first = [0; 25];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(BODY.as_bytes()).await.unwrap();
    let got = response(&mut stream).await;
    assert!(got.starts_with("HTTP/1.1 200 "), "{got}");
    server.stop().await;
}
