//! Standard output: full or closed, it is an error like any other and never a panic. Standard error: whatever it is, the
//! command goes on.

use std::fmt::Arguments;
use std::io::{self, IsTerminal, Write};

use anyhow::Context;

/// Writes to standard output.
///
/// # Errors
/// When it is full or closed.
pub fn write(text: Arguments<'_>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    out.write_fmt(text)
        .and_then(|()| out.flush())
        .context("standard output cannot be written")
}

/// As `println!`, in a function that can fail.
macro_rules! outln {
    ($($text:tt)*) => {
        $crate::cli::out::write(format_args!("{}\n", format_args!($($text)*)))?
    };
}
pub(super) use outln;

/// As `eprintln!`, which panics where standard error is closed.
macro_rules! errln {
    ($($text:tt)*) => {
        $crate::telemetry::stderr::line(format_args!($($text)*))
    };
}
pub(super) use errln;

/// Prints one JSON document, indented for a terminal.
pub fn print_json(document: &serde_json::Value) -> anyhow::Result<()> {
    let text = if std::io::stdout().is_terminal() {
        serde_json::to_string_pretty(document)?
    } else {
        document.to_string()
    };
    outln!("{text}");
    Ok(())
}

/// Whether an error is a reader that has seen enough (`… | head`): nothing went wrong then.
pub fn reader_left(error: &anyhow::Error) -> bool {
    let is_pipe = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|e| e.kind() == io::ErrorKind::BrokenPipe)
    };
    error.chain().any(is_pipe)
}
