//! Whole backups and restores of a small state on a disk.

use std::collections::BTreeMap;
use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::json;
use tempfile::TempDir;

use super::*;
use crate::bucket::Limits;
use crate::clock::Manual;
use crate::registry::evidence::Training;
use crate::registry::{Decision, Evidence, Registry, VersionRef};
use crate::store::row::NewRow;
use crate::store::rows::NewRows;
use crate::store::{self, File, maintenance, offline};

fn now() -> Timestamp {
    "2026-01-31T09:15:00.250Z".parse().unwrap()
}

fn because() -> Decision {
    Decision {
        by: "a test".into(),
        reason: "to see".into(),
        evidence: Evidence::Training(Box::new(Training {
            cv: None,
            through: None,
            rows: None,
            gate: None,
        })),
    }
}

/// A state with three rows, two versions of which the second is champion, and a table.
struct State {
    folder: TempDir,
    file: File,
    registry: Registry,
    clock: Manual,
}

impl State {
    fn new() -> State {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry::open(folder.path()).unwrap();
        for model in ["model 1", "model 2"] {
            let bytes = model.repeat(1000);
            registry
                .publish("wine", bytes.as_bytes(), because(), now())
                .unwrap();
        }
        let sound = |_: &[u8]| Ok::<(), String>(());
        registry
            .promote(&VersionRef::Number(2), because(), sound, now())
            .unwrap();
        registry.put_table(b"PAR1 and more").unwrap();
        let file = store::open(folder.path()).unwrap();
        let state = State {
            folder,
            file,
            registry,
            clock: Manual::new(now()),
        };
        (0..3).for_each(|n| state.row(n));
        state
    }

    fn row(&self, n: usize) {
        let row = NewRow {
            id: format!("row {n}"),
            own_id: None,
            row: serde_json::from_value(json!({"acid": n})).unwrap(),
            label: None,
            origin: Default::default(),
        };
        let batch = NewRows {
            rows: vec![row],
            ..NewRows::default()
        };
        offline::take(&self.file, &batch, now()).unwrap();
    }

    fn order(to: &Path) -> Order {
        Order {
            to: Place::parse(&to.display().to_string()).unwrap(),
            verify: true,
            keep: None,
            background: false,
            limits: Limits::default(),
        }
    }

    fn back_up(&self, to: &Path) -> Result<Made, BackupError> {
        self.make(&State::order(to), Watch::nobody())
    }

    fn make(&self, order: &Order, watch: Watch<'_>) -> Result<Made, BackupError> {
        let source = Source {
            state: self.folder.path(),
            file: &self.file,
            registry: &self.registry,
            settings: r#"[{"key": "state", "value": "state"}]"#,
        };
        make(source, order, &self.clock, watch)
    }

    fn events(&self) -> Vec<String> {
        events(&self.file)
    }
}

fn events(file: &File) -> Vec<String> {
    let mut all = Vec::new();
    maintenance::events(file, |record| {
        all.push(format!("{record:?}"));
        true
    })
    .unwrap();
    all
}

fn restored(from: &Path) -> (TempDir, Result<Restored, BackupError>) {
    let state = tempfile::tempdir().unwrap();
    let place = Place::parse(&from.display().to_string()).unwrap();
    let done = restore(state.path(), &place, Limits::default(), Watch::nobody());
    (state, done)
}

