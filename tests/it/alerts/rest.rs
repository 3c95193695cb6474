//! Alerts over REST and the feed: listed, silenced, unsilenced.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::store::feed::{Topic, Topics};

use super::receiver::Receiver;
use super::{clock, drift, hook, server};
use crate::server::{answer, until};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_silence_is_asked_for_and_ended() {
    let receiver = Receiver::answering(200).await;
    let clock = clock();
    let server = server(&[("hook", hook(&receiver.url))], &clock).await;
    let mut heard = server.app().feed().open();
    heard
        .add([Topic::Alerts].into_iter().collect::<Topics>(), None)
        .unwrap();
    assert_eq!(server.get("/v1/alerts").await["alerts"], json!([]));

    drift(&server, true);
    receiver.wait(1).await;
    let shown = server.get("/v1/alerts").await;
    let alert = &shown["alerts"][0];
    assert_eq!(alert["state"], "firing");
    assert_eq!(
        (&alert["rule"], &alert["subject"]),
        (&json!("drift"), &json!("titanic@1"))
    );
    assert_eq!(alert["since"], "2026-01-31T09:15:00.000Z");
    assert_eq!(alert["labels"]["column"], "sex");
    assert_eq!(alert["annotations"]["summary"], "more women");
    let names: Vec<_> = shown["channels"]
        .as_array()
        .unwrap()
        .iter()
        .map(|c| &c["name"])
        .collect();
    assert_eq!(names, ["hook", "log"]);

    let path = format!("/v1/alerts/{}/silence", alert["id"].as_str().unwrap());
    let (status, problem) = server
        .post("/v1/alerts/unknown/silence", &json!({"for": "2h"}))
        .await;
    assert_eq!(status, 404, "{problem}");
    let (status, problem) = server.post(&path, &json!({"for": "soon"})).await;
    assert_eq!(status, 422, "{problem}");
    let (status, shown) = server
        .post(&path, &json!({"for": "2h", "comment": "known"}))
        .await;
    assert_eq!(status, 200, "{shown}");
    assert_eq!(shown["alerts"][0]["state"], "silenced");
    assert_eq!(shown["silences"][0]["comment"], "known");
    assert_eq!(shown["silences"][0]["until"], "2026-01-31T11:15:00.000Z");

    let unsilence = || answer(server.request(Method::DELETE, &path));
    let (status, shown) = unsilence().await;
    assert_eq!(
        (status.as_u16(), &shown["alerts"][0]["state"]),
        (200, &json!("firing"))
    );
    assert_eq!(unsilence().await.0, 409, "it is not silenced any more");
    // A silence that ends by itself.
    server.post(&path, &json!({"for": "10m"})).await;
    clock.advance(Duration::from_secs(600));
    until("it is heard again", || async {
        server.get("/v1/alerts").await["alerts"][0]["state"] == "firing"
    })
    .await;
    assert_eq!(
        receiver.got().len(),
        1,
        "it was told, and a repeat is not due"
    );

    let mut states = Vec::new();
    for _ in 0..6 {
        let event = heard.next().await.unwrap();
        let message: Value = serde_json::from_str(event.message()).unwrap();
        assert_eq!(message["topic"], "alerts");
        assert_eq!(message["data"]["id"], shown["alerts"][0]["id"]);
        states.push(message["data"]["state"].as_str().unwrap().to_owned());
    }
    assert_eq!(
        states,
        [
            "pending", "firing", "silenced", "firing", "silenced", "firing"
        ]
    );
    server.stop().await;
}
