//! The seal at the end of an archive: the SHA-256 of everything before it.
//!
//! A Zstandard stream may be followed by a frame that decoders skip (RFC 8878, 3.1.2), so that `tar --zstd` and `zstd` read a
//! sealed archive as any other. The frame is 56 bytes long:
//!
//! ```text
//! 5E 2A 4D 18   magic number of a skippable frame
//! 30 00 00 00   48, the length of the rest
//! 16 bytes      `titanic-backup 1`; the digit is the format of the archive
//! 32 bytes      SHA-256 of all bytes before these 32
//! ```
//!
//! The checksums of Zstandard and the digests of the manifest say what is damaged; the seal leaves no byte that none of them
//! covers, and an archive without it is one that was not written to its end.

use std::io::{self, Read, Write};

use sha2::{Digest, Sha256};

const MAGIC: [u8; 8] = [0x5E, 0x2A, 0x4D, 0x18, 48, 0, 0, 0];
const NAME: &[u8; 15] = b"titanic-backup ";

/// The format of archives that this program writes.
pub(super) const FORMAT: u32 = 1;

/// Length of the seal.
pub(super) const LENGTH: usize = 56;

const DIGEST: usize = 32;

/// Writes bytes on, and knows their digest.
pub(super) struct Sealer<W> {
    to: W,
    sha256: Sha256,
    bytes: u64,
}

impl<W: Write> Sealer<W> {
    pub(super) fn new(to: W) -> Sealer<W> {
        Sealer {
            to,
            sha256: Sha256::new(),
            bytes: 0,
        }
    }

    /// Writes the seal; returns the number of bytes of the archive.
    pub(super) fn seal(mut self) -> io::Result<u64> {
        let mut head = MAGIC.to_vec();
        head.extend(NAME);
        head.push(b'0' + FORMAT as u8);
        self.write_all(&head)?;
        let digest = std::mem::take(&mut self.sha256).finalize();
        self.to.write_all(&digest)?;
        self.to.flush()?;
        Ok(self.bytes + DIGEST as u64)
    }
}

impl<W: Write> Write for Sealer<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.sha256.update(&bytes[..written]);
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// What is wrong with a seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// There is none: the archive has this many bytes.
    Missing(u64),
    /// It is of a later format.
    Later(u32),
    /// The bytes are not those that were sealed.
    Broken(String),
}

/// Reads what stands before the seal.
pub(super) struct Unsealer<R> {
    from: R,
    /// Bytes that were read; the last [`LENGTH`] of them are held back, because they may be the seal.
    held: Vec<u8>,
    sha256: Sha256,
    bytes: u64,
    is_over: bool,
}

impl<R: Read> Unsealer<R> {
    pub(super) fn new(from: R) -> Unsealer<R> {
        Unsealer {
            from,
            held: Vec::new(),
            sha256: Sha256::new(),
            bytes: 0,
            is_over: false,
        }
    }

    /// Reads what is left, and checks the seal.
    pub(super) fn finish(mut self) -> io::Result<Result<(), Fault>> {
        let mut rest = vec![0; 1 << 16];
        while self.read(&mut rest)? > 0 {}
        Ok(self.check())
    }

    fn check(mut self) -> Result<(), Fault> {
        let digit = MAGIC.len() + NAME.len();
        let is_seal = self.held.len() == LENGTH
            && self.held.starts_with(&MAGIC)
            && self.held[MAGIC.len()..digit] == NAME[..];
        if !is_seal {
            return Err(Fault::Missing(self.bytes));
        }
        let format = u32::from(self.held[digit].wrapping_sub(b'0'));
        let (head, digest) = self.held.split_at(LENGTH - DIGEST);
        self.sha256.update(head);
        let found = self.sha256.finalize();
        if found[..] != *digest {
            let why = format!(
                "its bytes have SHA-256 {}, its seal says {}",
                hex::encode(found),
                hex::encode(digest)
            );
            return Err(Fault::Broken(why));
        }
        if format > FORMAT {
            return Err(Fault::Later(format));
        }
        Ok(())
    }
}

impl<R: Read> Read for Unsealer<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if to.is_empty() {
            return Ok(0);
        }
        while !self.is_over && self.held.len() <= LENGTH {
            let before = self.held.len();
            self.held.resize(before + (1 << 16), 0);
            let read = self.from.read(&mut self.held[before..]);
            self.held.truncate(before + *read.as_ref().unwrap_or(&0));
            let read = read?;
            self.bytes += read as u64;
            self.is_over = read == 0;
        }
        let free = self.held.len().saturating_sub(LENGTH).min(to.len());
        to[..free].copy_from_slice(&self.held[..free]);
        self.sha256.update(&to[..free]);
        self.held.drain(..free);
        Ok(free)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sealed(content: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut sealer = Sealer::new(&mut bytes);
        sealer.write_all(content).unwrap();
        let length = sealer.seal().unwrap();
        assert_eq!(length, (content.len() + LENGTH) as u64);
        bytes
    }

    fn opened(bytes: &[u8]) -> (Vec<u8>, Result<(), Fault>) {
        let mut unsealer = Unsealer::new(bytes);
        let mut content = vec![0; 7];
        let read = unsealer.read(&mut content).unwrap(); // less than there is
        content.truncate(read);
        unsealer.read_to_end(&mut content).unwrap();
        (content, unsealer.finish().unwrap())
    }

    #[test]
    fn what_was_sealed_is_read_again() {
        for length in [0, 1, LENGTH, 100, (1 << 16) + 3, 300_000] {
            let content: Vec<u8> = (0..length).map(|n| n as u8).collect();
            assert_eq!(opened(&sealed(&content)), (content, Ok(())), "{length}");
        }
    }

    #[test]
    fn a_changed_bit_and_a_missing_end_are_found_wherever_they_are() {
        let whole = sealed(b"the content of an archive");
        for at in 0..whole.len() {
            for bit in 0..8 {
                let mut bytes = whole.clone();
                bytes[at] ^= 1 << bit;
                assert!(opened(&bytes).1.is_err(), "byte {at}, bit {bit}");
            }
            let (_, cut) = opened(&whole[..at]);
            assert_eq!(cut, Err(Fault::Missing(at as u64)));
        }
        let mut longer = whole.clone();
        longer.push(0);
        assert_eq!(
            opened(&longer).1,
            Err(Fault::Missing(whole.len() as u64 + 1))
        );
    }

    #[test]
    fn a_later_format_is_told_from_damage() {
        let mut later = sealed(b"content");
        let digit = later.len() - DIGEST - 1;
        later[digit] = b'2';
        let digest = Sha256::digest(&later[..=digit]);
        later[digit + 1..].copy_from_slice(&digest);
        assert_eq!(opened(&later).1, Err(Fault::Later(2)));
    }
}
