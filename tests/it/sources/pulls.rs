//! Repeated pulls of files and folders, and pulls that are strict, stopped or contain too long rows.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use titanic_platform::ingest::source::{Options, Order, Unattended};
use titanic_platform::ingest::{Batch, BatchCounts, ReadError, SinkError, Source};
use titanic_platform::model::Spec;

use super::{PARCELS, Pulled, api, pull};

fn again(path: &Path, cursor: Option<&str>) -> Pulled {
    pull(path.to_str().unwrap(), &Options::default(), cursor).ok()
}

#[test]
fn a_file_that_has_not_changed_is_not_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    fs::write(&path, "parcel\n1\n").unwrap();
    let first = again(&path, None);
    assert_eq!(first.ids(), ["1"]);
    let second = again(&path, first.cursor());
    assert_eq!((second.rows.len(), second.cursor()), (0, first.cursor()));
    fs::write(&path, "parcel\n1\n2\n").unwrap();
    assert_eq!(again(&path, second.cursor()).ids(), ["1", "2"]);
}

#[test]
fn only_new_and_changed_files_of_a_folder_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    let rows = |n: usize| format!("parcel\n{}", "7\n".repeat(n));
    put("b.csv", "parcel\n2\n");
    put("a.csv", &rows(9000));
    let first = again(folder.path(), None);
    assert_eq!((first.rows.len(), first.ids().last()), (9001, Some(&"2")));
    // The cursor names the first file only after it was read completely.
    let known: Vec<_> = first
        .cursors
        .iter()
        .map(|c| c.as_deref().is_some_and(|c| c.contains("a.csv")))
        .collect();
    assert_eq!(known, [false, false, true, true]);
    put("c.csv", "parcel\n3\n");
    put("b.csv", "parcel\n2\n22\n");
    let second = again(folder.path(), first.cursor());
    assert_eq!(second.ids(), ["2", "22", "3"]);
    assert_eq!(again(folder.path(), second.cursor()).rows.len(), 0);
    // A cursor of another kind of source is ignored.
    assert_eq!(again(folder.path(), Some("12")).rows.len(), 9003);
}

/// A table with another header, and a list that is cut off after its first row.
const NO_TABLE: &str = "this,is,no,table\n1,2,3,4\n";
const BROKEN_OFF: &str = "[{\"parcel\": 3}, {\"parcel\":";

#[test]
fn a_folder_is_read_on_past_files_that_are_no_table() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("a.csv", "parcel\n1\n");
    put("b.csv", NO_TABLE);
    put("c.json", BROKEN_OFF);
    put("d.csv", "parcel\n4\n");
    let first = again(folder.path(), None);
    assert_eq!(first.ids(), ["1", "3", "4"], "what could be read is kept");
    let tally = first.outcome.as_ref().unwrap();
    assert_eq!((tally.read, tally.skipped), (3, 2));
    let [b, c] = &first.notes[..] else {
        panic!("{:?}", first.notes)
    };
    let name = |name: &str| folder.path().join(name).display().to_string();
    let (b_is, c_is) = (name("b.csv"), name("c.json"));
    assert!(b.starts_with(&format!("skipped {b_is}: ")), "{b}");
    assert!(c.starts_with(&format!("skipped {c_is}: ")), "{c}");
    assert_eq!(b.matches(&b_is).count(), 1, "named once: {b}");
    // Unreadable files are not read again until they change.
    let second = again(folder.path(), first.cursor());
    assert_eq!((second.rows.len(), second.cursor()), (0, first.cursor()));
    assert_eq!(second.outcome.as_ref().unwrap().skipped, 0);
    put("b.csv", "parcel\n2\n");
    let third = again(folder.path(), second.cursor());
    assert_eq!((third.ids(), third.notes.len()), (vec!["2"], 0));
    put("c.json", "[{\"parcel\": 3}, {\"parcel\": 33}]");
    let fourth = again(folder.path(), third.cursor());
    assert_eq!(fourth.ids(), ["3", "33"]);
    assert_eq!(again(folder.path(), fourth.cursor()).rows.len(), 0);
}

#[test]
fn a_folder_of_which_nothing_can_be_read_is_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("b.csv", NO_TABLE);
    put("c.json", BROKEN_OFF);
    let from = folder.path().to_str().unwrap();
    let pulled = pull(from, &Options::default(), None);
    assert!(pulled.said().contains("b.csv: "), "{pulled:?}");
    // The cursor is stored all the same, so that the next pull reads neither file.
    let cursor = pulled.cursors.last().unwrap().as_deref();
    assert_eq!(again(folder.path(), cursor).rows.len(), 0);
}

