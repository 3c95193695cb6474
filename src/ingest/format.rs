//! The table of formats.

use std::fmt::Debug;
use std::io::Read;
use std::path::Path;

use super::numbers::EachCells;
use super::source::{EachRow, compression};
use super::{json, parquet, text};
use crate::schema::Schema;
use crate::schema::row::Purpose;

/// A format tables are read in.
pub trait Format: Debug + Sync {
    /// Its name.
    fn name(&self) -> &'static str;

    /// File endings, without the dot.
    fn endings(&self) -> &'static [&'static str];

    /// Reads every row.
    ///
    /// # Errors
    /// What makes the whole source unreadable, in words.
    fn read(
        &self,
        source: &mut dyn Read,
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), String>;

    /// Reads the cells of these columns, row by row, whatever else stands in it.
    ///
    /// # Errors
    /// What makes the whole source unreadable, in words; that it has no such column.
    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String>;
}

/// All formats.
pub static FORMATS: &[&dyn Format] = &[
    &text::CSV,
    &text::TSV,
    &json::Json,
    &json::JsonLines,
    &parquet::Parquet,
];

/// A file whose ending is not known.
#[derive(Debug, Clone, thiserror::Error)]
#[error(
    "{0:?} does not say its format; known endings: {known}, each also with .gz or .zst behind it",
    known = endings().join(", ")
)]
pub struct UnknownFormat(pub String);

/// Every known ending.
pub fn endings() -> Vec<&'static str> {
    FORMATS.iter().flat_map(|f| f.endings()).copied().collect()
}

/// The format of a name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.name() == name)
}

/// The format a file's ending stands for.
///
/// # Errors
/// When it stands for none.
pub fn of(path: &Path) -> Result<&'static dyn Format, UnknownFormat> {
    let inner = compression::inner(path);
    let ending = inner
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase());
    let known = |f: &&&dyn Format| ending.as_deref().is_some_and(|e| f.endings().contains(&e));
    FORMATS
        .iter()
        .find(known)
        .copied()
        .ok_or_else(|| UnknownFormat(path.display().to_string()))
}

/// The format of text whose first bytes are these, where nothing else tells: JSON begins with a bracket, Parquet with its
/// name, and all else is CSV.
pub fn sniffed(first: &[u8]) -> &'static dyn Format {
    let start = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    match start.iter().find(|b| !b.is_ascii_whitespace()) {
        _ if first.starts_with(b"PAR1") => &parquet::Parquet,
        Some(b'[') => &json::Json,
        Some(b'{') => &json::JsonLines,
        _ => &text::CSV,
    }
}
