//! Which labelled rows a training finds: each once, whatever came first.

use serde_json::{Value, json};
use titanic_platform::control::labelled::Labelled;

use crate::case::{Case, json as read, on_both};
use crate::server::Server;

on_both!(
    a_row_is_learnt_once_whichever_came_first,
    a_row_that_came_without_its_truth_is_learnt_with_it,
);

fn since(server: &Server, case: &Case, seq: u64) -> Labelled {
    let store = server.app().store();
    let read = store.snapshot(|store| Labelled::since(store, &case.spec().schema, seq));
    read.unwrap()
}

async fn label(server: &Server, id: &Value, label: &Value) {
    let truth = json!({"id": id, "label": label});
    let (status, body) = server.post("/v1/labels", &truth).await;
    assert!(status.is_success(), "{body}");
}

async fn a_row_is_learnt_once_whichever_came_first(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let yes = &read(case.labels)[1];
    let (_, made) = server.post("/v1/predict", &case.row()).await;
    label(&server, &made["id"], yes).await;
    label(&server, &json!("early"), yes).await; // its prediction comes later
    let first = since(&server, case, 0);
    assert_eq!((first.table.len(), first.left_out), (1, 0));
    assert_eq!(first.table.labels(), [true]);

    let named = "/v1/predict?id=early&durable=true";
    assert_eq!(server.post(named, &case.other_row()).await.0, 200);
    let second = since(&server, case, first.through);
    assert_eq!(
        second.table.len(),
        1,
        "what was early is found when it is whole"
    );
    assert_ne!(first.digest, second.digest);
    assert_eq!(since(&server, case, 0).table.len(), 2);
    let third = since(&server, case, second.through);
    assert_eq!((third.table.len(), third.through), (0, second.through));
    server.stop().await;
}

async fn a_row_that_came_without_its_truth_is_learnt_with_it(case: &Case) {
    let server = Server::of_with(case, |settings| settings.retrain.enabled = false).await;
    let no = &read(case.labels)[0];
    let (_, taken) = server.post("/v1/rows", &case.row()).await;
    let first = since(&server, case, 0);
    assert_eq!(first.table.len(), 0);
    label(&server, &taken["ids"][0], no).await;
    let second = since(&server, case, first.through);
    assert_eq!(second.table.labels(), [false]);
    // One that brought its truth is learnt with that one, and once.
    let mut whole = case.other_row();
    whole[case.spec().schema.target().column.as_str()] = no.clone();
    assert_eq!(server.post("/v1/rows", &whole).await.1["stored"], 1);
    let third = since(&server, case, second.through);
    assert_eq!(third.table.labels(), [false]);
    assert_eq!(since(&server, case, third.through).table.len(), 0);
    server.stop().await;
}
