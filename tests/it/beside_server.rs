//! Commands that use the store, with and without a running server: same output, same effect.

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::serve::options::{Auth, Scope, Token};
use titanic_platform::store;

use crate::case::{Case, json as read, on_both};
use crate::cli::{BINARY, Ran};
use crate::server::{Server, answer, copy, state_of};
use crate::store_cli::lines;

on_both!(
    reading_commands_print_the_same,
    an_ingest_keeps_the_same_rows_and_quarantine,
    a_strict_ingest_keeps_nothing_of_a_bad_load,
    a_spec_beside_a_server_is_that_of_its_model,
    rows_in_quarantine_are_retried_and_dropped,
    a_training_comes_to_the_same_model,
    the_store_is_checked_compacted_and_copied,
);

/// Runs a command line on a state, whether or not a server holds it.
fn on(state: &Path, line: &str) -> Ran {
    with(state, line, &[])
}

fn with(state: &Path, line: &str, environment: &[(&str, &str)]) -> Ran {
    let output = Command::new(BINARY)
        .args(line.split_whitespace())
        .arg("--state")
        .arg(state)
        .current_dir(state)
        .env_clear()
        .envs(environment.iter().copied())
        .output();
    Ran::of(line, tokio::task::block_in_place(|| output).unwrap())
}

/// Two states with the same store: one held by a server, one used by commands directly.
async fn twins(case: &Case) -> (Server, TempDir) {
    let server = Server::of(case).await;
    let labels = read(case.labels);
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    for id in [&made["id"], &json!("waits")] {
        let label = json!({"id": id, "label": labels[1]});
        assert!(server.post("/v1/labels", &label).await.0.is_success());
    }
    let rows = json!([case.other_row(), read(case.bad.0)]);
    assert_eq!(server.post("/v1/rows", &rows).await.0, 200);
    let state = server.leave().await;
    let alone = tempfile::tempdir().unwrap();
    copy(state.path(), alone.path());
    let server = Server::over(state, |_| {}, First::bundled(), Arc::new(System)).await;
    (server.unwrap(), alone)
}

/// Removes ids, which are random.
fn without_ids(mut rows: Value) -> Value {
    for row in rows.as_array_mut().unwrap() {
        row.as_object_mut().unwrap().remove("id");
    }
    rows
}

fn quarantine(state: &Path) -> Value {
    let listed = on(state, "ingest quarantine list --json").ok().json();
    without_ids(listed["quarantine"].clone())
}

async fn reading_commands_print_the_same(case: &Case) {
    let (server, alone) = twins(case).await;
    for line in [
        "store export",
        "store export --kind row",
        "store export --kind label --since 2020-01-01",
        "store export --until 2020-01-01",
        "store check",
        "store check --json",
        "ingest quarantine list",
        "ingest quarantine list --json",
        "alerts list",
        "alerts list --json",
        "drift --model 1 --window last:5",
        "drift --model 1 --since 2020-01-01 --json",
        "report --json",
    ] {
        let (beside, without) = (on(&server.state(), line), on(alone.path(), line));
        let outcome = |ran: &Ran| (ran.code, ran.out.clone(), ran.err.clone());
        assert_eq!(outcome(&beside), outcome(&without), "{line}");
        assert!(!without.out.is_empty() || line.contains("until"), "{line}");
    }
    let stats = |state: &Path| {
        let mut stats = on(state, "store stats --json").ok().json();
        assert!(stats["bytes"].take().as_u64().unwrap() > 0);
        stats
    };
    assert_eq!(stats(&server.state()), stats(alone.path()));
    let table = on(&server.state(), "store stats").ok().out;
    assert!(table.contains("rows in quarantine"), "{table}");

    for (state, folder) in [(&*server.state(), "beside"), (alone.path(), "without")] {
        let to = alone.path().join(folder);
        on(
            state,
            &format!("store export --format parquet -o {}", to.display()),
        )
        .ok();
    }
    for kind in ["prediction", "row", "label", "verdict"] {
        let bytes = |folder: &str| {
            std::fs::read(alone.path().join(format!("{folder}/{kind}.parquet"))).unwrap()
        };
        assert_eq!(bytes("beside"), bytes("without"), "{kind}");
        // The route writes the same table.
        let path = format!("/v1/store/export?format=parquet&kind={kind}");
        let response = server.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.bytes().await.unwrap(), bytes("without"), "{kind}");
    }
    server.stop().await;
}

