//! The live monitor through the public API: windows, verdicts, performance, and their consequences. The test sets the clock.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::Manual;
use titanic_platform::config::Settings;
use titanic_platform::monitor::looks;

use crate::case::{Case, json as read, on_both};
use crate::openapi::as_described;
use crate::server::{Server, state_of, until};
use crate::socket::Socket;

on_both!(
    steady_rows_do_not_drift_and_shifted_ones_do,
    a_window_survives_a_restart,
    a_drift_that_can_be_learnt_begins_a_training,
    a_blank_column_begins_none_and_says_why,
    errors_that_rise_are_a_decay,
    slices_are_watched_by_themselves,
    rows_that_come_too_fast_pass_by,
    odd_windows,
    subscribers_hear_of_verdicts_and_alerts_once,
    what_was_asked_is_held_against_a_model_by_the_command,
    a_source_that_breaks_in_the_middle_of_a_window_begins_none,
    an_outage_that_is_over_begins_none,
    errors_on_rows_that_were_broken_begin_none,
    a_window_without_drift_takes_back_what_was_asked,
    a_truth_that_comes_before_its_prediction_counts_once,
    another_champion_begins_anew,
    a_sorted_batch_is_judged_once_as_a_whole,
);

/// A server that retrains only on request of the monitor, and its clock.
async fn server(case: &Case, change: impl FnOnce(&mut Settings)) -> (Server, Arc<Manual>) {
    let clock = Arc::new(Manual::new("2026-01-31T09:15:00Z".parse().unwrap()));
    let quiet = |settings: &mut Settings| {
        settings.retrain.folds = 2;
        settings.retrain.labels = None;
        settings.retrain.every = None;
        change(settings);
    };
    let server = Server::over(state_of(case), quiet, First::bundled(), clock.clone()).await;
    (server.unwrap(), clock)
}

/// Rows of the case's table without labels, drawn with a seed.
fn rows(case: &Case, n: usize, seed: u64) -> Vec<Value> {
    let schema = case.spec().schema;
    let target = &schema.target().column;
    let all = crate::tables::objects(&schema, case.table);
    let mut state = seed;
    (0..n)
        .map(|_| {
            // Knuth's MMIX generator; its high bits are good enough to draw rows with.
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            let mut row = all[(state >> 33) as usize % all.len()].clone();
            row.as_object_mut().unwrap().shift_remove(target);
            row
        })
        .collect()
}

/// Rows of which four of five have the same level.
fn shifted(case: &Case, n: usize, seed: u64) -> Vec<Value> {
    let mut rows = rows(case, n, seed);
    let some = rows.iter_mut().enumerate().filter(|(n, _)| n % 5 != 0);
    some.for_each(|(_, row)| join(case, row));
    rows
}

/// Moves a row into the slice of the category's first level.
fn join(case: &Case, row: &mut Value) {
    let (column, levels) = case.category;
    row[column] = read(levels)[0].clone();
}

/// Sends the rows in requests smaller than a window; returns the predictions.
async fn ask(server: &Server, rows: &[Value]) -> Vec<Value> {
    let mut all = Vec::new();
    for rows in rows.chunks(10) {
        all.extend(ask_at_once(server, rows).await);
    }
    all
}

/// Sends each row in its own request, for windows of very few rows.
async fn ask_one_by_one(server: &Server, rows: &[Value]) {
    for row in rows {
        ask_at_once(server, std::slice::from_ref(row)).await;
    }
}

/// Sends the rows in one request; returns the predictions.
async fn ask_at_once(server: &Server, rows: &[Value]) -> Vec<Value> {
    let (status, made) = server.post("/v1/predict", &json!(rows)).await;
    assert_eq!(status, 200, "{made}");
    made["predictions"].as_array().unwrap().clone()
}