/// Files of the registry with their bytes, but for the epoch.
fn files(state: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut all = BTreeMap::new();
    for folder in ["models", "tables"] {
        for entry in fs::read_dir(state.join(folder)).unwrap().flatten() {
            let name = entry.file_name().into_string().unwrap();
            if !["epoch", "lock"].contains(&&*name) {
                all.insert(format!("{folder}/{name}"), fs::read(entry.path()).unwrap());
            }
        }
    }
    all
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<_> = entries
        .map(|entry| entry.file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn is_empty(state: &Path) -> bool {
    Registry::open(state).unwrap().is_empty().unwrap()
        && maintenance::stats(&store::open(state).unwrap())
            .unwrap()
            .seq
            == 0
}

#[test]
fn everything_comes_back() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let made = state.back_up(to.path()).unwrap();
    let name = "titanic-backup-20260131T091500.250Z.tar.zst";
    let archive = to.path().join(name);
    let expected = Contents {
        events: BTreeMap::from([("row".into(), 3)]),
        seq: 3,
        models: 2,
        tables: 1,
        ledger: 3,
        champion: Some("wine@2".into()),
    };
    assert_eq!(made.file, archive.display().to_string());
    assert_eq!(made.contents, expected);
    assert_eq!(made.bytes, fs::metadata(&archive).unwrap().len());
    assert!(made.verified);
    assert_eq!(names(to.path()), [name], "nothing else is left");
    // The state goes on as it was.
    state.row(3);
    assert_eq!(state.events().len(), 4);

    for from in [&archive, to.path()] {
        let (back, done) = restored(from);
        let done = done.unwrap();
        assert_eq!(done.contents, expected);
        assert_eq!(done.created, "2026-01-31T09:15:00.250Z");
        assert_eq!(files(back.path()), files(state.folder.path()));
        let file = store::open(back.path()).unwrap();
        assert_eq!(events(&file), state.events()[..3]);
        let registry = Registry::open(back.path()).unwrap();
        assert_eq!(registry.verify(None).unwrap(), []);
        let epoch = |registry: &Registry| registry.standing().unwrap().epoch;
        assert_ne!(epoch(&registry), epoch(&state.registry));
        drop(file);
        assert_eq!(
            names(back.path()),
            ["events.pid", "events.redb", "models", "tables"]
        );
    }
}

#[test]
fn an_archive_is_an_ordinary_tar_file() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    state.back_up(&archive).unwrap();
    let bytes = fs::read(&archive).unwrap();
    let plain = zstd::decode_all(&*bytes).unwrap();
    let mut tar = tar::Archive::new(&*plain);
    let mut found = Vec::new();
    for entry in tar.entries().unwrap() {
        found.push(entry.unwrap().path().unwrap().display().to_string());
    }
    let table = Registry::table_name(b"PAR1 and more");
    assert_eq!(
        found,
        [
            "events.redb",
            "models/champion",
            "models/ledger.jsonl",
            "models/wine@1.model",
            "models/wine@2.model",
            "settings.json",
            &format!("tables/{table}.parquet"),
            "manifest.json",
        ]
    );
}

#[test]
fn a_flipped_bit_or_a_missing_end_is_found_and_leaves_the_state_empty() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    state.back_up(&archive).unwrap();
    let whole = fs::read(&archive).unwrap();
    let damaged = to.path().join("b.tar.zst");
    let back = tempfile::tempdir().unwrap();
    let place = Place::parse(&damaged.display().to_string()).unwrap();
    let fails = |bytes: &[u8]| {
        fs::write(&damaged, bytes).unwrap();
        let done = restore(back.path(), &place, Limits::default(), Watch::nobody());
        let error = done.unwrap_err();
        assert!(error.to_string().contains("b.tar.zst"), "{error}");
        error
    };
    // The whole of the head and of the seal, and places between.
    let places = (0..40).chain((40..whole.len()).step_by(97));
    for at in places.chain(whole.len() - 56..whole.len()) {
        let mut bytes = whole.clone();
        bytes[at] ^= 1 << (at % 8);
        let error = fails(&bytes);
        let is_expected = match &error {
            BackupError::Damaged { .. } => true,
            // In the mark of the seal itself.
            BackupError::Incomplete { .. } => at >= whole.len() - 56,
            _ => false,
        };
        assert!(is_expected, "byte {at}: {error}");
    }
    for length in [
        0,
        1,
        55,
        56,
        whole.len() / 2,
        whole.len() - 56,
        whole.len() - 1,
    ] {
        let error = fails(&whole[..length]);
        let BackupError::Incomplete { bytes, .. } = error else {
            panic!("{length}: {error}");
        };
        assert_eq!(bytes, length as u64);
    }
    assert!(is_empty(back.path()));
    assert_eq!(names(back.path()), ["events.pid", "events.redb"]);
}