/// A table with valid rows (one of them twice), an invalid row and a malformed line.
fn mixed(case: &Case) -> String {
    let mut lines: Vec<&str> = case.table.lines().take(8).collect();
    lines.push(lines[3]);
    lines.push("x");
    let mut text = lines.join("\n");
    text.push('\n');
    text
}

async fn an_ingest_keeps_the_same_rows_and_quarantine(case: &Case) {
    let (server, alone) = twins(case).await;
    let state = server.state();
    let (good, bad) = (mixed(case), case.half_bad);
    for folder in [&*state, alone.path()] {
        std::fs::write(folder.join("good.csv"), &good).unwrap();
        std::fs::write(folder.join("bad.csv"), bad).unwrap();
    }
    // Counts of stored, repeated and quarantined rows; rows that came before count as repeated, even quarantined ones.
    for (line, counts) in [
        ("ingest good.csv --json", [7, 1, 1]),
        ("ingest bad.csv --json", [1, 0, 1]),
        ("ingest good.csv --json", [0, 9, 0]),
        ("ingest bad.csv --json", [0, 2, 0]),
    ] {
        let [beside, without] = [&*state, alone.path()].map(|at| on(at, line).ok());
        assert_eq!(beside.json(), without.json(), "{line}");
        assert_eq!(beside.err, without.err, "{line}");
        for ran in [&beside, &without] {
            let tally = ran.json();
            let found = ["stored", "repeated", "quarantined"].map(|key| tally[key].clone());
            assert_eq!(json!(found), json!(counts), "{line}");
        }
        assert_eq!(quarantine(&state), quarantine(alone.path()), "{line}");
    }
    // Lines and sources refer to the ingested files.
    let rows = quarantine(&state);
    let of = |source: &str| {
        let rows = rows.as_array().unwrap().iter();
        let of: Vec<&Value> = rows.filter(|row| row["source"] == source).collect();
        assert_eq!(of.len(), 1, "{of:?}");
        of[0]["line"].clone()
    };
    assert_eq!((of("good.csv"), of("bad.csv")), (json!(10), json!(3)));
    let rows = |state: &Path| {
        let text = on(state, "store export --kind row").ok().out;
        let rows = lines(&text).into_iter();
        rows.map(|event| (event["row"].clone(), event["label"].clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&state), rows(alone.path()));
    // Rows stored by the server count as repeated for a command that runs after it.
    let state = server.leave().await;
    let again = on(state.path(), "ingest good.csv --json").ok().json();
    assert_eq!(again["stored"], 0);
    assert_eq!(quarantine(state.path()), quarantine(alone.path()));
}

async fn a_strict_ingest_keeps_nothing_of_a_bad_load(case: &Case) {
    let (server, alone) = twins(case).await;
    let state = server.state();
    for folder in [&*state, alone.path()] {
        std::fs::write(folder.join("bad.csv"), case.half_bad).unwrap();
        let good: String = case.table.split_inclusive('\n').take(4).collect();
        std::fs::write(folder.join("good.csv"), good).unwrap();
    }
    let rows = || on(&state, "store stats --json").ok().json()["kinds"]["row"].clone();
    let before = rows();
    let [beside, without] =
        [&*state, alone.path()].map(|at| on(at, "ingest bad.csv --strict").fails(1));
    assert_eq!(beside, without);
    assert_eq!(rows(), before);
    let [beside, without] =
        [&*state, alone.path()].map(|at| on(at, "ingest good.csv --strict --json").ok().json());
    assert_eq!(beside, without);
    assert_eq!((&beside["read"], &beside["stored"]), (&json!(3), &json!(3)));
    // An invalid row after several batches of valid ones.
    let (header, good) = case.half_bad.split_once('\n').unwrap();
    let (good, bad) = good.split_once('\n').unwrap();
    let cells = good.rsplit_once(',').unwrap().0;
    let many: String = (0..9000).map(|n| format!("{cells},n{n}\n")).collect();
    std::fs::write(state.join("late.csv"), format!("{header}\n{many}{bad}")).unwrap();
    // Valid rows of several batches are sent in one request, which is stored completely or not at all.
    let requests = async || {
        let page = server.metrics().await;
        let counter =
            r#"titanic_http_requests_total{method="POST",route="/v1/rows",status="200"} "#;
        let count = page.lines().find_map(|line| line.strip_prefix(counter));
        count.unwrap().parse::<u64>().unwrap()
    };
    let more = many.replace(",n", ",m");
    std::fs::write(state.join("many.csv"), format!("{header}\n{more}")).unwrap();
    let sent = requests().await;
    let many = on(&state, "ingest many.csv --strict --json").ok().json();
    assert_eq!(
        (&many["stored"], requests().await - sent),
        (&json!(9000), 1)
    );
    let before = rows();
    let said = on(&state, "ingest late.csv --strict").fails(1);
    assert!(said.contains("line 9002"), "{said}");
    assert_eq!(rows(), before);
    assert_eq!(
        on(&state, "ingest late.csv --json").ok().json()["stored"],
        9000
    );
    server.stop().await;
}

async fn a_spec_beside_a_server_is_that_of_its_model(case: &Case) {
    let (server, _alone) = twins(case).await;
    let state = server.state();
    let good: String = case.table.split_inclusive('\n').take(4).collect();
    std::fs::write(state.join("good.csv"), good).unwrap();
    // An equivalent spec: a comment is added and the name quoted.
    let name = format!("name: {}", case.name);
    let same = case
        .spec
        .replace(&name, &format!("name: \"{}\" # as it is", case.name));
    assert_ne!(same, case.spec);
    std::fs::write(state.join("same.yaml"), same).unwrap();
    on(&state, "--spec same.yaml ingest good.csv").ok();
    let other = case.spec.replace(&name, "name: other");
    std::fs::write(state.join("other.yaml"), other).unwrap();
    for line in [
        "ingest good.csv",
        "ingest quarantine retry --all",
        "train -q",
    ] {
        let said = on(&state, &format!("--spec other.yaml {line}")).fails(2);
        assert!(
            said.contains(&format!(
                "other.yaml differs from the spec of {}",
                case.version(1)
            )) && said.contains("train SOURCE --spec other.yaml --promote always"),
            "{line}: {said}"
        );
    }
    server.stop().await;
}

async fn rows_in_quarantine_are_retried_and_dropped(case: &Case) {
    let (server, alone) = twins(case).await;
    let state = server.state();
    let ids = on(&state, "ingest quarantine list --json").ok().json();
    let id = ids["quarantine"][0]["id"].as_str().unwrap().to_owned();
    for line in [
        "ingest quarantine retry nobody".to_owned(),
        "ingest quarantine retry --all --json".to_owned(),
        format!("ingest quarantine retry {id}"),
        "ingest quarantine drop nobody".to_owned(),
        format!("ingest quarantine drop {id} --json"),
        "ingest quarantine drop --all".to_owned(),
        "ingest quarantine list".to_owned(),
    ] {
        let [beside, without] = [&*state, alone.path()].map(|at| {
            let ran = on(at, &line);
            (ran.code, ran.out, ran.err)
        });
        assert_eq!(beside, without, "{line}");
    }
    // The route of the quarantine is paginated and reports an unknown id. The rows must be new,
    // because quarantined rows are remembered.
    let rows = json!([{}, {"nobody": 1}, {"nobody": 2}]);
    assert_eq!(server.post("/v1/rows", &rows).await.1["quarantined"], 3);
    let first = server.get("/v1/quarantine?limit=2").await;
    assert_eq!(first["quarantine"].as_array().unwrap().len(), 2);
    let next = first["next"].as_str().unwrap();
    assert_eq!(first["quarantine"][1]["id"], next);
    let rest = server.get(&format!("/v1/quarantine?after={next}")).await;
    assert_eq!(rest["quarantine"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next"], Value::Null);
    for (method, path) in [
        (Method::DELETE, "/v1/quarantine/nobody"),
        (Method::POST, "/v1/quarantine/nobody/retry"),
    ] {
        assert_eq!(answer(server.request(method, path)).await.0, 404, "{path}");
    }
    server.stop().await;
}

async fn a_training_comes_to_the_same_model(case: &Case) {
    let (server, alone) = twins(case).await;
    let line = "train --learner logistic --folds 2 --repeats 1 --promote never --json -q";
    let [beside, without] = [&*server.state(), alone.path()].map(|at| on(at, line).ok().json());
    assert_eq!(beside, without);
    assert_eq!(beside["model"], case.version(3));
    let bytes = |state: &Path| {
        let name = format!("models/{}.model", case.version(3));
        std::fs::read(state.join(name)).unwrap()
    };
    assert_eq!(bytes(&server.state()), bytes(alone.path()));
    server.stop().await;
}

async fn the_store_is_checked_compacted_and_copied(case: &Case) {
    let (server, alone) = twins(case).await;
    let state = server.state();
    let sizes = on(&state, "store compact --json").ok().json();
    assert!(sizes["after"].as_u64() <= sizes["before"].as_u64());
    // A relative path refers to the folder of the command, not of the server.
    let made = on(&state, "store backup copy.tar.zst --json").ok().json();
    let copy = state.join("copy.tar.zst");
    let copied = std::fs::metadata(&copy).unwrap().len();
    assert_eq!(made["file"], json!(copy));
    assert_eq!(made["bytes"], copied);
    assert_eq!(made["contents"]["models"], 2);
    // A client with the right to request a backup must not be able to overwrite the store or a model file.
    let ledger = || std::fs::read(state.join("models/ledger.jsonl")).unwrap();
    let before = ledger();
    for name in ["events.redb", "models/ledger.jsonl"] {
        let error = on(&state, &format!("store backup {name}")).fails(1);
        assert!(error.contains("name another"), "{error}");
    }
    assert_eq!(ledger(), before);
    on(&state, "store check").ok();
    for to in ["relative.tar.zst", "ftp://host/x", "s3://key:secret@shop/x"] {
        let (status, problem) = server.post("/v1/backups", &json!({"to": to})).await;
        assert_eq!(status, 422, "{to}: {problem}");
    }
    // The server still responds, and the archive equals the state.
    assert_eq!(server.post("/v1/predict", &case.row()).await.0, 200);
    let empty = tempfile::tempdir().unwrap();
    let line = format!("store restore {}", copy.display());
    on(empty.path(), &line).ok();
    assert_eq!(
        on(empty.path(), "store check").ok().out,
        "intact: 8 events\n"
    );
    let error = on(alone.path(), &line).fails(1);
    assert!(error.contains("is not empty: it holds 8 events"), "{error}");
    assert!(on(&state, &line).fails(3).contains("is held by process"));
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_tokens_says_which_scope_a_command_needs() {
    let secrets = tempfile::tempdir().unwrap();
    let token = |name: &str, scopes: &[Scope]| {
        let path = secrets.path().join(name);
        std::fs::write(&path, format!("secret of {name}").replace(' ', "-")).unwrap();
        Token {
            name: name.into(),
            scopes: scopes.to_vec(),
            secret_env: None,
            secret_file: Some(path),
        }
    };
    let tokens = vec![
        token("reader", &[Scope::Read]),
        token("admin", &[Scope::Admin]),
        token("shop", &[Scope::Predict]),
    ];
    let server = Server::with(|settings| settings.server.auth = Some(Auth::Tokens(tokens))).await;
    let state = server.state();
    std::fs::write(state.join("rows.csv"), "Pclass,Sex\n1,male\n").unwrap();
    for (line, scope) in [
        ("store stats", "read"),
        ("store check", "admin"),
        ("store export", "read"),
        ("ingest rows.csv", "label"),
        ("ingest quarantine list", "read"),
        ("drift --model 1 --window last:5", "read"),
        ("train -q", "admin"),
    ] {
        let said = on(&state, line).fails(1);
        assert!(
            said.contains(&format!("the scope {scope}")) && said.contains("TITANIC_TOKEN"),
            "{line}: {said}"
        );
        let said = with(&state, line, &[("TITANIC_TOKEN", "secret-of-shop")]).fails(1);
        assert!(
            said.contains(&format!("lacks the scope {scope}")),
            "{line}: {said}"
        );
    }
    on(&state, "store stats --token secret-of-reader").ok();
    let admin = &[("TITANIC_TOKEN", "secret-of-admin")];
    for line in ["store check", "store stats", "ingest rows.csv"] {
        with(&state, line, admin).ok();
    }
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_address_that_nobody_holds_the_store_for_misleads_nobody() {
    let state = state_of(&crate::case::TITANIC);
    let file = store::open(state.path()).unwrap();
    std::fs::write(state.path().join("events.server"), "1 http://127.0.0.1:9\n").unwrap();
    let said = on(state.path(), "store stats").fails(3);
    assert!(said.contains(&format!("process {}", std::process::id())));
    file.announce("http://127.0.0.1:9").unwrap();
    let said = on(state.path(), "store stats").fails(3);
    assert!(said.contains("does not answer"), "{said}");
    drop(file);
    on(state.path(), "store stats").ok();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_are_quarantined_under_the_source_and_line_that_a_client_names() {
    let server = Server::start().await;
    let csv = "Pclass,Sex\n1,male\n9,male\n";
    let request = server
        .request(Method::POST, "/v1/rows")
        .header("content-type", "text/csv")
        .header("x-source", "s3://bucket/a%20b.csv")
        .header("x-first-line", "100");
    assert_eq!(answer(request.body(csv)).await.1["quarantined"], 1);
    let row = server.get("/v1/quarantine").await["quarantine"][0].clone();
    assert_eq!(
        (&row["source"], &row["line"]),
        (&json!("s3://bucket/a b.csv"), &json!(102))
    );
    for (name, value) in [("x-first-line", "0"), ("x-source", "%ff")] {
        let request = server
            .request(Method::POST, "/v1/rows")
            .header("content-type", "text/csv")
            .header(name, value);
        assert_eq!(answer(request.body(csv)).await.0, 400, "{name}");
    }
    // A body that claims to be a batch of a command but is not.
    let request = server
        .request(Method::POST, "/v1/rows")
        .header("content-type", "application/vnd.titanic.batch+x-ndjson");
    assert_eq!(answer(request.body("{\"Pclass\": 1}\n")).await.0, 400);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn alerts_are_silenced_by_labels() {
    let server = Server::start().await;
    let state = server.state();
    let line = "alerts silence alertname=drift subject!=a --for 2h --comment known --json";
    let silence = on(&state, line).ok().json();
    assert_eq!(
        (&silence["comment"], &silence["matchers"][1]["equal"]),
        (&json!("known"), &json!(false))
    );
    let listed = on(&state, "alerts list --json").ok().json();
    assert_eq!(listed["silences"], json!([silence]));
    on(&state, "alerts silence drift = --for 1h").ended(2);
    server.stop().await;
}

#[tokio::test]
async fn settings_and_sources_are_shown() {
    let server = Server::start().await;
    let settings = server.get("/v1/settings").await;
    let settings = settings["settings"].as_array().unwrap();
    let listen = settings.iter().find(|s| s["key"] == "server.listen");
    assert_eq!(listen.unwrap()["origin"], "built in");
    assert_eq!(server.get("/v1/sources").await, json!({"sources": []}));
    server.stop().await;
}
