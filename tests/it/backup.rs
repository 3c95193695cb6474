//! Backups of everything: beside a server, on a schedule, interrupted, to a bucket, and restored.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::{Value, json};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::Manual;
use titanic_platform::config::Settings;
use titanic_platform::registry::Registry;
use titanic_platform::units::Span;

use crate::buckets::{Cloud, TestBucket};
use crate::case::{Case, on_both};
use crate::cli::{BINARY, Ran};
use crate::process::Process;
use crate::server::{Server, client, state, until};

on_both!(a_server_is_backed_up_and_comes_back_whole);

/// Runs a command line on a state.
fn on(state: &Path, line: &str) -> Ran {
    let output = Command::new(BINARY)
        .args(line.split_whitespace())
        .arg("--state")
        .arg(state)
        .env_clear()
        .output();
    Ran::of(line, output.unwrap())
}

/// Makes a backup through the API; returns the job once it has ended.
async fn backed_up(server: &Server, to: &str) -> Value {
    let (status, queued) = server.post("/v1/backups", &json!({"to": to})).await;
    assert_eq!(status, 202, "{queued}");
    let path = format!("/v1/jobs/{}", queued["id"].as_str().unwrap());
    until("the backup ends", || async {
        let job = server.get(&path).await;
        !["queued", "running"].contains(&job["state"].as_str().unwrap())
    })
    .await;
    server.get(&path).await
}

/// The archives of a folder, oldest first.
fn archives(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let paths = entries.map(|entry| entry.path());
    let mut paths: Vec<_> = paths.filter(|path| path.is_file()).collect();
    paths.sort();
    paths
}

async fn a_server_is_backed_up_and_comes_back_whole(case: &Case) {
    let server = Server::of(case).await;
    let (_, made) = server.post("/v1/predict?durable=true", &case.row()).await;
    assert_eq!(server.post("/v1/rows", &case.other_row()).await.0, 200);
    let to = tempfile::tempdir().unwrap();
    let job = backed_up(&server, &format!("{}/", to.path().display())).await;
    assert_eq!(
        (&job["state"], &job["progress"]),
        (&json!("done"), &json!(1.0)),
        "{job}"
    );
    let result = &job["result"];
    assert_eq!(result["verified"], true);
    assert_eq!(result["contents"]["events"]["prediction"], 1);
    assert_eq!(result["contents"]["events"]["row"], 1);
    assert_eq!(result["contents"]["models"], 2);
    assert_eq!(result["contents"]["champion"], case.version(1));
    assert_eq!(
        archives(to.path()),
        [PathBuf::from(result["file"].as_str().unwrap())]
    );
    let metrics = server.metrics().await;
    assert!(
        metrics.contains("titanic_backups_total{result=\"done\"} 1\n"),
        "{metrics}"
    );
    assert!(metrics.contains("titanic_backups_total{result=\"failed\"} 0\n"));
    // What comes later is not in it.
    assert_eq!(
        server.post("/v1/predict?durable=true", &case.row()).await.0,
        200
    );
    let before = server.leave().await;

    let back = tempfile::tempdir().unwrap();
    let line = format!("store restore {} --json", to.path().display());
    let restored = on(back.path(), &line).ok().json();
    assert_eq!(restored["contents"], result["contents"]);
    let export = |state: &Path| on(state, "store export").ok().out;
    let (all, some) = (export(before.path()), export(back.path()));
    assert!(all.starts_with(&some) && all.len() > some.len());
    for file in ["models/ledger.jsonl", "models/champion"] {
        let read = |state: &Path| std::fs::read(state.join(file)).unwrap();
        assert_eq!(read(before.path()), read(back.path()), "{file}");
    }
    assert_eq!(on(back.path(), "models verify").ok().code, 0);
    let version = case.version(2);
    let read = |state: &Path| std::fs::read(state.join(format!("models/{version}.model"))).unwrap();
    assert_eq!(read(before.path()), read(back.path()));
    // The champion answers as before.
    let process = Process::start(back.path(), &[]);
    let request = client().post(format!("{}/v1/predict", process.url));
    let again: Value = request
        .json(&case.row())
        .send()
        .await
        .unwrap()
        .json()
        .await
        .unwrap();
    assert_eq!(again["probability"], made["probability"]);
    assert_eq!(again["model"], made["model"]);
    let standing = |state: &Path| Registry::open(state).unwrap().standing().unwrap();
    assert_ne!(standing(before.path()).epoch, standing(back.path()).epoch);
}

