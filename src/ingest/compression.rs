//! Decompresses gzip and zstd input. The content decides; the file extension is only stripped to find the format's extension.

use std::io::{self, Cursor, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;

/// File extensions of compressed files, which follow the extension of the format.
pub(super) const ENDINGS: &[&str] = &["gz", "gzip", "zst", "zstd"];

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// The path without the extension of a compressed file.
pub(super) fn inner(path: &Path) -> PathBuf {
    let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
    match ending.is_some_and(|e| ENDINGS.contains(&e.as_str())) {
        true => path.with_extension(""),
        false => path.to_owned(),
    }
}

/// The decompressed bytes of a source; input that is not compressed passes unchanged.
pub(super) fn plain<'r>(source: impl Read + 'r) -> io::Result<Box<dyn Read + 'r>> {
    let (first, source) = peek(source, ZSTD.len())?;
    Ok(match first.as_slice() {
        first if first.starts_with(GZIP) => Box::new(MultiGzDecoder::new(source)),
        ZSTD => Box::new(zstd::stream::read::Decoder::new(source)?),
        _ => Box::new(source),
    })
}

/// The first bytes (at most `most`), and the source rewound to its first byte.
pub(super) fn peek<'r>(
    mut source: impl Read + 'r,
    most: usize,
) -> io::Result<(Vec<u8>, impl Read + 'r)> {
    let mut first = Vec::new();
    source.by_ref().take(most as u64).read_to_end(&mut first)?;
    Ok((first.clone(), Cursor::new(first).chain(source)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_ending_makes_way_for_the_one_before_it() {
        let check = |path: &str, expected: &str| {
            assert_eq!(inner(Path::new(path)), Path::new(expected));
        };
        check("a/t.csv.gz", "a/t.csv");
        check("t.jsonl.ZST", "t.jsonl");
        check("t.csv", "t.csv");
        check("gz", "gz");
        check(".gz", ".gz");
        check("t.gz", "t");
    }

    #[test]
    fn the_bytes_decide() {
        let text = b"a,b\n1,2\n";
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        io::Write::write_all(&mut gzip, text).unwrap();
        let gzip = gzip.finish().unwrap();
        let zstd = zstd::encode_all(&text[..], 1).unwrap();
        let twice = [gzip.clone(), gzip.clone()].concat();
        let read = |bytes: &[u8]| {
            let mut plain = plain(bytes)?;
            let mut out = Vec::new();
            plain.read_to_end(&mut out).map(|_| out)
        };
        for wrapped in [&gzip[..], &zstd, text] {
            assert_eq!(read(wrapped).unwrap(), text);
        }
        assert_eq!(read(&twice).unwrap(), text.repeat(2));
        assert_eq!(read(b"").unwrap(), b"");
        assert_eq!(read(b"x").unwrap(), b"x");
        // Truncated input is an error, not the end of the data.
        for cut in [&gzip[..gzip.len() - 3], &zstd[..zstd.len() - 3]] {
            assert!(read(cut).is_err());
        }
    }
}
