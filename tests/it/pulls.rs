//! Scheduled sources: pulled repeatedly, also over restarts, with no row skipped and none counted twice.

use std::path::Path;
use std::sync::Arc;

use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::config::Settings;
use titanic_platform::pulls::schedule::Scheduled;

use crate::case::{Case, on_both};
use crate::server::{Server, until};

on_both!(a_folder_is_pulled_file_by_file_over_restarts);

fn scheduled(from: &Path) -> Scheduled {
    let every = json!({"from": from, "every": "1s"});
    serde_json::from_value(every).unwrap()
}

/// Lines of the case's table below its header.
fn part(case: &Case, lines: std::ops::Range<usize>) -> String {
    let all: Vec<&str> = case.table.split_inclusive('\n').collect();
    [all[0], &all[lines].concat()].concat()
}

async fn rows(server: &Server) -> Vec<Value> {
    let page = server.get("/v1/events?kind=row&limit=1000").await;
    page["events"].as_array().unwrap().clone()
}

async fn until_rows(server: &Server, count: usize) {
    until("the rows", || async { rows(server).await.len() >= count }).await;
}

async fn a_folder_is_pulled_file_by_file_over_restarts(case: &Case) {
    let inbox = tempfile::tempdir().unwrap();
    let source = scheduled(inbox.path());
    let with = |settings: &mut Settings| {
        settings.retrain.enabled = false;
        settings.sources.insert("inbox".into(), source.clone());
    };
    let server = Server::of_with(case, with).await;
    std::fs::write(inbox.path().join("a.csv"), part(case, 1..41)).unwrap();
    until_rows(&server, 40).await;
    let state = server.leave().await;

    // While the server is down: a file that is no table, another file, and one that contains ten of the same rows again.
    let bad = "\u{feff}this,is,no,table\n1,2,3,4\n";
    std::fs::write(inbox.path().join("aa.csv"), bad).unwrap();
    std::fs::write(inbox.path().join("b.csv"), part(case, 41..61)).unwrap();
    let server = Server::over(state, with, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    until_rows(&server, 60).await;
    std::fs::write(inbox.path().join("c.csv"), part(case, 31..71)).unwrap();
    until_rows(&server, 70).await;
    let state = server.leave().await;

    let server = Server::over(state, with, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    std::fs::write(inbox.path().join("d.csv"), part(case, 71..72)).unwrap();
    until_rows(&server, 71).await;
    // The file that was no table becomes one.
    std::fs::write(inbox.path().join("aa.csv"), part(case, 70..73)).unwrap();
    until_rows(&server, 72).await;
    let rows = rows(&server).await;
    let distinct: std::collections::BTreeSet<String> = rows
        .iter()
        .map(|row| format!("{}{}", row["row"], row["label"]))
        .collect();
    assert_eq!((rows.len(), distinct.len()), (72, 72), "each once");
    server.stop().await;
}