/// A file is replaced by another one and everything is packed anew, but the manifest is the old one.
#[test]
fn a_file_that_is_not_the_manifests_is_named() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    state.back_up(&archive).unwrap();
    let plain = zstd::decode_all(&*fs::read(&archive).unwrap()).unwrap();
    let repacked = |change: &dyn Fn(&str, &mut Vec<u8>) -> Option<String>| {
        use std::io::{Read, Write};
        let mut to = tar::Builder::new(Vec::new());
        for entry in tar::Archive::new(&*plain).entries().unwrap() {
            let mut entry = entry.unwrap();
            let name = entry.path().unwrap().display().to_string();
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            let Some(name) = change(&name, &mut bytes) else {
                continue;
            };
            let mut header = tar::Header::new_ustar();
            header.set_size(bytes.len() as u64);
            to.append_data(&mut header, &name, &*bytes).unwrap();
        }
        let mut sealer = seal::Sealer::new(Vec::new());
        let compressed = zstd::encode_all(&*to.into_inner().unwrap(), 1).unwrap();
        sealer.write_all(&compressed).unwrap();
        let mut bytes = Vec::new();
        let mut sealer = seal::Sealer::new(&mut bytes);
        sealer.write_all(&compressed).unwrap();
        sealer.seal().unwrap();
        fs::write(&archive, bytes).unwrap();
        restored(&archive).1.unwrap_err().to_string()
    };
    let check = |change: &dyn Fn(&str, &mut Vec<u8>) -> Option<String>, part: &str| {
        let error = repacked(change);
        assert!(error.contains(part), "{error}");
    };
    check(
        &|name, bytes| {
            if name == "models/wine@1.model" {
                bytes[500] ^= 1;
            }
            Some(name.into())
        },
        "models/wine@1.model has 7000 bytes with SHA-256",
    );
    check(
        &|name, _| (name != "models/champion").then(|| name.into()),
        "models/champion is missing",
    );
    check(
        &|name, _| Some(name.replace("wine@1", "wine@3")),
        "models/wine@1.model is missing",
    );
    check(
        &|name, _| (name != "manifest.json").then(|| name.into()),
        "it has no manifest.json",
    );
    check(
        &|name, _| Some(name.replace("models/champion", "models/champion.txt")),
        "no file of a state",
    );
    check(
        &|name, bytes| {
            if name == "manifest.json" {
                let text = String::from_utf8(bytes.clone()).unwrap();
                *bytes = text.replace("\"row\": 3", "\"row\": 4").into_bytes();
            }
            Some(name.into())
        },
        "4 row before, 3 after",
    );
}

