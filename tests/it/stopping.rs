//! Stop of a server: the signals that cause it, responses during it, and its duration.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::process::{Process, signal, stored};
use crate::server::{self, Server, answer, passenger};
use crate::socket::Socket;

/// Much shorter than the limits that a test sets high to avoid reaching them.
const SOON: Duration = Duration::from_secs(60);

/// A server with settings from environment variables.
fn serve(state: &Path, settings: &[(&str, &str)]) -> Process {
    let mut command = Process::command(state);
    command.envs(settings.iter().copied()).stderr(Stdio::null());
    Process::of(command)
}

/// A connection that is kept alive over several requests.
struct Connection(BufReader<TcpStream>);

impl Connection {
    fn open(server: &Process) -> Connection {
        Connection::to(server.address())
    }

    fn to(address: &str) -> Connection {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(SOON)).unwrap();
        Connection(BufReader::new(stream))
    }

    fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).unwrap();
    }

    /// Sends GET; returns status, header `Connection` and body.
    fn get(&mut self, path: &str) -> (u16, String, String) {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        self.response()
    }

    /// Sends a row to be predicted.
    fn predict(&mut self) -> (u16, String, String) {
        let row = passenger().to_string();
        let head = "POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json";
        self.send(&format!(
            "{head}\r\nContent-Length: {}\r\n\r\n{row}",
            row.len()
        ));
        self.response()
    }

    fn response(&mut self) -> (u16, String, String) {
        let mut line = String::new();
        self.0.read_line(&mut line).unwrap();
        let status = line.split(' ').nth(1).expect(&line).parse().unwrap();
        let (mut length, mut connection) = (0, String::new());
        loop {
            line.clear();
            self.0.read_line(&mut line).unwrap();
            let Some((name, value)) = line.trim_end().split_once(": ") else {
                break;
            };
            match &*name.to_ascii_lowercase() {
                "content-length" => length = value.parse().unwrap(),
                "connection" => connection = value.to_ascii_lowercase(),
                _ => {}
            }
        }
        let mut body = vec![0; length];
        self.0.read_exact(&mut body).unwrap();
        (status, connection, String::from_utf8(body).unwrap())
    }

    /// Waits until the server closes the connection.
    fn closed(mut self) {
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest).unwrap();
        assert_eq!(rest, b"", "nothing comes before the end");
    }
}

#[test]
fn b6_every_signal_that_ends_a_server_stores_what_was_answered() {
    for name in ["TERM", "INT", "HUP"] {
        let state = server::state();
        let server = serve(state.path(), &[]);
        let (status, _, body) = Connection::open(&server).predict();
        assert_eq!(status, 200, "{body}");
        let prediction: Value = serde_json::from_str(&body).unwrap();
        server.signal(name);
        assert_eq!(server.ended(), Some(0), "SIG{name}");
        assert_eq!(stored(state.path()), [prediction["id"].as_str().unwrap()]);
    }
}

#[test]
fn b6_user_signals_are_ignored() {
    let state = server::state();
    let server = serve(state.path(), &[]);
    for signal in ["USR1", "USR2", "USR1"] {
        server.signal(signal);
        let (status, connection, body) = Connection::open(&server).predict();
        assert_eq!((status, &*connection), (200, ""), "{body}");
    }
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert_eq!(stored(state.path()).len(), 3);
}

#[test]
fn b6_a_server_that_drains_answers_and_closes() {
    let state = server::state();
    let server = serve(state.path(), &[("TITANIC_SERVER__DRAIN", "10m")]);
    let mut kept = Connection::open(&server);
    let (status, connection, _) = kept.get("/readyz");
    assert_eq!((status, &*connection), (200, ""));
    let mut other = Connection::open(&server);
    assert_eq!(other.get("/healthz").0, 200);
    server.signal("TERM");
    // The signal is received by a different thread than the one that responds, so the status may change a little later.
    let begun = Instant::now();
    loop {
        let (status, connection, body) = Connection::open(&server).get("/readyz");
        assert!(begun.elapsed() < SOON, "{status} {body}");
        match status {
            503 => {
                assert_eq!(connection, "close");
                break;
            }
            _ => assert_eq!((status, &*connection), (200, "")),
        }
    }
    let (status, connection, _) = kept.get("/readyz");
    assert_eq!((status, &*connection), (503, "close"));
    kept.closed();
    let (status, connection, body) = other.predict();
    assert_eq!((status, &*connection), (200, "close"), "{body}");
    other.closed();
    // Error responses and unknown routes close the connection, too.
    for (path, expected) in [("/healthz", 200), ("/nowhere", 404), ("/v1/models/99", 404)] {
        let (status, connection, body) = Connection::open(&server).get(path);
        assert_eq!((status, &*connection), (expected, "close"), "{body}");
    }
    let begun = Instant::now();
    server.signal("INT");
    assert_eq!(server.ended(), Some(130), "the second one ends at once");
    assert!(begun.elapsed() < SOON);
}

