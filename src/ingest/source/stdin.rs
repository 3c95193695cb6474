//! Standard input as a source.

use std::io;
use std::sync::Arc;

use super::kind::{Kind, Pull};
use super::options::Options;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::rows::Rows;
use crate::ingest::{compression, content, formats, signature};
use crate::schema::Dialect;

/// The source kind for standard input: CSV, unless the first bytes indicate another format.
#[derive(Debug)]
struct Stdin {
    dialect: Dialect,
    items: Option<Field>,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadError>> {
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

    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError> {
        let content = ReadError::content(self.name());
        let failed = |e: io::Error| content(e.into());
        let input = compression::plain(io::stdin().lock()).map_err(failed)?;
        let (first, mut input) = compression::peek(input, signature::SIGNATURE).map_err(failed)?;
        if to.begin(self.name()).is_break() {
            return Ok(());
        }
        if let Some(what) = signature::other(&first) {
            return Err(content(format!("it is {what}, not a table").into()));
        }
        let reading = pull.reading(&self.dialect, self.items.as_ref());
        let outcome = content::read(formats::sniffed(&first), &mut input, &reading, to);
        outcome.map(|_| ()).map_err(&content)
    }
}