#[test]
fn a_restore_overwrites_nothing() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    state.back_up(&archive).unwrap();
    let place = Place::parse(&archive.display().to_string()).unwrap();
    let check = |prepare: &dyn Fn(&Path), part: &str| {
        let back = tempfile::tempdir().unwrap();
        prepare(back.path());
        let done = restore(back.path(), &place, Limits::default(), Watch::nobody());
        match done {
            Err(BackupError::NotEmpty { what, .. }) => assert_eq!(what, part),
            other => panic!("{part}: {other:?}"),
        }
        assert!(!back.path().join("models/wine@2.model").exists());
    };
    check(
        &|at| {
            fs::create_dir(at.join("models")).unwrap();
            fs::write(at.join("models/notes"), "mine").unwrap();
        },
        "models/notes",
    );
    check(
        &|at| {
            let registry = Registry::open(at).unwrap();
            registry.put_table(b"PAR1").unwrap();
            fs::remove_dir_all(at.join("models")).unwrap();
        },
        &format!("tables/{}.parquet", Registry::table_name(b"PAR1")),
    );
    check(
        &|at| fs::write(at.join("events.redb"), "no store at all").unwrap(),
        "a damaged event store",
    );
    // With its own state it says how many events there are, once nobody holds it.
    let State { folder, file, .. } = state;
    let held = restore(folder.path(), &place, Limits::default(), Watch::nobody());
    assert!(
        matches!(held, Err(BackupError::Open(store::OpenError::Held { .. }))),
        "{held:?}"
    );
    drop(file);
    let full = restore(folder.path(), &place, Limits::default(), Watch::nobody());
    let error = full.unwrap_err().to_string();
    assert!(
        error.contains("3 events") && error.contains("--state"),
        "{error}"
    );
    // A registry that has only its lock is empty.
    let back = tempfile::tempdir().unwrap();
    Registry::open(back.path()).unwrap().begin_epoch().unwrap();
    restore(back.path(), &place, Limits::default(), Watch::nobody()).unwrap();
}

/// Whatever a killed restore left, the state is empty, or whole once it is opened again.
#[test]
fn an_interrupted_restore_leaves_an_empty_state_or_a_whole_one() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    state.back_up(to.path()).unwrap();
    let (back, done) = restored(to.path());
    done.unwrap();
    let parts = ["models", "tables", "events.redb"];
    // Killed after the commit point, with the first `moved` parts in their places.
    for moved in 0..=parts.len() {
        let again = tempfile::tempdir().unwrap();
        let whole = again.path().join("restore.whole");
        fs::create_dir(&whole).unwrap();
        drop(store::open(again.path()).unwrap()); // the empty store whose lock the restore held
        for (n, part) in parts.iter().enumerate() {
            let folder = if n < moved { again.path() } else { &whole };
            copy(&back.path().join(part), &folder.join(part));
        }
        finish(again.path()).unwrap();
        finish(again.path()).unwrap(); // there is nothing left to do
        assert!(!whole.exists());
        assert_eq!(files(again.path()), files(state.folder.path()), "{moved}");
        let file = store::open(again.path()).unwrap();
        assert_eq!(events(&file), state.events(), "{moved}");
    }
    // Killed before it.
    let again = tempfile::tempdir().unwrap();
    fs::create_dir_all(again.path().join("restore.part/models")).unwrap();
    finish(again.path()).unwrap();
    assert!(is_empty(again.path()));
    let place = Place::parse(&to.path().display().to_string()).unwrap();
    restore(again.path(), &place, Limits::default(), Watch::nobody()).unwrap();
    assert_eq!(files(again.path()), files(state.folder.path()));
}

fn copy(from: &Path, to: &Path) {
    if from.is_dir() {
        fs::create_dir_all(to).unwrap();
        for name in names(from) {
            copy(&from.join(&name), &to.join(&name));
        }
    } else {
        fs::copy(from, to).unwrap();
    }
}

#[test]
fn the_newest_whole_archive_of_a_folder_is_taken() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let (_, none) = restored(to.path());
    assert!(matches!(none, Err(BackupError::None { .. })), "{none:?}");
    let first = state.back_up(to.path()).unwrap();
    state.row(3);
    state.clock.advance(Duration::from_secs(60));
    let second = state.back_up(to.path()).unwrap();
    fs::write(to.path().join("zzz.tar.zst"), "another file").unwrap();
    let (_, done) = restored(to.path());
    assert_eq!(done.unwrap().contents.seq, 4);

    let bytes = fs::read(&second.file).unwrap();
    fs::write(&second.file, &bytes[..bytes.len() / 2]).unwrap();
    let (_, done) = restored(to.path());
    let done = done.unwrap();
    assert_eq!((&done.file, done.contents.seq), (&first.file, 3));
    assert_eq!(done.passed_over.len(), 1);
    assert!(done.passed_over[0].contains(&second.file), "{done:?}");

    fs::write(&first.file, &bytes[..100]).unwrap();
    let (back, done) = restored(to.path());
    let error = done.unwrap_err().to_string();
    assert!(
        error.contains(&first.file) && error.contains(&second.file),
        "{error}"
    );
    assert!(is_empty(back.path()));
}