/// Waits until the monitor has `n` verdicts; returns its state.
async fn verdicts(server: &Server, n: usize) -> Value {
    until("a verdict", || async {
        let seen = server.get("/v1/monitor").await;
        seen["history"].as_array().is_some_and(|h| h.len() >= n)
    })
    .await;
    server.get("/v1/monitor").await
}

/// A server whose monitor starts a training after one label.
async fn eager(case: &Case) -> Server {
    let change = |settings: &mut Settings| settings.retrain.drift_labels = 1.try_into().unwrap();
    server(case, change).await.0
}

/// Waits until the monitor has checked all rows up to this event.
async fn looked(server: &Server, to: u64) {
    until("the last window", || async {
        server.get("/v1/monitor").await["verdict"]["window"]["to"].as_u64() >= Some(to)
    })
    .await;
}

/// Labels the first of these predictions.
async fn one_truth(server: &Server, case: &Case, made: &[Value]) {
    let truth = json!({"id": made[0]["id"], "label": read(case.labels)[0]});
    assert_eq!(server.post("/v1/labels", &truth).await.0, 200);
    until("the label", || async {
        server.get("/v1/loop").await["fresh"] == 1
    })
    .await;
}

/// Asserts that no training was requested or started.
async fn learns_nothing(server: &Server) {
    assert_eq!(server.get("/v1/loop").await["verdict"], Value::Null);
    assert_eq!(server.get("/v1/jobs").await["jobs"], json!([]));
}

/// Waits until the window holds `n` rows.
async fn filled(server: &Server, n: u64) -> Value {
    until("the window", || async {
        server.get("/v1/monitor").await["window"]["filled"] == n
    })
    .await;
    server.get("/v1/monitor").await
}

/// Verdict events of a kind in the store.
async fn events(server: &Server, about: &str) -> Vec<Value> {
    let events = server.get("/v1/events?kind=verdict&limit=1000").await;
    let events = events["events"].as_array().unwrap().iter();
    events
        .filter(|event| event["about"] == about)
        .cloned()
        .collect()
}

fn column<'v>(verdict: &'v Value, name: &str) -> &'v Value {
    let columns = verdict["columns"].as_array().unwrap().iter();
    let mut found = columns.filter(|column| column["name"] == name);
    found
        .next()
        .unwrap_or_else(|| panic!("no column {name}: {verdict}"))
}

async fn steady_rows_do_not_drift_and_shifted_ones_do(case: &Case) {
    let (server, _) = server(case, |_| {}).await;
    let fresh = server.get("/v1/monitor").await;
    assert_eq!(
        (&fresh["verdict"], &fresh["history"]),
        (&Value::Null, &json!([]))
    );
    ask(&server, &rows(case, 250, 1)).await;
    let steady = verdicts(&server, 2).await;
    filled(&server, 50).await;
    assert_eq!(steady["model"], case.version(1));
    for brief in steady["history"].as_array().unwrap() {
        assert_eq!(
            (&brief["drift"], &brief["change"]),
            (&json!(false), &Value::Null),
            "{brief}"
        );
    }
    ask(&server, &rows(case, 50, 2)).await;
    ask(&server, &shifted(case, 100, 3)).await;
    until("the verdict on the full window", || async {
        let seen = server.get("/v1/monitor").await;
        seen["verdict"]["drift"] == true && seen["verdict"]["full"] == true
    })
    .await;
    let seen = server.get("/v1/monitor").await;
    let verdict = &seen["verdict"];
    assert_eq!(verdict["rows"]["current"], 100);
    let found = column(verdict, case.category.0);
    assert_eq!(found["drift"], true, "{found}");
    assert!(found["p_adjusted"].as_f64().unwrap() < 1e-6, "{found}");
    assert!(
        found["change"].as_str().unwrap().contains(" % → "),
        "{found}"
    );
    let kinds = verdict["columns"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["kind"]);
    assert!(kinds.into_iter().any(|kind| kind == "score"), "{verdict}");
    // An interim look, when the window was half full, may have found the drift, together with the previous window.
    let told = events(&server, "drift").await;
    let (full, early): (Vec<_>, Vec<_>) = told.iter().partition(|event| event["full"] == true);
    assert_eq!(full.len(), 4, "{full:?}");
    for event in early {
        assert_eq!(
            (&event["rows"]["current"], &event["drift"]),
            (&json!(150), &json!(true))
        );
        assert_eq!(event["window"]["from"], verdict["window"]["from"]);
    }
    let page = server.metrics().await;
    let lines: Vec<&str> = page
        .lines()
        .filter(|l| l.starts_with("titanic_drift_psi_nats{"))
        .collect();
    assert_eq!(
        lines.len(),
        verdict["columns"].as_array().unwrap().len(),
        "{lines:?}"
    );
    assert!(
        page.contains("titanic_monitor_windows_total{verdict=\"drift\"} 1\n"),
        "{page}"
    );
    assert!(
        page.contains("titanic_monitor_windows_total{verdict=\"steady\"} 3\n"),
        "{page}"
    );
    server.stop().await;
}

