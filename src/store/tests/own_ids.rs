//! Labels that name their prediction by the row's own id.

use super::*;
use crate::store::file::NAME;
use crate::store::labels::{By, Done};

fn of_row(id: &str, own_id: &str) -> Prediction {
    Prediction {
        own_id: Some(own_id.into()),
        ..prediction(id)
    }
}

fn by_key(own_id: &str, label: i64) -> Given {
    Given {
        id: own_id.into(),
        by: By::Key,
        label: Label::Integer(label),
        correct: false,
    }
}

async fn tell(store: &Store, given: Given) -> (Option<String>, Status) {
    let done = store.label_by(vec![given], false).await.unwrap();
    let [Done { id, status }] = &done[..] else {
        panic!("one label");
    };
    (id.clone(), status.clone())
}

fn sound(store: &Store) {
    let whole = check::check(&store.file).unwrap();
    assert_eq!(whole.findings, Vec::<String>::new());
}

fn label_of(store: &Store, id: &str) -> Option<Label> {
    super::label_of(store, id).unwrap()
}

#[tokio::test]
async fn a_label_by_key_is_of_the_newest_prediction_of_the_row() {
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    recorder.note(of_row("old", "892"));
    recorder.note(of_row("new", "892"));
    recorder.note(of_row("other", "893"));
    let new = Some("new".to_owned());
    assert_eq!(
        tell(&store, by_key("892", 1)).await,
        (new.clone(), Status::Joined)
    );
    assert_eq!(
        tell(&store, by_key("892", 1)).await,
        (new.clone(), Status::Repeated)
    );
    let conflict = Status::Conflict(Label::Integer(1));
    assert_eq!(tell(&store, by_key("892", 0)).await, (new, conflict));
    assert_eq!(label_of(&store, "new"), Some(Label::Integer(1)));
    assert_eq!(
        (label_of(&store, "old"), label_of(&store, "other")),
        (None, None)
    );
    let either = Given {
        by: By::Either,
        ..by_key("893", 0)
    };
    assert_eq!(tell(&store, either).await.0.as_deref(), Some("other"));
    sound(&store);
}

