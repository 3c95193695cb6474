//! The table of formats, and their lookup by name, file extension or first bytes.

use std::path::Path;

use super::error::UnknownFormatError;
use super::format::Format;
use super::{compression, json, parquet, text};

pub static FORMATS: &[&dyn Format] = &[
    &text::CSV,
    &text::TSV,
    &json::Json,
    &json::JsonLines,
    &parquet::Parquet,
];

fn endings() -> Vec<&'static str> {
    FORMATS.iter().flat_map(|f| f.endings()).copied().collect()
}

/// The format with this name.
pub fn named(name: &str) -> Option<&'static dyn Format> {
    FORMATS.iter().copied().find(|f| f.name() == name)
}

/// The format that the extension of a file stands for.
///
/// # Errors
/// When the extension is not known.
pub fn of(path: &Path) -> Result<&'static dyn Format, UnknownFormatError> {
    let inner = compression::inner(path);
    let ending = inner
        .extension()
        .map(|e| e.to_string_lossy().to_lowercase());
    let known = |f: &&&dyn Format| ending.as_deref().is_some_and(|e| f.endings().contains(&e));
    FORMATS
        .iter()
        .find(known)
        .copied()
        .ok_or_else(|| UnknownFormatError {
            path: path.display().to_string(),
            known: endings().join(", "),
        })
}

/// Guesses the format from the first bytes when neither a name nor an extension is available: `[` or `{` means JSON, `PAR1`
/// Parquet, anything else CSV.
pub fn sniffed(first: &[u8]) -> &'static dyn Format {
    let start = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    match start.iter().find(|b| !b.is_ascii_whitespace()) {
        _ if first.starts_with(b"PAR1") => &parquet::Parquet,
        Some(b'[') => &json::Json,
        Some(b'{') => &json::JsonLines,
        _ => &text::CSV,
    }
}
