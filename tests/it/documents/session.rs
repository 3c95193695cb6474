//! A shell session in a folder of its own, with a server in the background where a command starts one.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use crate::cli::BINARY;
use crate::server::copy;
use crate::tables;

/// The address that the documents use.
const SHOWN: &str = "localhost:5000";

pub struct Session {
    folder: TempDir,
    server: Option<Server>,
}

/// A server in the background, killed when this value is dropped.
struct Server {
    process: Child,
    address: String,
}

impl Session {
    /// A session in a folder that holds a copy of `data`.
    pub fn new() -> Session {
        let folder = tempfile::tempdir().unwrap();
        copy(&tables::root().join("data"), &folder.path().join("data"));
        Session {
            folder,
            server: None,
        }
    }

    pub fn write(&self, name: &str, text: &str) {
        std::fs::write(self.folder.path().join(name), text).unwrap();
    }

    /// Runs a command; returns what it printed and whether it succeeded. A server takes the place of the one before and
    /// goes on in the background once it is ready.
    pub fn run(&mut self, command: &str) -> (String, bool) {
        if command.starts_with("titanic-platform") && command.split(' ').any(|word| word == "serve")
        {
            self.server = None;
            return self.serve(command);
        }
        let output = self.shell(command).output().unwrap();
        let printed = String::from_utf8(output.stdout).unwrap();
        (printed, output.status.success())
    }

    fn serve(&mut self, command: &str) -> (String, bool) {
        let mut shell = self.shell(&format!("exec {command}"));
        shell.env("TITANIC_SERVER__LISTEN", "127.0.0.1:0");
        let mut process = shell.stdout(Stdio::piped()).spawn().unwrap();
        let mut output = BufReader::new(process.stdout.take().unwrap());
        let mut printed = String::new();
        while let Some(line) = next_line(&mut output) {
            printed.push_str(&line);
            if let Some(address) = line.trim_end().strip_prefix("ready http://") {
                self.server = Some(Server {
                    process,
                    address: address.into(),
                });
                // What the server logs from now on is read, so that no pipe fills up.
                std::thread::spawn(move || while next_line(&mut output).is_some() {});
                return (printed, true);
            }
        }
        process.wait().unwrap();
        (printed, false)
    }

    /// A shell that prints to one pipe, as to a terminal, and finds the program by its name.
    fn shell(&self, command: &str) -> Command {
        let mut paths = vec![Path::new(BINARY).parent().unwrap().to_owned()];
        paths.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let mut shell = Command::new("sh");
        shell
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("FIXTURES", tables::root().join("tests/fixtures"))
            .stdin(Stdio::null());
        let mut command = command.to_owned();
        if let Some(server) = &self.server {
            command = command.replace(SHOWN, &server.address);
            shell.env("TITANIC_SERVER__LISTEN", &server.address);
        }
        shell.args(["-c", &format!("exec 2>&1\n{command}")]);
        shell
    }
}

/// The next line; `None` at the end.
fn next_line(output: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    (output.read_line(&mut line).unwrap() > 0).then_some(line)
}

impl Drop for Server {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}
