//! The source kind for a single file.

use std::fs;
use std::io::BufReader;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use super::address::masked;
use super::kind::{Kind, Pull};
use super::options::Options;
use crate::ingest::error::ReadError;
use crate::ingest::field::Field;
use crate::ingest::format::Format;
use crate::ingest::rows::Rows;
use crate::ingest::{compression, content, formats};
use crate::schema::Dialect;

/// A file, with the format that its extension stands for.
#[derive(Debug)]
pub(super) struct File {
    path: PathBuf,
    name: String,
    format: &'static dyn Format,
    dialect: Dialect,
    items: Option<Field>,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadError>> {
    if let Some((scheme, _)) = text.split_once("://") {
        return Some(Err(ReadError::Usage(format!(
            "{}: nothing is read from {scheme}://; files and folders, http(s)://, sqlite:, postgres:// and mysql:// are sources",
            masked(text)
        ))));
    }
    let file = File::new(Path::new(text), options);
    let fits = |file: File| {
        let format = file.format.name();
        let known: &[&str] = match format {
            "json" | "jsonl" => &["items"],
            _ => &[],
        };
        let kind = format!("a file of {format}");
        options.only(&kind, known).map(|()| file)
    };
    Some(file.and_then(fits).map(|file| Arc::new(file) as _))
}

impl File {
    pub(super) fn new(path: &Path, options: &Options) -> Result<File, ReadError> {
        Ok(File {
            path: path.to_owned(),
            name: path.display().to_string(),
            format: formats::of(path)?,
            dialect: options.format.clone(),
            items: options.items()?,
        })
    }

    /// Passes every row to `to`. The result says whether the receiver wants more rows.
    pub(super) fn rows(
        &self,
        pull: &Pull<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, ReadError> {
        if to.begin(&self.name).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        let file = fs::File::open(&self.path).map_err(|e| self.not_open(e))?;
        let reader = BufReader::with_capacity(1 << 16, file);
        let reader = compression::plain(reader).map_err(|e| self.not_open(e))?;
        let unreadable = ReadError::content(&self.name);
        let mut reader = content::checked(self.format, reader).map_err(&unreadable)?;
        let reading = pull.reading(&self.dialect, self.items.as_ref());
        content::read(self.format, &mut reader, &reading, to).map_err(unreadable)
    }

    /// A stamp that changes whenever the file does: its length and modification time.
    pub(super) fn stamp(&self) -> Result<String, ReadError> {
        let about = fs::metadata(&self.path).map_err(|e| self.not_open(e))?;
        let written = about.modified().ok();
        let nanos = written.and_then(|t| t.duration_since(UNIX_EPOCH).ok());
        let nanos = nanos.map_or(0, |t| t.as_nanos());
        Ok(format!("{}-{nanos}", about.len()))
    }

    fn not_open(&self, source: std::io::Error) -> ReadError {
        ReadError::Open {
            path: self.path.clone(),
            source,
        }
    }
}

impl Kind for File {
    fn name(&self) -> &str {
        &self.name
    }

    /// Skips an unchanged file. A changed file is read again from the beginning; the store recognises rows that it already has.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError> {
        let stamp = self.stamp()?;
        if pull.cursor == Some(stamp.as_str()) {
            to.reached(stamp);
            return Ok(());
        }
        if self.rows(pull, to)?.is_continue() {
            to.reached(stamp);
        }
        Ok(())
    }
}
