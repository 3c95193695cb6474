//! A server below a base path: everything that it sends leads back to routes below that path.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read, Write};
use std::net::TcpStream;

use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_NONE_MATCH, LOCATION, ORIGIN, SET_COOKIE};
use reqwest::{Client, Method, redirect};
use serde_json::{Value, json};
use titanic_platform::serve::options::{Auth, Scope, Token};
use titanic_platform::serve::route::FRAGMENTS;
use titanic_platform::serve::routes::ROUTES;

use crate::server::{Server, passenger};
use crate::socket::Socket;

const BASE: &str = "/ml";

async fn server() -> Server {
    Server::with(|settings| settings.server.base_path = BASE.parse().unwrap()).await
}

/// The response to a path of the host, whatever the base path: status, headers and text.
async fn fetch(server: &Server, path: &str) -> (u16, reqwest::header::HeaderMap, String) {
    let url = format!("http://{}{path}", server.address());
    let response = server.client().get(url).header(ACCEPT, "text/html").send();
    let response = response.await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}

/// Names and values of the attributes whose value begins with a slash.
fn addresses(page: &str) -> Vec<(&str, &str)> {
    let found = page.match_indices("=\"/").map(|(at, _)| {
        let name = page[..at].rsplit([' ', '<', '\n']).next().unwrap();
        let value = page[at + 2..].split('"').next().unwrap();
        (name, value)
    });
    found.collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_address_of_every_page_is_below_the_base_path() {
    let server = server().await;
    let (_, made) = server.post("/v1/predict", &passenger()).await;
    let bad = json!([{"Pclass": 9, "Sex": "male"}]);
    assert_eq!(server.post("/v1/rows", &bad).await.1["quarantined"], 1);
    let silence = json!({"matchers": ["rule=drift"], "for": "2h"});
    server.post("/v1/silences", &silence).await;

    let one = format!("{BASE}/predictions/{}", made["id"].as_str().unwrap());
    let mut open: Vec<String> = vec![
        format!("{BASE}/"),
        BASE.into(),
        format!("{BASE}/login"),
        one,
    ];
    let parts = ROUTES.iter().filter(|route| route.method == "GET");
    let parts = parts.filter(|route| route.pattern.starts_with(FRAGMENTS));
    open.extend(parts.map(|route| format!("{BASE}{}", route.pattern.replace("{v}", "1"))));
    let mut seen = BTreeSet::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    while let Some(path) = open.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let (status, headers, page) = fetch(&server, &path).await;
        assert_eq!(status, 200, "{path}: {page}");
        if !headers[CONTENT_TYPE]
            .to_str()
            .unwrap()
            .starts_with("text/html")
        {
            continue;
        }
        for (name, value) in addresses(&page) {
            assert!(value.starts_with("/ml/"), "{path}: {name}={value}");
            *names.entry(name.into()).or_default() += 1;
            if ["href", "src"].contains(&name) {
                open.push(value.split('#').next().unwrap().replace("&amp;", "&"));
            }
        }
    }
    for page in [
        "/",
        "/predict",
        "/timeline",
        "/models",
        "/models/titanic@1",
        "/data",
        "/alerts",
        "/settings",
        "/docs",
    ] {
        assert!(
            seen.contains(&format!("{BASE}{page}")),
            "{page} is not linked: {seen:?}"
        );
    }
    let known = [
        "action",
        "data-delete",
        "data-json",
        "data-post",
        "href",
        "src",
    ];
    assert_eq!(
        names.keys().map(String::as_str).collect::<Vec<_>>(),
        known,
        "{names:?}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn only_probes_and_platforms_reach_the_server_beside_the_base_path() {
    let server = server().await;
    for path in [
        "/healthz",
        "/readyz",
        "/ping",
        "/metrics",
        "/v1/models/titanic",
    ] {
        for path in [path.to_owned(), format!("{BASE}{path}")] {
            assert_eq!(fetch(&server, &path).await.0, 200, "{path}");
        }
    }
    for path in [
        "/",
        "/predict",
        "/v1/models",
        "/docs",
        "/assets/page.js",
        "/mlx/healthz",
        "/ml/ml/",
        "/ML/",
    ] {
        let (status, _, text) = fetch(&server, path).await;
        let problem: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            (status, &problem["type"]),
            (404, &json!("/ml/docs#not-found")),
            "{path}"
        );
        assert!(
            problem["detail"]
                .as_str()
                .unwrap()
                .contains("/ml/docs describes"),
            "{text}"
        );
    }
    let invoked = server
        .client()
        .post(format!("http://{}/invocations", server.address()));
    assert_eq!(
        invoked.json(&passenger()).send().await.unwrap().status(),
        200
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_programs_get_is_below_the_base_path() {
    let server = server().await;
    let host = format!("http://{}", server.address());
    assert_eq!(
        server.get("/openapi.json").await["servers"][0]["url"],
        format!("{host}/ml")
    );
    let (_, _, docs) = fetch(&server, "/ml/docs").await;
    assert!(docs.contains(&format!("curl -s {host}/ml/v1/models")));
    assert!(docs.contains(&format!("--url ws://{}/ml/ws", server.address())));
    assert!(docs.contains("/ml/docs#not-found"));

    let (_, problem) = server.post("/v1/predict", &json!({"Pclass": 9})).await;
    assert_eq!(problem["type"], "/ml/docs#invalid");
    let queued = server
        .request(Method::POST, "/v1/store/check")
        .send()
        .await
        .unwrap();
    let location = queued.headers()[LOCATION].to_str().unwrap().to_owned();
    assert!(location.starts_with("/ml/v1/jobs/"), "{location}");
    assert_eq!(fetch(&server, &location).await.0, 200);
    let mut socket = Socket::open(&server).await;
    let failed = socket
        .ask(json!({"type": "subscribe", "ref": 1, "topics": ["none"]}))
        .await;
    assert!(
        failed["problem"]["type"]
            .as_str()
            .unwrap()
            .starts_with("/ml/docs#"),
        "{failed}"
    );

    // A request whose head alone is rejected.
    let mut raw = TcpStream::connect(server.address()).unwrap();
    let head = "POST /ml/v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 9\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n";
    raw.write_all(head.as_bytes()).unwrap();
    let mut text = String::new();
    raw.read_to_string(&mut text).unwrap();
    assert!(
        text.starts_with("HTTP/1.1 415") && text.contains("/ml/docs#media-type"),
        "{text}"
    );

    let script = server
        .request(Method::GET, "/assets/page.js")
        .send()
        .await
        .unwrap();
    let tag = script.headers()[ETAG].clone();
    let again = server
        .request(Method::GET, "/assets/page.js")
        .header(IF_NONE_MATCH, tag);
    assert_eq!(again.send().await.unwrap().status(), 304);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_path_of_a_platform_is_there_under_both_names() {
    let server = Server::with(|settings| {
        settings.server.base_path = BASE.parse().unwrap();
        settings.server.platform.predict_route = Some("/score".into());
    })
    .await;
    for path in ["/score", "/ml/score"] {
        // A large body is announced, as by curl.
        let mut raw = TcpStream::connect(server.address()).unwrap();
        let row = passenger().to_string();
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n",
            row.len()
        );
        raw.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 12];
        raw.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 100", "{path}");
        raw.write_all(row.as_bytes()).unwrap();
        let mut text = String::new();
        raw.read_to_string(&mut text).unwrap();
        assert!(
            text.contains("HTTP/1.1 200") && text.contains("\"probability\""),
            "{text}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_belongs_to_the_base_path() {
    let secret = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(&secret, "secret").unwrap();
    let token = Token {
        name: "reader".into(),
        scopes: vec![Scope::Read],
        secret_env: None,
        secret_file: Some(secret.path().into()),
    };
    let server = Server::with(|settings| {
        settings.server.base_path = BASE.parse().unwrap();
        settings.server.auth = Some(Auth::Tokens(vec![token]));
    })
    .await;
    let client = Client::builder()
        .tls_certs_only([])
        .redirect(redirect::Policy::none());
    let client = client.build().unwrap();
    let page = client
        .get(server.url("/models"))
        .header(ACCEPT, "text/html")
        .send()
        .await
        .unwrap();
    assert_eq!(
        (page.status().as_u16(), &page.headers()[LOCATION]),
        (303, &"/ml/login".parse().unwrap())
    );
    let form = client
        .post(server.url("/login"))
        .header(ORIGIN, format!("http://{}", server.address()))
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    let signed = form.body("token=secret").send().await.unwrap();
    assert_eq!(
        (signed.status().as_u16(), &signed.headers()[LOCATION]),
        (303, &"/ml/".parse().unwrap())
    );
    let cookie = signed.headers()[SET_COOKIE].to_str().unwrap();
    assert!(cookie.contains("; Path=/ml;"), "{cookie}");
}
