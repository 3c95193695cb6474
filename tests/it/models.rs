//! Versions and trainings over REST.

use std::sync::Arc;

use reqwest::Method;
use serde_json::{Value, json};
use titanic_platform::app::First;
use titanic_platform::clock::System;
use titanic_platform::config::Settings;

use crate::case::{Case, json as read, on_both};
use crate::rest::probability;
use crate::server::{Server, answer, until};

on_both!(
    what_happens_to_models_is_an_event_each,
    versions_are_listed_shown_promoted_and_rolled_back,
    a_training_is_a_job,
    a_damaged_version_is_not_promoted_and_the_old_one_goes_on,
);

async fn what_happens_to_models_is_an_event_each(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    assert_eq!(server.post("/v1/models/2/promote", &json!({})).await.0, 200);
    assert_eq!(server.post("/v1/models/2/promote", &json!({})).await.0, 200); // changes nothing
    assert_eq!(server.post("/v1/models/rollback", &json!({})).await.0, 200);
    let (one, two) = (case.version(1), case.version(2));
    let expected = json!([
        ["trained", one, null],
        ["promoted", one, null],
        ["trained", two, null],
        ["promoted", two, one],
        ["rolled_back", one, two],
    ]);
    let told = |events: &[Value]| {
        let told = |event: &Value| json!([event["action"], event["model"], event["previous"]]);
        Value::Array(events.iter().map(told).collect())
    };
    until("five events of models", || async {
        let events = server.get("/v1/events?kind=model").await;
        events["events"].as_array().unwrap().len() == 5
    })
    .await;
    let events = server.get("/v1/events?kind=model").await;
    let events = events["events"].as_array().unwrap();
    assert_eq!(told(events), expected);
    let places: Vec<&Value> = events.iter().map(|event| &event["ledger_seq"]).collect();
    assert_eq!(json!(places), json!([1, 2, 3, 4, 5]));
    assert_eq!(
        (&events[3]["id"], &events[3]["by"]),
        (&json!(two), &json!("rest"))
    );
    // The export has the same events, and none twice after a restart.
    let state = server.leave().await;
    let exported = |state: &tempfile::TempDir| {
        let text = crate::store_cli::run(state, "store export --kind model")
            .ok()
            .out;
        told(&crate::store_cli::lines(&text))
    };
    assert_eq!(exported(&state), expected);
    let server = Server::over(state, |_| {}, First::bundled(), Arc::new(System))
        .await
        .unwrap();
    assert_eq!(server.post("/v1/models/2/promote", &json!({})).await.0, 200);
    until("the sixth event", || async {
        let events = server.get("/v1/events?kind=model").await;
        events["events"].as_array().unwrap().len() >= 6
    })
    .await;
    let events = server.get("/v1/events?kind=model").await;
    assert_eq!(events["events"].as_array().unwrap().len(), 6);
    server.stop().await;
}

async fn versions_are_listed_shown_promoted_and_rolled_back(case: &Case) {
    let server = Server::of(case).await;
    let list = server.get("/v1/models").await;
    assert_eq!(list["champion"], case.version(1));
    let roles: Vec<_> = list["models"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (&m["model"], &m["role"]))
        .collect();
    assert_eq!(
        roles,
        [
            (&json!(case.version(1)), &json!("champion")),
            (&json!(case.version(2)), &json!("candidate"))
        ]
    );
    assert!(list["models"][0]["cv"]["auc"]["mean"].as_f64().unwrap() > 0.6);
    assert_eq!(list["models"][0]["learner"], "logistic");
    // The ledger has three lines: two trained, one promoted.
    assert_eq!(list["seq"], 3);
    let epoch = std::fs::read_to_string(server.state().join("models/epoch")).unwrap();
    assert_eq!(list["epoch"], epoch.trim());
    for (n, listed) in list["models"].as_array().unwrap().iter().enumerate() {
        let path = format!("models/{}.model", case.version(n as u64 + 1));
        let bytes = std::fs::read(server.state().join(path)).unwrap();
        assert_eq!(listed["bytes"], bytes.len());
        let digest = hex::encode(<sha2::Sha256 as sha2::Digest>::digest(&bytes));
        assert_eq!(listed["sha256"], digest);
    }

    let card = server.get("/v1/models/2").await;
    assert_eq!(
        card,
        server.get(&format!("/v1/models/{}", case.version(2))).await
    );
    assert_eq!(
        (&card["model"], &card["rows"], &card["role"]),
        (
            &json!(case.version(2)),
            &json!(case.lines - 1),
            &json!("candidate")
        )
    );
    assert_eq!(card["spec"], case.spec);
    assert!(
        card["features"]
            .as_array()
            .unwrap()
            .contains(&json!(case.feature))
    );
    let column = |name: &str| {
        card["columns"]
            .as_array()
            .unwrap()
            .iter()
            .find(|c| c["name"] == name)
            .unwrap()
    };
    let (category, levels) = case.category;
    assert_eq!(column(category)["levels"], read(levels));
    let (number, highest) = case.number;
    assert_eq!(
        (&column(number)["max"], &column(number)["observed"]["rows"]),
        (&json!(highest), &json!(case.lines - 1))
    );

    let (status, promoted) = answer(server.request(Method::POST, "/v1/models/2/promote")).await;
    assert_eq!(status, 200, "{promoted}");
    assert_eq!(
        (&promoted["model"], &promoted["previous"]),
        (&json!(case.version(2)), &json!(case.version(1)))
    );
    let (_, answered) = server.post("/v1/predict", &case.row()).await;
    assert_eq!(
        answered["model"],
        case.version(2),
        "it answers when the promotion is answered"
    );
    assert_eq!(
        answered["probability"],
        probability(&server, 2, &case.row())
    );
    let (status, again) = server
        .post(
            &format!("/v1/models/{}/promote", case.version(2)),
            &json!({}),
        )
        .await;
    assert_eq!((status.as_u16(), again), (200, promoted), "nothing to do");

    let (status, back) = answer(server.request(Method::POST, "/v1/models/rollback")).await;
    assert_eq!(status, 200, "{back}");
    assert_eq!(
        (&back["model"], &back["previous"]),
        (&json!(case.version(1)), &json!(case.version(2)))
    );
    assert_eq!(
        server.post("/v1/predict", &case.row()).await.1["model"],
        case.version(1)
    );
    assert!(
        server
            .metrics()
            .await
            .contains("\ntitanic_model_swaps_total 2\n")
    );
    server.stop().await;
}

