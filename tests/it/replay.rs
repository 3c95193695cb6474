//! Stored predictions scored again with another version: by the route, and by the command with and without a server.

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::registry::Registry;
use titanic_platform::replay::{self, Asked};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, answer, until};
use crate::store_cli::run;

on_both!(
    another_version_scores_the_stored_predictions,
    a_range_of_time_and_an_unknown_version,
    a_replay_ends_where_it_is_told_to,
);

/// Predicts every row of the case and labels the first `labels` of them; gives the predictions.
async fn predicted(server: &Server, case: &Case, labels: usize) -> Vec<Value> {
    let rows = &case.rows()[..60];
    let (status, made) = server.post("/v1/predict", &json!(rows)).await;
    assert_eq!(status, 200, "{made}");
    let made = made["predictions"].as_array().unwrap().clone();
    let truths = read(case.labels);
    let labelled = made[..labels].iter().enumerate();
    let labelled: Vec<Value> = labelled
        .map(|(n, one)| json!({"id": one["id"], "label": truths[n % 2]}))
        .collect();
    if !labelled.is_empty() {
        assert_eq!(server.post("/v1/labels", &json!(labelled)).await.0, 200);
    }
    made
}

/// Requests a replay and gives the finished job.
async fn replayed(server: &Server, asked: &Value) -> Value {
    let (status, queued) = server.post("/v1/replay", asked).await;
    assert_eq!(status, 202, "{queued}");
    let path = format!("/v1/jobs/{}", queued["id"].as_str().unwrap());
    until("the replay is over", || async {
        let job = server.get(&path).await;
        !["queued", "running"].contains(&job["state"].as_str().unwrap())
    })
    .await;
    server.get(&path).await
}

/// What the version answers now for the rows, as trials.
async fn again(server: &Server, case: &Case, version: u64) -> Vec<Value> {
    let path = format!("/v1/models/{version}/promote");
    assert_eq!(answer(server.request(Method::POST, &path)).await.0, 200);
    let rows = json!(case.rows()[..60]);
    let (_, made) = server.post("/v1/predict?store=false", &rows).await;
    made["predictions"].as_array().unwrap().clone()
}

async fn another_version_scores_the_stored_predictions(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let before = predicted(&server, case, 40).await;
    let job = replayed(&server, &json!({"model": "2"})).await;
    assert_eq!(
        (&job["kind"], &job["state"]),
        (&json!("replay"), &json!("done")),
        "{job}"
    );
    assert_eq!(job["progress"], 1.0);
    let replay = &job["result"];
    assert_eq!(
        (
            &replay["from"],
            &replay["to"],
            &replay["rows"],
            &replay["skipped"]
        ),
        (
            &json!(case.version(1)),
            &json!(case.version(2)),
            &json!(60),
            &json!(0)
        )
    );

    // The same from what both versions answer.
    let after = again(&server, case, 2).await;
    let probability = |one: &Value| one["probability"].as_f64().unwrap();
    let pairs = || before.iter().zip(&after);
    let differences: Vec<f64> = pairs()
        .map(|(b, a)| probability(a) - probability(b))
        .collect();
    let mean = differences.iter().sum::<f64>() / 60.0;
    let close = |found: &Value, expected: f64| {
        assert!(
            (found.as_f64().unwrap() - expected).abs() < 1e-6,
            "{found} {expected}"
        );
    };
    close(&replay["difference"]["mean"], mean);
    let mut sorted = differences;
    sorted.sort_by(f64::total_cmp);
    close(
        &replay["difference"]["quantiles"]["0.5"],
        (sorted[29] + sorted[30]) / 2.0,
    );
    let positive = &read(case.labels)[1];
    let flips = |to: bool| {
        let flipped =
            pairs().filter(|(b, a)| b["label"] != a["label"] && (a["label"] == *positive) == to);
        json!(flipped.count())
    };
    let found = &replay["flips"];
    assert_eq!(
        (&found["to_positive"], &found["to_negative"]),
        (&flips(true), &flips(false))
    );
    let loss = |of: &[Value]| {
        let truths = read(case.labels);
        let losses = of[..40].iter().enumerate().map(|(n, one)| {
            let p = probability(one);
            -(if truths[n % 2] == *positive {
                p
            } else {
                1.0 - p
            })
            .ln()
        });
        losses.sum::<f64>() / 40.0
    };
    let labelled = &replay["labelled"];
    assert_eq!(
        (&labelled["rows"], &labelled["seen"]),
        (&json!(40), &json!(0))
    );
    let log_loss = &labelled["log_loss"];
    close(&log_loss["from"], loss(&before));
    close(&log_loss["to"], loss(&after));
    close(&log_loss["difference"], loss(&before) - loss(&after));
    let [low, difference, high] =
        ["low", "difference", "high"].map(|key| log_loss[key].as_f64().unwrap());
    assert!(low < difference && difference < high, "{log_loss}");
    let (column, _) = case.category;
    let levels = replay["by_column"].as_array().unwrap().iter();
    let levels = levels.filter(|level| level["column"] == column);
    let rows: u64 = levels.map(|level| level["rows"].as_u64().unwrap()).sum();
    assert_eq!(rows, 60);

    // The command gives the same document, through the server and without it.
    let beside = tokio::task::block_in_place(|| run_at(&server, "replay --model 2 --json"));
    assert_eq!(beside, *replay);
    let state = server.leave().await;
    let alone = tokio::task::block_in_place(|| run(&state, "replay --model 2 --json"));
    assert_eq!(alone.ok().json(), *replay);
    let text = tokio::task::block_in_place(|| run(&state, "replay --model 2"))
        .ok()
        .out;
    let heading = format!(
        "60 predictions of {}, scored again with {}",
        case.version(1),
        case.version(2)
    );
    assert!(text.starts_with(&heading), "{text}");
}

