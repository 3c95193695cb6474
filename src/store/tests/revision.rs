//! Files of earlier revisions can be opened and used.

use std::path::Path;

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
    // Revision 1 had an entry for each id, and row keys that are the digest alone.
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
        let mut rows = transaction.open_table(layout::ROWS).unwrap();
        let (key, seq) = rows.pop_first().unwrap().unwrap();
        let digest = &key.value()[8..];
        let mut keys = transaction.open_table(layout::ROW_KEYS).unwrap();
        keys.insert(digest, id).unwrap();
        let mut seqs = transaction.open_table(layout::ROW_SEQS).unwrap();
        seqs.insert(seq.value(), digest).unwrap();
        let mut meta = transaction.open_table(layout::META).unwrap();
        meta.insert("revision", 1).unwrap();
        meta.remove(layout::ORDERED).unwrap();
    }
    transaction.commit().unwrap();
    drop(database);

    let file = File::open(folder.path()).unwrap();
    let seq = file.read(|snapshot| read::by_id(snapshot, event::Id::of(id), |record| record.seq));
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

/// Revision 4 had all events as JSON, runs of ids that are not packed, and no table of rows.
#[test]
fn a_store_of_revision_4_goes_on() {
    const FIXTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/store-4");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    std::fs::copy(format!("{FIXTURE}/{NAME}"), &path).unwrap();
    // The copy that comes before the upgrade cannot be made: nothing is upgraded.
    let kept = folder.path().join("events.redb.revision-4");
    std::fs::create_dir(&kept).unwrap();
    let error = File::open(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("revision 4") && error.contains(&kept.display().to_string()),
        "{error}"
    );
    assert_eq!(revision_of(&path), 4);
    std::fs::remove_dir(&kept).unwrap();

    let export = std::fs::read_to_string(format!("{FIXTURE}/export.jsonl")).unwrap();
    let file = File::open(folder.path()).unwrap();
    let exported = |file: &File| {
        let mut lines = String::new();
        maintenance::events(file, |record| {
            lines += &record.line();
            lines.push('\n');
            true
        })
        .unwrap();
        lines
    };
    assert_eq!(exported(&file), export);
    // The copy is what the earlier release can go on with.
    assert_eq!(revision_of(&kept), 4);
    let names = std::fs::read_dir(folder.path()).unwrap();
    assert!(names.flatten().all(|name| !name.path().ends_with(".part")));
    let sound = |file: &File| {
        assert_eq!(check::check(file).unwrap().findings, Vec::<String>::new());
    };
    sound(&file);

    // Rows that the store has, with and without an own id, and one that it does not have.
    let spec = std::fs::read_to_string(format!("{FIXTURE}/spec.yaml")).unwrap();
    let schema = crate::schema::fixture::table_spec(&spec).unwrap();
    let new = |text: &str, source: &str| {
        let mut row = crate::schema::Row::new(&schema, crate::schema::row::Purpose::Keep);
        crate::schema::json::line(&schema, text.as_bytes(), &mut row).unwrap();
        assert_eq!(row.faults, []);
        let (own_id, target) = (row.id_text(), row.target());
        let origin = row::Origin::of(source.into(), 0);
        NewRow::of(
            &schema,
            row.view(),
            own_id,
            target,
            format!("new {text}"),
            origin,
        )
    };
    let batch = NewRows {
        rows: vec![
            new(
                r#"{"order":"o101","member":false,"day":"2024-02-29","bought":false}"#,
                "",
            ),
            new(r#"{"price":4,"size":1}"#, "rest"),
            new(r#"{"price":4,"size":2}"#, "rest"),
        ],
        ..NewRows::default()
    };
    let take = || offline::take(&file, &batch, Timestamp::UNIX_EPOCH).unwrap();
    let taken = take();
    assert_eq!((taken.repeated, taken.stored), (2, 1), "{:?}", taken.ids);
    assert_eq!(take().repeated, 3);
    sound(&file);
    let lines = exported(&file);
    let new = lines
        .strip_prefix(&export)
        .expect("what was there is the same");
    assert!(
        new.contains(r#""row":{"price":4,"size":2},"transport":"rest"}"#),
        "{new}"
    );

    // Dropped events are removed from the indices as well.
    let keep = Keep {
        age: None,
        size: Some(0),
    };
    let (dropped, _) = commit::within(&file, Timestamp::UNIX_EPOCH, |commit| {
        retention::apply(commit, keep)
    })
    .unwrap();
    assert_eq!(dropped.0.events, 150);
    sound(&file);
    assert_eq!(take().stored, 2, "rows that are gone count anew");
    sound(&file);
}

fn set_revision(path: &Path, revision: u64) {
    let database = redb::Database::open(path).unwrap();
    let transaction = database.begin_write().unwrap();
    let mut meta = transaction.open_table(layout::META).unwrap();
    meta.insert("revision", revision).unwrap();
    drop(meta);
    transaction.commit().unwrap();
}

/// The revision of a copy of the file, which is itself not opened.
fn revision_of(path: &Path) -> u64 {
    let copy = tempfile::NamedTempFile::new().unwrap();
    std::fs::copy(path, copy.path()).unwrap();
    let database = redb::Database::open(copy.path()).unwrap();
    let snapshot = database.begin_read().unwrap();
    let meta = snapshot.open_table(layout::META).unwrap();
    meta.get("revision").unwrap().unwrap().value()
}

#[test]
fn a_store_of_a_later_revision_is_refused_and_unchanged() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(NAME);
    drop(File::open(folder.path()).unwrap());
    set_revision(&path, layout::REVISION + 1);
    let error = File::open(folder.path()).unwrap_err().to_string();
    let known = layout::REVISION;
    assert_eq!(
        error,
        format!(
            "the store {} has revision {}, this program knows up to {known}; use the program that wrote it, or a newer one",
            path.display(),
            known + 1
        )
    );
    assert_eq!(revision_of(&path), known + 1);
    let names = std::fs::read_dir(folder.path()).unwrap().flatten();
    let names: Vec<_> = names.map(|entry| entry.file_name()).collect();
    assert!(
        !names
            .iter()
            .any(|name| name.to_string_lossy().contains("revision-")),
        "{names:?}"
    );
}
