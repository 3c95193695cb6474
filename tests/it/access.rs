//! Checks what each scope may use: every route, every message and every topic. Regression: a token with scope `predict`
//! could overwrite labels and read all rows over `/ws`.

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::serve::guard::word;
use titanic_platform::serve::options::{Auth, Scope, Token};
use titanic_platform::serve::route::FRAGMENTS;
use titanic_platform::serve::routes::ROUTES;
use titanic_platform::serve::ws::types::TYPES;
use titanic_platform::store::feed;

use crate::server::{Server, passenger};
use crate::socket::Socket;

const SCOPES: [Scope; 4] = [Scope::Predict, Scope::Label, Scope::Read, Scope::Admin];

/// Routes that need no token; all others do.
const OPEN: &[&str] = &["GET /healthz", "GET /ping", "GET /readyz"];

/// Routes that any valid token may use.
const ANY: &[&str] = &["GET /ws", "GET /openapi.json", "GET /docs"];

/// Routes that each scope may use in addition; an independent copy of the contract. `admin` may use everything.
const REACH: &[(Scope, &[&str])] = &[
    (
        Scope::Predict,
        &[
            "POST /v1/predict",
            "POST /fragments/what-if",
            "POST /invocations",
            "POST /v1/models/{name}:predict",
            "GET /v1/models",
            "GET /v1/models/{version}",
        ],
    ),
    (
        Scope::Label,
        &["POST /v1/labels", "POST /v1/rows", "POST /v1/events"],
    ),
    (
        Scope::Read,
        &[
            "GET /v1/predictions/{id}",
            "GET /v1/why/{id}",
            "GET /v1/events",
            "GET /v1/models/{version}/file",
            "GET /v1/follow",
            "GET /v1/loop",
            "GET /v1/monitor",
            "GET /v1/service-level",
            "GET /v1/alerts",
            "GET /v1/quarantine",
            "GET /v1/store",
            "GET /v1/store/export",
            "GET /v1/sources",
            "GET /metrics",
            "GET /",
            "GET /predict",
            "GET /timeline",
            "GET /models",
            "GET /models/{v}",
            "GET /data",
            "GET /data/rows",
            "GET /alerts",
            "GET /predictions/{id}",
        ],
    ),
    (
        Scope::Admin,
        &[
            "POST /v1/models/rollback",
            "POST /v1/models/{version}/promote",
            "POST /v1/alerts/{id}/silence",
            "DELETE /v1/alerts/{id}/silence",
            "POST /v1/silences",
            "POST /v1/alerts/outbox/{id}/resend",
            "POST /v1/train",
            "POST /v1/replay",
            "GET /v1/jobs",
            "GET /fragments/replays",
            "GET /v1/jobs/{id}",
            "DELETE /v1/jobs/{id}",
            "POST /v1/quarantine/{id}/retry",
            "DELETE /v1/quarantine/{id}",
            "POST /v1/store/check",
            "POST /v1/store/compact",
            "POST /v1/backups",
            "GET /v1/settings",
            "GET /settings",
        ],
    ),
];

async fn server() -> (Server, tempfile::TempDir) {
    let secrets = tempfile::tempdir().unwrap();
    let token = |scope: Scope| {
        let path = secrets.path().join(word(scope));
        std::fs::write(&path, word(scope)).unwrap();
        Token {
            name: word(scope).into(),
            scopes: vec![scope],
            secret_env: None,
            secret_file: Some(path),
        }
    };
    let tokens = SCOPES.map(token).to_vec();
    let server = Server::with(|settings| settings.server.auth = Some(Auth::Tokens(tokens))).await;
    (server, secrets)
}

