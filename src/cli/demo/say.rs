//! The narrator: on standard output, or beside the document of `--json` on standard error.

use std::fmt::Arguments;

use crate::cli::out::{errln, outln};

/// How the story is told.
#[derive(Clone, Copy, Debug)]
pub struct Say {
    /// Whether standard output is one JSON document.
    pub json: bool,
    /// Whether to say less.
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

    /// The heading of an act.
    pub fn act(self, act: &str, text: Arguments<'_>) -> anyhow::Result<()> {
        self.line(format_args!("\n{act}: {text}"))
    }
}
