//! The store on a simulated disk that loses unsynced writes and fails.

mod damage;
mod disk;
mod follow;
mod keep;
mod own_ids;
mod revision;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::event::StoredRow;
use super::feed::{Options, Prediction, PredictionId, Recorder, recorder, tap};
use super::labels::{Given, Status};
use super::row::NewRow;
use super::rows::{NewRows, Outcome, Quarantined};
use super::*;
use crate::clock::System;
use crate::schema::Rejected;
use crate::schema::column::Label;
use disk::Disk;

fn start(disk: &Arc<Disk>) -> (Store, Recorder) {
    start_at(disk, Arc::new(System))
}

fn start_at(disk: &Arc<Disk>, clock: Arc<dyn Clock>) -> (Store, Recorder) {
    let metrics = Arc::new(Metrics::new([]));
    let (recorder, predictions) = recorder(metrics.clone());
    let options = Options {
        keep: 10,
        queue: 10,
    };
    let (store, writer) = Store::new(Parts {
        file: File::with_backend(disk.backend()).unwrap(),
        predictions,
        feed: Feed::new(options, clock.clone(), metrics.clone()),
        waiting: waiting::Bound::of(1_000),
        tap: tap(1, metrics.clone()).0,
        clock,
        metrics,
    });
    tokio::spawn(writer.run());
    (store, recorder)
}

fn prediction(id: &str) -> Prediction {
    Prediction {
        id: PredictionId::Named(id.into()),
        label: Label::Integer(1),
        probability: 0.5,
        model: "wine@1".into(),
        warnings: Vec::new(),
        batch: None,
        time: Timestamp::UNIX_EPOCH,
        row: acid(3),
        transport: crate::telemetry::metrics::Transport::Rest,
        own_id: None,
    }
}

/// A stored row with one value.
fn acid(n: usize) -> StoredRow<'static> {
    serde_json::from_value(json!({"acid": n})).unwrap()
}

fn given(id: &str) -> Given {
    let (id, label) = (id.to_owned(), Label::Integer(1));
    let correct = false;
    let by = labels::By::Id;
    Given {
        id,
        by,
        label,
        correct,
    }
}

/// The label of a prediction or a row; the outer option is none where the id is unknown.
fn label_of(store: &Store, id: &str) -> Option<Option<Label>> {
    let label = store.event(id, |_, label| label.map(|label| label.label));
    label.unwrap()
}

fn row(n: usize) -> NewRows {
    let row = NewRow {
        id: format!("row {n}"),
        own_id: None,
        row: acid(n),
        label: None,
        origin: Default::default(),
    };
    NewRows {
        rows: vec![row],
        ..NewRows::default()
    }
}

/// Two requests may have validated the same quarantined row before either of them stores it.
#[tokio::test]
async fn a_row_leaves_quarantine_once() {
    let disk = Disk::sound();
    let (store, _recorder) = start(&disk);
    let bad = Quarantined {
        id: "q".into(),
        rejected: Rejected {
            source: "wines.csv".into(),
            line: Some(2),
            column: "acid".into(),
            value: "x".into(),
            reason: "no number".into(),
            row: None,
        },
    };
    let batch = NewRows {
        quarantined: vec![bad],
        ..NewRows::default()
    };
    store.take(batch).await.unwrap();
    let mut good = row(1).rows;
    good[0].id = "q".into();
    let retried = Retried {
        good,
        bad: Vec::new(),
    };
    let first = store.retry_quarantined(retried.clone()).await.unwrap();
    let again = store.retry_quarantined(retried).await.unwrap();
    assert_eq!((first.stored, again.stored), (1, 0));
    assert!(store.quarantine().unwrap().is_empty());
}

/// A9: rows without an own id that an earlier release stored by their content alone count as repeated once a load; further
/// equal rows are new.
#[test]
fn a9_rows_of_an_older_store_are_found_again() {
    let (disk, now) = (Disk::sound(), Timestamp::UNIX_EPOCH);
    let file = File::with_backend(disk.backend()).unwrap();
    let old = row(1).rows.remove(0);
    commit::within(&file, now, |commit| {
        let key = row::RowKey::by_content(&old);
        commit.row_keys.insert(&key.bytes()[..], "before")?;
        Ok(())
    })
    .unwrap();
    let load = |source: &str, is_named| {
        let row = |occurrence| NewRow {
            id: format!("{source} {occurrence}"),
            origin: row::Origin {
                is_named,
                ..row::Origin::of(source.into(), occurrence)
            },
            ..old.clone()
        };
        let batch = NewRows {
            rows: (0..3).map(row).collect(),
            ..NewRows::default()
        };
        let taken = offline::take(&file, &batch, now).unwrap();
        (taken.stored, taken.repeated, taken.ids[0].clone())
    };
    assert_eq!(load("a.csv", false), (2, 1, "before".into()));
    assert_eq!(load("a.csv", false), (0, 3, "before".into()));
    assert_eq!(load("rest key", true), (3, 0, "rest key 0".into()));
    assert_eq!(load("rest key", true), (0, 3, "rest key 0".into()));
}

