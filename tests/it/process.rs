//! The real server in a process that can be killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;
use titanic_platform::export::{Events, Filter};
use titanic_platform::store::{self, kind};

use crate::cli::BINARY;

/// A server process that is ready. It is killed when this value is dropped.
pub struct Process {
    child: Child,
    pub url: String,
}

impl Process {
    /// Starts a server on a state, with additional arguments.
    pub fn start(state: &Path, more: &[&OsStr]) -> Process {
        let mut command = Process::command(state);
        command.args(["-q"]).args(more);
        Process::of(command)
    }

    /// A command that serves a state; callers may change it before it runs.
    pub fn command(state: &Path) -> Command {
        // With `.ci/run long crash` the release binary is used.
        let binary = std::env::var_os("CRASH_BINARY");
        let mut command = Command::new(binary.unwrap_or_else(|| BINARY.into()));
        command
            .args(["serve", "--listen", "127.0.0.1:0", "--state"])
            .arg(state)
            .env("TITANIC_RETRAIN__ENABLED", "false");
        command
    }

    /// Runs the command until the server is ready.
    pub fn of(command: Command) -> Process {
        Process::try_of(command).expect("ready")
    }

    /// Runs the command until the server is ready; `None` if it ends before.
    pub fn try_of(mut command: Command) -> Option<Process> {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let Some(url) = line.trim().strip_prefix("ready ") else {
            child.wait().unwrap();
            return None;
        };
        let url = url.to_owned();
        Some(Process { child, url })
    }

    /// Runs the command and kills it after `time` at any point; returns whether it was ready.
    pub async fn kill_after(mut command: Command, time: Duration) -> bool {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        tokio::time::sleep(time).await; // the moment of the kill, nothing is waited for
        child.kill().unwrap();
        let output = child.wait_with_output().unwrap();
        !output.stdout.is_empty()
    }

    /// The address without the scheme.
    pub fn address(&self) -> &str {
        self.url.trim_start_matches("http://")
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal by its name, such as TERM.
    pub fn signal(&self, name: &str) {
        signal(self.id(), name);
    }

    /// Waits until the process has ended; returns its exit code.
    pub fn ended(mut self) -> Option<i32> {
        self.child.wait().unwrap().code()
    }

    /// Kills the process with SIGKILL.
    pub fn kill(self) {}
}

/// Sends a signal to a process by its name, such as TERM.
pub fn signal(process: u32, name: &str) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &process.to_string()])
        .status();
    assert!(sent.unwrap().success(), "SIG{name}");
}

/// Ids of the stored predictions; requires that no server holds the state.
pub fn stored(state: &Path) -> Vec<String> {
    let file = store::open(state).unwrap();
    let filter = Filter {
        kind: kind::named("prediction"),
        ..Filter::default()
    };
    let mut lines = Vec::new();
    file.lines(&filter, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    let id = |line: &str| {
        let event: Value = serde_json::from_str(line).unwrap();
        event["id"].as_str().unwrap().to_owned()
    };
    lines.lines().map(id).collect()
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
