//! `alerts …` with the real binary: while a server runs, and on the state it left.

use serde_json::{Value, json};
use titanic_platform::store::{self, alerts};

use super::receiver::{Mood, Receiver};
use super::{clock, drift, hook, server};
use crate::server::until;
use crate::store_cli::run;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_server_left_is_listed_silenced_and_sent_again() {
    let receiver = Receiver::answering(410).await;
    let clock = clock();
    let server = server(&[("hook", hook(&receiver.url))], &clock).await;
    drift(&server, true);
    until("the dead letter", || async {
        server.get("/v1/alerts").await["outbox"]["dead"] == 1
    })
    .await;
    let id = server.get("/v1/alerts").await["alerts"][0]["id"].clone();
    let state = server.leave().await;
    let on = |line: &str| {
        let (state, line) = (&state, line.to_owned());
        tokio::task::block_in_place(|| run(state, &line))
    };

    let listed = on("alerts list --json").ok().json();
    assert_eq!(listed["alerts"][0]["id"], id);
    assert_eq!(listed["alerts"][0]["state"], "firing");
    let letter = listed["outbox"]["dead_letters"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let table = on("alerts list").ok().out;
    assert!(
        table.contains("more women") && table.contains(&letter),
        "{table}"
    );
    let id = id.as_str().unwrap();
    assert_eq!(
        on(&format!("alerts show {id} --json")).ok().json()["rule"],
        "drift"
    );
    assert!(on("alerts show nobody").fails(1).contains("alerts list"));

    let silence = on(&format!(
        "alerts silence {id} --for 2h --comment known --json"
    ))
    .ok()
    .json();
    assert_eq!(silence["comment"], "known");
    let labels = on("alerts silence alertname=drift column!=age --for 7d")
        .ok()
        .out;
    assert!(
        labels.ends_with(": alertname=drift column!=age\n"),
        "{labels}"
    );
    assert!(
        on("alerts silence drift --for 2h")
            .fails(1)
            .contains("no alert \"drift\"")
    );
    on("alerts silence alertname=drift --for soon").ended(2);
    on("alerts silence alertname=drift --for 0s").ended(2);
    on("alerts silence alertname=~d.* --for 1h").ended(2);
    on("alerts silence drift = --for 1h").ended(2);
    let listed = on("alerts list --json").ok().json();
    assert_eq!(listed["silences"].as_array().unwrap().len(), 2);

    assert!(
        on("alerts resend msg_nobody")
            .fails(1)
            .contains("no dead letter")
    );
    assert_eq!(
        on("alerts resend --all --json").ok().json(),
        json!({"waiting": [letter]})
    );
    let file = store::open(state.path()).unwrap();
    let (_, rows) = alerts::kept(&file).unwrap();
    let row: Value = serde_json::from_str(&rows[0]).unwrap();
    assert_eq!((&row["dead"], &row["attempts"]), (&json!(false), &json!(1)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_channel_is_tried_beside_a_running_server() {
    let receiver = Receiver::answering(200).await;
    let server = crate::server::Server::start().await;
    let state = server.state();
    let settings = state.join("config.yaml");
    let write = |more: &str| {
        let text = format!(
            "alerts:\n  timeout: 1s\n  channels: {{hook: {{type: webhook, url: '{}'{more}}}}}\n",
            receiver.url
        );
        std::fs::write(&settings, text).unwrap();
    };
    write("");
    let on = |line: &str| {
        let output = std::process::Command::new(crate::cli::BINARY)
            .args(line.split_whitespace())
            .args(["--state".as_ref(), state.as_os_str()])
            .args(["--config".as_ref(), settings.as_os_str()])
            .env_clear()
            .output();
        crate::cli::Ran::of(line, output.unwrap())
    };
    let on = |line: &str| tokio::task::block_in_place(|| on(line));
    assert_eq!(on("alerts list").ok().out, "no alerts\n");
    for line in ["alerts show a", "alerts silence a --for 1h"] {
        assert!(on(line).fails(1).contains("no alert \"a\""), "{line}");
    }
    assert!(on("alerts resend a").fails(1).contains("no dead letter"));
    let sent = on("alerts test hook --summary hello --json").ok().json();
    let got = receiver.wait(1).await.remove(0);
    assert_eq!(
        (&sent["channel"], sent["id"].as_str()),
        (&json!("hook"), Some(got.id()))
    );
    assert_eq!(got.json()["alerts"][0]["annotations"]["summary"], "hello");
    assert!(!got.headers.contains_key("webhook-signature"));
    on("alerts test log").ok();
    assert!(
        on("alerts test phone")
            .fails(1)
            .contains("there are hook, log")
    );

    receiver.feel(Mood::Answer(500, String::new()));
    let said = on("alerts test hook").fails(1);
    assert!(said.contains("it answered 500"), "{said}");
    receiver.feel(Mood::Hang);
    let said = on("alerts test hook").fails(1);
    assert!(said.contains("no answer within 1 s"), "{said}");
    write(", secret_env: NOT_THERE");
    let said = on("alerts test hook").fails(1);
    assert!(said.contains("NOT_THERE, which is not set"), "{said}");
    assert_eq!(server.get("/v1/alerts").await["alerts"], json!([]));
    server.stop().await;
}
