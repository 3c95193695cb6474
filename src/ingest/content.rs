//! Reads the content of a file: checks its first bytes and runs the reader of its format.

use std::io::Read;
use std::ops::ControlFlow;

use super::error::FormatError;
use super::format::{Format, Reading};
use super::rows::Rows;
use super::{compression, guard, signature};

/// Advice for a file that is not a table.
const MEANT: &str = "save the data as CSV, TSV, JSON, JSON lines or Parquet";

/// Checks that the first bytes are compatible with this format, and returns the source rewound to its first byte.
///
/// # Errors
/// Names the format that the bytes suggest, and what to do.
pub(super) fn checked<'r>(
    format: &dyn Format,
    source: impl Read + 'r,
) -> Result<impl Read + 'r, FormatError> {
    let (first, source) = compression::peek(source, signature::SIGNATURE)?;
    if let Some(what) = signature::other(&first) {
        return Err(format!("it is {what}, not a table; {MEANT}").into());
    }
    match signature::contradicts(format, &first) {
        Some((what, ending)) => Err(format!(
            "it looks like {what}, although its name says {}; let its name end in .{ending}",
            format.name()
        )
        .into()),
        None => Ok(source),
    }
}

/// Runs the reader of a format. All tables are read through this function, so that a panic of a library on a damaged
/// file becomes an error.
///
/// # Errors
/// The reason why the source as a whole cannot be read.
pub(super) fn read(
    format: &dyn Format,
    source: &mut dyn Read,
    reading: &Reading<'_>,
    to: &mut dyn Rows,
) -> Result<ControlFlow<()>, FormatError> {
    guard::call(|| format.read(source, reading, to))
}
