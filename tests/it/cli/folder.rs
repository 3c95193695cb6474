//! A temporary folder in which the binary runs, and the result of a run.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

use serde_json::Value;
use tempfile::TempDir;

use crate::server::copy;
use crate::tables;

/// The program under test.
pub const BINARY: &str = env!("CARGO_BIN_EXE_titanic-platform");

/// A working folder that contains both tables and the second spec; its state folder is `state`.
pub struct Folder(TempDir);

/// A finished run.
#[derive(Debug)]
pub struct Ran {
    /// The arguments.
    #[expect(dead_code, reason = "shown where a run is not as expected")]
    pub line: String,
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Folder {
    /// A folder without a state.
    pub fn new() -> Folder {
        let folder = tempfile::tempdir().unwrap();
        for file in [
            "data/raw/train.csv",
            "data/raw/test.csv",
            "tests/fixtures/churn.csv",
            "tests/fixtures/churn.yaml",
        ] {
            let from = tables::root().join(file);
            fs::copy(&from, folder.path().join(from.file_name().unwrap())).unwrap();
        }
        Folder(folder)
    }

    /// A folder with a state that the binary created: `titanic@1` is the champion.
    pub fn trained() -> Folder {
        static MADE: OnceLock<Folder> = OnceLock::new();
        let made = MADE.get_or_init(|| {
            let folder = Folder::new();
            folder.run(&format!("train train.csv {QUICK}")).ok();
            folder
        });
        let folder = Folder::new();
        copy(&made.path("state"), &folder.path("state"));
        folder
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Paths of all files in the folder, without locks and similar files.
    pub fn files(&self) -> Vec<String> {
        fn walk(folder: &Path, root: &Path, found: &mut Vec<String>) {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    walk(&path, root, found);
                } else {
                    let name = path
                        .strip_prefix(root)
                        .unwrap()
                        .to_str()
                        .unwrap()
                        .to_owned();
                    found.extend((name != "state/models/lock").then_some(name));
                }
            }
        }
        let mut found = Vec::new();
        walk(self.0.path(), self.0.path(), &mut found);
        found.sort();
        found
    }

    /// A command that runs the binary with these arguments in this folder and an almost empty environment.
    pub fn command(&self, line: &str) -> Command {
        let mut command = Command::new(BINARY);
        command
            .args(line.split_whitespace())
            .current_dir(self.0.path())
            .env_clear();
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }

    /// Runs the binary to its end.
    pub fn run(&self, line: &str) -> Ran {
        Ran::of(line, self.command(line).output().unwrap())
    }

    /// Runs the binary with this standard input.
    pub fn pipe(&self, line: &str, input: impl AsRef<[u8]>) -> Ran {
        let mut child = self.command(line).stdin(Stdio::piped()).spawn().unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(input.as_ref())
            .unwrap();
        Ran::of(line, child.wait_with_output().unwrap())
    }

    /// Runs the binary so that every file write fails as on a full disk.
    pub fn run_without_room(&self, line: &str) -> Ran {
        let mut command = Command::new("sh");
        // The limit's signal is ignored, so that a write fails as on a full disk instead of ending the process.
        let script = format!("trap '' XFSZ; ulimit -f 0; exec '{BINARY}' {line}");
        let output = command
            .args(["-c", &script])
            .current_dir(self.0.path())
            .env_clear()
            .output();
        Ran::of(line, output.unwrap())
    }
}

/// Arguments of the fastest reasonable training.
pub const QUICK: &str = "--learner logistic --folds 3 --repeats 1";

impl Ran {
    /// The result of a process.
    pub fn of(line: &str, output: Output) -> Ran {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert!(!err.contains("panicked"), "{line}: {err}");
        let code = output
            .status
            .code()
            .unwrap_or_else(|| panic!("{line}: {}", output.status));
        Ran {
            line: line.into(),
            code,
            out,
            err,
        }
    }

    /// Asserts that the run succeeded.
    pub fn ok(self) -> Ran {
        self.ended(0)
    }

    /// Asserts the exit code.
    pub fn ended(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// Asserts that the run failed with this code, one error message and no output; returns the message.
    pub fn fails(self, code: i32) -> String {
        let ran = self.ended(code);
        assert_eq!(ran.out, "", "{ran:#?}");
        let errors: Vec<&str> = ran
            .err
            .lines()
            .filter_map(|l| l.strip_prefix("error: "))
            .collect();
        let [error] = errors[..] else {
            panic!("one message, please: {ran:#?}")
        };
        error.to_owned()
    }

    /// Parses standard output, which must be one JSON document.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|e| panic!("{e}: {self:#?}"))
    }
}

/// The keys of an object, in order.
pub fn keys(object: &Value) -> Vec<&str> {
    let object = object
        .as_object()
        .unwrap_or_else(|| panic!("no object: {object}"));
    object.keys().map(String::as_str).collect()
}