#[tokio::test]
async fn serve_restores_into_an_empty_state_only() {
    let left = state();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    drop(titanic_platform::store::open(left.path()).unwrap());
    on(left.path(), &format!("store backup {}", archive.display())).ok();
    let back = tempfile::tempdir().unwrap();
    let process = Process::start(back.path(), &["--restore".as_ref(), archive.as_ref()]);
    let models = client().get(format!("{}/v1/models", process.url));
    let models: Value = models.send().await.unwrap().json().await.unwrap();
    assert_eq!(models["champion"], "titanic@1", "{models}");
    process.kill();
    let line = format!("serve --restore {}", archive.display());
    let error = on(back.path(), &line).fails(1);
    assert!(
        error.contains("is not empty") && error.contains("--state"),
        "{error}"
    );
    // A damaged one leaves the state empty, and nothing is trained in its place.
    let mut bytes = std::fs::read(&archive).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&archive, bytes).unwrap();
    let back = tempfile::tempdir().unwrap();
    let error = on(back.path(), &line).fails(1);
    assert!(error.contains("a.tar.zst is damaged"), "{error}");
    assert!(!back.path().join("models").exists());
}

/// A secret stands in settings only where an address has a password; that is masked.
#[tokio::test]
async fn no_secret_is_in_an_archive() {
    let left = state();
    drop(titanic_platform::store::open(left.path()).unwrap());
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    let settings = to.path().join("settings.yaml");
    let text = "sources:\n  orders: {from: \"postgres://reader:hush-1@db.example.org/shop\", table: orders, cursor: id, every: 10s}\n\
                alerts:\n  channels:\n    hook: {type: webhook, url: \"https://me:hush-2@hooks.example.org/x\", secret_env: HOOK_SECRET}\n";
    std::fs::write(&settings, text).unwrap();
    let made = Command::new(BINARY)
        .args(["store", "backup"])
        .arg(&archive)
        .arg("--config")
        .arg(&settings)
        .arg("--state")
        .arg(left.path())
        .env_clear()
        .env("HOOK_SECRET", "whsec_aHVzaC0zaHVzaC0zaHVzaC0z")
        .env("TITANIC_TOKEN", "hush-4")
        .env("AWS_SECRET_ACCESS_KEY", "hush-5")
        .output();
    Ran::of("store backup", made.unwrap()).ok();
    let plain = zstd::decode_all(&*std::fs::read(&archive).unwrap()).unwrap();
    let has = |text: &str| {
        plain
            .windows(text.len())
            .any(|part| part == text.as_bytes())
    };
    assert!(has("sources.orders.from") && has("db.example.org") && has("HOOK_SECRET"));
    for secret in ["hush-", "whsec_", "aHVzaC0z"] {
        assert!(!has(secret), "{secret}");
    }
}

fn clock() -> Arc<Manual> {
    let start: Timestamp = "2026-01-31T09:15:00Z".parse().unwrap();
    Arc::new(Manual::new(start))
}

