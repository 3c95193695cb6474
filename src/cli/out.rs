//! Writing to standard output: a full disk or a closed pipe is an error and never a panic. Errors
//! of standard error are ignored.

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;

use crate::report::visible;

/// Writes text to standard output, which may be full or closed.
pub fn write(text: Arguments<'_>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_fmt(text)
        .and_then(|()| out.flush())
        .context("standard output cannot be written")
}

/// Like `println!`, but returns the error; for functions that return a `Result`.
macro_rules! outln {
    ($($text:tt)*) => {
        $crate::cli::out::write(format_args!("{}\n", format_args!($($text)*)))?
    };
}
pub(super) use outln;

/// Like `eprintln!`, but does not panic if standard error is closed.
macro_rules! errln {
    ($($text:tt)*) => {
        $crate::telemetry::stderr::line(format_args!($($text)*))
    };
}
pub(super) use errln;

/// Longest word of a text for people: digests and paths have room.
const LONGEST: usize = 200;

/// A text for people: what cannot be seen is written out, and a word that would fill the screen is shortened.
pub fn shown(text: &str) -> String {
    let word = |word: &str| match word.chars().nth(LONGEST) {
        None => word.to_owned(),
        Some(_) => word.chars().take(LONGEST - 1).chain(['…']).collect(),
    };
    let line = |line: &str| {
        visible(line)
            .split(' ')
            .map(word)
            .collect::<Vec<_>>()
            .join(" ")
    };
    text.split('\n').map(line).collect::<Vec<_>>().join("\n")
}

/// Prints one JSON document, indented if standard output is a terminal.
pub fn print_json(document: &serde_json::Value) -> anyhow::Result<()> {
    let text = if std::io::stdout().is_terminal() {
        serde_json::to_string_pretty(document)?
    } else {
        document.to_string()
    };
    outln!("{text}");
    Ok(())
}

/// Whether an error comes from a reader that closed the pipe (`… | head`), which is not a failure.
pub fn reader_left(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_pipe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_look_at_is_visible_and_short() {
        assert_eq!(
            shown("a\u{202e}b\n  c\u{1b}[31m"),
            "a[U+202E]b\n  c[U+001B][31m"
        );
        let long = "0".repeat(201);
        assert_eq!(shown(&format!("x {long}")), format!("x {}…", &long[..199]));
        assert_eq!(shown(&long[..200]), long[..200]);
        assert_eq!(shown(&"█ ".repeat(100)), "█ ".repeat(100));
    }
}
