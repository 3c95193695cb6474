//! Input of the client: rows from a file or a pipe, or lines and commands typed at a terminal. A separate thread reads it.

use std::io::BufRead;

use serde::de::IgnoredAny;
use tokio::sync::mpsc;

use super::pairs;

/// Number of inputs read ahead of the socket: a few windows.
const AHEAD: usize = 256;

/// Source of the input.
pub enum Source {
    /// JSON lines or one JSON array.
    Rows(Box<dyn BufRead + Send>),
    /// A person at a terminal.
    Person,
}

/// One unit of input.
#[derive(Debug, PartialEq)]
pub enum Input {
    /// A row as JSON, with its line number (in an array: its position), counted from 1.
    Row(u64, String),
    /// A line that is not a row, with the reason.
    Bad(u64, String),
    Subscribe(Vec<String>),
    Unsubscribe(Vec<String>),
    /// Turn contributions in responses on or off.
    Explain(bool),
    /// A text to print, such as the answer to `:help`.
    Tell(String),
    /// An empty line: prompt again.
    Nothing,
    /// Reading the input failed.
    Failed(String),
}

/// Text of the command `:help`.
const HELP: &str = "a row:  {\"Column\": 1, …}   or   Column=1 Column=\"some text\"   (quote text that looks like a number)
:subscribe predictions,models     follow topics
:unsubscribe predictions,models   stop
:explain on | off                 contributions of the columns
:quit                             or end of input";

pub fn read(source: Source) -> mpsc::Receiver<Input> {
    let (sender, receiver) = mpsc::channel(AHEAD);
    // A detached thread: a blocked read of the terminal must not delay the end of the process.
    std::thread::spawn(move || {
        let send = |input| sender.blocking_send(input).is_ok();
        match source {
            Source::Rows(reader) => rows(reader, send),
            Source::Person => person(std::io::stdin().lock(), send),
        }
    });
    receiver
}

/// Reads JSON lines and sends them one by one; if the first character is `[`, reads one JSON array.
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
        // Only the JSON syntax is checked here; the server validates the row.
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

/// Parses a line typed by a person; `None` means quit.
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
