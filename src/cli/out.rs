//! Writing to standard output: a full disk or a closed pipe is an error and never a panic. Errors
//! of standard error are ignored.

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;

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