async fn a_window_survives_a_restart(case: &Case) {
    let (first, clock) = server(case, |_| {}).await;
    ask(&first, &shifted(case, 60, 1)).await;
    filled(&first, 60).await;
    let state = first.leave().await;
    let again = Server::over(state, |_| {}, First::bundled(), clock.clone()).await;
    let again = again.unwrap();
    filled(&again, 60).await;
    ask(&again, &shifted(case, 40, 2)).await;
    let seen = verdicts(&again, 1).await;
    let verdict = &seen["verdict"];
    assert_eq!(
        (&verdict["rows"]["current"], &verdict["drift"]),
        (&json!(100), &json!(true))
    );
    let state = again.leave().await;
    // After another restart nothing is judged twice.
    let last = Server::over(state, |_| {}, First::bundled(), clock).await;
    let last = last.unwrap();
    let seen = verdicts(&last, 1).await;
    assert_eq!(seen["history"].as_array().unwrap().len(), 1, "{seen}");
    assert_eq!(events(&last, "drift").await.len(), 1);
    last.stop().await;
}

async fn a_drift_that_can_be_learnt_begins_a_training(case: &Case) {
    let (server, _) = server(case, |settings| {
        settings.retrain.drift_labels = 60.try_into().unwrap();
    })
    .await;
    let made = ask(&server, &shifted(case, 100, 5)).await;
    let seen = verdicts(&server, 1).await;
    assert_eq!(seen["verdict"]["retrain"]["asked"], true, "{seen}");
    // The training waits for labels: with fewer, the gate could not decide.
    let label = &read(case.labels)[0];
    let truths = made.iter().take(60);
    let truths: Vec<Value> = truths
        .map(|m| json!({"id": m["id"], "label": label}))
        .collect();
    let (most, last) = truths.split_at(59);
    assert_eq!(server.post("/v1/labels", &json!(most)).await.0, 200);
    until("the verdict and the labels", || async {
        let seen = server.get("/v1/loop").await;
        !seen["verdict"].is_null() && seen["fresh"] == 59
    })
    .await;
    assert_eq!(server.get("/v1/jobs").await["jobs"], json!([]));
    assert_eq!(server.post("/v1/labels", &json!(last)).await.0, 200);
    until("the training", || async {
        server.get("/v1/jobs").await["jobs"][0]["state"] == "done"
    })
    .await;
    let gate = &server.get("/v1/jobs").await["jobs"][0]["result"]["gate"];
    assert_eq!(gate["rows"], 60, "{gate}");
    server.stop().await;
}

