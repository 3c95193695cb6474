//! Standard input.

use std::io;
use std::sync::Arc;

use super::{Kind, Options, Pull, Rows, compression};
use crate::ingest::ReadFault;
use crate::ingest::format::sniffed;

/// Standard input: CSV, unless its first bytes say otherwise.
#[derive(Debug)]
struct Stdin;

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadFault>> {
    (text == "-").then(|| {
        options
            .only("standard input", &[])
            .map(|()| Arc::new(Stdin) as _)
    })
}

impl Kind for Stdin {
    fn name(&self) -> &str {
        "standard input"
    }

    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadFault> {
        let content = ReadFault::content(self.name());
        let failed = |e: io::Error| content(format!("reading failed: {e}"));
        let input = compression::plain(io::stdin().lock()).map_err(failed)?;
        let (first, mut input) = compression::peek(input, 64).map_err(failed)?;
        if to.begin(self.name()).is_break() {
            return Ok(());
        }
        sniffed(&first)
            .read(&mut input, pull.schema, pull.purpose, &mut |row| {
                to.row(row)
            })
            .map_err(&content)
    }
}
