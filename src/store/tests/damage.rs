//! Files with damaged bytes. Fuzzing from outside had shown that holes of random bytes make the database panic.

use std::path::Path;

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use redb::ReadableTable;
use tempfile::TempDir;

use super::disk::Disk;
use super::{given, prediction, row, rows, start};
use crate::clock::{Clock, System};
use crate::store::event::{Body, Event, Id};
use crate::store::feed::PredictionId;
use crate::store::kind::Kind;
use crate::store::layout::BLOCKS;
use crate::store::{
    File, Health, OpenError, StoreError, block, check, commit, labels, maintenance, offline,
    predictions, read, waiting,
};

const FIXTURE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/fixtures/state-1/state/events.redb"
);

/// A store that this program wrote: predictions, rows with and without labels, and labels.
fn written() -> Vec<u8> {
    let state = tempfile::tempdir().unwrap();
    let file = File::open(state.path()).unwrap();
    let now = jiff::Timestamp::UNIX_EPOCH;
    let bound = waiting::Bound::of(1_000);
    for round in 0..20 {
        commit::within(&file, now, |commit| {
            for n in 0..20 {
                let mut made = prediction(&format!("prediction {n} of {round}"));
                if n % 2 == 0 {
                    made.id = PredictionId::Fresh(System.id());
                    made.own_id = Some(n.to_string().into());
                }
                predictions::keep(commit, &made)?;
                rows::take(commit, &row(round * 20 + n))?;
            }
            let label = given(&format!("prediction 1 of {round}"));
            labels::take(commit, &[label], false, bound).map(drop)
        })
        .unwrap();
    }
    maintenance::compact(&file).unwrap();
    file.shut();
    std::fs::read(state.path().join("events.redb")).unwrap()
}

/// A copy with holes of random bytes at offset `from` or later.
fn damaged(whole: &[u8], seed: u64, from: usize) -> TempDir {
    let mut dice = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut bytes = whole.to_vec();
    for _ in 0..1 + seed % 8 {
        let length = 1 << dice.random_range(0..13);
        let begin = dice.random_range(from..bytes.len() - length);
        bytes[begin..begin + length].fill_with(|| dice.random());
    }
    let state = tempfile::tempdir().unwrap();
    std::fs::write(state.path().join("events.redb"), bytes).unwrap();
    state
}

/// Performs every operation on a file; returns the errors.
fn used(file: &File) -> Vec<StoreError> {
    let now = jiff::Timestamp::UNIX_EPOCH;
    let mut ids = Vec::new();
    let batch = rows::NewRows::default();
    let done = [
        maintenance::stats(file).map(drop),
        maintenance::events(file, |record| {
            ids.push(record.id.to_string());
            true
        }),
        check::check(file).map(drop),
        maintenance::quarantine(file).map(drop),
        offline::take(file, &batch, now).map(drop),
        maintenance::drop_quarantined(file, &["none".into()], now),
        maintenance::compact(file),
    ];
    let found = ids
        .iter()
        .map(|id| file.read(|snapshot| read::by_id(snapshot, Id::of(id), |_| ()).map(drop)));
    done.into_iter()
        .chain(found)
        .filter_map(Result::err)
        .collect()
}

/// Checks that a file which opens reports its damage, and rejects every operation after the damage was found. Returns
/// whether damage was found.
fn holds(state: &Path, opened: Result<File, OpenError>) -> bool {
    let file = match opened {
        Ok(file) => file,
        Err(OpenError::Held { .. }) => panic!("{} is free", state.display()),
        Err(_) => return true,
    };
    let found = used(&file);
    let is_damage = |error: &StoreError| matches!(error, StoreError::Damaged(_));
    let first = found.iter().position(is_damage);
    let is_known = matches!(&*file.health().borrow(), Health::Damaged(_));
    assert_eq!(first.is_some(), is_known, "{found:?}");
    if let Some(first) = first {
        assert!(found[first..].iter().all(is_damage), "{found:?}");
    }
    file.shut();
    first.is_some()
}

#[test]
fn b7_a_damaged_file_is_an_error_and_no_panic() {
    for (whole, name) in [
        (std::fs::read(FIXTURE).unwrap(), "of revision 4"),
        (written(), "of this one"),
    ] {
        let mut met = 0;
        for seed in 0..80 {
            let state = damaged(&whole, seed, 0);
            met += usize::from(holds(state.path(), File::open(state.path())));
            let state = damaged(&whole, seed, 4096);
            met += usize::from(holds(state.path(), File::open(state.path())));
            let state = damaged(&whole, seed, 0);
            met += usize::from(holds(state.path(), File::open_verified(state.path())));
        }
        assert!(met > 80, "the damage was met in {met} of 240 files {name}");
    }
}

/// Bytes that changed inside an event: the block is still well formed, but the event's body is not JSON. Without a check of
/// the body, `/v1/events` sent it to clients.
#[test]
fn b7_an_event_that_is_no_json_is_damage() {
    for (place, byte) in [(0, b'['), (1, b'}'), (2, 0xff), (4096, b'"')] {
        let state = tempfile::tempdir().unwrap();
        let path = state.path().join("events.redb");
        std::fs::copy(FIXTURE, &path).unwrap();
        let file = File::open(state.path()).unwrap();
        let mut ids = Vec::new();
        maintenance::events(&file, |record| {
            ids.push(record.id.to_string());
            true
        })
        .unwrap();
        file.write(|transaction| {
            let mut blocks = transaction.open_table(BLOCKS)?;
            let (first, mut bytes) = {
                let (first, bytes) = blocks.first()?.expect("the fixture has events");
                (first.value(), bytes.value().to_vec())
            };
            let body = {
                let entry = block::read(first, &bytes).next().unwrap().unwrap();
                let Body::Json(body) = entry.body else {
                    panic!("the fixture is of an earlier revision");
                };
                let begin = body.as_ptr() as usize - bytes.as_ptr() as usize;
                begin..begin + body.len()
            };
            bytes[(body.start + place.min(body.len())).min(body.end - 1)] = byte;
            blocks.insert(first, &*bytes)?;
            Ok(())
        })
        .unwrap();
        let report = check::check(&file).unwrap();
        assert_eq!(report.findings.len(), 1, "{place}: {:?}", report.findings);
        let read = match place {
            // The first case reads the damaged event by its id, the others read all events.
            0 => file.read(|snapshot| read::by_id(snapshot, Id::of(&ids[0]), |_| ()).map(drop)),
            _ => maintenance::events(&file, |_| true),
        };
        assert!(
            matches!(read, Err(StoreError::Damaged(_))),
            "{place}: {read:?}"
        );
        assert!(matches!(&*file.health().borrow(), Health::Damaged(_)));
        file.shut();
    }
}

/// A row that cannot be read has lost its label: that is an error, and not the same as a row without a label.
#[tokio::test]
async fn a_stored_row_that_cannot_be_read_is_damage() {
    let disk = Disk::sound();
    let (store, _recorder) = start(&disk);
    let now = jiff::Timestamp::UNIX_EPOCH;
    commit::within(&store.file, now, |commit| {
        let cut = Event::Document(Kind::Row, r#"{"row":{"acid""#);
        commit.append_known(now, Id::Text("cut"), &cut).map(drop)
    })
    .unwrap();
    let told = store.label(vec![given("cut")], false).await;
    assert!(matches!(told, Err(StoreError::Damaged(_))), "{told:?}");
    assert!(matches!(&*store.file.health().borrow(), Health::Damaged(_)));
}