#[tokio::test]
async fn a_label_by_key_waits_for_the_first_prediction_of_the_row() {
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    assert_eq!(tell(&store, by_key("7", 1)).await, (None, Status::Waiting));
    assert_eq!(tell(&store, by_key("7", 1)).await, (None, Status::Waiting));
    let conflict = Status::Conflict(Label::Integer(1));
    assert_eq!(tell(&store, by_key("7", 0)).await, (None, conflict));
    assert_eq!(tell(&store, by_key("8", 1)).await.1, Status::Waiting);
    assert_eq!(store.stats().unwrap().waiting, 2);
    sound(&store);
    for id in ["first", "second"] {
        recorder.note(of_row(id, "7"));
        store.flush().await.unwrap();
    }
    assert_eq!(label_of(&store, "first"), Some(Label::Integer(1)));
    assert_eq!(label_of(&store, "second"), None);
    let mut kinds = Vec::new();
    store
        .after(0, |record| {
            kinds.push((record.kind(), record.id.to_string()));
            true
        })
        .unwrap();
    let first = "first".to_owned();
    assert_eq!(
        kinds[..2],
        [(Kind::Prediction, first.clone()), (Kind::Label, first)],
        "the label is an event once its prediction is"
    );
    assert_eq!(store.expire(Timestamp::MAX).await, Ok(1));
    let mut expired = Vec::new();
    store
        .after(3, |record| {
            expired.push(record.line());
            true
        })
        .unwrap();
    assert!(
        expired[0].contains(r#""label_expired""#) && expired[0].contains(r#""key":8"#),
        "{expired:?}"
    );
    sound(&store);
}

#[tokio::test]
async fn the_index_of_rows_ids_goes_with_retention() {
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    for (n, own_id) in ["1", "2", "1", "3"].into_iter().enumerate() {
        recorder.note(of_row(&format!("p{n}"), own_id));
        store.flush().await.unwrap();
    }
    let all = store.stats().unwrap().event_bytes;
    let keep = Keep {
        age: None,
        size: Some(all / 2),
    };
    assert_eq!(store.retain(keep).await.unwrap().events, 2);
    sound(&store);
    assert_eq!(
        tell(&store, by_key("2", 1)).await.1,
        Status::Waiting,
        "it is gone"
    );
    assert_eq!(tell(&store, by_key("1", 1)).await.0.as_deref(), Some("p2"));
    sound(&store);
}

#[test]
fn a_store_of_revision_3_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    drop(File::open(folder.path()).unwrap());
    // Revision 3 had no index of rows' own ids, and its predictions do not contain them.
    let database = redb::Database::open(folder.path().join(NAME)).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(layout::OWN_IDS).unwrap());
    let mut meta = transaction.open_table(layout::META).unwrap();
    meta.insert("revision", 3).unwrap();
    drop(meta);
    transaction.commit().unwrap();
    drop(database);

    let file = File::open(folder.path()).unwrap();
    let now = Timestamp::UNIX_EPOCH;
    let line = r#"{"seq":1,"time":"1970-01-01T00:00:00Z","kind":"prediction","id":"old","label":1,"probability":0.5,"model":"wine@1","row":{"acid":3}}"#;
    let line = event::Line::parse(line).unwrap();
    let old = line.record().unwrap();
    let work = |commit: &mut Commit<'_>| {
        commit.append_known(now, old.id, &old.event)?;
        labels::take(commit, &[by_key("3", 1)], false, waiting::Bound::of(1))
    };
    let (done, _) = commit::within(&file, now, work).unwrap();
    assert_eq!(done.unwrap()[0].status, Status::Waiting);
    assert_eq!(check::check(&file).unwrap().findings, Vec::<String>::new());
    let revision = file.read(|snapshot| {
        Ok(snapshot
            .open_table(layout::META)?
            .get("revision")?
            .map(|found| found.value()))
    });
    assert_eq!(revision, Ok(Some(layout::REVISION)));
}

/// A label by the row's own id that was acknowledged while it waited, against a label by the prediction's id.
#[tokio::test]
async fn a_waiting_label_that_contradicts_is_recorded_as_a_conflict() {
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    for (own_id, label) in [("7", 0), ("8", 1)] {
        let waits = tell(&store, by_key(own_id, label)).await;
        assert_eq!(waits.1, Status::Waiting);
        let direct = given(&format!("p{own_id}")); // 1
        assert_eq!(tell(&store, direct).await.1, Status::Waiting);
    }
    for own_id in ["7", "8"] {
        recorder.note(of_row(&format!("p{own_id}"), own_id));
        store.flush().await.unwrap();
    }
    assert_eq!(label_of(&store, "p7"), Some(Label::Integer(1)), "it stays");
    let mut given_up = Vec::new();
    store
        .after(0, |record| {
            if record.kind() == Kind::LabelExpired {
                given_up.push(record.line());
            }
            true
        })
        .unwrap();
    assert_eq!(given_up.len(), 1, "equal labels are none: {given_up:?}");
    let event: serde_json::Value = serde_json::from_str(&given_up[0]).unwrap();
    let expected = json!({"id": "p7", "label": 0, "key": 7, "conflict": 1});
    for (key, value) in expected.as_object().unwrap() {
        assert_eq!(&event[key], value, "{event}");
    }
    let page = store.metrics.render();
    let counted = r#"titanic_labels_total{status="conflict"} 1"#;
    assert!(page.contains(counted), "{page}");
    assert_eq!(store.stats().unwrap().waiting, 0);
    sound(&store);
    // A client that sends the dropped label again gets the conflict in the response.
    let conflict = Status::Conflict(Label::Integer(1));
    assert_eq!(tell(&store, by_key("7", 0)).await.1, conflict);
}
