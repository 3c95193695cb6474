//! The content of a file: what it looks like by its first bytes, and the run of its format's reader.

use std::io::Read;
use std::ops::ControlFlow;

use super::format::{Format, Reading};
use super::rows::Rows;
use super::{compression, guard, signature};

/// What to do about a file that is no table.
const MEANT: &str = "save the data as CSV, TSV, JSON, JSON lines or Parquet";

/// The source from its first byte on, if that and the next may be those of this format.
///
/// # Errors
/// What it looks like instead, and what to do.
pub(super) fn checked<'r>(
    format: &dyn Format,
    source: impl Read + 'r,
) -> Result<impl Read + 'r, String> {
    let (first, source) = compression::peek(source, signature::SIGNATURE)
        .map_err(|e| format!("reading failed: {e}"))?;
    if let Some(what) = signature::other(&first) {
        return Err(format!("it is {what}, and no table; {MEANT}"));
    }
    match signature::contradicts(format, &first) {
        Some((what, ending)) => Err(format!(
            "it looks like {what}, although its name says {}; let its name end in .{ending}",
            format.name()
        )),
        None => Ok(source),
    }
}

/// Runs the reader of a format. This is the one place where tables are read: a library that panics on a damaged one has an
/// error here.
///
/// # Errors
/// What makes the whole source unreadable, in words.
pub(super) fn read(
    format: &dyn Format,
    source: &mut dyn Read,
    reading: &Reading<'_>,
    to: &mut dyn Rows,
) -> Result<ControlFlow<()>, String> {
    guard::call(|| format.read(source, reading, to))
}
