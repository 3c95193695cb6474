//! Sessions with a small server that responds out of order.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use super::input::{self, Input};
use super::session::Session;
use super::*;

/// A test server that responds in batches in reverse order, rejects rows without `a`, and closes the connection on `"bye"`.
async fn server(listener: tokio::net::TcpListener) {
    let (stream, _) = listener.accept().await.expect("somebody connects");
    let mut socket = tokio_tungstenite::accept_async(stream)
        .await
        .expect("a WebSocket");
    let mut bunch = Vec::new();
    while let Some(Ok(Message::Text(text))) = socket.next().await {
        let message: Value = serde_json::from_str(&text).expect("JSON");
        let answer = match (message["type"].as_str(), &message["row"]) {
            (Some("subscribe"), _) => {
                json!({"type": "subscribed", "ref": message["ref"], "seq": 3, "epoch": "e"})
            }
            (_, row) if row == "bye" => return drop(socket.close(None).await),
            (_, row) if row["a"].is_null() => {
                let fault = json!({"path": "/a", "problem": "missing", "got": "", "allowed": "a number", "remedy": ""});
                json!({"type": "error", "ref": message["ref"], "problem":
                    {"type": "/docs#invalid", "title": "no", "status": 422, "detail": "", "errors": [fault]}})
            }
            (_, row) => {
                json!({"type": "prediction", "ref": message["ref"], "id": "i", "label": 1, "model": "m@1",
                "probability": row["a"], "warnings": [], "explained": message["explain"]})
            }
        };
        bunch.push(answer);
        let last = message["row"]["last"] == true || message["type"] == "subscribe";
        if bunch.len() == 7 || last {
            while let Some(answer) = bunch.pop() {
                socket
                    .send(Message::text(answer.to_string()))
                    .await
                    .expect("sent");
            }
        }
    }
}

/// Runs a session over `rows`; returns its result and what it printed.
async fn converse(
    rows: &str,
    json: bool,
    topics: &[&str],
) -> (anyhow::Result<Exit>, String, String) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("bound"));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let topics = topics.iter().map(|t| t.to_string()).collect();
    let session = Session {
        explain: true,
        topics,
        json,
        person: false,
        out: &mut out,
        err: &mut err,
    };
    let source = input::Source::Rows(Box::new(std::io::Cursor::new(rows.to_owned())));
    let client = async {
        let (socket, _) = tokio_tungstenite::connect_async(&url).await?;
        session
            .converse(socket, input::read(source), std::future::pending())
            .await
    };
    let (end, ()) = tokio::join!(client, server(listener));
    let text = |bytes| String::from_utf8(bytes).expect("text");
    (end, text(out), text(err))
}

#[tokio::test]
async fn hundreds_of_rows_come_back_in_order() {
    let rows: String = (1..=700).map(|i| format!("{{\"a\": {i}}}\n")).collect();
    let (end, out, err) = converse(&rows, true, &[]).await;
    assert_eq!(end.expect("answered"), Exit::Done);
    let answers: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    assert_eq!(answers.len(), 700);
    for (i, answer) in (1..).zip(&answers) {
        assert_eq!(
            (&answer["ref"], &answer["probability"], &answer["explained"]),
            (&json!(i), &json!(i), &json!(true))
        );
    }
    assert_eq!(err, "");
}

#[tokio::test]
async fn refused_and_unreadable_lines_are_named_and_counted() {
    let rows = "\u{feff}{\"a\": 0.5}\n\n{\"b\": 1}\nnonsense\n{\"a\": 1, \"last\": true}";
    let (end, out, err) = converse(rows, false, &[]).await;
    assert_eq!(end.expect("answered"), Exit::Failed);
    assert_eq!(
        out,
        "line 1: label 1, probability 0.5000, m@1, id i\nline 5: label 1, probability 1.0000, m@1, id i\n"
    );
    let faults = "line 3: a: missing – takes a number\n\
                  line 4: Not a row: not JSON: expected ident at line 1 column 2\n2 of 4 rows were rejected\n";
    assert_eq!(err, faults);

    let (_, out, _) = converse(rows, true, &[]).await;
    let types: Vec<Value> = out
        .lines()
        .map(|l| serde_json::from_str::<Value>(l).expect("JSON")["type"].clone())
        .collect();
    assert_eq!(
        types,
        ["prediction", "error", "error", "prediction"],
        "one line a row"
    );
}

