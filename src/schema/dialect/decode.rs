//! Decodes text of any encoding to UTF-8 while it is read, in bounded memory.

use std::io::{self, Cursor, Read};

use encoding_rs::{Decoder, DecoderResult, UTF_8, UTF_16BE, UTF_16LE};

use super::error::DialectError;

/// The encoding of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or the encoding that a byte-order mark names.
    Auto,
    /// The configured encoding; a byte-order mark overrides it.
    Named(&'static encoding_rs::Encoding),
}

impl Encoding {
    /// The encoding of a name: a label of the WHATWG Encoding Standard, ignoring hyphens and case.
    ///
    /// # Errors
    /// When there is no encoding of that name.
    pub fn named(name: &str) -> Result<Encoding, DialectError> {
        let name = name.trim();
        if name.eq_ignore_ascii_case("auto") {
            return Ok(Encoding::Auto);
        }
        let label = |text: &str| encoding_rs::Encoding::for_label_no_replacement(text.as_bytes());
        let joined: String = name.chars().filter(|c| !"-_ ".contains(*c)).collect();
        let dashed = name.replace(['_', ' '], "-");
        let found = [name, &dashed, &joined].into_iter().find_map(label);
        found.map(Encoding::Named).ok_or_else(|| DialectError {
            problem: format!("there is no encoding {name:?}"),
            remedy: "write auto, utf-8, utf-16, latin-1 or windows-1252".into(),
        })
    }
}

/// The encoding that a byte-order mark names, and the length of the mark in bytes.
fn marked(first: &[u8]) -> Option<(&'static encoding_rs::Encoding, usize)> {
    encoding_rs::Encoding::for_bom(first)
}

/// Whether a text begins with a byte-order mark.
pub fn is_marked(text: &[u8]) -> bool {
    marked(text).is_some()
}

/// Decodes a whole text to UTF-8 without a byte-order mark; `None` if it already is that.
///
/// # Errors
/// When the text is not valid in the encoding.
pub fn whole(text: &[u8], encoding: Encoding) -> io::Result<Option<Vec<u8>>> {
    let mut source = Utf8::new(text, encoding)?;
    if source.decoder.is_none() {
        return Ok(marked(text).map(|(_, mark)| text[mark..].to_vec()));
    }
    let mut out = Vec::new();
    source.read_to_end(&mut out).map(|_| Some(out))
}

/// A reader that yields UTF-8 without a byte-order mark. Input that already is UTF-8 passes through unchecked.
pub struct Utf8<R> {
    source: io::Chain<Cursor<Vec<u8>>, R>,
    encoding: &'static encoding_rs::Encoding,
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    ready: Vec<u8>,
    /// Number of bytes of `ready` that were handed out, and number of bytes in it.
    taken: usize,
    filled: usize,
    ended: bool,
}

impl<R: Read> Utf8<R> {
    pub fn new(mut source: R, encoding: Encoding) -> io::Result<Utf8<R>> {
        const LONGEST_MARK: u64 = 3;
        let mut first = Vec::new();
        source.by_ref().take(LONGEST_MARK).read_to_end(&mut first)?;
        let named = match encoding {
            Encoding::Auto => UTF_8,
            Encoding::Named(named) => named,
        };
        let (encoding, mark) = marked(&first).unwrap_or((named, 0));
        first.drain(..mark);
        let decoder = (encoding != UTF_8).then(|| encoding.new_decoder_without_bom_handling());
        Ok(Utf8 {
            source: Cursor::new(first).chain(source),
            encoding,
            decoder,
            raw: Vec::new(),
            ready: Vec::new(),
            taken: 0,
            filled: 0,
            ended: false,
        })
    }

    /// Name of the encoding; `None` if it is UTF-8.
    pub fn foreign(&self) -> Option<&'static str> {
        self.decoder.is_some().then(|| self.encoding.name())
    }

    fn fill(&mut self) -> io::Result<()> {
        const BLOCK: usize = 16 << 10;
        let Some(decoder) = &mut self.decoder else {
            return Ok(());
        };
        self.raw.resize(BLOCK, 0);
        let n = self.source.read(&mut self.raw)?;
        self.ended = n == 0;
        let most = decoder
            .max_utf8_buffer_length_without_replacement(n)
            .unwrap_or(4 * BLOCK);
        self.ready.resize(most.max(self.ready.len()), 0);
        let (result, _, written) =
            decoder.decode_to_utf8_without_replacement(&self.raw[..n], &mut self.ready, self.ended);
        (self.taken, self.filled) = (0, written);
        match result {
            DecoderResult::InputEmpty => Ok(()),
            _ => Err(io::Error::new(
                io::ErrorKind::InvalidData,
                format!("it is not {}", self.encoding.name()),
            )),
        }
    }
}

