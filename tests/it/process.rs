//! The real server, in a process that can be killed.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::cli::BINARY;

/// A server that is ready. Whoever lets go of it kills it.
pub struct Process {
    child: Child,
    /// Its address.
    pub url: String,
}

impl Process {
    /// Over a state, with more arguments.
    pub fn start(state: &Path, more: &[&OsStr]) -> Process {
        let mut child = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "-q", "--state"])
            .arg(state)
            .args(more)
            .env("TITANIC_RETRAIN__ENABLED", "false")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let url = line
            .trim()
            .strip_prefix("ready ")
            .expect("ready")
            .to_owned();
        Process { child, url }
    }

    /// SIGKILL.
    pub fn kill(self) {}
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}