/// The document of a command on the state that a server holds.
fn run_at(server: &Server, line: &str) -> Value {
    let output = std::process::Command::new(crate::cli::BINARY)
        .args(line.split_whitespace())
        .arg("--state")
        .arg(server.state())
        .env_clear()
        .output();
    crate::cli::Ran::of(line, output.unwrap()).ok().json()
}

async fn a_range_of_time_and_an_unknown_version(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    predicted(&server, case, 0).await;
    let whole = json!({"model": case.version(2), "since": "2020-01-01", "until": null});
    let job = replayed(&server, &whole).await;
    assert_eq!(job["result"]["rows"], 60, "{job}");
    assert_eq!(job["result"]["labelled"], Value::Null);
    // Nothing before it; and nothing of another version than the champion itself.
    for asked in [
        json!({"model": case.version(2), "until": "2020-01-01T00:00:00Z"}),
        json!({"model": case.version(1)}),
    ] {
        let job = replayed(&server, &asked).await;
        assert_eq!(job["state"], "failed", "{job}");
        let error = job["error"].as_str().unwrap();
        assert!(
            error.contains("holds no prediction of another version"),
            "{error}"
        );
    }
    for (asked, status) in [
        (json!({"model": "99"}), 404),
        (json!({"model": 2}), 422),
        (json!({"model": "2", "since": "soon"}), 422),
        (json!({}), 422),
    ] {
        let (found, problem) = server.post("/v1/replay", &asked).await;
        assert_eq!(found, status, "{asked}: {problem}");
    }
    let state = server.leave().await;
    let unknown = tokio::task::block_in_place(|| run(&state, "replay --model 99"));
    assert!(unknown.fails(1).contains("99"));
    let wrong = tokio::task::block_in_place(|| run(&state, "replay --model 2 --since soon"));
    assert_eq!(wrong.code, 2);
}

async fn a_replay_ends_where_it_is_told_to(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    predicted(&server, case, 10).await;
    let state = server.leave().await;
    let file = titanic_platform::store::open(state.path()).unwrap();
    let registry = Registry::open(state.path()).unwrap();
    let asked = Asked {
        model: "2".parse().unwrap(),
        since: None,
        until: None,
    };
    let seq = || file.snapshot(|snapshot| snapshot.last()).unwrap();
    let before = seq();
    let mut shares = Vec::new();
    let whole = replay::run(&file, &registry, &asked, &mut |share| {
        shares.push(share);
        true
    });
    assert_eq!(whole.unwrap().unwrap().rows, 60);
    assert!(
        shares.is_sorted() && shares.last() == Some(&1.0),
        "{shares:?}"
    );
    for stop in 0..shares.len() {
        let mut looks = 0;
        let stopped = replay::run(&file, &registry, &asked, &mut |_| {
            looks += 1;
            looks <= stop
        });
        assert_eq!(stopped.unwrap(), None, "after {stop} of {}", shares.len());
    }
    assert_eq!(seq(), before, "a replay only reads");
}