async fn a_blank_column_begins_none_and_says_why(case: &Case) {
    let server = eager(case).await;
    let (name, _) = case.number;
    let mut blank = rows(case, 400, 7);
    for row in &mut blank {
        row.as_object_mut().unwrap().shift_remove(name);
    }
    let made = ask(&server, &blank).await;
    let seen = verdicts(&server, 4).await;
    let verdict = &seen["verdict"];
    assert_eq!(column(verdict, name)["drift"], true, "{verdict}");
    assert_eq!(verdict["retrain"]["asked"], false, "{verdict}");
    let why = verdict["retrain"]["why"].as_str().unwrap();
    assert!(why.contains(name), "{why}");
    // The resulting prediction errors do not start one either.
    let labels = read(case.labels);
    let truth = |(n, made): (usize, &Value)| {
        let is_other = |l: &&Value| **l != made["label"];
        let other = labels.as_array().unwrap().iter().find(is_other).unwrap();
        let label = if n < 300 { &made["label"] } else { other };
        json!({"id": made["id"], "label": label})
    };
    let truths: Vec<Value> = made.iter().enumerate().map(truth).collect();
    assert_eq!(server.post("/v1/labels", &json!(truths)).await.0, 200);
    until("the decay", || async {
        !server.get("/v1/monitor").await["performance"]["decayed"].is_null()
    })
    .await;
    let decay = events(&server, "decay").await;
    assert!(
        decay.iter().all(|event| event["retrain"]["asked"] == false
            && event["change"]["after"]["mean"].is_number()),
        "{decay:?}"
    );
    until("the labels", || async {
        server.get("/v1/loop").await["fresh"] == 400
    })
    .await;
    learns_nothing(&server).await;
    server.stop().await;
}

async fn errors_that_rise_are_a_decay(case: &Case) {
    let (server, _) = server(case, |settings| settings.retrain.on_drift = false).await;
    let labels = read(case.labels);
    let mut told = 0;
    for (round, wrong) in [(0, false), (1, false), (2, true), (3, true)] {
        let made = ask(&server, &rows(case, 200, 11 + round)).await;
        let truths: Vec<Value> = made
            .iter()
            .map(|made| {
                let other = labels
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|l| **l != made["label"]);
                let label = if wrong {
                    other.unwrap()
                } else {
                    &made["label"]
                };
                json!({"id": made["id"], "label": label})
            })
            .collect();
        let (status, answer) = server.post("/v1/labels", &json!(truths)).await;
        assert_eq!(status, 200, "{answer}");
        told += 200;
        until("the truths", || async {
            server.get("/v1/monitor").await["performance"]["truths"] == told
        })
        .await;
    }
    let seen = server.get("/v1/monitor").await;
    as_described(&server, "/v1/monitor").await;
    let decayed = &seen["performance"]["decayed"];
    assert_eq!(decayed["decay"], true, "{decayed}");
    let at = decayed["at"].as_u64().unwrap();
    assert!((401..800).contains(&at), "{decayed}");
    // No training starts because the trigger is off, and no event says that one does.
    let told = events(&server, "decay").await;
    let off = json!({"asked": false, "why": "retrain.on_drift is false"});
    assert!(told.iter().all(|event| event["retrain"] == off), "{told:?}");
    let windows = events(&server, "performance").await;
    let accuracy = |window: &Value| window["figures"][0]["value"].clone();
    let accuracies: Vec<Value> = windows.iter().map(accuracy).collect();
    assert_eq!(accuracies, [json!(1.0), json!(1.0), json!(0.0), json!(0.0)]);
    server.stop().await;
}

