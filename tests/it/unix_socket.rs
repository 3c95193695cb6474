//! Servers that listen on a Unix socket, as processes.

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::cli::{BINARY, Ran};
use crate::process::Process;
use crate::server::{Server, answer, client_over, passenger, state};

/// A folder with a place for a socket, and the address of that place.
fn place() -> (TempDir, PathBuf, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("http.sock");
    let address = format!("unix:{}", path.display());
    (folder, path, address)
}

fn command(state: &Path, address: &str) -> Command {
    let mut command = Command::new(BINARY);
    command
        .args(["-q", "serve", "--listen", address, "--state"])
        .arg(state)
        .env("TITANIC_RETRAIN__ENABLED", "false")
        .stderr(Stdio::piped());
    command
}

fn run(arguments: &[&str]) -> Ran {
    let output = Command::new(BINARY).args(arguments).env_clear().output();
    Ran::of(&arguments.join(" "), output.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_on_a_socket_is_found_by_every_command() {
    let (_folder, path, address) = place();
    let state = state();
    let mut serve = command(state.path(), &address);
    serve.env("TITANIC_SERVER__BASE_PATH", "/ml");
    let server = Process::of(serve);
    let url = format!("{address}:/ml");
    assert_eq!(server.url, url);
    let found = fs::symlink_metadata(&path).unwrap();
    assert!(found.file_type().is_socket());
    assert_eq!(found.permissions().mode() & 0o7777, 0o600);

    let client = client_over(&path);
    let request = client.post("http://localhost/ml/v1/predict");
    let (status, made) = answer(request.json(&passenger())).await;
    assert_eq!(status, 200, "{made}");
    let foreign = client.get("http://evil.example/ml/healthz");
    assert_eq!(foreign.send().await.unwrap().status(), 421);

    let state_flag = state.path().to_str().unwrap();
    for url in [&url, &address] {
        let ready = run(&["health", "--ready", "--url", url]);
        assert_eq!(ready.ok().out, "ready, titanic@1\n", "{url}");
    }
    let shown: Value = run(&["health", "--json", "--url", &url]).ok().json();
    assert_eq!(shown["url"], url);
    let stats = run(&["store", "stats", "--json", "--state", state_flag])
        .ok()
        .json();
    assert_eq!(stats["kinds"]["prediction"], 1, "{stats}");
    let why = run(&[
        "why",
        made["id"].as_str().unwrap(),
        "--json",
        "--state",
        state_flag,
    ]);
    assert_eq!(why.ok().json()["id"], made["id"]);

    let rows = tempfile::NamedTempFile::new().unwrap();
    fs::write(rows.path(), passenger().to_string()).unwrap();
    let sent = run(&[
        "client",
        "--json",
        "--url",
        &url,
        rows.path().to_str().unwrap(),
    ]);
    assert_eq!(sent.ok().json()["probability"], made["probability"]);

    // A second server, on the same state or another one, names the process and leaves the file alone.
    let other = crate::server::state();
    let second = Ran::of("serve", command(other.path(), &address).output().unwrap());
    assert_eq!(second.code, 3, "{}", second.err);
    let holder = format!("is held by process {}", server.id());
    assert!(second.err.contains(&holder), "{}", second.err);
    assert!(
        client
            .get("http://localhost/healthz")
            .send()
            .await
            .unwrap()
            .status()
            .is_success()
    );

    drop(client);
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(!path.exists());
    let gone = run(&["health", "--url", &address]);
    assert_eq!(gone.code, 1);
    assert!(
        gone.err.contains(&format!("{address} does not answer")),
        "{}",
        gone.err
    );
}

#[test]
fn a_socket_of_a_killed_server_is_replaced() {
    let (_folder, path, address) = place();
    let state = state();
    Process::of(command(state.path(), &address)).kill();
    assert!(path.exists());
    let server = Process::of(command(state.path(), &address));
    assert_eq!(run(&["health", "--url", &address]).ok().out, "live\n");
    // Somebody else's socket in its place is not removed.
    fs::remove_file(&path).unwrap();
    let _other = UnixListener::bind(&path).unwrap();
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(path.exists());
}

#[test]
fn what_is_not_a_socket_is_never_removed_and_a_failed_start_leaves_nothing() {
    let (folder, path, address) = place();
    let check = |address: &str, more: &[&str], code: i32, wanted: &str| {
        let empty = tempfile::tempdir().unwrap();
        let mut command = command(empty.path(), address);
        let ran = Ran::of(address, command.args(more).output().unwrap());
        assert_eq!(ran.code, code, "{}", ran.err);
        assert!(ran.err.contains(wanted), "{}", ran.err);
    };
    fs::write(&path, "precious").unwrap();
    check(&address, &[], 1, "exists and is not a socket");
    assert_eq!(fs::read_to_string(&path).unwrap(), "precious");
    fs::remove_file(&path).unwrap();
    let without = ["--predict-only", "--model_dir", "/nowhere"];
    check(&address, &without, 1, "model");
    assert!(!path.exists());
    let long = format!("unix:{}/{}", folder.path().display(), "x".repeat(108));
    check(&long, &[], 2, "a Unix socket takes at most 107");
    check("unix:", &[], 2, "names no socket");
    check(&address, &["--http_port", "1"], 2, "cannot be used with");
    let missing = format!("unix:{}/missing/a", folder.path().display());
    check(&missing, &[], 1, "No such file");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_relative_path_and_a_setting_work_without_a_store_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let state = state();
    let model = state.path().join("models/titanic@1.model");
    let mut serve = Command::new(BINARY);
    serve
        .args(["-q", "serve", "--predict-only", "--model"])
        .arg(model)
        .current_dir(folder.path())
        .env("TITANIC_SERVER__LISTEN", "unix:a.sock");
    let server = Process::of(serve);
    let path = folder.path().canonicalize().unwrap().join("a.sock");
    assert_eq!(server.url, format!("unix:{}", path.display()));
    assert_eq!(run(&["health", "--url", &server.url]).ok().out, "live\n");
    server.signal("TERM");
    assert_eq!(server.ended(), Some(0));
    assert!(!path.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_limits_of_connections_hold_on_a_socket() {
    let (_folder, path, address) = place();
    let server = Server::with(|settings| {
        settings.server.listen = address.parse().unwrap();
        settings.server.limits.body = "1KiB".parse().unwrap();
    })
    .await;
    assert_eq!(server.get("/v1/models").await["champion"], "titanic@1");
    let large = server.request(reqwest::Method::POST, "/v1/predict");
    let large = large
        .header("content-type", "application/json")
        .body("[".repeat(2000));
    assert_eq!(large.send().await.unwrap().status(), 413);
    // A second head that never ends ends the connection.
    let mut raw = UnixStream::connect(&path).unwrap();
    raw.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\nGET /heal")
        .unwrap();
    let mut text = String::new();
    let read = tokio::task::block_in_place(|| raw.read_to_string(&mut text));
    assert!(
        read.is_ok() && text.starts_with("HTTP/1.1 200"),
        "{read:?} {text}"
    );
    server.stop().await;
    assert!(!path.exists());
}
