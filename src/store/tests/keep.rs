//! Retention: which data stays, and which is dropped because it is too old or too large.

use super::*;

#[tokio::test]
async fn the_oldest_events_go_with_everything_that_leads_to_them() {
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    for n in 0..4 {
        recorder.note(prediction(&format!("p{n}"))); // at the epoch
        store
            .label(vec![given(&format!("p{n}"))], false)
            .await
            .unwrap();
        store.take(row(n)).await.unwrap();
    }
    let all = store.stats().unwrap();
    assert_eq!((all.oldest, all.seq), (1, 12));
    let nothing = Keep::default();
    assert_eq!(store.retain(nothing).await, Ok(Dropped::default()));
    let keep = |size| Keep {
        age: None,
        size: Some(size),
    };
    let enough = store.retain(keep(all.event_bytes)).await;
    assert_eq!(enough, Ok(Dropped::default()));

    let half = all.event_bytes / 2;
    let dropped = store.retain(keep(half)).await.unwrap();
    let stats = store.stats().unwrap();
    assert!(stats.event_bytes <= half && dropped.events > 0);
    assert_eq!(stats.event_bytes + dropped.bytes, all.event_bytes);
    assert_eq!((stats.oldest, stats.seq), (dropped.events + 1, 12));
    assert_eq!(seqs(&store), (stats.oldest..=12).collect::<Vec<_>>());
    assert_eq!(label_of(&store, "p0"), None);
    assert_eq!(label_of(&store, "row 0"), None);
    assert!(label_of(&store, "p3").unwrap().is_some());
    let whole = check::check(&store.file).unwrap();
    assert_eq!(whole.findings, Vec::<String>::new());
    assert_eq!(
        check::check_until(&store.file, &|| false).unwrap(),
        Some(whole)
    );
    assert_eq!(check::check_until(&store.file, &|| true).unwrap(), None);

    let late = store.label(vec![given("p0"), given("p3")], false).await;
    assert_eq!(late, Ok(vec![Status::Waiting, Status::Repeated]));
    let Ok(Outcome::Stored(again)) = store.take(row(0)).await else {
        panic!("not taken");
    };
    assert_eq!(again.stored, 1, "a row that is gone counts anew");
    let Ok(Outcome::Stored(again)) = store.take(row(3)).await else {
        panic!("not taken");
    };
    assert_eq!(again.repeated, 1, "one that is there does not");

    let old = Keep {
        age: Some(std::time::Duration::from_secs(3600)),
        size: None,
    };
    store.retain(old).await.unwrap();
    assert_eq!(store.stats().unwrap().seq, 14);
    assert!(label_of(&store, "row 3").is_some(), "it is young");
    store.retain(keep(0)).await.unwrap();
    drop((store, recorder));
    disk.cut_power();
    let (store, _recorder) = start(&disk);
    assert_eq!(seqs(&store), [14], "the newest block stays");
    store.take(row(9)).await.unwrap();
    assert_eq!(seqs(&store), [14, 15], "numbers go on");
    assert_eq!(
        check::check(&store.file).unwrap().findings,
        Vec::<String>::new()
    );
}

#[tokio::test]
async fn old_requests_are_forgotten() {
    let (store, _recorder) = start(&Disk::sound());
    let request = |n| NewRows {
        request: Some(("key".into(), "digest".into())),
        ..row(n)
    };
    let stored = |outcome| match outcome {
        Ok(Outcome::Stored(taken)) => taken.ids,
        other => panic!("{other:?}"),
    };
    assert_eq!(stored(store.take(request(1)).await), ["row 1"]);
    store.forget_requests(Timestamp::UNIX_EPOCH).await.unwrap();
    assert_eq!(
        stored(store.take(request(2)).await),
        ["row 1"],
        "the same request"
    );
    store.forget_requests(Timestamp::MAX).await.unwrap();
    assert_eq!(stored(store.take(request(2)).await), ["row 2"]);
}