async fn slices_are_watched_by_themselves(case: &Case) {
    let (column_name, levels) = case.category;
    let levels = read(levels);
    let levels = levels.as_array().unwrap();
    let (server, _) = server(case, |settings| {
        settings.monitor.slices = vec![column_name.to_owned(), "nothing".into()];
        settings.retrain.on_drift = false;
    })
    .await;
    let (number, _) = case.number;
    // All rows have one level and lack the number: the slice reports that its rows have changed, too.
    let mut odd = rows(case, 100, 13);
    for row in &mut odd {
        join(case, row);
        row.as_object_mut().unwrap().shift_remove(number);
    }
    ask(&server, &odd).await;
    let seen = verdicts(&server, 2).await;
    as_described(&server, "/v1/monitor").await;
    let slices = seen["slices"].as_array().unwrap();
    assert_eq!(slices.len(), levels.len(), "{slices:?}");
    let verdict = &slices[0]["verdict"];
    assert_eq!(
        verdict["slice"],
        json!({"column": column_name, "level": levels[0]})
    );
    assert_eq!(column(verdict, number)["drift"], true, "{verdict}");
    assert_eq!(column(verdict, column_name)["drift"], false, "{verdict}");
    let shared = looks::ALONE * 0.01 / (1 + levels.len()) as f64;
    assert!((verdict["level"].as_f64().unwrap() - shared).abs() < 1e-12);
    assert_eq!(slices[1]["verdict"], Value::Null);
    assert_eq!(seen["unwatched"][0]["column"], "nothing");
    server.stop().await;
}

async fn rows_that_come_too_fast_pass_by(case: &Case) {
    let (server, clock) = server(case, |settings| {
        settings.monitor.window = 2.try_into().unwrap();
    })
    .await;
    ask_one_by_one(&server, &rows(case, 500, 17)).await;
    until("the rows", || async {
        server.get("/v1/monitor").await["skipped"] == 300
    })
    .await;
    let seen = server.get("/v1/monitor").await;
    assert_eq!(seen["history"].as_array().unwrap().len(), 100);
    assert_eq!(events(&server, "drift").await.len(), 100);
    clock.advance(Duration::from_secs(2));
    ask_one_by_one(&server, &rows(case, 10, 18)).await;
    until("the rows", || async {
        server.get("/v1/monitor").await["skipped"] == 306
    })
    .await;
    assert_eq!(events(&server, "drift").await.len(), 102);
    server.stop().await;
}

async fn odd_windows(case: &Case) {
    let (server, clock) = server(case, |settings| {
        settings.monitor.window = 1.try_into().unwrap();
    })
    .await;
    ask_one_by_one(&server, &rows(case, 3, 19)).await;
    let seen = verdicts(&server, 3).await;
    assert_eq!(
        seen["verdict"]["drift"], false,
        "one row proves nothing: {seen}"
    );
    // A clock that is set back stops nothing.
    clock.set("2026-01-30T09:15:00Z".parse().unwrap());
    ask_one_by_one(&server, &rows(case, 3, 20)).await;
    verdicts(&server, 6).await;
    server.stop().await;
}

async fn subscribers_hear_of_verdicts_and_alerts_once(case: &Case) {
    let (server, _) = server(case, |settings| settings.retrain.on_drift = false).await;
    let mut socket = Socket::open(&server).await;
    socket.subscribe(&["monitor", "alerts"]).await;
    ask(&server, &shifted(case, 100, 23)).await;
    let (mut verdicts, mut alerts) = (Vec::new(), Vec::new());
    while verdicts.is_empty() || alerts.len() < 2 {
        let event = socket.next().await;
        match event["topic"].as_str().unwrap() {
            "monitor" => verdicts.push(event["data"].clone()),
            _ => alerts.push(event["data"].clone()),
        }
    }
    let verdict = &verdicts[0];
    assert_eq!(
        (&verdict["about"], &verdict["drift"]),
        (&json!("drift"), &json!(true))
    );
    let states: Vec<_> = alerts.iter().map(|a| (&a["rule"], &a["state"])).collect();
    let of_drift = json!("drift");
    assert_eq!(
        states,
        [
            (&of_drift, &json!("pending")),
            (&of_drift, &json!("firing"))
        ]
    );
    until("the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "firing"
    })
    .await;
    let alerts = server.get("/v1/alerts").await;
    let alert = &alerts["alerts"][0];
    assert_eq!(
        (&alert["state"], &alert["subject"]),
        (&json!("firing"), &case.version(1).into())
    );
    let summary = alert["annotations"]["summary"].as_str().unwrap();
    assert!(summary.contains(case.category.0), "{summary}");
    // The next full window without drift ends the alert.
    ask(&server, &rows(case, 100, 24)).await;
    until("the end of the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "resolved"
    })
    .await;
    let seen = server.get("/v1/monitor").await;
    assert_eq!(
        (&seen["verdict"]["drift"], &seen["verdict"]["full"]),
        (&json!(false), &json!(true))
    );
    let page = server
        .request(reqwest::Method::GET, "/")
        .send()
        .await
        .unwrap()
        .text()
        .await
        .unwrap();
    assert!(
        page.contains("id=\"monitor\"") && page.contains("id=\"alerts\""),
        "{page}"
    );
    server.stop().await;
}