const DAY: Duration = Duration::from_secs(86_400);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn scheduled_backups_are_made_kept_and_alarm_when_they_fail() {
    let (to, clock) = (tempfile::tempdir().unwrap(), clock());
    let folder = to.path().join("backups");
    let change = |settings: &mut Settings| {
        settings.backup.every = Some(Span(DAY));
        settings.backup.to = Some(folder.display().to_string());
        settings.backup.keep = 2.try_into().unwrap();
        settings.alerts.group_wait = Span(Duration::ZERO);
    };
    let server = Server::over(state(), change, First::bundled(), clock.clone());
    let server = server.await.unwrap();
    let count = |result: &'static str| {
        let server = &server;
        async move {
            let metrics = server.metrics().await;
            let name = format!("titanic_backups_total{{result=\"{result}\"}} ");
            let line = metrics.lines().find_map(|line| line.strip_prefix(&name));
            line.unwrap().parse::<u64>().unwrap()
        }
    };
    for n in 1..=3 {
        until("a backup", || async { count("done").await == n }).await;
        clock.advance(DAY);
    }
    until("a fourth", || async { count("done").await == 4 }).await;
    let made = archives(&folder);
    assert_eq!(made.len(), 2, "{made:?}");
    assert!(
        made[1].ends_with("titanic-backup-20260203T091500.000Z.tar.zst"),
        "{made:?}"
    );
    let success: Timestamp = "2026-02-03T09:15:00Z".parse().unwrap();
    let gauge = format!(
        "titanic_backup_last_success_timestamp_seconds {}\n",
        success.as_second()
    );
    assert!(server.metrics().await.contains(&gauge));

    // A file is in the place of the folder.
    let aside = to.path().join("aside");
    std::fs::rename(&folder, &aside).unwrap();
    std::fs::write(&folder, "in the way").unwrap();
    clock.advance(DAY);
    until("one fails", || async { count("failed").await == 1 }).await;
    let alert = || async {
        let alerts = server.get("/v1/alerts").await;
        let alerts = alerts["alerts"].as_array().unwrap().clone();
        alerts.into_iter().find(|alert| alert["rule"] == "backup")
    };
    until("the alert", || async { alert().await.is_some() }).await;
    let text = alert().await.unwrap().to_string();
    assert!(
        text.contains("firing") && text.contains("backups"),
        "{text}"
    );
    assert!(
        server.metrics().await.contains(&gauge),
        "the last success stands"
    );

    // It is tried again after ten minutes, and ends the alert.
    std::fs::remove_file(&folder).unwrap();
    std::fs::rename(&aside, &folder).unwrap();
    clock.advance(Duration::from_secs(600));
    until("it is done", || async { count("done").await == 5 }).await;
    until("the alert ends", || async {
        let alert = alert().await;
        alert.is_none_or(|alert| alert["state"] != "firing")
    })
    .await;
    assert_eq!(archives(&folder).len(), 2);
    // A server that starts again knows when the last one was.
    let state = server.leave().await;
    let server = Server::over(state, change, First::bundled(), clock.clone());
    let server = server.await.unwrap();
    let begun: Timestamp = "2026-02-04T09:25:00Z".parse().unwrap();
    let gauge = format!(
        "titanic_backup_last_success_timestamp_seconds {}\n",
        begun.as_second()
    );
    assert!(server.metrics().await.contains(&gauge));
    server.stop().await;
    assert_eq!(archives(&folder).len(), 2);
}

/// A state whose backup takes long enough to be interrupted: its table of 40 MB cannot be compressed.
fn large() -> TempDir {
    use rand::{RngExt, SeedableRng};
    let state = state();
    let mut table = vec![0; 40 << 20];
    rand::rngs::Xoshiro256PlusPlus::seed_from_u64(1).fill(&mut table[..]);
    Registry::open(state.path())
        .unwrap()
        .put_table(&table)
        .unwrap();
    drop(titanic_platform::store::open(state.path()).unwrap());
    state
}

/// Kills a command once `is_time`.
async fn kill_when<F: Future<Output = bool>>(mut command: Command, is_time: impl FnMut() -> F) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    until("the moment to kill it", is_time).await;
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "it was over already");
}

