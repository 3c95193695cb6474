//! The store over a disk that forgets and fails.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use redb::{ReadableDatabase, StorageBackend};
use serde_json::json;

use super::feed::{Options, Prediction, PredictionId, Recorder, recorder, tap};
use super::file::NAME;
use super::ids::KeptIds;
use super::labels::{Given, Status};
use super::rows::{Batch, NewRow, Outcome};
use super::*;
use crate::clock::System;
use crate::schema::column::Label;

/// A disk: what was synced, and what was written since. Its power can be cut, and it can run out of room.
#[derive(Debug, Default)]
struct Disk {
    synced: Mutex<Vec<u8>>,
    written: Mutex<Vec<u8>>,
    /// Writes until it refuses; `u64::MAX` for a sound one.
    left: AtomicU64,
    /// How often its power was cut: who was plugged in before is cut off.
    cuts: AtomicU64,
    /// No sync ends meanwhile.
    stalled: AtomicBool,
}

impl Disk {
    fn sound() -> Arc<Disk> {
        let disk = Disk::default();
        disk.left.store(u64::MAX, Ordering::SeqCst);
        Arc::new(disk)
    }

    /// Everything that was not synced is gone.
    fn cut_power(&self) {
        self.cuts.fetch_add(1, Ordering::SeqCst);
        *self.written.lock().unwrap() = self.synced.lock().unwrap().clone();
    }