/// Runs a command; returns exit code, standard output and standard error.
fn run(state: &std::path::Path, words: &str) -> (Option<i32>, String, String) {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_titanic-platform"))
        .arg("--state")
        .arg(state)
        .args(words.split(' '))
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

async fn what_was_asked_is_held_against_a_model_by_the_command(case: &Case) {
    let (server, _) = server(case, |_| {}).await;
    ask(&server, &rows(case, 40, 30)).await;
    ask(&server, &shifted(case, 100, 31)).await;
    let live = verdicts(&server, 1).await;
    let words = "drift --model champion --window last:100 --json";
    // While the server runs, the command sends its request to it.
    let (code, beside, said) = run(&server.state(), words);
    assert_eq!(code, Some(0), "{said}");
    let state = server.leave().await;
    let (code, told, said) = run(state.path(), words);
    assert_eq!(code, Some(0), "{said}");
    assert_eq!(told, beside);
    let told: Value = serde_json::from_str(&told).unwrap();
    let events = crate::store_cli::lines(&run(state.path(), "store export").1);
    let mut verdicts = events.iter().filter(|event| event["kind"] == "verdict");
    assert_eq!(verdicts.next().unwrap()["about"], "drift");
    let alerts = events.iter().filter(|event| event["kind"] == "alert");
    assert_eq!(alerts.count(), 1);
    assert_eq!(
        (&told["drift"], &told["rows"]["current"]),
        (&json!(true), &json!(100))
    );
    assert_eq!(
        told["rows"]["reference"],
        live["verdict"]["rows"]["reference"]
    );
    assert_eq!(column(&told, case.category.0)["drift"], true);
    assert_eq!(
        run(state.path(), &format!("{words} --exit-code")).0,
        Some(4)
    );
    let none = run(state.path(), "drift --model champion --since 2027-01-01");
    assert_eq!(none.0, Some(1), "{none:?}");
    assert!(none.2.contains("no predictions since"), "{none:?}");
}

async fn a_source_that_breaks_in_the_middle_of_a_window_begins_none(case: &Case) {
    let server = eager(case).await;
    let (name, _) = case.number;
    let mut rows = rows(case, 300, 37);
    for row in &mut rows[150..] {
        row.as_object_mut().unwrap().shift_remove(name);
    }
    // The window in which the outage begins looks like a real change; the next window, or an interim look at
    // its half, shows the issue.
    let made = ask(&server, &rows).await;
    looked(&server, 300).await;
    let told = events(&server, "drift").await;
    assert!(
        told.iter().all(|event| event["retrain"]["asked"] != true),
        "{told:?}"
    );
    one_truth(&server, case, &made).await;
    learns_nothing(&server).await;
    server.stop().await;
}

async fn an_outage_that_is_over_begins_none(case: &Case) {
    let server = eager(case).await;
    let (name, _) = case.number;
    let (column_name, levels) = case.category;
    // First missing values, then one level everywhere; the windows in which each outage begins and ends are affected in part.
    let mut rows = rows(case, 900, 43);
    for row in &mut rows[120..280] {
        row.as_object_mut().unwrap().shift_remove(name);
    }
    for row in &mut rows[540..680] {
        row[column_name] = read(levels)[0].clone();
    }
    let made = ask(&server, &rows).await;
    looked(&server, 900).await;
    let told = events(&server, "drift").await;
    let mut full: Vec<&Value> = told.iter().filter(|event| event["full"] == true).collect();
    full.sort_by_key(|event| event["window"]["to"].as_u64());
    let drifted: Vec<bool> = full.iter().map(|event| event["drift"] == true).collect();
    let expected = [1, 2, 5, 6].map(|n| drifted[n]);
    assert_eq!((drifted.len(), expected), (9, [true; 4]), "{drifted:?}");
    for event in &full[1..7] {
        assert!(event["retrain"]["asked"] != true, "{event}");
        // The change is reported whether or not a training follows.
        assert_eq!(
            event["change"].is_string(),
            event["drift"] == true,
            "{event}"
        );
    }
    one_truth(&server, case, &made).await;
    learns_nothing(&server).await;
    server.stop().await;
}

async fn errors_on_rows_that_were_broken_begin_none(case: &Case) {
    let server = eager(case).await;
    let (name, _) = case.number;
    let mut rows = rows(case, 600, 47);
    for row in &mut rows[200..400] {
        row.as_object_mut().unwrap().shift_remove(name);
    }
    let made = ask(&server, &rows).await;
    looked(&server, 600).await;
    // The labels arrive after the outage; those of the affected rows differ from the predictions.
    let labels = read(case.labels);
    let truths = made[..400].iter().enumerate().map(|(n, made)| {
        let is_other = |l: &&Value| **l != made["label"];
        let other = labels.as_array().unwrap().iter().find(is_other).unwrap();
        let label = if n < 200 { &made["label"] } else { other };
        json!({"id": made["id"], "label": label})
    });
    let truths: Vec<Value> = truths.collect();
    assert_eq!(server.post("/v1/labels", &json!(truths)).await.0, 200);
    until("the decay", || async {
        !server.get("/v1/monitor").await["performance"]["decayed"].is_null()
    })
    .await;
    until("the labels", || async {
        server.get("/v1/loop").await["fresh"] == 400
    })
    .await;
    let decay = events(&server, "decay").await;
    assert!(
        decay.iter().any(|event| event["decay"] == true),
        "{decay:?}"
    );
    let is_told = |event: &&Value| event["retrain"]["asked"] == true;
    assert_eq!(decay.iter().find(is_told), None);
    learns_nothing(&server).await;
    server.stop().await;
}

async fn a_window_without_drift_takes_back_what_was_asked(case: &Case) {
    let (server, _) = server(case, |_| {}).await;
    ask(&server, &shifted(case, 100, 5)).await;
    until("the wish", || async {
        !server.get("/v1/loop").await["verdict"].is_null()
    })
    .await;
    ask(&server, &rows(case, 100, 6)).await;
    until("its end", || async {
        server.get("/v1/loop").await["verdict"].is_null()
    })
    .await;
    server.stop().await;
}

async fn a_truth_that_comes_before_its_prediction_counts_once(case: &Case) {
    let (server, _) = server(case, |_| {}).await;
    let label = &read(case.labels)[0];
    for n in 0..20 {
        let id = format!("early-{n}");
        let (status, _) = server
            .post("/v1/labels", &json!({"id": id, "label": label}))
            .await;
        assert_eq!(status, 202);
        let (status, _) = server
            .post(&format!("/v1/predict?id={id}"), &case.row())
            .await;
        assert_eq!(status, 200);
    }
    let made = ask(&server, &rows(case, 1, 41)).await;
    let last = json!({"id": made[0]["id"], "label": label});
    assert_eq!(server.post("/v1/labels", &last).await.0, 200);
    until("the last truth", || async {
        let seen = server.get("/v1/monitor").await;
        seen["performance"]["truths"].as_u64() >= Some(21)
    })
    .await;
    assert_eq!(server.get("/v1/monitor").await["performance"]["truths"], 21);
    until("the loop", || async {
        server.get("/v1/loop").await["fresh"].as_u64() >= Some(21)
    })
    .await;
    assert_eq!(server.get("/v1/loop").await["fresh"], 21);
    server.stop().await;
}

async fn another_champion_begins_anew(case: &Case) {
    let (server, _) = server(case, |settings| settings.retrain.on_drift = false).await;
    ask(&server, &shifted(case, 100, 43)).await;
    until("the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "firing"
    })
    .await;
    let page = server.metrics().await;
    assert!(
        !page.contains("\ntitanic_monitor_drifted_columns 0\n"),
        "{page}"
    );
    let promoted = server.request(reqwest::Method::POST, "/v1/models/2/promote");
    assert_eq!(crate::server::answer(promoted).await.0, 200);
    until("the new champion", || async {
        server.get("/v1/monitor").await["model"] == case.version(2)
    })
    .await;
    let seen = server.get("/v1/monitor").await;
    assert_eq!(
        (&seen["model"], &seen["verdict"]),
        (&case.version(2).into(), &Value::Null)
    );
    let page = server.metrics().await;
    assert!(
        page.contains("\ntitanic_monitor_drifted_columns 0\n"),
        "{page}"
    );
    assert!(!page.contains("titanic_drift_psi_nats{"), "{page}");
    // The swap says nothing about the rows: the alert ends with a full window without drift.
    let alert = server.get("/v1/alerts").await["alerts"][0].clone();
    assert_eq!(
        (&alert["state"], &alert["subject"]),
        (&"firing".into(), &case.version(1).into())
    );
    ask(&server, &rows(case, 100, 44)).await;
    until("the end of the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "resolved"
    })
    .await;
    server.stop().await;
}