/// Kills a command once it reports this progress on standard error.
fn kill_at(mut command: Command, progress: &str) {
    let mut child = command
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = Vec::new();
    for line in BufReader::new(child.stderr.take().unwrap()).lines() {
        said.push(line.unwrap());
        if said.last().unwrap().contains(progress) {
            break;
        }
    }
    let last = said.last().map(String::as_str).unwrap_or_default();
    assert!(last.contains(progress), "{progress}: never in {said:#?}");
    child.kill().unwrap();
    let status = child.wait().unwrap();
    assert!(!status.success(), "it was over already");
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect()
}

#[tokio::test]
async fn a_killed_backup_leaves_no_archive_and_a_killed_restore_an_empty_state() {
    let (left, to) = (large(), tempfile::tempdir().unwrap());
    let folder = to.path();
    let mut command = Command::new(BINARY);
    command.args(["store", "backup"]).arg(folder);
    command.arg("--state").arg(left.path());
    // In the middle of the archive.
    let is_writing = || async {
        let part = names(folder).into_iter().find(|n| n.ends_with(".part"));
        let archive = part.map(|part| folder.join(part).join("archive"));
        let written = archive.and_then(|archive| std::fs::metadata(archive).ok());
        written.is_some_and(|written| written.len() > 1 << 20)
    };
    kill_when(command, is_writing).await;
    let parts = names(folder);
    assert!(parts.len() == 1 && parts[0].ends_with(".part"), "{parts:?}");
    let line = format!("store restore {}", folder.display());
    let back = tempfile::tempdir().unwrap();
    let error = on(back.path(), &line).fails(1);
    assert!(error.contains("there is no archive"), "{error}");
    // The next backup removes what the first one left.
    on(left.path(), &format!("store backup {}", folder.display())).ok();
    let made = names(folder);
    assert!(made.len() == 1 && made[0].ends_with(".tar.zst"), "{made:?}");

    let mut command = Command::new(BINARY);
    command.args(["store", "restore"]).arg(folder);
    command.arg("--state").arg(back.path());
    let part = back.path().join("restore.part");
    let is_reading = || async {
        let ledger = part.join("models/ledger.jsonl").exists();
        ledger && !back.path().join("restore.whole").exists()
    };
    kill_when(command, is_reading).await;
    assert!(!back.path().join("models").exists());
    on(back.path(), &line).ok();
    let table = |state: &Path| {
        let tables = names(&state.join("tables"));
        let mut all: Vec<_> = tables
            .iter()
            .map(|name| std::fs::read(state.join("tables").join(name)).unwrap())
            .collect();
        all.sort();
        all
    };
    assert_eq!(table(back.path()), table(left.path()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server with the interface of S3: .ci/buckets starts one and sets S3_TEST_URL"]
async fn buckets_take_and_return_whole_archives() {
    takes_and_returns_whole_archives(Cloud::S3).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs a server with the interface of S3: .ci/buckets starts one and sets S3_TEST_URL"]
async fn buckets_of_google_take_and_return_whole_archives() {
    takes_and_returns_whole_archives(Cloud::Google).await;
}

async fn takes_and_returns_whole_archives(cloud: Cloud) {
    let bucket = TestBucket::create(cloud, "shop").await;
    let with_keys = |mut command: Command| {
        cloud.give(&mut command, &bucket.endpoint);
        command
            .env_remove("S3_TEST_URL")
            // A bucket without TLS needs no certificates, and some machines have none.
            .env("SSL_CERT_FILE", "/nonexistent")
            .env("SSL_CERT_DIR", "/nonexistent");
        command
    };
    let command = |state: &Path, line: &str| {
        let mut command = Command::new(BINARY);
        command.args(line.split_whitespace());
        command.arg("--state").arg(state);
        with_keys(command)
    };
    let on = |state: &Path, line: &str| {
        let output = command(state, line).output();
        Ran::of(line, output.unwrap())
    };
    let place = bucket.place("a/b");
    let named = bucket.place("c/named.tar.zst");
    // In three parts, killed in the midst of them.
    let left = large();
    let back = tempfile::tempdir().unwrap();
    let backup = format!("store backup {place}");
    kill_at(command(left.path(), &backup), "4 of 10 parts");
    let restore = format!("store restore {place}");
    let error = on(back.path(), &restore).fails(1);
    assert!(
        error.contains(&format!("there is no archive in {place}")),
        "{error}"
    );

    let made = on(left.path(), &format!("{backup} --json")).ok().json();
    assert!(made["bytes"].as_u64().unwrap() > 40 << 20, "{made}");
    assert_eq!(made["verified"], true);
    let address = made["file"].as_str().unwrap();
    assert!(
        address.starts_with(&format!("{place}/titanic-backup-")),
        "{address}"
    );
    let restored = on(back.path(), &format!("{restore} --json")).ok().json();
    assert_eq!(restored["file"], made["file"]);
    assert_eq!(restored["contents"], made["contents"]);

    // Beside a server that predicts.
    let server = Process::of(with_keys(Process::command(back.path())));
    let predicted = client()
        .post(format!("{}/v1/predict?durable=true", server.url))
        .json(&crate::server::passenger())
        .send();
    assert_eq!(predicted.await.unwrap().status(), 200);
    let second = on(back.path(), &format!("store backup {named} --json"));
    let second = second.ok().json();
    assert_eq!(second["contents"]["events"]["prediction"], 1, "{second}");
    let again = on(back.path(), &format!("store backup {named}"));
    assert!(again.fails(1).contains("an object is there already"));
    server.kill();
    let third = tempfile::tempdir().unwrap();
    on(third.path(), &format!("store restore {named}")).ok();
    let export = |state: &Path| on(state, "store export").ok().out;
    let all = export(third.path());
    assert!(all.contains("\"prediction\""), "{all}");
    assert!(export(back.path()).starts_with(&all));

    // Half of an object, and no bucket at all.
    let object = client().get(format!("{}/c/named.tar.zst", bucket.url()));
    let object = object.header("authorization", "AWS a-key:unchecked");
    let bytes = object.send().await.unwrap().bytes().await.unwrap();
    assert!(bytes.len() > 1000, "{bytes:?}");
    let half = bytes.slice(..bytes.len() / 2);
    let put = client()
        .put(format!("{}/c/half.tar.zst", bucket.url()))
        .header("authorization", "AWS a-key:unchecked")
        .body(half)
        .send();
    assert!(put.await.unwrap().status().is_success());
    let empty = tempfile::tempdir().unwrap();
    let half = format!("store restore {}", bucket.place("c/half.tar.zst"));
    let error = on(empty.path(), &half).fails(1);
    assert!(error.contains("half.tar.zst is incomplete"), "{error}");
    let nowhere = place.replace(&bucket.name, "no-such-bucket");
    let error = on(left.path(), &format!("store backup {nowhere}")).fails(1);
    assert!(error.contains(&nowhere), "{error}");
}

/// No file can grow beyond 10 MB, as if the disk were full then.
#[tokio::test]
async fn a_full_disk_is_an_error_that_leaves_nothing() {
    let (left, to) = (large(), tempfile::tempdir().unwrap());
    let archive = to.path().join("a.tar.zst");
    let script = format!(
        "trap '' XFSZ; ulimit -f 20000; exec '{BINARY}' store backup {} --state {}",
        archive.display(),
        left.path().display()
    );
    let output = Command::new("sh")
        .args(["-c", &script])
        .env_clear()
        .output();
    let error = Ran::of("store backup", output.unwrap()).fails(1);
    assert!(error.contains("a.tar.zst: it cannot be written"), "{error}");
    assert_eq!(names(to.path()), [""; 0]);
}
