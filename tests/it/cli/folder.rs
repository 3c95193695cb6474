//! A folder of its own in which the binary runs, and what a run came to.

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

/// A working folder with both tables and the second spec in it; its state is `state`.
pub struct Folder(TempDir);

/// A run that ended.
#[derive(Debug)]
pub struct Ran {
    /// The arguments.
    #[expect(dead_code, reason = "shown where a run is not as expected")]
    pub line: String,
    /// Its exit code.
    pub code: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Folder {
    /// Without a state.
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

    /// With a state that the binary itself made: `titanic@1`, the champion.
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

    /// The path of a name in it.
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// Writes a file.
    pub fn put(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The text of a file.
    pub fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    /// Every file below, by path; locks and the like left out.
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

    /// The binary with these arguments, in this folder, with an environment of nothing.
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

    /// Runs it to its end.
    pub fn run(&self, line: &str) -> Ran {
        Ran::of(line, self.command(line).output().unwrap())
    }

    /// Runs it with something on standard input.
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

    /// Runs it where every file it writes is refused for want of room, as on a full disk.
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

/// The quickest sensible training.
pub const QUICK: &str = "--learner logistic --folds 3 --repeats 1";

impl Ran {
    /// What a process came to.
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

    /// It must have succeeded.
    pub fn ok(self) -> Ran {
        self.ended(0)
    }

    /// It must have ended with this code.
    pub fn ended(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{self:#?}");
        self
    }

    /// It must have failed with this code, said so once, and printed nothing else; what it said.
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

    /// Standard output as the one JSON document it must be.
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
