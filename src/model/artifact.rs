//! The binary frame of a model file. Any damage to the bytes is detected and reported before they are decoded.
//!
//! ```text
//! offset  size
//!      0     8  magic  89 54 50 4D 0D 0A 1A 0A
//!      8     4  format revision, u32 little endian
//!     12     8  payload length in bytes, u64 little endian
//!     20    32  SHA-256 over bytes 0..20 and the payload
//!     52     …  payload: bincode 2, standard configuration (little endian, variable-length integers)
//! ```
//!
//! The frame is the same in every revision; only the payload differs. The checksum is therefore verified before the revision
//! is interpreted, so that a flipped bit is reported as damage and not as a file of a later release. Like the PNG signature,
//! the magic contains a byte over 127 and both kinds of line ending, which a transfer in text mode would alter.
//!
//! History: revision 1 is the first. Revision 2 appends the mean probability of the training rows and a JSON text with
//! further facts (see `stored`). Revision 3 has the same payload, in which splits of trees may send missing values left.
//!
//! bincode is used in this file only.

use serde::{Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};

/// The format revision that this release writes, which is also the newest that it reads.
pub const REVISION: u32 = 3;

/// Maximum length in bytes of a payload, for reading and writing. A blend of three 200-tree ensembles takes a few MiB;
/// the limit is two orders of magnitude higher, and it bounds the memory that a forged length inside the payload can
/// make the decoder allocate.
pub const LIMIT: usize = 256 << 20;

const MAGIC: [u8; 8] = [0x89, b'T', b'P', b'M', b'\r', b'\n', 0x1a, b'\n'];
const CHECKSUM: usize = 20;
const HEADER: usize = 52;

/// An error in reading or writing a model file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ArtifactError {
    /// The first bytes are not the magic.
    #[error("not a model file: it does not begin as one; give a file written by `train`")]
    NotAModel,
    /// The file has a format revision that this release does not support.
    #[error(
        "the model file has format revision {found}, and this release reads up to {known}: it was made by a later release; upgrade titanic-platform, or train again"
    )]
    NewerFormat {
        found: u32,
        /// The newest revision that this release reads.
        known: u32,
    },
    /// The file ends before the announced length.
    #[error(
        "the model file is cut off: {expected} bytes expected, {found} found; restore it from a copy, or train again"
    )]
    Truncated {
        /// The file length according to the header, header included.
        expected: u64,
        found: u64,
    },
    /// The file has bytes after the announced end.
    #[error(
        "the model file goes on for {extra} bytes after its end; restore it from a copy, or train again"
    )]
    TrailingBytes { extra: u64 },
    /// The checksum does not match the content.
    #[error(
        "the model file is damaged: its bytes have SHA-256 {found}, its header says {expected}; restore it from a copy, or train again"
    )]
    Damaged {
        /// The checksum in the header.
        expected: String,
        /// The checksum of the content.
        found: String,
    },
    #[error(
        "the model takes more than {limit} bytes, the limit of a model file; train a smaller one (fewer trees, fewer columns)"
    )]
    TooLarge {
        /// The limit in bytes.
        limit: usize,
    },
    /// The frame is valid, but the payload cannot be decoded.
    #[error(
        "the model file is sound, but its content cannot be read ({0}); it was made by another build: train again"
    )]
    Undecodable(String),
    /// The format cannot represent a value of the model.
    #[error("the model cannot be written as a file ({0}); this is a defect, please report it")]
    Unencodable(String),
}

fn config() -> impl bincode::config::Config {
    bincode::config::standard().with_limit::<LIMIT>()
}

/// The bytes of a model file that holds `value`; the same value always gives the same bytes.
pub fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, ArtifactError> {
    let payload = bincode::serde::encode_to_vec(value, config())
        .map_err(|fault| ArtifactError::Unencodable(fault.to_string()))?;
    if payload.len() > LIMIT {
        return Err(ArtifactError::TooLarge { limit: LIMIT });
    }
    Ok(framed(REVISION, &payload))
}

fn framed(revision: u32, payload: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(HEADER + payload.len());
    bytes.extend(MAGIC);
    bytes.extend(revision.to_le_bytes());
    bytes.extend((payload.len() as u64).to_le_bytes());
    let checksum = checksum(&bytes, payload);
    bytes.extend(checksum);
    bytes.extend(payload);
    bytes
}

/// A model file with a valid frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opened<'a> {
    /// The format revision of the payload, from 1 to [`REVISION`].
    pub revision: u32,
    payload: &'a [u8],
}

impl Opened<'_> {
    /// Decodes the payload. No memory is allocated based on an unchecked length.
    ///
    /// # Errors
    /// When the payload is not a `T`, or has bytes after it.
    pub fn decode<T: DeserializeOwned>(&self) -> Result<T, ArtifactError> {
        let (value, read) = bincode::serde::decode_from_slice(self.payload, config())
            .map_err(|fault| ArtifactError::Undecodable(fault.to_string()))?;
        match self.payload.len() - read {
            0 => Ok(value),
            extra => Err(ArtifactError::TrailingBytes {
                extra: extra as u64,
            }),
        }
    }
}

