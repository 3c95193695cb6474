//! Writes tables and predictions to files.

pub(super) mod answers;
pub mod column;
pub mod columns;
pub(super) mod error;
pub mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use super::collect::OddRow;
use super::parquet;
use crate::schema::{Table, answer};
pub use answers::Answers;
use answers::in_words;
pub use error::WriteError;

/// A table as Parquet with the columns id, target and features. The same table always gives the same bytes.
pub fn table_as_parquet(table: &Table) -> Result<Vec<u8>, WriteError> {
    let mut bytes = Vec::new();
    write_parquet(table, &mut bytes)?;
    Ok(bytes)
}

/// Writes the bytes of [`table_as_parquet`], group by group.
pub fn write_parquet(table: &Table, to: &mut dyn Write) -> Result<(), WriteError> {
    parquet::write::table(table, to)
}

/// Formats in which predictions can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    /// Columns id (`row` if the table has no ids), target, `probability` and, if there are any, `warnings`.
    Csv,
    /// One JSON object per line, with the CSV columns as keys.
    JsonLines,
    Parquet,
}

impl AnswerFormat {
    /// # Errors
    /// When the ending is not known.
    pub fn of(path: &Path) -> Result<AnswerFormat, WriteError> {
        match path
            .extension()
            .map(|e| e.to_string_lossy().to_lowercase())
            .as_deref()
        {
            Some("csv") => Ok(AnswerFormat::Csv),
            Some("jsonl" | "ndjson") => Ok(AnswerFormat::JsonLines),
            Some("parquet") => Ok(AnswerFormat::Parquet),
            _ => Err(WriteError::Format(path.display().to_string())),
        }
    }
}

/// Writes one prediction for each row that was read. CSV and Parquet have a last column `warnings` only if there are any;
/// JSON lines always have the key.
pub fn answers(
    answers: Answers<'_>,
    format: AnswerFormat,
    sink: &mut dyn Write,
) -> Result<(), WriteError> {
    let failed = WriteError::output;
    let schema = answers.loaded.table.schema();
    if format == AnswerFormat::Parquet {
        let bytes = parquet::write::answer_bytes(answers)?;
        return sink.write_all(&bytes).map_err(failed);
    }
    let warns = answers.has_warnings();
    let mut out = Vec::with_capacity(1 << 16);
    if format == AnswerFormat::Csv {
        answer::csv_names(schema, answers.has_id(), &mut out);
        out.extend_from_slice(if warns { b",warnings\n" } else { b"\n" });
    }
    for (answer, odd) in answers.each() {
        match format {
            AnswerFormat::Csv => {
                answer.csv_cells(&mut out);
                if warns {
                    out.push(b',');
                    answer::csv_cell(&in_words(odd), &mut out);
                }
                out.push(b'\n');
            }
            _ => {
                let faults = odd.map_or(&[][..], OddRow::faults);
                let warnings = odd.map_or(&[][..], OddRow::warnings);
                answer.json_line(schema, faults, warnings, &mut out);
            }
        }
        if out.len() > (1 << 16) - 4096 {
            sink.write_all(&out).map_err(failed)?;
            out.clear();
        }
    }
    sink.write_all(&out).map_err(failed)?;
    sink.flush().map_err(failed)
}

/// Writes a temporary file in the same folder and renames it to `path`, so that no reader sees a partial file.
///
/// # Errors
/// Names the file; the temporary file is removed.
pub fn beside<T, E: From<WriteError>>(
    path: &Path,
    write: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<T, E> {
    let failed = |source: io::Error| {
        E::from(WriteError::Io {
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
