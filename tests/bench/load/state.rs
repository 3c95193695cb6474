//! Folders of state for servers to start over.

use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use crate::server::Server;

/// The binary that is measured.
fn platform() -> String {
    let ours = || env!("CARGO_BIN_EXE_titanic-platform").to_owned();
    std::env::var("PLATFORM").unwrap_or_else(|_| ours())
}

/// A state with a forest as its champion.
pub struct State(TempDir);

impl State {
    /// One that a server made, and a training after it: the dearest kernel a row can meet, as the first model may have
    /// turned out a cheap one.
    pub fn trained() -> State {
        let state = State(tempfile::tempdir().unwrap());
        let first = Server::start(state.serve());
        println!(
            "first serve of an empty state: {:.0} ms to `ready`",
            first.ready.as_secs_f64() * 1e3
        );
        drop(first);
        let train = "train --learner forest --folds 5 --repeats 1 --promote always -q --state";
        let trained = Command::new(platform())
            .args(train.split(' '))
            .arg(state.path())
            .stdout(Stdio::null())
            .status()
            .unwrap();
        assert!(trained.success());
        state
    }

    /// Another one with the same models, and without a store yet.
    pub fn fresh(&self) -> State {
        let fresh = tempfile::tempdir().unwrap();
        let [from, to] = [self.path(), fresh.path()].map(|state| state.join("models"));
        std::fs::create_dir(&to).unwrap();
        for file in std::fs::read_dir(from).unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
        State(fresh)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    /// A server over it, still to be started.
    pub fn serve(&self) -> Command {
        let mut command = Command::new(platform());
        command
            .args(["serve", "--listen", "127.0.0.1:0", "-q", "--state"])
            .arg(self.path());
        command
    }
}