async fn a_sorted_batch_is_judged_once_as_a_whole(case: &Case) {
    let (server, _) = server(case, |settings| settings.retrain.on_drift = false).await;
    let sorted = |mut rows: Vec<Value>| {
        let key = |row: &Value| row[case.number.0].as_f64().unwrap_or(-1.0);
        rows.sort_by(|a, b| key(a).total_cmp(&key(b)));
        rows
    };
    let batch = sorted(rows(case, 3000, 50));
    ask(&server, &rows(case, 30, 51)).await;
    ask_at_once(&server, &batch).await;
    let seen = verdicts(&server, 1).await;
    let verdict = &seen["verdict"];
    assert_eq!(
        (
            &verdict["drift"],
            &verdict["batch"],
            &verdict["rows"]["current"]
        ),
        (&json!(false), &json!(3000), &json!(1000)),
        "{verdict}"
    );
    // Single rows fill their window as before, and the batch is not part of it.
    filled(&server, 30).await;
    ask(&server, &rows(case, 70, 52)).await;
    let seen = verdicts(&server, 2).await;
    assert_eq!(seen["verdict"]["batch"], Value::Null);
    // The same batch gives the same sample and so the same verdict.
    ask_at_once(&server, &batch).await;
    let seen = verdicts(&server, 3).await;
    assert_eq!(seen["verdict"]["columns"], verdict["columns"]);

    // Drift of a batch is reported by one verdict, and the next batch ends the alert.
    ask_at_once(&server, &sorted(shifted(case, 3000, 53))).await;
    let seen = verdicts(&server, 4).await;
    assert_eq!(seen["verdict"]["drift"], true, "{}", seen["verdict"]);
    until("the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "firing"
    })
    .await;
    ask_at_once(&server, &batch).await;
    until("the end of the alert", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "resolved"
    })
    .await;
    assert_eq!(events(&server, "drift").await.len(), 5);
    server.stop().await;
}
