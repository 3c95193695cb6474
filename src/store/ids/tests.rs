//! The index of ids compared with a plain map.

use std::collections::HashMap;

use proptest::prelude::*;
use redb::backends::InMemoryBackend;
use redb::{Database, ReadableDatabase};

use super::*;
use crate::store::layout;

/// An id of a test: a UUID of a time and the bits after it, or a name.
#[derive(Clone, Debug)]
enum Id {
    Uuid(u64, u128),
    Name(u8),
}

impl Id {
    fn key(&self) -> Key {
        match self {
            Id::Uuid(time, rest) => Key::uuid(Uuid::from_u128(u128::from(*time) << 80 | rest)),
            Id::Name(name) => layout::key(&format!("name {name}")),
        }
    }
}

/// UUIDs with times that are close together, about a span apart, or far apart, and a few names.
fn ids() -> impl Strategy<Value = Vec<Id>> {
    let time = prop_oneof![1_000_000u64..1_000_400, 0u64..300, 0..1u64 << 48];
    let rest = prop_oneof![0u128..4, 0..1u128 << 80];
    let id = prop_oneof![
        9 => (time, rest).prop_map(|(time, rest)| Id::Uuid(time, rest)),
        1 => any::<u8>().prop_map(Id::Name),
    ];
    prop::collection::vec(id, 0..300)
}

/// The event of an id; every third event is a row.
fn of(seq: u64) -> Found {
    Found {
        seq,
        is_row: seq.is_multiple_of(3),
    }
}

fn empty() -> Database {
    let database = Database::builder()
        .create_with_backend(InMemoryBackend::new())
        .unwrap();
    let transaction = database.begin_write().unwrap();
    layout::create(&transaction).unwrap();
    transaction.commit().unwrap();
    database
}

fn write<T>(database: &Database, work: impl FnOnce(&mut NewIds<'_>) -> T) -> T {
    let transaction = database.begin_write().unwrap();
    let mut ids = NewIds::of(&transaction).unwrap();
    let done = work(&mut ids);
    ids.flush().unwrap();
    drop(ids);
    transaction.commit().unwrap();
    done
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn every_id_is_found_and_no_other(commits in prop::collection::vec(ids(), 1..5), others in ids(), gone in 0u64..800) {
        let database = empty();
        let mut known: HashMap<Vec<u8>, Found> = HashMap::new();
        let mut in_order: Vec<Key> = Vec::new();
        for commit in &commits {
            write(&database, |ids| {
                for id in commit {
                    let key = id.key();
                    if known.contains_key(key.bytes()) {
                        continue; // an id is made once
                    }
                    in_order.push(key.clone());
                    let seq = in_order.len() as u64;
                    let new = of(seq);
                    known.insert(key.bytes().to_vec(), new);
                    ids.add(&key, new).unwrap();
                    if seq.is_multiple_of(37) {
                        assert_eq!(ids.find(&key).unwrap(), Some(new), "in its own commit");
                    }
                }
            });
        }
        let found = |key: &Key| KeptIds::of(&database.begin_read().unwrap()).unwrap().find(key).unwrap();
        for key in in_order.iter().cloned().chain(others.iter().map(Id::key)) {
            prop_assert_eq!(found(&key), known.get(key.bytes()).copied());
        }
        // The oldest events are dropped: ids of the others are still found, and no entry is left once all are dropped.
        let cut = (gone as usize).min(in_order.len());
        for (range, left) in [(0..cut, cut), (cut..in_order.len(), in_order.len())] {
            write(&database, |ids| {
                for i in range {
                    assert!(ids.forget(&in_order[i], i as u64 + 1).unwrap());
                }
            });
            for (i, key) in in_order.iter().enumerate().skip(left) {
                prop_assert_eq!(found(key), Some(of(i as u64 + 1)));
            }
        }
        let mut left = Vec::new();
        let kept = KeptIds::of(&database.begin_read().unwrap()).unwrap();
        kept.each(|key, seq| left.push((key.to_vec(), seq))).unwrap();
        prop_assert_eq!(left, vec![]);
    }
}

#[test]
fn ids_of_one_moment_share_entries_that_fill_a_page() {
    let database = empty();
    write(&database, |ids| {
        for n in 0..1000u128 {
            // Ten ids a millisecond, as under heavy load.
            ids.add(
                &Key::uuid(Uuid::from_u128((n / 10) << 80 | n)),
                of(n as u64),
            )
            .unwrap();
        }
    });
    let snapshot = database.begin_read().unwrap();
    let runs = snapshot.open_table(RUNS).unwrap();
    let sizes = runs
        .iter()
        .unwrap()
        .map(|entry| entry.unwrap().1.value().len());
    let sizes: Vec<usize> = sizes.collect();
    // Each entry takes 1 + 10 + 1 bytes.
    assert_eq!(sizes.iter().sum::<usize>(), 12_000);
    assert!(
        sizes[..sizes.len() - 1]
            .iter()
            .all(|size| (4000..=4064).contains(size)),
        "{sizes:?}"
    );
}

/// Ids are found in the runs that a store of revision 4 wrote.
#[test]
fn runs_that_are_not_packed_are_read() {
    let database = empty();
    let transaction = database.begin_write().unwrap();
    {
        let mut plain = transaction.open_table(PLAIN_RUNS).unwrap();
        let entries = [5_u128, 6, 9].map(|id| run::key(id, id as u64 + 100));
        plain.insert(&entries[0], &*entries.concat()).unwrap();
    }
    transaction.commit().unwrap();
    let key = |id| Key::uuid(Uuid::from_u128(id));
    let found = |id| {
        let kept = KeptIds::of(&database.begin_read().unwrap()).unwrap();
        kept.find(&key(id)).unwrap().map(|found| found.seq)
    };
    assert_eq!(
        [5, 6, 7, 9].map(found),
        [Some(105), Some(106), None, Some(109)]
    );
    write(&database, |ids| {
        ids.add(&key(7), of(110)).unwrap();
        for id in [5, 6, 9] {
            assert!(ids.forget(&key(id), id as u64 + 100).unwrap());
        }
    });
    assert_eq!([5, 6, 7, 9].map(found), [None, None, Some(110), None]);
}