impl<R: Read> Read for Utf8<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.decoder.is_none() {
            return self.source.read(buffer);
        }
        while self.taken == self.filled && !self.ended && !buffer.is_empty() {
            self.fill()?;
        }
        let n = buffer.len().min(self.filled - self.taken);
        buffer[..n].copy_from_slice(&self.ready[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

/// The UTF-16 encoding that bytes without a byte-order mark look like: every other byte is zero.
pub fn looks_like_utf16(first: &[u8]) -> Option<&'static str> {
    let pairs = first.len() / 2;
    let zeros = |at: usize| first.chunks_exact(2).filter(|pair| pair[at] == 0).count();
    match (zeros(0), zeros(1)) {
        _ if pairs < 4 => None,
        (0, n) if n * 2 > pairs => Some(UTF_16LE.name()),
        (n, 0) if n * 2 > pairs => Some(UTF_16BE.name()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utf16(text: &str, big: bool) -> Vec<u8> {
        let bytes = |unit: u16| match big {
            true => unit.to_be_bytes(),
            false => unit.to_le_bytes(),
        };
        text.encode_utf16().flat_map(bytes).collect()
    }

    #[test]
    fn encodings_go_by_their_common_names() {
        let check = |name: &str, expected: Option<&str>| {
            let found = Encoding::named(name).ok().map(|found| match found {
                Encoding::Auto => "auto",
                Encoding::Named(named) => named.name(),
            });
            assert_eq!(found, expected, "{name}");
        };
        check("auto", Some("auto"));
        for name in ["utf-8", "UTF8", "utf_8"] {
            check(name, Some("UTF-8"));
        }
        for name in [
            "latin-1",
            "Latin1",
            "iso-8859-1",
            "ISO_8859-1",
            "windows-1252",
            "cp1252",
        ] {
            check(name, Some("windows-1252"));
        }
        check("utf-16", Some("UTF-16LE"));
        check("utf-16be", Some("UTF-16BE"));
        check("iso-8859-15", Some("ISO-8859-15"));
        check("klingon", None);
        check("", None);
    }

    #[test]
    fn text_of_any_encoding_is_read_as_utf_8() {
        let text = "Zürich;1 €\n".repeat(5000);
        let check = |bytes: &[u8], encoding: &str, foreign: Option<&str>| {
            let mut source = Utf8::new(bytes, Encoding::named(encoding).unwrap()).unwrap();
            assert_eq!(source.foreign(), foreign);
            let mut out = String::new();
            source.read_to_string(&mut out).unwrap();
            assert!(out == text, "{encoding}");
        };
        check(text.as_bytes(), "auto", None);
        check(&[b"\xef\xbb\xbf", text.as_bytes()].concat(), "auto", None);
        let marked = |big| utf16(&format!("\u{feff}{text}"), big);
        check(&marked(false), "auto", Some("UTF-16LE"));
        check(&marked(true), "auto", Some("UTF-16BE"));
        check(&marked(true), "utf-16", Some("UTF-16BE"));
        check(&utf16(&text, true), "utf-16be", Some("UTF-16BE"));
        let (old, _, _) = encoding_rs::WINDOWS_1252.encode(&text);
        check(&old, "latin-1", Some("windows-1252"));
    }

    #[test]
    fn half_a_character_is_a_fault() {
        let mut bytes = utf16("\u{feff}ab", false);
        bytes.pop();
        let said = whole(&bytes, Encoding::Auto).unwrap_err().to_string();
        assert_eq!(said, "it is not UTF-16LE");
    }

    #[test]
    fn utf_16_without_a_mark_is_recognised() {
        assert_eq!(looks_like_utf16(&utf16("id,name", false)), Some("UTF-16LE"));
        assert_eq!(looks_like_utf16(&utf16("id,name", true)), Some("UTF-16BE"));
        assert_eq!(looks_like_utf16(b"id,name,age"), None);
    }
}
