//! Tables and answers into files.

pub mod columns;
pub mod table;

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::parquet;
use super::{Loaded, OddRow};
use crate::schema::answer::{self, Answer};
use crate::schema::column::Label;
use crate::schema::fault::Problem;
use crate::schema::table::TooMuchText;
use crate::schema::{Cell, Span, Table, Warning};

/// Why something cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteFault {
    /// The file cannot be written.
    #[error("{path} cannot be written: {source}", path = .path.display())]
    Io { path: PathBuf, source: io::Error },
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; answers are written as csv, jsonl or parquet")]
    Format(String),
    /// Its ending says nothing.
    #[error("{0:?} does not say its format; tables are written as csv or parquet")]
    TableFormat(String),
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
pub fn table_as_parquet(table: &Table) -> Result<Vec<u8>, WriteFault> {
    parquet::write::table_bytes(table)
}

/// Formats answers are written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnswerFormat {
    /// Columns id (`row` if the table has none), target, `probability`, and `warnings` where there are any.
    Csv,
    /// One object a line, the same keys.
    JsonLines,
    Parquet,
}

impl AnswerFormat {
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

/// What a model says of a table that was read to predict.
#[derive(Clone, Copy, Debug)]
pub struct Answers<'a> {
    /// The table, and the rows that are not in it because they are bad.
    pub loaded: &'a Loaded,
    /// A label a row of the table, in its order.
    pub labels: &'a [&'a Label],
    /// A probability a row of the table, in its order.
    pub probabilities: &'a [f64],
}

impl<'a> Answers<'a> {
    /// One answer a row that was read, bad ones included, with what is to be said of it.
    pub(super) fn each(self) -> impl Iterator<Item = (Answer<'a>, Option<&'a OddRow>)> {
        let (table, odd) = (&self.loaded.table, &self.loaded.odd);
        let has_id = self.has_id();
        let mut place = 0;
        let mut odd = odd.iter().peekable();
        (0..self.loaded.read).map(move |n| {
            let odd = odd.next_if(|(at, _)| *at == n).map(|(_, odd)| odd);
            if let Some(bad) = odd.and_then(OddRow::left_out) {
                let text = bad.id.as_deref().unwrap_or_default();
                let end = text.len() as u32;
                let id = bad
                    .id
                    .as_ref()
                    .map_or(Cell::Missing, |_| Cell::Text(Span { start: 0, end }));
                let answer = Answer {
                    row: n + 1,
                    id: has_id.then_some(id),
                    text,
                    said: None,
                };
                return (answer, odd);
            }
            let i = place;
            place += 1;
            let said = Some((self.labels[i], self.probabilities[i]));
            let answer = Answer {
                row: n + 1,
                id: has_id.then(|| table.id(i)),
                text: table.text(),
                said,
            };
            (answer, odd)
        })
    }

    /// Whether the table has ids; one without rows may have them.
    pub(super) fn has_id(self) -> bool {
        let Loaded {
            table, odd, read, ..
        } = self.loaded;
        let may_have = *read == 0 && table.schema().id().is_some();
        may_have
            || answer::has_id(table.schema(), table.ids())
            || odd
                .iter()
                .any(|(_, odd)| odd.left_out().is_some_and(|row| row.id.is_some()))
    }

    /// Whether an answer in columns has one for warnings: where there is something to say of a row.
    pub(super) fn has_warnings(self) -> bool {
        let worth = |(_, odd): &(usize, OddRow)| match odd {
            OddRow::Bad(_) => true,
            OddRow::Warned(warnings) => warnings.iter().any(is_worth_a_column),
        };
        self.loaded.odd.iter().any(worth)
    }
}

/// A target that is ignored is so in every row: it is said once, not in a column.
fn is_worth_a_column(warning: &Warning) -> bool {
    warning.problem != Problem::TargetIgnored
}

/// Faults and warnings of a row as text.
pub(super) fn in_words(odd: Option<&OddRow>) -> String {
    let Some(odd) = odd else {
        return String::new();
    };
    let warnings = odd.warnings().iter().filter(|w| is_worth_a_column(w));
    let words = odd.faults().iter().map(ToString::to_string);
    let words: Vec<String> = words.chain(warnings.map(ToString::to_string)).collect();
    words.join("; ")
}

fn in_json(odd: Option<&OddRow>) -> Vec<serde_json::Value> {
    let Some(odd) = odd else {
        return Vec::new();
    };
    let faults = odd.faults().iter().map(answer::fault_json);
    let warnings = odd.warnings().iter().map(|w| serde_json::json!(w));
    faults.chain(warnings).collect()
}

/// Writes one answer a row that was read. In columns, `warnings` stands last where there are any; in JSON it always does.
///
/// # Errors
/// When the sink or polars refuses.
pub fn answers(
    answers: Answers<'_>,
    format: AnswerFormat,
    sink: &mut dyn Write,
) -> Result<(), WriteFault> {
    let failed = WriteFault::output;
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
            _ => answer.json_line(schema, &in_json(odd), &mut out),
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
