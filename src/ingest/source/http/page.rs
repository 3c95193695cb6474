//! Parses the rows of one page.

use std::ops::ControlFlow;
use std::path::Path;

use super::answer::Answer;
use crate::ingest::error::{FormatError, ReadError};
use crate::ingest::format::{Format, Reading};
use crate::ingest::rows::{Rows, SourceRow};
use crate::ingest::{content, formats, signature};
use crate::schema::dialect::{Encoding, Notice, decode};

/// Formats by the media type that the server reports.
const TYPES: &[(&str, &str)] = &[
    ("application/json", "json"),
    ("text/csv", "csv"),
    ("application/csv", "csv"),
    ("text/tab-separated-values", "tsv"),
    ("application/x-ndjson", "jsonl"),
    ("application/ndjson", "jsonl"),
    ("application/jsonl", "jsonl"),
    ("application/x-jsonlines", "jsonl"),
    ("application/vnd.apache.parquet", "parquet"),
];

/// Passes every row to `to`. Returns the number of rows, unless the receiver ended the reading.
pub(super) fn rows(
    answer: &Answer,
    body: &[u8],
    reading: &Reading<'_>,
    to: &mut dyn Rows,
) -> Result<ControlFlow<(), usize>, FormatError> {
    let decoded = decoded(answer, body, reading)?;
    let mut body = decoded.as_deref().unwrap_or(body);
    if let Some(what) = signature::other(body) {
        return Err(format!("the server answered with {what}; {MEANT}").into());
    }
    let format = match reading.items {
        None => format_of(answer, body),
        Some(_) => json(),
    };
    let mut counted = Counted { count: 0, to };
    let going = content::read(format, &mut body, reading, &mut counted)?;
    Ok(match going {
        ControlFlow::Continue(()) => ControlFlow::Continue(counted.count),
        ControlFlow::Break(()) => ControlFlow::Break(()),
    })
}

/// Advice for a response that is not a table.
const MEANT: &str = "rows are JSON, JSON lines, CSV, TSV or Parquet: name the address of the data itself, and the \
                     credentials if it requires a login";

/// The body converted to UTF-8, if the server reports another encoding and the user configured none; `None` if
/// no conversion is needed.
fn decoded(
    answer: &Answer,
    body: &[u8],
    reading: &Reading<'_>,
) -> Result<Option<Vec<u8>>, FormatError> {
    let (Some(charset), Encoding::Auto) = (&answer.charset, reading.dialect.encoding) else {
        return Ok(None);
    };
    let encoding = Encoding::named(charset).map_err(|_| {
        format!(
            "the server says that it is in {charset:?}, which is not known; name its encoding: --format encoding=latin-1"
        )
    })?;
    if body.starts_with(b"PAR1") {
        return Ok(None);
    }
    decode::whole(body, encoding).map_err(|e| {
        format!("{e}, although the server says {charset:?}; name its encoding: --format encoding=latin-1").into()
    })
}

/// A receiver wrapper that counts the rows.
struct Counted<'t> {
    count: usize,
    to: &'t mut dyn Rows,
}

impl Rows for Counted<'_> {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        self.to.begin(name)
    }

    fn row(&mut self, row: SourceRow<'_>) -> ControlFlow<()> {
        self.count += 1;
        self.to.row(row)
    }

    fn notice(&mut self, notice: Notice) {
        self.to.notice(notice);
    }

    fn reached(&mut self, cursor: String) {
        self.to.reached(cursor);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.to.skipped(name, why);
    }

    fn unreadable(&mut self, name: &str, fault: &ReadError) -> ControlFlow<()> {
        self.to.unreadable(name, fault)
    }
}

fn json() -> &'static dyn Format {
    formats::named("json").expect("JSON is in the table of formats")
}

/// The format by the reported media type, else by the extension of the address, else by the first bytes.
fn format_of(answer: &Answer, body: &[u8]) -> &'static dyn Format {
    let said = answer.media_type.as_str();
    let by_type = TYPES.iter().find(|(name, _)| *name == said);
    let by_type = by_type.and_then(|(_, format)| formats::named(format));
    let suffix = || said.ends_with("+json").then(json);
    let ending = || formats::of(Path::new(&answer.path)).ok();
    by_type
        .or_else(suffix)
        .or_else(ending)
        .unwrap_or_else(|| formats::sniffed(body))
}
