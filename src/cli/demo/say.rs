//! Output of the demo's text: to standard output, or to standard error if `--json` prints a document.

use std::fmt::Arguments;

use crate::cli::out::{errln, outln};

/// Output options of the demo.
#[derive(Clone, Copy, Debug)]
pub struct Say {
    /// Whether standard output is one JSON document.
    pub json: bool,
    /// Whether `--quiet` was given.
    pub quiet: bool,
}

impl Say {
    pub fn line(self, text: Arguments<'_>) -> anyhow::Result<()> {
        match self {
            Say { quiet: true, .. } => {}
            Say { json: true, .. } => errln!("{text}"),
            _ => outln!("{text}"),
        }
        Ok(())
    }

    /// Prints the heading of an act.
    pub fn act(self, act: &str, text: Arguments<'_>) -> anyhow::Result<()> {
        self.line(format_args!("\n{act}: {text}"))
    }
}
