//! All that is known of a prediction, a version, an alert and a verdict: by the route, and by the command.

use serde_json::{Value, json};

use crate::case::{Case, json as read, on_both};
use crate::server::{Server, until};
use crate::store_cli::run;

on_both!(
    a_prediction_is_explained_completely,
    a_version_an_alert_and_a_verdict_are_explained,
);

async fn a_prediction_is_explained_completely(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let (_, made) = server.post("/v1/predict?explain=true", &case.row()).await;
    let id = made["id"].as_str().unwrap();
    // At once: it need not be on the disk yet.
    let path = format!("/v1/why/{id}");
    let why = server.get(&path).await;
    assert_eq!(
        (&why["about"], &why["truth"]),
        (&json!("prediction"), &Value::Null)
    );
    let truth = &read(case.labels)[1];
    let label = json!({"id": id, "label": truth});
    assert_eq!(server.post("/v1/labels", &label).await.0, 200);

    let why = server.get(&path).await;
    assert_eq!(why["truth"], *truth);
    let event = &why["event"];
    assert_eq!(event["probability"], made["probability"]);
    assert_eq!(event["row"], case.row());
    assert_eq!(why["explanation"], made["explanation"]);
    assert_eq!(why["model"]["model"], case.version(1));
    let features = why["features"].as_array().unwrap();
    assert!(
        features
            .iter()
            .any(|feature| feature["name"] == case.feature),
        "{features:?}"
    );
    let others = why["versions"].as_array().unwrap();
    assert_eq!(others.len(), 1, "{others:?}");
    assert_eq!(
        (&others[0]["model"], &others[0]["role"], &others[0]["error"]),
        (&json!(case.version(2)), &json!("candidate"), &Value::Null)
    );
    let other = others[0]["probability"].as_f64().unwrap();
    assert_eq!(others[0]["label"], case.label(other));
    assert_eq!((&why["windows"], &why["notes"]), (&json!([]), &json!([])));

    let state = server.leave().await;
    let command = |line: &str| tokio::task::block_in_place(|| run(&state, line));
    assert_eq!(command(&format!("why {id} --json")).ok().json(), why);
    let text = command(&format!("why {id}")).ok().out;
    assert!(
        text.starts_with(&format!("prediction {id}, event ")),
        "{text}"
    );
    assert!(text.contains(&format!(
        "the label is {}",
        truth.to_string().trim_matches('"')
    )));
    assert!(
        command("why nobody")
            .fails(1)
            .contains("nothing is known of")
    );
}

/// Rows of which four of five have the same level.
fn shifted(case: &Case, n: usize) -> Vec<Value> {
    let schema = case.spec().schema;
    let all = crate::tables::objects(&schema, case.table);
    let (column, levels) = case.category;
    let row = |i: usize| {
        let mut row = all[i * 7 % all.len()].clone();
        row.as_object_mut()
            .unwrap()
            .shift_remove(&schema.target().column);
        if !i.is_multiple_of(5) {
            row[column] = read(levels)[0].clone();
        }
        row
    };
    (0..n).map(row).collect()
}

async fn a_version_an_alert_and_a_verdict_are_explained(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let mut ids = Vec::new();
    for few in shifted(case, 100).chunks(20) {
        let (_, made) = server.post("/v1/predict", &json!(few)).await;
        let made = made["predictions"].as_array().unwrap();
        ids.extend(
            made.iter()
                .map(|one| one["id"].as_str().unwrap().to_owned()),
        );
    }
    let kind = |kind: &'static str| {
        let server = &server;
        async move {
            let events = server.get(&format!("/v1/events?kind={kind}")).await;
            events["events"].as_array().unwrap().clone()
        }
    };
    until("a verdict and an alert", || async {
        !kind("verdict").await.is_empty() && !kind("alert").await.is_empty()
    })
    .await;
    let (verdict, alert) = (
        kind("verdict").await[0].clone(),
        kind("alert").await[0].clone(),
    );
    assert_eq!(
        (&verdict["about"], &verdict["drift"]),
        (&json!("drift"), &json!(true))
    );

    // Every prediction of the window names the verdict.
    for id in [&ids[0], &ids[99]] {
        let why = server.get(&format!("/v1/why/{id}")).await;
        assert_eq!(why["windows"], json!([verdict]));
    }
    let of_verdict = server.get(&format!("/v1/why/{}", verdict["seq"])).await;
    assert_eq!(
        (&of_verdict["about"], &of_verdict["event"]),
        (&json!("verdict"), &verdict)
    );
    assert_eq!(of_verdict["alerts"], json!([alert]));
    let alert_id = alert["alert"].as_str().unwrap();
    let of_alert = server.get(&format!("/v1/why/{alert_id}")).await;
    assert_eq!(
        (&of_alert["about"], &of_alert["id"]),
        (&json!("alert"), &json!(alert_id))
    );
    assert_eq!(
        (&of_alert["events"], &of_alert["verdict"]),
        (&json!([alert]), &verdict)
    );
    let of_model = server.get(&format!("/v1/why/{}", case.version(1))).await;
    assert_eq!(
        (&of_model["about"], &of_model["model"]["role"]),
        (&json!("model"), &json!("champion"))
    );
    let actions = of_model["history"].as_array().unwrap().iter();
    let actions: Vec<&Value> = actions.map(|line| &line["action"]).collect();
    assert_eq!(actions, ["trained", "promoted"]);
    let (status, problem) = crate::server::answer(server.request(
        reqwest::Method::GET,
        &format!("/v1/why/{}", case.version(99)),
    ))
    .await;
    assert_eq!(status, 404, "{problem}");

    // By the numbers of their events.
    assert_eq!(server.post("/v1/rows", &json!([case.row()])).await.0, 200);
    for (name, about) in [
        ("model", "model"),
        ("alert", "alert"),
        ("prediction", "prediction"),
    ] {
        let seq = &kind(name).await[0]["seq"];
        assert_eq!(server.get(&format!("/v1/why/{seq}")).await["about"], about);
    }
    for unknown in [&kind("row").await[0]["seq"], &json!(0), &json!(1_000_000)] {
        let path = format!("/v1/why/{unknown}");
        let request = server.request(reqwest::Method::GET, &path);
        assert_eq!(crate::server::answer(request).await.0, 404, "{path}");
    }

    let state = server.leave().await;
    for (id, about) in [
        (verdict["seq"].to_string(), "verdict"),
        (alert_id.to_owned(), "alert "),
        (case.version(1), &format!("{}: ", case.version(1))),
    ] {
        let text = tokio::task::block_in_place(|| run(&state, &format!("why {id}")))
            .ok()
            .out;
        assert!(text.contains(about), "{text}");
    }
}
