//! A table from a file to a file: the test table many times over.

use std::path::Path;
use std::process::Command;
use std::time::Instant;

pub fn run(state: &Path) {
    const TIMES: usize = 1000;
    let folder = tempfile::tempdir().unwrap();
    let [from, to] = ["in.csv", "out.csv"].map(|name| folder.path().join(name));
    let test = include_str!("../../../data/raw/test.csv");
    let (header, rows) = test.split_once('\n').unwrap();
    std::fs::write(&from, format!("{header}\n{}", rows.repeat(TIMES))).unwrap();
    let rows = (418 * TIMES) as f64;
    for threads in ["1", "2"] {
        let begun = Instant::now();
        let done = Command::new(env!("CARGO_BIN_EXE_titanic-platform"))
            .args(["predict", "-q", "--threads", threads, "--state"])
            .arg(state)
            .arg(&from)
            .arg("-o")
            .arg(&to)
            .status()
            .unwrap();
        assert!(done.success());
        let seconds = begun.elapsed().as_secs_f64();
        println!(
            "predict, CSV to CSV, {threads} threads: {:.0} k rows/s of {rows} (bar 250 k a core)",
            rows / seconds / 1e3
        );
    }
}
