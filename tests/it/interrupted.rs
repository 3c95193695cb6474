//! The demo is interrupted by a signal.

use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::process::{Child, ChildStdout, Command, Stdio};

use crate::demo::{command, left};

/// A demo whose output is read until a line with a certain beginning.
struct Heard {
    process: Child,
    told: BufReader<ChildStdout>,
    line: String,
}

impl Heard {
    fn until(mut command: Command, begin: &str) -> Heard {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(process.stdout.take().unwrap());
        let mut line = String::new();
        while !line.starts_with(begin) {
            line.clear();
            assert_ne!(told.read_line(&mut line).unwrap(), 0, "never {begin:?}");
        }
        Heard {
            process,
            told,
            line,
        }
    }

    /// Interrupts the demo; returns its exit code and the rest of its output.
    fn interrupt(mut self) -> (Option<i32>, String) {
        let pid = self.process.id().to_string();
        let signal = Command::new("kill").args(["-INT", &pid]).status().unwrap();
        assert!(signal.success());
        let mut rest = String::new();
        self.told.read_to_string(&mut rest).unwrap();
        (self.process.wait().unwrap().code(), rest)
    }
}

#[test]
fn an_interruption_leaves_nothing_behind_unless_it_is_to_be_kept() {
    let temporary = tempfile::tempdir().unwrap();
    let options = ["--speed", "8", "--listen", "127.0.0.1:0"];
    // During the first training, the start of the server, and the requests.
    for begin in ["267 of 891 rows", "watch it", "shift"] {
        let heard = Heard::until(command(temporary.path(), &options), begin);
        assert_eq!(heard.interrupt().0, Some(130), "{begin}");
        assert!(left(temporary.path()).is_empty(), "{begin}");
    }
    let options = [&options[..], &["--keep"]].concat();
    let heard = Heard::until(command(temporary.path(), &options), "steady");
    let (code, rest) = heard.interrupt();
    let [kept] = &left(temporary.path())[..] else {
        panic!("one state is kept");
    };
    let said = format!("the state is kept in {}\n", kept.display());
    assert_eq!((code, rest.ends_with(&said)), (Some(130), true), "{rest}");
    let mut check = Command::new(env!("CARGO_BIN_EXE_titanic-platform"));
    let check = check.args(["store", "check", "--state"]).arg(kept);
    assert!(check.output().unwrap().status.success());
}

#[test]
fn where_somebody_listens_it_goes_elsewhere() {
    let temporary = tempfile::tempdir().unwrap();
    // If the port cannot be bound here, another process has it, which serves the test as well.
    let _usual = TcpListener::bind("127.0.0.1:5000");
    let heard = Heard::until(command(temporary.path(), &[]), "watch it");
    let address = heard.line.trim().to_owned();
    assert_eq!(heard.interrupt().0, Some(130));
    assert!(address.starts_with("watch it: http://127.0.0.1:"));
    assert!(!address.ends_with(":5000"), "{address}");
}
