//! Tables and answers into files.

pub mod columns;
pub mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::parquet;
use crate::schema::Table;
use crate::schema::answer::{self, Answer};
use crate::schema::column::Label;
use crate::schema::table::TooMuchText;

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The file cannot be written.
    #[error("{path} cannot be written: {source}", path = .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; answers are written as csv, jsonl or parquet")]
    Format(String),
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; tables are written as csv or parquet")]
    TableFormat(String),
    /// Parquet.
    #[error("writing Parquet failed: {0}")]
    Parquet(#[from] polars::error::PolarsError),
    /// Ids that are numbers at first and text later.
    #[error(
        "the ids are whole numbers at first and text later, which one column of Parquet cannot hold; write CSV"
    )]
    MixedIds,
    /// Too large for one table.
    #[error(transparent)]
    TooMuchText(#[from] TooMuchText),
}

impl WriteFault {
    /// Output that somebody else opened.
    fn output(source: io::Error) -> WriteFault {
        WriteFault::Io {
            path: "the output".into(),
            source,
        }
    }
}

/// A table as Parquet: id, target, columns. The same table gives the same bytes.
///
/// # Errors
/// When polars refuses.
pub fn table_as_parquet(table: &Table) -> Result<Vec<u8>, WriteFault> {
    parquet::write::table_bytes(table)
}

/// Formats answers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    /// Columns id (if the table has it), target, `probability`.
    Csv,
    /// One object a line, the same keys.
    JsonLines,
    /// The same columns.
    Parquet,
}

impl AnswerFormat {
    /// By file ending.
    ///
    /// # Errors
    /// When the ending is not known.
    pub fn of(path: &Path) -> Result<AnswerFormat, WriteFault> {
        match path
            .extension()
            .map(|e| e.to_string_lossy().to_lowercase())
            .as_deref()
        {
            Some("csv") => Ok(AnswerFormat::Csv),
            Some("jsonl" | "ndjson") => Ok(AnswerFormat::JsonLines),
            Some("parquet") => Ok(AnswerFormat::Parquet),
            _ => Err(WriteFault::Format(path.display().to_string())),
        }
    }
}

/// Writes one answer a row of `table`; labels and probabilities are in its order.
///
/// # Errors
/// When the sink or polars refuses.
pub fn answers(
    table: &Table,
    labels: &[&Label],
    probabilities: &[f64],
    format: AnswerFormat,
    sink: &mut dyn Write,
) -> Result<(), WriteFault> {
    let failed = WriteFault::output;
    let schema = table.schema();
    if format == AnswerFormat::Parquet {
        let bytes = parquet::write::answer_bytes(table, labels, probabilities)?;
        return sink.write_all(&bytes).map_err(failed);
    }
    let mut out = Vec::with_capacity(1 << 16);
    if format == AnswerFormat::Csv {
        answer::csv_header(schema, &mut out);
    }
    for (i, (label, probability)) in labels.iter().zip(probabilities).enumerate() {
        let answer = Answer {
            id: table.id(i),
            text: table.text(),
            label,
            probability: *probability,
        };
        match format {
            AnswerFormat::Csv => answer.csv(schema, &mut out),
            _ => answer.json_line(schema, &mut out),
        }
        if out.len() > (1 << 16) - 4096 {
            sink.write_all(&out).map_err(failed)?;
            out.clear();
        }
    }
    sink.write_all(&out).map_err(failed)?;
    sink.flush().map_err(failed)
}

/// Text that is a whole number written the way numbers are.
pub(super) fn whole_number(text: &str) -> Option<i64> {
    text.parse::<i64>().ok().filter(|v| v.to_string() == text)
}

/// Writes a file beside its place and renames it there, so that nobody ever sees half of it.
///
/// # Errors
/// Names the file; nothing is left behind.
pub fn beside<T, E: From<WriteFault>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<T, E> {
    let failed = |source: io::Error| {
        E::from(WriteFault::Io {
            path: path.to_owned(),
            source,
        })
    };
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.part", std::process::id()));
    let part = path.with_file_name(name);
    let file = File::create(&part).map_err(failed)?;
    let mut sink = BufWriter::new(file);
    let outcome = write(&mut sink).and_then(|done| {
        let file = sink.into_inner().map_err(|e| failed(e.into_error()))?;
        file.sync_all().map_err(failed)?;
        std::fs::rename(&part, path).map_err(failed)?;
        Ok(done)
    });
    if outcome.is_err() {
        let _ = std::fs::remove_file(&part); // the first error is the one to tell
    }
    outcome
}