/// Response status with a token, which is named like its scope, or without one.
async fn status(server: &Server, method: &str, path: &str, token: Option<&str>) -> u16 {
    let mut request = server.request(method.parse::<Method>().unwrap(), path);
    if let Some(token) = token {
        request = request.bearer_auth(token);
    }
    if method == "POST" {
        // An invalid body for every route: the test only checks whether the request passes authorization.
        request = request.header("content-type", "application/json").body("[");
    }
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_every_route_asks_for_the_scope_of_the_contract() {
    let (server, _secrets) = server().await;
    for route in ROUTES.iter() {
        let line = format!("{} {}", route.method, route.pattern);
        let is_part = route.pattern.starts_with(FRAGMENTS);
        let is_asset = ["/assets/", "/log"]
            .iter()
            .any(|part| route.pattern.starts_with(part));
        let wanted = REACH.iter().find(|(_, lines)| lines.contains(&&*line));
        let wanted = wanted
            .map(|(scope, _)| *scope)
            .or(is_part.then_some(Scope::Read));
        let is_open = OPEN.contains(&&*line) || is_asset;
        let is_any = ANY.contains(&&*line);
        assert!(
            is_open || is_any || wanted.is_some(),
            "{line} is new: say in this test which scope it asks for"
        );
        let path = route
            .pattern
            .replace("{version}", "99")
            .replace("{v}", "99")
            .replace("{id}", "none")
            .replace("{name}", "titanic");
        let without = status(&server, route.method, &path, None).await;
        assert_eq!(
            without == 401,
            !is_open,
            "{line} without a token: {without}"
        );
        for scope in SCOPES {
            let got = status(&server, route.method, &path, Some(word(scope))).await;
            let may = is_open || is_any || scope == Scope::Admin || Some(scope) == wanted;
            assert_eq!(got == 403, !may, "{line} with {}: {got}", word(scope));
            assert_ne!(got, 401, "{line} with {}", word(scope));
        }
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn b1_every_message_and_topic_asks_for_the_scope_of_its_route() {
    let (server, _secrets) = server().await;
    for scope in SCOPES {
        let mut socket = Socket::with_token(&server, word(scope)).await;
        let mut is_denied = async |message: Value| {
            let mut answer = socket.ask(message).await;
            while answer["type"] == "event" {
                answer = socket.next().await;
            }
            let denied = answer["type"] == "error" && answer["problem"]["status"] == 403;
            if denied {
                let detail = answer["problem"]["detail"].as_str().unwrap();
                assert!(detail.contains("lacks the scope"), "{answer}");
            }
            denied
        };
        let messages = [
            (
                json!({"type": "predict", "row": passenger()}),
                Scope::Predict,
            ),
            (
                json!({"type": "label", "id": "1", "label": 1}),
                Scope::Label,
            ),
        ];
        for (message, wanted) in messages {
            let may = scope == wanted || scope == Scope::Admin;
            assert_eq!(
                is_denied(message.clone()).await,
                !may,
                "{message} {}",
                word(scope)
            );
        }
        for topic in feed::TOPICS.map(feed::name) {
            let wanted = match topic {
                "models" => Scope::Predict,
                "predictions" | "monitor" | "alerts" => Scope::Read,
                "jobs" => Scope::Admin,
                other => panic!("{other} is new: say here which scope it asks for"),
            };
            let may = scope == wanted || scope == Scope::Admin;
            let message = json!({"type": "subscribe", "topics": [topic]});
            assert_eq!(is_denied(message).await, !may, "{topic} {}", word(scope));
        }
        // One denied topic rejects the whole subscription, and the connection stays open.
        let both = json!({"type": "subscribe", "topics": ["models", "jobs"]});
        assert_eq!(is_denied(both).await, scope != Scope::Admin);
        assert!(!is_denied(json!({"type": "unsubscribe"})).await);
    }
    let document = server
        .request(Method::GET, "/openapi.json")
        .bearer_auth("admin");
    let document: Value = document.send().await.unwrap().json().await.unwrap();
    assert_eq!(
        document["paths"]["/v1/predict"]["post"]["security"],
        json!([{"token": ["predict"]}]),
        "a token is needed, and the document says so"
    );
    let known: Vec<&str> = TYPES.iter().map(|kind| kind.name).collect();
    assert_eq!(
        known,
        ["predict", "label", "subscribe", "unsubscribe"],
        "a new type of message: say here which scope it asks for"
    );
    server.stop().await;
}
