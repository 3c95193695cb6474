//! Files of earlier revisions go on.

use redb::ReadableDatabase;

use super::*;
use crate::store::file::NAME;
use crate::store::ids::KeptIds;

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

#[test]
fn a_store_of_revision_2_goes_on() {
    let folder = tempfile::tempdir().unwrap();
    let file = File::open(folder.path()).unwrap();
    let batch = row(7);
    assert_eq!(
        offline::take(&file, &batch, Timestamp::UNIX_EPOCH)
            .unwrap()
            .stored,
        1
    );
    drop(file);
    // Revision 2 had no outbox.
    let database = redb::Database::open(folder.path().join(NAME)).unwrap();
    let transaction = database.begin_write().unwrap();
    assert!(transaction.delete_table(layout::OUTBOX).unwrap());
    let mut meta = transaction.open_table(layout::META).unwrap();
    meta.insert("revision", 2).unwrap();
    drop(meta);
    transaction.commit().unwrap();
    drop(database);

    let file = File::open(folder.path()).unwrap();
    assert_eq!(alerts::kept(&file), Ok((None, Vec::new())));
    let change = alerts::Change {
        state: Some("{}".into()),
        events: vec![("e".into(), "{\"state\":\"firing\"}".into())],
        put: vec![("msg_1".into(), "{}".into()), ("msg_2".into(), "[]".into())],
        gone: vec!["msg_1".into()],
    };
    alerts::keep_offline(&file, &change, Timestamp::UNIX_EPOCH).unwrap();
    let kept = (Some("{}".into()), vec!["[]".into()]);
    assert_eq!(alerts::kept(&file), Ok(kept));
    let taken = offline::take(&file, &batch, Timestamp::UNIX_EPOCH).unwrap();
    assert_eq!(taken.repeated, 1);
    assert_eq!(maintenance::stats(&file).unwrap().seq, 2);
    assert_eq!(check::check(&file).unwrap().findings, Vec::<String>::new());
}