#[tokio::test]
async fn b6_sockets_are_served_until_the_drain_ends() {
    let server = Server::start().await;
    let mut socket = Socket::open(&server).await;
    server.app().stop(); // the end of the drain is another step
    let message = json!({"type": "predict", "ref": 1, "row": passenger()});
    let reply = socket.ask(message).await;
    assert_eq!(
        (&reply["type"], &reply["ref"]),
        (&json!("prediction"), &json!(1))
    );
    let stopped = tokio::spawn(server.stop());
    assert_eq!(socket.close_code().await, 1001);
    stopped.await.unwrap();
}

#[test]
fn b6_a_server_that_is_not_ready_yet_ends_with_the_signal() {
    let state = tempfile::tempdir().unwrap();
    let mut command = Process::command(state.path());
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("training a first one") {
        line.clear();
        assert_ne!(
            log.read_line(&mut line).unwrap(),
            0,
            "it trains a first model"
        );
    }
    signal(child.id(), "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn b6_a_drain_ends_by_itself() {
    let state = server::state();
    let server = serve(state.path(), &[("TITANIC_SERVER__DRAIN", "300ms")]);
    assert_eq!(Connection::open(&server).predict().0, 200);
    let begun = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(begun.elapsed() >= Duration::from_millis(300));
    assert_eq!(stored(state.path()).len(), 1);
}

#[test]
fn b6_idle_connections_hold_up_no_stop() {
    let state = server::state();
    let settings = [
        ("TITANIC_SERVER__SHUTDOWN", "10m"),
        ("TITANIC_SERVER__KEEP_ALIVE", "10m"),
    ];
    let server = serve(state.path(), &settings);
    let mut idle = Connection::open(&server);
    assert_eq!(idle.predict().0, 200);
    let silent = Connection::open(&server);
    let begun = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    idle.closed();
    drop(silent);
}

#[test]
fn b6_a_request_that_never_ends_is_left_behind() {
    let state = server::state();
    let server = serve(state.path(), &[("TITANIC_SERVER__SHUTDOWN", "2s")]);
    let mut endless = Connection::open(&server);
    endless.send("POST /v1/predict HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json");
    endless.send("\r\nContent-Length: 1000\r\n\r\n{");
    let mut other = Connection::open(&server);
    assert_eq!(other.predict().0, 200); // the head above was read by then, or is read soon
    let begun = Instant::now();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    assert_eq!(stored(state.path()).len(), 1);
}

#[tokio::test]
async fn b6_idle_connections_are_kept_as_long_as_is_set() {
    let check = async |keep_alive: &str, least: Duration, most: Duration| {
        let server = Server::with(|settings| {
            assert_eq!(settings.server.keep_alive.0, Duration::from_secs(75));
            settings.server.keep_alive = keep_alive.parse().unwrap();
        })
        .await;
        let address = server.address().to_string();
        let kept = tokio::task::spawn_blocking(move || {
            let mut connection = Connection::to(&address);
            assert_eq!(connection.predict().0, 200);
            let begun = Instant::now();
            connection.closed();
            begun.elapsed()
        });
        let kept = kept.await.unwrap();
        assert!(least < kept && kept < most, "{keep_alive}: {kept:?}");
        let (status, _) = answer(server.request(reqwest::Method::GET, "/readyz")).await;
        assert_eq!(status, 200);
        server.stop().await;
    };
    // The server checks connections in steps of half a second.
    check("1s", Duration::from_millis(400), Duration::from_secs(4)).await;
    check("6s", Duration::from_millis(5400), SOON).await;
}
