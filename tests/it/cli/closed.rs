//! Standard output that is full, or whose reader has closed it.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::process::Stdio;

use super::folder::{Folder, QUICK, Ran};

/// Commands that print.
fn printing() -> [String; 11] {
    [
        "predict test.csv".into(),
        "predict test.csv --json".into(),
        "evaluate train.csv".into(),
        "models list".into(),
        "models show 1 --json".into(),
        "models verify".into(),
        "config show".into(),
        "spec infer train.csv --target Survived".into(),
        "completions bash".into(),
        "man".into(),
        format!("train train.csv {QUICK} --promote never"),
    ]
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_output_is_an_error() {
    let folder = Folder::trained();
    for line in printing() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let output = folder.command(&line).stdout(full).output().unwrap();
        let error = Ran::of(&line, output).fails(1);
        assert!(
            error.starts_with("standard output") && error.contains("No space left on device"),
            "{line}: {error}"
        );
    }
}

#[test]
fn a_reader_that_leaves_is_none() {
    let folder = Folder::trained();
    for line in printing() {
        let mut child = folder.command(&line).spawn().unwrap();
        drop(child.stdout.take()); // before a byte is read
        let output = child.wait_with_output().unwrap();
        let ran = Ran::of(&line, output).ok();
        assert!(!ran.err.contains("error"), "{line}: {}", ran.err);
    }
    // A reader that stops after part of a long output.
    let rows: String = folder
        .text("test.csv")
        .lines()
        .skip(1)
        .map(|l| format!("{l}\n"))
        .collect();
    let header = "PassengerId,Pclass,Name,Sex,Age,SibSp,Parch,Ticket,Fare,Cabin,Embarked\n";
    folder.put("long.csv", format!("{header}{}", rows.repeat(50)));
    let mut child = folder
        .command("predict long.csv")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut first = String::new();
    let mut reader = BufReader::new(child.stdout.take().unwrap());
    reader.read_line(&mut first).unwrap();
    drop(reader);
    assert_eq!(first, "PassengerId,Survived,probability\n");
    let ran = Ran::of("predict long.csv", child.wait_with_output().unwrap()).ok();
    assert_eq!(ran.err, "");
}