    fn use_up(&self) -> std::io::Result<()> {
        let left = self.left.load(Ordering::SeqCst);
        if left == 0 {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        if left != u64::MAX {
            self.left.store(left - 1, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[derive(Debug)]
struct Plug {
    disk: Arc<Disk>,
    cuts: u64,
}

impl Plug {
    fn disk(&self) -> std::io::Result<&Disk> {
        if self.cuts == self.disk.cuts.load(Ordering::SeqCst) {
            return Ok(&self.disk);
        }
        Err(std::io::Error::other("the power was cut"))
    }
}

impl StorageBackend for Plug {
    fn len(&self) -> std::io::Result<u64> {
        Ok(self.disk()?.written.lock().unwrap().len() as u64)
    }
    fn read(&self, offset: u64, out: &mut [u8]) -> std::io::Result<()> {
        let (written, from) = (self.disk()?.written.lock().unwrap(), offset as usize);
        out.copy_from_slice(&written[from..from + out.len()]);
        Ok(())
    }
    fn set_len(&self, len: u64) -> std::io::Result<()> {
        self.disk()?.use_up()?;
        self.disk()?.written.lock().unwrap().resize(len as usize, 0);
        Ok(())
    }
    fn sync_data(&self) -> std::io::Result<()> {
        while self.disk()?.stalled.load(Ordering::SeqCst) {
            std::thread::yield_now();
        }
        self.disk()?.use_up()?;
        *self.disk()?.synced.lock().unwrap() = self.disk()?.written.lock().unwrap().clone();
        Ok(())
    }
    fn write(&self, offset: u64, data: &[u8]) -> std::io::Result<()> {
        self.disk()?.use_up()?;
        let from = offset as usize;
        self.disk()?.written.lock().unwrap()[from..from + data.len()].copy_from_slice(data);
        Ok(())
    }
}

fn start(disk: &Arc<Disk>) -> (Store, Recorder) {
    start_at(disk, Arc::new(System))
}

fn start_at(disk: &Arc<Disk>, clock: Arc<dyn Clock>) -> (Store, Recorder) {
    let disk = disk.clone();
    let backend: Backend = Box::new(move || {
        let cuts = disk.cuts.load(Ordering::SeqCst);
        let disk = disk.clone();
        Ok(Box::new(Plug { disk, cuts }))
    });
    let metrics = Arc::new(Metrics::new([]));
    let (recorder, predictions) = recorder(metrics.clone());
    let options = Options {
        keep: 10,
        queue: 10,
    };
    let (store, writer) = Store::new(Parts {
        file: File::with_backend(backend).unwrap(),
        predictions,
        feed: Feed::new(options, clock.clone(), metrics.clone()),
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
        time: Timestamp::UNIX_EPOCH,
        row: r#"{"acid":3}"#.into(),
    }
}

fn given(id: &str) -> Given {
    let (id, label) = (id.to_owned(), Label::Integer(1));
    let correct = false;
    Given { id, label, correct }
}

fn row(n: usize) -> Batch {
    let row = NewRow {
        id: format!("row {n}"),
        own_id: None,
        member: None,
        row: json!({"acid": n}).to_string(),
        label: None,
    };
    Batch {
        rows: vec![row],
        ..Batch::default()
    }
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
            "a truth comes after its prediction"
        );
        let Ok(Outcome::Taken(taken)) = store.take(row(round)).await else {
            panic!("not taken");
        };
        assert_eq!((taken.stored, taken.repeated), (1, 0));
        recorder.note(prediction("never acknowledged"));
        drop((store, recorder));
        disk.cut_power();
        let (store, _recorder) = start(&disk);
        for past in 0..=round {
            let name = format!("p{past}");
            let (_, truth) = store.event(&name).unwrap().expect("stored");
            assert_eq!(truth.unwrap().label, Label::Integer(1));
            assert_eq!(
                store.label(vec![given(&name)], false).await,
                Ok(vec![Status::Repeated])
            );
            let again = store.take(row(past)).await;
            assert!(
                matches!(again, Ok(Outcome::Taken(taken)) if taken.repeated == 1),
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
                matches!(again, Ok(Outcome::Taken(taken)) if taken.repeated == 1),
                "write {n}: row {k} was acknowledged"
            );
        }
        let seqs = seqs(&store);
        assert_eq!(seqs, (1..=seqs.len() as u64).collect::<Vec<_>>(), "no gap");
    }
}

#[tokio::test]
async fn truths_that_wait_in_vain_are_given_up() {
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
    assert!(store.event("late").unwrap().unwrap().1.is_some());
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
        .find_map(|line| line.strip_prefix("titanic_store_lost_predictions_total "))
        .unwrap();
    assert_eq!(stored + lost.parse::<u64>().unwrap(), ALL);
    assert!(
        stored >= writer::MOST_PENDING as u64 && stored < ALL,
        "{stored}"
    );
}

/// A clock that goes back an hour at every look.
#[derive(Debug)]
struct Backwards(AtomicU64);

impl Clock for Backwards {
    fn now(&self) -> Timestamp {
        let looks = self.0.fetch_add(1, Ordering::SeqCst) as i64;
        Timestamp::from_second(1_800_000_000 - looks * 3600).unwrap()
    }
}

#[tokio::test]
async fn a_clock_that_goes_back_leaves_numbers_and_truths_as_they_are() {
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
    assert_eq!(store.event("p0").unwrap(), None);
    assert_eq!(store.event("row 0").unwrap(), None);
    assert!(store.event("p3").unwrap().unwrap().1.is_some());
    let whole = check::check(&store.file).unwrap();
    assert_eq!(whole.findings, Vec::<String>::new());

    let late = store.label(vec![given("p0"), given("p3")], false).await;
    assert_eq!(late, Ok(vec![Status::Waiting, Status::Repeated]));
    let Ok(Outcome::Taken(again)) = store.take(row(0)).await else {
        panic!("not taken");
    };
    assert_eq!(again.stored, 1, "a row that is gone counts anew");
    let Ok(Outcome::Taken(again)) = store.take(row(3)).await else {
        panic!("not taken");
    };
    assert_eq!(again.repeated, 1, "one that is there does not");

    let old = Keep {
        age: Some(std::time::Duration::from_secs(3600)),
        size: None,
    };
    store.retain(old).await.unwrap();
    assert_eq!(store.stats().unwrap().seq, 14);
    assert!(store.event("row 3").unwrap().is_some(), "it is young");
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
    let request = |n| Batch {
        request: Some(("key".into(), "digest".into())),
        ..row(n)
    };
    let stored = |outcome| match outcome {
        Ok(Outcome::Taken(taken)) => taken.ids,
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

#[test]
fn a_store_of_revision_1_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let id = "01a211ae-ae5c-75e2-b9e1-b6f59ac5a842";
    let mut batch = row(7);
    batch.rows[0].id = id.into();
    let file = File::open(folder.path()).unwrap();
    let take = |file: &File| offline::take(file, &batch, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(take(&file).stored, 1);
    drop(file);
    // Revision 1 had each id by itself, and rows under their digest alone.
    let database = redb::Database::open(folder.path().join(NAME)).unwrap();
    let mut found = Vec::new();
    let ids = KeptIds::of(&database.begin_read().unwrap()).unwrap();
    ids.each(|key, seq| found.push((key.to_vec(), seq)))
        .unwrap();
    drop(ids);
    let transaction = database.begin_write().unwrap();
    transaction.delete_table(layout::RUNS).unwrap();
    {
        let mut singles = transaction.open_table(layout::IDS).unwrap();
        singles.insert(&*found[0].0, found[0].1).unwrap();
        let mut keys = transaction.open_table(layout::ROW_KEYS).unwrap();
        let (key, _) = keys.pop_first().unwrap().unwrap();
        let digest = key.value()[8..].to_vec();
        drop(key);
        keys.insert(&*digest, id).unwrap();
        let mut meta = transaction.open_table(layout::META).unwrap();
        meta.insert("revision", 1).unwrap();
        meta.remove(layout::ORDERED).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);

    let file = File::open(folder.path()).unwrap();
    let seq = file.read(|snapshot| read::by_id(snapshot, id, |record| record.seq));
    assert_eq!(seq, Ok(Some(1)));
    let taken = take(&file);
    assert_eq!((taken.repeated, &*taken.ids[0]), (1, id));
    assert_eq!(check::check(&file).unwrap().findings, Vec::<String>::new());
}