fn seqs(store: &Store) -> Vec<u64> {
    let mut seqs = Vec::new();
    store
        .after(0, |record| {
            seqs.push(record.seq);
            true
        })
        .unwrap();
    seqs
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_the_power_is_cut() {
    let disk = Disk::sound();
    for round in 0..20 {
        let (store, recorder) = start(&disk);
        let name = format!("p{round}");
        recorder.note(prediction(&name));
        assert_eq!(
            store.label(vec![given(&name)], false).await,
            Ok(vec![Status::Joined]),
            "a label comes after its prediction"
        );
        let Ok(Outcome::Stored(taken)) = store.take(row(round)).await else {
            panic!("not taken");
        };
        assert_eq!((taken.stored, taken.repeated), (1, 0));
        recorder.note(prediction("never acknowledged"));
        drop((store, recorder));
        disk.cut_power();
        let (store, _recorder) = start(&disk);
        for past in 0..=round {
            let name = format!("p{past}");
            let label = label_of(&store, &name).expect("stored");
            assert_eq!(label, Some(Label::Integer(1)));
            assert_eq!(
                store.label(vec![given(&name)], false).await,
                Ok(vec![Status::Repeated])
            );
            let again = store.take(row(past)).await;
            assert!(
                matches!(again, Ok(Outcome::Stored(taken)) if taken.repeated == 1),
                "counted once"
            );
        }
        let seqs = seqs(&store);
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap");
        disk.cut_power();
    }
}

#[tokio::test]
async fn a_full_disk_is_told_and_recovered_from_at_every_write() {
    for n in 0..60 {
        let disk = Disk::sound();
        let (store, recorder) = start(&disk);
        store.take(row(0)).await.unwrap();
        disk.left.store(n, Ordering::SeqCst);
        let mut acknowledged = vec![0];
        for k in 1..6 {
            match store.take(row(k)).await {
                Ok(_) => acknowledged.push(k),
                Err(StoreError::Unavailable(_)) => {}
                Err(other) => panic!("write {n}: {other}"),
            }
        }
        recorder.note(prediction("p"));
        let refused = acknowledged.len() < 6;
        assert_eq!(
            matches!(&*store.health().borrow(), Health::Failing(_)),
            refused && !acknowledged.contains(&5),
            "write {n}"
        );
        disk.left.store(u64::MAX, Ordering::SeqCst); // there is room again
        let joined = store.label(vec![given("p")], false).await;
        assert_eq!(joined, Ok(vec![Status::Joined]), "write {n}");
        assert_eq!(*store.health().borrow(), Health::Writing);
        for k in acknowledged {
            let again = store.take(row(k)).await;
            assert!(
                matches!(again, Ok(Outcome::Stored(taken)) if taken.repeated == 1),
                "write {n}: row {k} was acknowledged"
            );
        }
        let seqs = seqs(&store);
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap");
    }
}

#[tokio::test]
async fn b4_labels_that_wait_are_bounded() {
    let (store, recorder) = start(&Disk::sound());
    let named = |n: usize| given(&format!("unknown {n}"));
    let all = (0..999).map(named).collect();
    store.label(all, false).await.unwrap();
    let full = Err(StoreError::WaitingFull(1_000));
    let two = vec![named(2_000), named(2_001)];
    assert_eq!(store.label(two.clone(), true).await, full);
    assert_eq!(store.stats().unwrap().waiting, 999);
    // The same unknown id twice: the first fills the last place, the second waits already.
    let twice = vec![named(2_000), named(2_000)];
    let waiting = Ok(vec![Status::Waiting; 2]);
    assert_eq!(store.label(twice, false).await, waiting);
    assert_eq!(
        store.label(vec![named(7), named(2_000)], false).await,
        waiting
    );
    assert_eq!(store.label(vec![named(2_001)], false).await, full);
    recorder.note(prediction("unknown 7"));
    store.flush().await.unwrap();
    let one = Ok(vec![Status::Waiting]);
    assert_eq!(store.label(vec![named(2_001)], false).await, one);
    // Labels of known predictions are stored, however many others wait.
    recorder.note(prediction("known"));
    store.flush().await.unwrap();
    let joined = Ok(vec![Status::Joined]);
    assert_eq!(store.label(vec![given("known")], false).await, joined);
    assert_eq!(store.expire(Timestamp::MAX).await, Ok(1_000));
    let room = |commit: &mut Commit<'_>| commit.fact("waiting_bytes");
    assert_eq!(store.ask(room).await, Ok(0));
}

#[tokio::test]
async fn b4_bytes_of_labels_that_wait_are_bounded() {
    let file = File::with_backend(Disk::sound().backend()).unwrap();
    let bound = waiting::Bound {
        labels: 1_000,
        bytes: 10_000,
    };
    let take = |from: usize, until: usize| {
        let all: Vec<Given> = (from..until)
            .map(|n| given(&format!("{n:0>120}")))
            .collect();
        let work = |commit: &mut Commit<'_>| labels::take(commit, &all, false, bound);
        let (done, _) = commit::within(&file, Timestamp::UNIX_EPOCH, work).unwrap();
        done.map(|done| done.len())
    };
    // Each label counts its key of 120 bytes twice and a fixed amount: over 300 bytes in all.
    assert_eq!(take(0, 20), Some(20));
    assert_eq!(take(20, 40), None);
    assert_eq!(take(20, 25), Some(5));
}

#[tokio::test]
async fn labels_that_wait_in_vain_are_given_up() {
    let (store, recorder) = start(&Disk::sound());
    assert_eq!(
        store
            .label(vec![given("late"), given("never")], false)
            .await,
        Ok(vec![Status::Waiting, Status::Waiting])
    );
    recorder.note(prediction("late"));
    store.flush().await.unwrap();
    assert_eq!(store.expire(Timestamp::UNIX_EPOCH).await, Ok(0), "too soon");
    assert_eq!(store.expire(Timestamp::MAX).await, Ok(1));
    let stats = store.stats().unwrap();
    assert_eq!((stats.labels, stats.waiting), (1, 0));
    assert!(label_of(&store, "late").unwrap().is_some());
    assert_eq!(
        store.label(vec![given("never")], false).await,
        Ok(vec![Status::Waiting]),
        "it may come again"
    );
}

#[tokio::test]
async fn a_disk_that_stalls_holds_nobody_up_and_what_is_lost_is_counted() {
    const ALL: u64 = 200_000;
    let disk = Disk::sound();
    let (store, recorder) = start(&disk);
    store.flush().await.unwrap();
    disk.stalled.store(true, Ordering::SeqCst);
    for n in 0..ALL {
        recorder.note(prediction(&n.to_string())); // never waits: this loop would not end
        if n % 1000 == 0 {
            tokio::task::yield_now().await;
        }
    }
    disk.stalled.store(false, Ordering::SeqCst);
    store.flush().await.unwrap();
    let stored = store.last().unwrap();
    let page = store.metrics.render();
    let lost = page
        .lines()
        .find_map(|line| line.strip_prefix("titanic_store_dropped_predictions_total "))
        .unwrap();
    assert_eq!(stored + lost.parse::<u64>().unwrap(), ALL);
    assert!(
        stored >= writer::MOST_PENDING as u64 && stored < ALL,
        "{stored}"
    );
}

/// A clock that goes back an hour at every reading.
#[derive(Debug)]
struct Backwards(AtomicU64);

impl Clock for Backwards {
    fn now(&self) -> Timestamp {
        let looks = self.0.fetch_add(1, Ordering::SeqCst) as i64;
        Timestamp::from_second(1_800_000_000 - looks * 3600).unwrap()
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_leaves_numbers_and_labels_as_they_are() {
    let clock = Arc::new(Backwards(AtomicU64::new(0)));
    let (store, recorder) = start_at(&Disk::sound(), clock);
    for n in 0..20 {
        let name = format!("p{n}");
        recorder.note(prediction(&name));
        assert_eq!(
            store.label(vec![given(&name)], false).await,
            Ok(vec![Status::Joined])
        );
        store.take(row(n)).await.unwrap();
    }
    assert_eq!(seqs(&store), (1..=60).collect::<Vec<_>>());
    assert_eq!(store.stats().unwrap().labels, 20);
}