#[test]
fn only_the_newest_archives_are_kept() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let folder = to.path().join("made/by/it");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("notes"), "mine").unwrap();
    let order = Order {
        keep: NonZeroUsize::new(2),
        ..State::order(&folder)
    };
    let mut made = Vec::new();
    for _ in 0..4 {
        made.push(state.make(&order, Watch::nobody()).unwrap());
        state.clock.advance(Duration::from_millis(1));
    }
    let removed: Vec<_> = made.iter().map(|made| made.removed.clone()).collect();
    let file = |n: usize| made[n].file.clone();
    assert_eq!(removed, [vec![], vec![], vec![file(0)], vec![file(1)]]);
    let left = names(&folder);
    assert_eq!(left.len(), 3);
    assert!(left.contains(&"notes".to_owned()));
    assert!(Path::new(&file(2)).exists() && Path::new(&file(3)).exists());

    // A backup that fails removes none.
    state.clock.advance(Duration::from_millis(1));
    let stopped = Watch {
        report: &|_| {},
        stopped: &|| true,
    };
    let done = state.make(&order, stopped);
    assert!(matches!(done, Err(BackupError::Stopped)), "{done:?}");
    assert_eq!(names(&folder), left, "and leaves nothing behind");
}

#[test]
fn an_archive_replaces_an_earlier_one_and_nothing_else() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let archive = to.path().join("a.tar.zst");
    let one = state.back_up(&archive).unwrap();
    state.row(3);
    let other = state.back_up(&archive).unwrap();
    assert_eq!((one.contents.seq, other.contents.seq), (3, 4));
    let (_, done) = restored(&archive);
    assert_eq!(done.unwrap().contents.seq, 4);
    for name in ["models/ledger.jsonl", "models/wine@1.model", "events.redb"] {
        let place = state.folder.path().join(name);
        let before = fs::read(&place).unwrap();
        let error = state.back_up(&place).unwrap_err().to_string();
        assert!(error.contains("name another"), "{name}: {error}");
        assert_eq!(fs::read(&place).unwrap(), before);
    }
    let error = state.back_up(&archive.join("within")).unwrap_err();
    assert!(error.to_string().contains("a.tar.zst"), "{error}");
}

#[test]
fn progress_grows_and_ends_at_one() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    let told = std::cell::RefCell::new(Vec::new());
    let watch = Watch {
        report: &|share| told.borrow_mut().push(share),
        stopped: &|| false,
    };
    state.make(&State::order(to.path()), watch).unwrap();
    let told = told.into_inner();
    assert!(told.is_sorted(), "{told:?}");
    assert!(told.len() > 5 && told[0] > 0.0 && told[0] < 0.5);
    assert_eq!(told.last(), Some(&1.0));
}

/// Wherever it is cancelled, nothing is left.
#[test]
fn a_cancelled_backup_leaves_nothing() {
    let state = State::new();
    let to = tempfile::tempdir().unwrap();
    for most in 0.. {
        let looks = std::cell::Cell::new(0);
        let watch = Watch {
            report: &|_| {},
            stopped: &|| {
                looks.set(looks.get() + 1);
                looks.get() > most
            },
        };
        match state.make(&State::order(to.path()), watch) {
            Err(BackupError::Stopped) => assert_eq!(names(to.path()), [""; 0], "{most}"),
            done => {
                done.unwrap();
                assert!(most > 10);
                break;
            }
        }
    }
}
