//! Recognises file formats by their first bytes.

use super::format::Format;

/// Number of bytes that are examined to recognise a format.
pub(super) const SIGNATURE: usize = 4096;

/// The format that the first bytes suggest, if it contradicts the extension: its description and the extension that
/// the file should have.
pub(super) fn contradicts(
    named: &dyn Format,
    first: &[u8],
) -> Option<(&'static str, &'static str)> {
    const BY_NAME: [(&str, &str, &str); 4] = [
        ("parquet", "Parquet", "parquet"),
        ("json", "JSON", "json"),
        ("jsonl", "JSON lines", "jsonl"),
        ("csv", "a table of text (CSV)", "csv"),
    ];
    let looks_like = likeness(first)?;
    let fits = match (named.name(), looks_like) {
        ("json", "jsonl") | ("tsv", "csv") => true,
        // A file of JSON lines with a malformed first line looks like the beginning of a JSON document.
        ("jsonl", "json") => first.trim_ascii_start().starts_with(b"{"),
        (named, looks_like) => named == looks_like,
    };
    let described = BY_NAME.iter().find(|(name, ..)| *name == looks_like);
    described
        .filter(|_| !fits)
        .map(|(_, what, ending)| (*what, *ending))
}

/// The name of the format that the first bytes suggest; `None` if they could belong to several formats.
fn likeness(first: &[u8]) -> Option<&'static str> {
    if first.starts_with(b"PAR1") {
        return Some("parquet");
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let text = text.trim_ascii_start();
    let is_text = |b: &u8| *b >= b' ' || b.is_ascii_whitespace();
    if text.is_empty() || !text.iter().all(is_text) || text.starts_with(b"\xff\xfe") {
        return None; // nothing, an encoding of wide characters, or binary
    }
    let line = text.split(|b| *b == b'\n').next().unwrap_or(text);
    let after = |bracket: &[u8]| {
        text.strip_prefix(bracket)?
            .trim_ascii_start()
            .first()
            .copied()
    };
    let is_json = |text: &[u8]| serde_json::from_slice::<serde::de::IgnoredAny>(text).is_ok();
    match (after(b"["), after(b"{")) {
        (Some(b'{' | b']' | b'['), _) => Some("json"),
        (_, Some(b'"' | b'}')) if is_json(line) => Some("jsonl"),
        (_, Some(b'"' | b'}')) => Some("json"),
        (None, None) if !is_json(line) && line.iter().any(|b| b",;\t|".contains(b)) => Some("csv"),
        _ => None,
    }
}

/// A description of the file if its first bytes show a format that users mistake for a table, such as an Excel workbook.
pub(super) fn other(first: &[u8]) -> Option<&'static str> {
    const BYTES: &[(&[u8], &str)] = &[
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook"),
        (b"\xd0\xcf\x11\xe0", "an Excel workbook"),
        (
            b"SQLite format 3\0",
            "an SQLite database (named as sqlite:FILE)",
        ),
        (b"%PDF-", "a PDF document"),
        (b"ARROW1", "an Arrow or Feather file"),
        (b"PARE", "an encrypted Parquet file"),
        (
            b"\xfd7zXZ\0",
            "packed with xz (unpack it, or use gzip or zstd)",
        ),
        (
            b"BZh91AY&SY",
            "packed with bzip2 (unpack it, or use gzip or zstd)",
        ),
    ];
    const TEXT: &[(&str, &str)] = &[
        ("<!doctype html", "an HTML page"),
        ("<html", "an HTML page"),
        ("<head", "an HTML page"),
        ("<body", "an HTML page"),
        ("<?xml", "an XML document"),
    ];
    let starts = |(bytes, _): &&(&[u8], &str)| first.starts_with(bytes);
    if let Some((_, what)) = BYTES.iter().find(starts) {
        return Some(what);
    }
    let text = first.strip_prefix(b"\xef\xbb\xbf").unwrap_or(first);
    let text = text.trim_ascii_start();
    let head = String::from_utf8_lossy(&text[..text.len().min(32)]).to_lowercase();
    let starts = |(start, _): &&(&str, &str)| head.starts_with(start);
    TEXT.iter().find(starts).map(|(_, what)| *what)
}
