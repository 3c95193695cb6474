//! Standard input.

use std::io;
use std::sync::Arc;

use super::{Kind, Options, Pull, Rows, compression};
use crate::ingest::ReadFault;
use crate::ingest::content;
use crate::ingest::field::Field;
use crate::ingest::format::{self, sniffed};
use crate::schema::Dialect;

/// Standard input: CSV, unless its first bytes say otherwise.
#[derive(Debug)]
struct Stdin {
    dialect: Dialect,
    items: Option<Field>,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadFault>> {
    (text == "-").then(|| {
        options.only("standard input", &["items"])?;
        Ok(Arc::new(Stdin {
            dialect: options.format.clone(),
            items: options.items()?,
        }) as _)
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
        let (first, mut input) = compression::peek(input, format::SIGNATURE).map_err(failed)?;
        if to.begin(self.name()).is_break() {
            return Ok(());
        }
        if let Some(what) = format::other(&first) {
            return Err(content(format!("it is {what}, and no table")));
        }
        let reading = pull.reading(&self.dialect, self.items.as_ref());
        let outcome = content::read(sniffed(&first), &mut input, &reading, to);
        outcome.map(|_| ()).map_err(&content)
    }
}