/// Validates the frame of a model file.
///
/// # Errors
/// The first error of the frame; see [`ArtifactError`].
pub fn open(bytes: &[u8]) -> Result<Opened<'_>, ArtifactError> {
    let found = bytes.len() as u64;
    if bytes.is_empty() || !bytes.starts_with(&MAGIC[..bytes.len().min(MAGIC.len())]) {
        return Err(ArtifactError::NotAModel);
    }
    let Some((header, payload)) = bytes.split_at_checked(HEADER) else {
        return Err(ArtifactError::Truncated {
            expected: HEADER as u64,
            found,
        });
    };
    let length = u64::from_le_bytes(field(header, 12));
    let expected = length.saturating_add(HEADER as u64);
    if expected > found {
        return Err(ArtifactError::Truncated { expected, found });
    }
    if expected < found {
        return Err(ArtifactError::TrailingBytes {
            extra: found - expected,
        });
    }
    if payload.len() > LIMIT {
        return Err(ArtifactError::TooLarge { limit: LIMIT });
    }
    let sum = checksum(&header[..CHECKSUM], payload);
    if sum != header[CHECKSUM..] {
        return Err(ArtifactError::Damaged {
            expected: hex::encode(&header[CHECKSUM..]),
            found: hex::encode(sum),
        });
    }
    match u32::from_le_bytes(field(header, 8)) {
        revision @ 1..=REVISION => Ok(Opened { revision, payload }),
        revision => Err(ArtifactError::NewerFormat {
            found: revision,
            known: REVISION,
        }),
    }
}

fn field<const N: usize>(header: &[u8], at: usize) -> [u8; N] {
    header[at..at + N]
        .try_into()
        .expect("the slice has N bytes by construction")
}

fn checksum(header: &[u8], payload: &[u8]) -> [u8; 32] {
    Sha256::new()
        .chain_update(header)
        .chain_update(payload)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    struct Sample {
        name: String,
        weights: Vec<f32>,
        levels: BTreeMap<String, Option<u64>>,
        kernel: Kernel,
    }

    #[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
    enum Kernel {
        Constant(f64),
        Mean(Vec<Kernel>),
    }

    fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ArtifactError> {
        open(bytes)?.decode()
    }

    fn sample() -> Sample {
        Sample {
            name: "wine".into(),
            weights: vec![1.5, -0.25, f32::MIN_POSITIVE],
            levels: [("red".into(), Some(300)), ("white".into(), None)].into(),
            kernel: Kernel::Mean(vec![Kernel::Constant(0.5), Kernel::Constant(-1e300)]),
        }
    }

    #[test]
    fn a_value_comes_back_and_gives_the_same_bytes() {
        let bytes = encode(&sample()).unwrap();
        let back: Sample = decode(&bytes).unwrap();
        assert_eq!(back, sample());
        assert_eq!(encode(&back).unwrap(), bytes);
    }

    #[test]
    fn any_changed_byte_is_found() {
        let sound = encode(&sample()).unwrap();
        for at in 0..sound.len() {
            for change in 1..=255u8 {
                let mut bytes = sound.clone();
                bytes[at] ^= change;
                let fault = decode::<Sample>(&bytes).expect_err("a changed byte must be found");
                let named = match at {
                    0..8 => fault == ArtifactError::NotAModel,
                    12..20 => {
                        matches!(
                            fault,
                            ArtifactError::Truncated { .. } | ArtifactError::TrailingBytes { .. }
                        )
                    }
                    _ => matches!(fault, ArtifactError::Damaged { .. }),
                };
                assert!(named, "byte {at} changed by {change:#04x}: {fault}");
            }
        }
    }

    #[test]
    fn any_cut_and_any_tail_is_found() {
        let sound = encode(&sample()).unwrap();
        assert_eq!(decode::<Sample>(&[]), Err(ArtifactError::NotAModel));
        for length in 1..sound.len() {
            let fault = decode::<Sample>(&sound[..length]).unwrap_err();
            assert!(
                matches!(fault, ArtifactError::Truncated { found, .. } if found == length as u64),
                "{length}: {fault}"
            );
        }
        let longer = [sound.as_slice(), b"\n"].concat();
        assert_eq!(
            decode::<Sample>(&longer),
            Err(ArtifactError::TrailingBytes { extra: 1 })
        );
    }

    #[test]
    fn a_later_revision_asks_for_an_upgrade() {
        let fault = decode::<Sample>(&framed(REVISION + 1, b"")).unwrap_err();
        assert_eq!(fault, ArtifactError::NewerFormat { found: 4, known: 3 });
        assert!(fault.to_string().contains("upgrade"), "{fault}");
    }

    #[test]
    fn a_well_framed_payload_is_not_believed_either() {
        assert_eq!(
            decode::<u8>(&framed(1, &[7, 7])),
            Err(ArtifactError::TrailingBytes { extra: 1 })
        );
        // The length of the name, written as bincode's u64 marker and the largest u64.
        let payload = [&[253u8][..], &[0xff; 8]].concat();
        assert!(matches!(
            decode::<Sample>(&framed(1, &payload)),
            Err(ArtifactError::Undecodable(_))
        ));
        assert!(matches!(
            decode::<Vec<u64>>(&framed(1, &payload)),
            Err(ArtifactError::Undecodable(_))
        ));
        // 2^62 elements exceed the limit, although each element is small.
        let many = [&[253u8][..], &(1u64 << 62).to_le_bytes()].concat();
        assert!(matches!(
            decode::<Vec<u8>>(&framed(1, &many)),
            Err(ArtifactError::Undecodable(_))
        ));
    }
}
