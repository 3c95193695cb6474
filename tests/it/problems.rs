//! The problem document of every kind of rejected request: golden files in `snapshots/`.

use std::fmt::Write;

use reqwest::Method;
use serde_json::Value;

use crate::server::Server;

/// One request: title, path, headers, body.
type Case<'a> = (&'a str, &'a str, &'a [(&'a str, &'a str)], &'a [u8]);

const JSON: &[(&str, &str)] = &[("content-type", "application/json")];
const CSV: &[(&str, &str)] = &[("content-type", "text/csv")];
const LINES: &[(&str, &str)] = &[("content-type", "application/x-ndjson")];

/// Responses as readable text: status, relevant headers, document.
async fn told(server: &Server, method: Method, cases: &[Case<'_>]) -> String {
    let mut out = String::new();
    for (title, path, headers, body) in cases {
        let mut request = server.request(method.clone(), path).body(body.to_vec());
        for (name, value) in *headers {
            request = request.header(*name, *value);
        }
        let response = request.send().await.unwrap();
        writeln!(
            out,
            "## {title}\n{method} {path}\n{}",
            String::from_utf8_lossy(&body[..body.len().min(200)])
        )
        .unwrap();
        writeln!(out, "→ {}", response.status().as_u16()).unwrap();
        for name in [
            "content-type",
            "allow",
            "accept",
            "retry-after",
            "www-authenticate",
            "upgrade",
        ] {
            if let Some(value) = response.headers().get(name) {
                writeln!(out, "{name}: {}", value.to_str().unwrap()).unwrap();
            }
        }
        let document: Value = response.json().await.unwrap();
        for key in ["type", "title", "status", "detail", "errors"] {
            assert!(
                document.get(key).is_some(),
                "{title}: no {key} in {document}"
            );
        }
        let text = serde_json::to_string_pretty(&document).unwrap();
        writeln!(out, "{}\n", text.replace(&server.url(""), "http://HOST")).unwrap();
    }
    out
}

#[tokio::test]
async fn bodies() {
    let server = Server::start().await;
    let deep = format!("{{\"Sex\":{}{}}}", "[".repeat(40), "]".repeat(40));
    let cases: &[Case] = &[
        ("not JSON", "/v1/predict", JSON, b"{\"Sex\": male}"),
        ("nothing", "/v1/predict", JSON, b""),
        ("a bare value", "/v1/predict", JSON, b"42"),
        (
            "a key twice",
            "/v1/predict",
            JSON,
            br#"{"Sex": "male", "Sex": "female"}"#,
        ),
        (
            "a number that is not finite",
            "/v1/predict",
            JSON,
            br#"{"Pclass": 3, "Sex": "male", "Age": 1e400}"#,
        ),
        ("too deep", "/v1/predict", JSON, deep.as_bytes()),
        ("an empty list", "/v1/predict", JSON, b"[]"),
        (
            "not an object",
            "/v1/predict",
            JSON,
            br#"[{"Pclass": 1, "Sex": "male"}, 7, null]"#,
        ),
        (
            "all faults of a row",
            "/v1/predict",
            JSON,
            br#"{"Sex": "Male", "Age": 222, "Fare": "7", "Ticket": 5, "Fair": 1}"#,
        ),
        (
            "rows by index",
            "/v1/predict",
            JSON,
            br#"[{"Pclass": 1, "Sex": "male"}, {"Pclass": 9, "Sex": "male"}]"#,
        ),
        ("empty CSV", "/v1/predict", CSV, b""),
        ("ragged CSV", "/v1/predict", CSV, b"Pclass,Sex\n1,male\n2\n"),
        (
            "a CSV column twice",
            "/v1/predict",
            CSV,
            b"Pclass,Sex,Sex\n1,male,male\n",
        ),
        (
            "an open quote",
            "/v1/predict",
            CSV,
            b"Pclass,Sex,Name\n1,male,\"Smith\n",
        ),
        (
            "CSV that is not UTF-8",
            "/v1/predict",
            CSV,
            b"Pclass,Sex\n1,m\xe4le\n",
        ),
        (
            "an unknown CSV column",
            "/v1/predict",
            CSV,
            b"Pclass,Sexx\n1,male\n",
        ),
        (
            "CSV cells",
            "/v1/predict",
            CSV,
            b"Pclass,Sex,Age\n1,male,old\n1,male,22\n,male,222\n",
        ),
        ("CSV without rows", "/v1/predict", CSV, b"Pclass,Sex\n"),
        (
            "a line that is not JSON",
            "/v1/predict",
            LINES,
            b"{\"Pclass\": 1, \"Sex\": \"male\"}\n{\n",
        ),
        (
            "a line that breaks the contract",
            "/v1/predict",
            LINES,
            b"\n{\"Pclass\": 1}\n",
        ),
        ("unknown parameter", "/v1/predict?explian=true", JSON, b"{}"),
        (
            "explanations in CSV",
            "/v1/predict?explain=true",
            CSV,
            b"Pclass,Sex\n1,male\n",
        ),
        (
            "an id for a list",
            "/v1/predict?id=mine",
            JSON,
            br#"[{"Pclass": 1, "Sex": "male"}]"#,
        ),
        (
            "how to train",
            "/v1/train",
            JSON,
            br#"{"learner": "forrest", "folds": 1, "repeats": "5", "fold": 2}"#,
        ),
    ];
    insta::assert_snapshot!("bodies", told(&server, Method::POST, cases).await);
    server.stop().await;
}

#[tokio::test]
async fn requests() {
    let server = Server::start().await;
    let form: &[(&str, &str)] = &[("content-type", "application/x-www-form-urlencoded")];
    let zipped: &[(&str, &str)] = &[
        ("content-type", "application/json"),
        ("content-encoding", "gzip"),
    ];
    let foreign: &[(&str, &str)] = &[
        ("content-type", "application/json"),
        ("origin", "https://evil.example"),
    ];
    let rebound: &[(&str, &str)] = &[
        ("content-type", "application/json"),
        ("host", "evil.example"),
    ];
    let posts: &[Case] = &[
        ("no media type", "/v1/predict", &[], b"{}"),
        ("another media type", "/v1/predict", form, b"a=b"),
        ("zipped", "/v1/predict", zipped, b"{}"),
        ("a page of another origin", "/v1/predict", foreign, b"{}"),
        ("a name of somebody else", "/v1/predict", rebound, b"{}"),
        (
            "nowhere, under a name of somebody else",
            "/nowhere",
            rebound,
            b"{}",
        ),
        ("an unknown route", "/v1/predicts", JSON, b"{}"),
        ("another method", "/v1/models", JSON, b"{}"),
        (
            "a version that is not there",
            "/v1/models/9/promote",
            &[],
            b"",
        ),
        ("no version", "/v1/models/latest/promote", &[], b""),
        ("another model", "/v1/models/wine%401/promote", &[], b""),
        ("nothing to go back to", "/v1/models/rollback", &[], b""),
        ("a form to promote", "/v1/models/2/promote", form, b""),
    ];
    let gets: &[Case] = &[
        ("another method", "/v1/predict", &[], b""),
        ("an unknown job", "/v1/jobs/none", &[], b""),
        ("no WebSocket", "/ws", &[], b""),
        (
            "a version that is not there",
            "/v1/models/titanic@9",
            &[],
            b"",
        ),
    ];
    let mut all = told(&server, Method::POST, posts).await;
    all += &told(&server, Method::GET, gets).await;
    all += &told(
        &server,
        Method::DELETE,
        &[("an unknown job", "/v1/jobs/none", &[], b"")],
    )
    .await;
    insta::assert_snapshot!("requests", all);
    server.stop().await;
}

#[tokio::test]
async fn limits() {
    let server = Server::with(|settings| {
        settings.server.limits.body.0 = 1000;
        settings.server.limits.rows = 3.try_into().unwrap();
    });
    let server = server.await;
    let long = format!(r#"{{"Name": "{}"}}"#, "x".repeat(1000));
    let row = r#"{"Pclass": 1, "Sex": "male"}"#;
    let rows = format!("[{row}, {row}, {row}, {row}]");
    let lines = format!("{row}\n").repeat(4);
    let cases: &[Case] = &[
        ("a large body", "/v1/predict", JSON, long.as_bytes()),
        ("many rows", "/v1/predict", JSON, rows.as_bytes()),
        ("many lines", "/v1/predict", LINES, lines.as_bytes()),
        (
            "many lines of a table",
            "/v1/predict",
            CSV,
            b"Pclass,Sex\n1,male\n1,male\n1,male\n1,male\n",
        ),
    ];
    insta::assert_snapshot!("limits", told(&server, Method::POST, cases).await);
    let three = format!("[{row}, {row}, {row}]");
    let request = server
        .request(Method::POST, "/v1/predict")
        .header("content-type", "application/json");
    assert_eq!(request.body(three).send().await.unwrap().status(), 200);
    server.stop().await;
}

#[tokio::test]
async fn tokens() {
    use titanic_platform::serve::options::{Auth, Scope, Token};
    let secrets = tempfile::tempdir().unwrap();
    let path = secrets.path().join("shop");
    std::fs::write(&path, "hush\n").unwrap();
    let server = Server::with(|settings| {
        let token = Token {
            name: "shop".into(),
            scopes: vec![Scope::Predict],
            secret_env: None,
            secret_file: Some(path),
        };
        settings.server.auth = Some(Auth::Tokens(vec![token]));
    });
    let server = server.await;
    let wrong: &[(&str, &str)] = &[("authorization", "Bearer loud")];
    let right: &[(&str, &str)] = &[("authorization", "bearer hush")];
    let cases: &[Case] = &[
        ("no token", "/v1/predict", JSON, b"{}"),
        ("an unknown token", "/v1/models/2/promote", wrong, b""),
        (
            "a token that does not go that far",
            "/v1/models/2/promote",
            right,
            b"",
        ),
    ];
    insta::assert_snapshot!("tokens", told(&server, Method::POST, cases).await);
    let row = server
        .request(Method::POST, "/v1/predict")
        .bearer_auth("hush")
        .json(&crate::server::passenger());
    assert_eq!(row.send().await.unwrap().status(), 200);
    for open in ["/healthz", "/readyz"] {
        assert_eq!(
            server
                .request(Method::GET, open)
                .send()
                .await
                .unwrap()
                .status(),
            200,
            "{open}"
        );
    }
    server.stop().await;
}
