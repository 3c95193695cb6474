//! What a prediction and a row of the bundled table take on the disk, with all that leads to them.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use crate::process::Process;
use crate::server;
use crate::state_1;
use crate::store_cli::run;

const TRAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/raw/train.csv");

/// How often the table is repeated, under ids that go on.
const TIMES: usize = 30;

/// A state with models and no store.
fn state() -> TempDir {
    let state = state_1::state();
    fs::remove_file(state.path().join("events.redb")).unwrap();
    state
}

/// The table again and again; without its target where it is to be answered. Gives how many rows it has.
fn table(to: &Path, labelled: bool) -> usize {
    let mut reader = csv::Reader::from_path(TRAIN).unwrap();
    let header = reader.headers().unwrap().clone();
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    let mut writer = csv::Writer::from_path(to).unwrap();
    let is_kept = |column: &usize| labelled || *column != 1;
    let kept = |row: &csv::StringRecord| -> Vec<String> {
        let cells = row.iter().enumerate().filter(|(column, _)| is_kept(column));
        cells.map(|(_, cell)| cell.to_owned()).collect()
    };
    writer.write_record(kept(&header)).unwrap();
    let mut written = 0;
    for row in (0..TIMES).flat_map(|_| &rows) {
        written += 1;
        let mut row = kept(row);
        row[0] = written.to_string();
        writer.write_record(row).unwrap();
    }
    writer.flush().unwrap();
    written
}

/// Bytes of the file a row, once nothing in it is unused.
fn bytes(state: &TempDir, rows: usize) -> usize {
    run(state, "store compact").ok();
    run(state, "store check").ok();
    let file = fs::metadata(state.path().join("events.redb")).unwrap();
    file.len() as usize / rows
}

#[test]
fn a_row_takes_no_more_than_180_bytes() {
    let state = state();
    let file = state.path().join("rows.csv");
    let rows = table(&file, true);
    run(&state, &format!("ingest {}", file.display())).ok();
    let bytes = bytes(&state, rows);
    assert!((100..=180).contains(&bytes), "{bytes} bytes a row");
}

#[tokio::test]
async fn a_prediction_takes_no_more_than_130_bytes() {
    let state = state();
    let file = state.path().join("rows.csv");
    let rows = table(&file, false);
    let process = Process::start(state.path(), &[]);
    let url = format!("{}/v1/predict", process.url);
    let request = server::client()
        .post(url)
        .header("content-type", "text/csv");
    let response = request.body(fs::read(&file).unwrap()).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap();
    process.signal("TERM");
    assert_eq!(process.ended(), Some(0));
    let bytes = bytes(&state, rows);
    assert!((80..=130).contains(&bytes), "{bytes} bytes a prediction");
}