#[tokio::test]
async fn a_server_that_leaves_is_an_error() {
    let (end, _, _) = converse("\"bye\"\n", false, &[]).await;
    assert!(
        end.expect_err("closed")
            .to_string()
            .starts_with("the server closed the connection")
    );
}

/// A writer that signals its first output.
struct Bell<'a>(&'a mut Vec<u8>, Option<tokio::sync::oneshot::Sender<()>>);

impl std::io::Write for Bell<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.1.take().map(|bell| bell.send(()));
        self.0.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn an_interrupt_ends_even_what_listens_for_ever() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a free port");
    let url = format!("ws://{}/ws", listener.local_addr().expect("bound"));
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let topics = vec!["models".to_owned()];
    let (bell, rung) = tokio::sync::oneshot::channel();
    let session = Session {
        explain: false,
        topics,
        json: true,
        person: false,
        out: Bell(&mut out, Some(bell)),
        err: &mut err,
    };
    let (sender, input) = tokio::sync::mpsc::channel(1);
    drop(sender);
    let client = async {
        let (socket, _) = tokio_tungstenite::connect_async(&url).await?;
        let interrupt = async {
            rung.await.expect("something is printed");
            Ok(())
        };
        session.converse(socket, input, interrupt).await
    };
    let (end, ()) = tokio::join!(client, server(listener));
    assert_eq!(end.expect("interrupted"), Exit::Interrupted);
    assert_eq!(
        String::from_utf8(out).expect("text"),
        "{\"type\":\"subscribed\",\"ref\":\"subscribe\",\"seq\":3,\"epoch\":\"e\"}\n"
    );
}

fn read(text: &str) -> Vec<Input> {
    let mut all = Vec::new();
    input::rows(text.as_bytes(), |input| {
        all.push(input);
        true
    });
    all
}

#[test]
fn rows_are_lines_or_one_array() {
    let row = |n, text: &str| Input::Row(n, text.to_owned());
    assert_eq!(
        read("{\"a\":1}\r\n\n {\"a\":2} "),
        [row(1, "{\"a\":1}"), row(3, "{\"a\":2}")]
    );
    assert_eq!(
        read("\n [{\"a\":1},\n {\"a\":2}]\n"),
        [row(1, "{\"a\":1}"), row(2, "{\"a\":2}")]
    );
    assert_eq!(read("[]"), []);
    assert!(
        matches!(&read("[1,")[..], [Input::Failed(why)] if why.starts_with("not a JSON array: EOF"))
    );
    assert_eq!(read(""), []);
}

#[test]
fn commands_of_a_person() {
    let topics = vec!["predictions".to_owned(), "models".to_owned()];
    assert_eq!(
        input::command(1, ":subscribe predictions, models"),
        Some(Input::Subscribe(topics))
    );
    assert_eq!(
        input::command(1, ":explain off"),
        Some(Input::Explain(false))
    );
    assert_eq!(
        input::command(4, "a=1"),
        Some(Input::Row(4, "{\"a\":1}".to_owned()))
    );
    assert_eq!(input::command(1, ":quit"), None);
    assert!(
        matches!(input::command(1, ":explian"), Some(Input::Tell(words)) if words.contains(":help"))
    );
    assert!(matches!(
        input::command(1, ":subscribe"),
        Some(Input::Tell(_))
    ));
}

#[test]
fn addresses_as_typed() {
    for typed in [
        "ws://h:1/ws",
        "http://h:1",
        "http://h:1/",
        "h:1",
        "ws://h:1",
    ] {
        assert_eq!(address(typed).expect("an address"), "ws://h:1/ws");
    }
    assert_eq!(
        address("http://h:1/ml").expect("an address"),
        "ws://h:1/ml/ws"
    );
    assert_eq!(
        address("ws://h/other/ws").expect("an address"),
        "ws://h/other/ws"
    );
    assert!(
        address("wss://h")
            .expect_err("no TLS")
            .to_string()
            .contains("TLS")
    );
    assert!(address("ftp://h").is_err());
}