async fn a_damaged_version_is_not_promoted_and_the_old_one_goes_on(case: &Case) {
    let server = Server::of(case).await;
    let name = format!("{}.model", case.version(2));
    let file = server.state().join("models").join(&name);
    let mut bytes = std::fs::read(&file).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let (status, problem) = server.post("/v1/models/2/promote", &json!({})).await;
    assert_eq!(status, 409, "{problem}");
    assert!(
        problem["detail"].as_str().unwrap().contains(&name),
        "{problem}"
    );
    assert_eq!(
        server.post("/v1/predict", &case.row()).await.1["model"],
        case.version(1)
    );
    let list = server.get("/v1/models").await;
    assert_eq!(
        (&list["models"][1]["model"], &list["models"][1]["cv"]),
        (&json!(case.version(2)), &Value::Null)
    );
    server.stop().await;
}

async fn a_training_is_a_job(case: &Case) {
    let server = Server::of(case).await;
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
        (&json!(case.version(3)), &json!(true))
    );
    assert_eq!(job["result"]["gate"], Value::Null);
    assert_eq!(
        server.post("/v1/predict", &case.row()).await.1["model"],
        case.version(3),
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

/// The record of written events may be lost, and a restored registry has another epoch: each event says to which line
/// of the ledger it belongs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_of_models_are_recorded_once_whatever_became_of_the_note() {
    let case = &crate::case::CHURN;
    let quiet = |settings: &mut Settings| settings.retrain.enabled = false;
    let mut server = Server::of_with(case, quiet).await;
    let recorded = async |server: &Server, wanted: usize| {
        until("the events of models", || async {
            let events = server.get("/v1/events?kind=model").await;
            events["events"].as_array().unwrap().len() >= wanted
        })
        .await;
        let events = server.get("/v1/events?kind=model").await;
        let events = events["events"].as_array().unwrap().clone();
        let places = events
            .iter()
            .map(|event| event["ledger_seq"].as_u64().unwrap());
        assert_eq!(
            places.collect::<Vec<_>>(),
            (1..=wanted as u64).collect::<Vec<_>>()
        );
        events[wanted - 1]["epoch"].clone()
    };
    let first = recorded(&server, 3).await;
    assert!(first.is_string());
    let put_back = |state: &std::path::Path| {
        let registry = titanic_platform::registry::Registry::open(state).unwrap();
        registry.begin_epoch().unwrap()
    };
    for (n, what) in ["lost", "put back"].into_iter().enumerate() {
        if what == "lost" {
            let note = ("model_events".to_owned(), "{".to_owned());
            let store = server.app().store();
            store.conclude(Vec::new(), note.0, note.1).await.unwrap();
        }
        let state = server.leave().await;
        let epoch = match what {
            "lost" => first.clone(),
            _ => json!(put_back(state.path())),
        };
        server = Server::over(state, quiet, First::bundled(), Arc::new(System))
            .await
            .unwrap();
        let path = format!("/v1/models/{}/promote", 2 - n);
        assert_eq!(server.post(&path, &json!({})).await.0, 200);
        assert_eq!(recorded(&server, 4 + n).await, epoch, "{what}");
    }
    server.stop().await;
}
