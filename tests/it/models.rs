//! Versions and trainings over REST.

use reqwest::Method;
use serde_json::{Value, json};

use crate::rest::probability;
use crate::server::{Server, answer, passenger, until};

#[tokio::test]
async fn versions_are_listed_shown_promoted_and_rolled_back() {
    let server = Server::start().await;
    let list = server.get("/v1/models").await;
    assert_eq!(list["champion"], "titanic@1");
    let roles: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (&m["model"], &m["role"]))
        .collect();
    assert_eq!(
        roles,
        [
            (&json!("titanic@1"), &json!("champion")),
            (&json!("titanic@2"), &json!("candidate"))
        ]
    );
    assert!(
        list["models"][0]["cv"]["accuracy"]["mean"]
            .as_f64()
            .unwrap()
            > 0.7
    );
    assert_eq!(list["models"][0]["learner"], "logistic");

    let card = server.get("/v1/models/2").await;
    assert_eq!(card, server.get("/v1/models/titanic@2").await);
    assert_eq!(
        (&card["model"], &card["rows"], &card["role"]),
        (&json!("titanic@2"), &json!(399), &json!("candidate"))
    );
    assert!(
        card["spec"]
            .as_str()
            .unwrap()
            .starts_with("# The bundled spec")
    );
    assert!(card["features"].as_array().unwrap().contains(&json!("age")));
    let column = |name: &str| {
        card["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["name"] == name)
            .unwrap()
    };
    assert_eq!(column("Pclass")["levels"], json!(["1", "2", "3"]));
    assert_eq!(
        (&column("Age")["max"], &column("Age")["observed"]["rows"]),
        (&json!(120.0), &json!(399))
    );

    let (status, promoted) = answer(server.request(Method::POST, "/v1/models/2/promote")).await;
    assert_eq!(status, 200, "{promoted}");
    assert_eq!(
        (&promoted["model"], &promoted["previous"]),
        (&json!("titanic@2"), &json!("titanic@1"))
    );
    let (_, answered) = server.post("/v1/predict", &passenger()).await;
    assert_eq!(
        answered["model"], "titanic@2",
        "it answers when the promotion is answered"
    );
    assert_eq!(
        answered["probability"],
        probability(&server, 2, &passenger())
    );
    let (status, again) = server
        .post("/v1/models/titanic@2/promote", &json!({}))
        .await;
    assert_eq!((status.as_u16(), again), (200, promoted), "nothing to do");

    let (status, back) = answer(server.request(Method::POST, "/v1/models/rollback")).await;
    assert_eq!(status, 200, "{back}");
    assert_eq!(
        (&back["model"], &back["previous"]),
        (&json!("titanic@1"), &json!("titanic@2"))
    );
    assert_eq!(
        server.post("/v1/predict", &passenger()).await.1["model"],
        "titanic@1"
    );
    assert!(
        server
            .metrics()
            .await
            .contains("\ntitanic_model_swaps_total 2\n")
    );
    server.stop().await;
}

#[tokio::test]
async fn a_damaged_version_is_not_promoted_and_the_old_one_goes_on() {
    let server = Server::start().await;
    let file = server.state().join("models/titanic@2.model");
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (status, problem) = server.post("/v1/models/2/promote", &json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(
        problem["detail"]
            .as_str()
            .unwrap()
            .contains("titanic@2.model"),
        "{problem}"
    );
    assert_eq!(
        server.post("/v1/predict", &passenger()).await.1["model"],
        "titanic@1"
    );
    let list = server.get("/v1/models").await;
    assert_eq!(
        (&list["models"][1]["model"], &list["models"][1]["cv"]),
        (&json!("titanic@2"), &Value::Null)
    );
    server.stop().await;
}

#[tokio::test]
async fn a_training_is_a_job() {
    let server = Server::start().await;
    let order = json!({"learner": "logistic", "folds": 2, "repeats": 1, "promote": "always"});
    let response = server
        .request(Method::POST, "/v1/train")
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), 202);
    let location = response.headers()["location"].to_str().unwrap().to_owned();
    let queued: Value = response.json().await.unwrap();
    assert_eq!(queued, json!({"id": queued["id"], "state": "queued"}));
    assert_eq!(
        location,
        format!("/v1/jobs/{}", queued["id"].as_str().unwrap())
    );
    until("the job", || async {
        server.get(&location).await["state"] != "queued"
            && server.get(&location).await["state"] != "running"
    })
    .await;
    let job = server.get(&location).await;
    let keys: Vec<_> = job.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["id", "kind", "state", "progress", "result", "error"]);
    assert_eq!(
        (&job["state"], &job["progress"], &job["error"]),
        (&json!("done"), &json!(1.0), &Value::Null),
        "{job}"
    );
    assert_eq!(
        (&job["result"]["model"], &job["result"]["promoted"]),
        (&json!("titanic@3"), &json!(true))
    );
    assert_eq!(job["result"]["gate"], Value::Null);
    assert_eq!(
        server.post("/v1/predict", &passenger()).await.1["model"],
        "titanic@3",
        "a job that is done is live"
    );
    assert_eq!(server.get("/v1/jobs").await["jobs"][0]["id"], queued["id"]);
    let (status, problem) = answer(server.request(Method::DELETE, &location)).await;
    assert_eq!(status, 409, "{problem}");
    server.stop().await;
}

#[tokio::test]
async fn a_training_can_be_called_off() {
    let server = Server::start().await;
    let long = json!({"folds": 500, "repeats": 100});
    let mut ids = Vec::new();
    for _ in 0..2 {
        let (status, job) = server.post("/v1/train", &long).await;
        assert_eq!(status, 202, "{job}");
        ids.push(format!("/v1/jobs/{}", job["id"].as_str().unwrap()));
    }
    until("the first job", || async {
        server.get(&ids[0]).await["state"] == "running"
    })
    .await;
    for id in ids.iter().rev() {
        assert_eq!(answer(server.request(Method::DELETE, id)).await.0, 202);
        until("the end", || async {
            server.get(id).await["state"] == "cancelled"
        })
        .await;
    }
    assert_eq!(
        server.get("/v1/models").await["models"]
            .as_array()
            .unwrap()
            .len(),
        2,
        "nothing was registered"
    );
    server.stop().await;
}
