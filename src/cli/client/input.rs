//! What is to be sent: rows from a file or pipe, lines and commands from a person, read by a thread of its own.

use std::io::BufRead;

use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use super::pairs;

/// Read ahead of the socket: a few windows.
const AHEAD: usize = 256;

/// Where input comes from.
pub enum Source {
    /// JSON lines or one JSON array.
    Rows(Box<dyn BufRead + Send>),
    /// Somebody at a terminal.
    Person,
}

/// One thing to do.
#[derive(Debug, PartialEq)]
pub enum Input {
    /// A row in JSON, with its line (or, in an array, its place), from 1.
    Row(u64, String),
    /// A line that is no row, and why.
    Bad(u64, String),
    /// Follow topics.
    Subscribe(Vec<String>),
    /// Stop following them.
    Unsubscribe(Vec<String>),
    /// Ask for contributions or not.
    Explain(bool),
    /// Print this.
    Tell(String),
    /// Nothing to do: a new prompt.
    Nothing,
    /// The input itself failed.
    Failed(String),
}

/// What a person may type.
const HELP: &str = "a row:  {\"Column\": 1, …}   or   Column=1 Column=\"some text\"   (quote text that looks like a number)
:subscribe predictions,models     follow topics
:unsubscribe predictions,models   stop
:explain on | off                 contributions of the columns
:quit                             or end of input";

pub fn read(source: Source) -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    // A plain thread, never joined: a blocked read of a terminal must not hold up the end of the process.
    std::thread::spawn(move || {
        let send = |input| sender.blocking_send(input).is_ok();
        match source {
            Source::Rows(reader) => rows(reader, send),
            Source::Person => person(std::io::stdin().lock(), send),
        }
    });
    receiver
}

/// JSON lines, sent as they come; or, where the first character is `[`, one array.
pub fn rows(mut reader: impl BufRead, mut send: impl FnMut(Input) -> bool) {
    let mut line = String::new();
    let mut first = true;
    for number in 1.. {
        line.clear();
        match reader.read_line(&mut line) {
            Ok(0) => return,
            Ok(_) => {}
            Err(error) => {
                send(Input::Failed(format!("line {number}: {error}")));
                return;
            }
        }
        let row = line.trim_start_matches('\u{feff}').trim();
        if row.is_empty() {
            continue;
        }
        if std::mem::take(&mut first) && row.starts_with('[') {
            return array(row.to_owned(), reader, send);
        }
        // Only the form is looked at here; what is in the row is the server's to judge.
        let input = match serde_json::from_str::<IgnoredAny>(row) {
            Ok(_) => Input::Row(number, row.to_owned()),
            Err(error) => Input::Bad(number, format!("not JSON: {error}")),
        };
        if !send(input) {
            return;
        }
    }
}

fn array(mut text: String, mut reader: impl BufRead, mut send: impl FnMut(Input) -> bool) {
    text.push('\n');
    if let Err(error) = reader.read_to_string(&mut text) {
        send(Input::Failed(error.to_string()));
        return;
    }
    match serde_json::from_str::<Vec<serde_json::Value>>(&text) {
        Ok(rows) => {
            let mut numbered = (1..)
                .zip(rows)
                .map(|(i, row)| Input::Row(i, row.to_string()));
            while numbered.next().is_some_and(&mut send) {}
        }
        Err(error) => {
            send(Input::Failed(format!("not a JSON array: {error}")));
        }
    }
}

fn person(reader: impl BufRead, mut send: impl FnMut(Input) -> bool) {
    for (number, line) in (1..).zip(reader.lines()) {
        let Ok(line) = line else { return };
        if !command(number, line.trim()).is_some_and(&mut send) {
            return;
        }
    }
}

/// A line as typed; none to stop.
pub fn command(number: u64, line: &str) -> Option<Input> {
    let (word, rest) = line.split_once(char::is_whitespace).unwrap_or((line, ""));
    let topics = || {
        let topics = rest
            .split([',', ' '])
            .map(str::trim)
            .filter(|t| !t.is_empty());
        topics.map(str::to_owned).collect::<Vec<_>>()
    };
    Some(match (word, rest.trim()) {
        ("", _) => Input::Nothing,
        (":quit" | ":q" | ":exit", _) => return None,
        (":help" | ":h" | "help" | "?", _) => Input::Tell(HELP.to_owned()),
        (":explain", "on" | "") => Input::Explain(true),
        (":explain", "off") => Input::Explain(false),
        (":subscribe", topics_text) if !topics_text.is_empty() => Input::Subscribe(topics()),
        (":unsubscribe", topics_text) if !topics_text.is_empty() => Input::Unsubscribe(topics()),
        (other, _) if other.starts_with(':') => {
            Input::Tell(format!("{line}: not understood; :help lists what is"))
        }
        _ => match pairs::row(line) {
            Ok(row) => Input::Row(number, row),
            Err(why) => Input::Tell(why),
        },
    })
}