/// A file may become readable without changing.
#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_opened_is_tried_again() {
    let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let target = elsewhere.path().join("b.csv");
    std::os::unix::fs::symlink(&target, folder.path().join("b.csv")).unwrap();
    fs::write(folder.path().join("c.csv"), "parcel\n3\n").unwrap();
    let first = again(folder.path(), None);
    assert_eq!((first.ids(), first.notes.len()), (vec!["3"], 1));
    let second = again(folder.path(), first.cursor());
    assert_eq!((second.rows.len(), second.notes.len()), (0, 1));
    fs::write(&target, "parcel\n2\n").unwrap();
    assert_eq!(again(folder.path(), second.cursor()).ids(), ["2"]);
}

fn ingest(
    from: &str,
    strict: bool,
    world: &Unattended,
    timeout: Duration,
) -> (usize, Result<u64, ReadError>) {
    let spec = Spec::parse(PARCELS).unwrap();
    let options = Options {
        timeout,
        ..Options::default()
    };
    let order = Order {
        schema: &spec.schema,
        strict,
        cursor: None,
        world,
    };
    let mut batches = 0;
    let mut sink = |_: Batch| -> Result<BatchCounts, SinkError> {
        batches += 1;
        match batches {
            3 => Err("the disk is full".into()),
            _ => Ok(BatchCounts::default()),
        }
    };
    let source = Source::open(from, &options).unwrap();
    let outcome = source.ingest(&order, &mut sink).map(|tally| tally.read);
    (batches, outcome)
}

#[test]
fn a_load_ends_where_it_must() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let path = path.to_str().unwrap();
    let time = Duration::from_secs(20);
    let rows = |n: usize, end: &str| {
        fs::write(path, format!("parcel,weight\n{}{end}", "1,1\n".repeat(n))).unwrap()
    };
    // A strict pull ends at the first bad row.
    rows(4500, "2,x\n3,y\n");
    let (batches, outcome) = ingest(path, true, &Unattended::default(), time);
    let said = outcome.unwrap_err().to_string();
    assert!(
        batches == 1 && said.contains("t.csv, line 4502: weight: wrong type"),
        "{batches} {said}"
    );
    // The pull ends when the sink rejects a batch.
    rows(9000, "");
    let (batches, outcome) = ingest(path, false, &Unattended::default(), time);
    assert_eq!(
        (batches, outcome.unwrap_err().to_string().as_str()),
        (3, "the disk is full")
    );
    // A stop takes effect between batches and while a server is silent.
    let stop = Unattended::until(Arc::new(AtomicBool::new(true)));
    assert!(matches!(
        ingest(path, false, &stop, time),
        (0, Err(ReadError::Stopped))
    ));
    let api = api::raw(vec![|mut stream| {
        let _ = stream.read_to_end(&mut Vec::new()); // until the other side gives up
    }]);
    let begun = Instant::now();
    let outcome = ingest(&format!("http://{api}/"), false, &stop, time);
    assert!(matches!(outcome, (0, Err(ReadError::Stopped))));
    assert!(begun.elapsed() < Duration::from_secs(10));
}

/// A row that never ends must not fill the memory.
#[test]
fn rows_have_a_longest_length() {
    let folder = tempfile::tempdir().unwrap();
    let long = "x".repeat(17 << 20);
    let path = folder.path().join("t.jsonl");
    fs::write(
        &path,
        format!("{{\"parcel\": 1}}\n{long}\n{{\"parcel\": 2}}\n"),
    )
    .unwrap();
    let lines = again(&path, None);
    assert_eq!((lines.ids(), lines.bad[0].line), (vec!["1", "2"], Some(2)));
    assert!(
        lines.bad[0].reason.contains("a line of more than 16 MiB"),
        "{:?}",
        lines.bad
    );
    let path = folder.path().join("t.csv");
    fs::write(&path, format!("parcel,weight\n1,1\n2,\"{long}")).unwrap();
    let open = pull(path.to_str().unwrap(), &Options::default(), None);
    assert!(
        open.said()
            .contains("the row of line 3 is longer than 16 MiB; is a quote left open?"),
        "{}",
        open.said()
    );
    // Many blank lines are not one long row.
    fs::write(
        &path,
        format!("parcel,weight\n{}1,1\n", "\n".repeat(17 << 20)),
    )
    .unwrap();
    assert_eq!(again(&path, None).ids(), ["1"]);
}
