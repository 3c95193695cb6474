//! The document that says which of the published models is champion.

use serde::{Deserialize, Serialize};

use super::error::PublishError;
use crate::registry::{self, Standing};

/// Revision of the document.
const REVISION: u32 = 1;

/// Number of previous champions whose files stay, for followers that are reading them.
const PREVIOUS: usize = 4;

/// The content of `champion.json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Published {
    revision: u32,
    /// Position of the ledger from which the champion was taken.
    pub seq: u64,
    pub epoch: String,
    pub champion: Version,
    /// Champions before, the latest first, whose files are there too.
    pub previous: Vec<Version>,
}

/// A published version.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    pub model: registry::Version,
    pub sha256: String,
    /// Size of the file.
    pub bytes: u64,
}

impl Version {
    /// Name of the file in its place.
    pub fn file(&self) -> String {
        format!("{}.model", self.sha256)
    }
}

impl Published {
    /// A champion in place of the one published before.
    pub fn after(before: Option<Published>, champion: Version, standing: Standing) -> Published {
        let earlier = before.into_iter().flat_map(|before| {
            let before_it = before.previous.into_iter();
            std::iter::once(before.champion).chain(before_it)
        });
        let others = earlier.filter(|version| version.sha256 != champion.sha256);
        Published {
            revision: REVISION,
            seq: standing.seq,
            epoch: standing.epoch,
            previous: others.take(PREVIOUS).collect(),
            champion,
        }
    }

    pub fn encode(&self) -> Vec<u8> {
        serde_json::to_vec_pretty(self).expect("it is text and numbers, which JSON can hold")
    }

    /// Reads the document that lies at `place`.
    pub fn decode(bytes: &[u8], place: impl Fn() -> String) -> Result<Published, PublishError> {
        #[derive(Deserialize)]
        struct Revision {
            revision: u32,
        }
        let unreadable = |fault: serde_json::Error| PublishError::Unreadable {
            place: place(),
            fault: fault.to_string(),
        };
        let Revision { revision } = serde_json::from_slice(bytes).map_err(unreadable)?;
        if revision > REVISION {
            return Err(PublishError::Later {
                place: place(),
                found: revision,
                known: REVISION,
            });
        }
        let published: Published = serde_json::from_slice(bytes).map_err(unreadable)?;
        // The digest is the name of a file.
        let mut named = std::iter::once(&published.champion).chain(&published.previous);
        match named.find(|version| !is_digest(&version.sha256)) {
            None => Ok(published),
            Some(version) => Err(PublishError::Unreadable {
                place: place(),
                fault: format!("{:?} is no SHA-256 digest", version.sha256),
            }),
        }
    }

    /// Whether a file of the place is a model that this document does not name.
    pub fn is_superfluous(&self, file: &str) -> bool {
        let digest = file
            .strip_suffix(".model")
            .or_else(|| file.strip_suffix(".model.tmp"));
        let mut named = std::iter::once(&self.champion).chain(&self.previous);
        digest.is_some_and(is_digest) && named.all(|version| version.file() != file)
    }
}

fn is_digest(text: &str) -> bool {
    let is_hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(is_hex)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u64) -> Version {
        Version {
            model: registry::Version::new("wine", number).unwrap(),
            sha256: registry::digest(&number.to_be_bytes()),
            bytes: 8,
        }
    }

    fn published(numbers: &[u64]) -> Published {
        let after = |before, (seq, number): (usize, &u64)| {
            let standing = Standing {
                seq: seq as u64,
                epoch: "e".into(),
            };
            Some(Published::after(before, version(*number), standing))
        };
        numbers.iter().enumerate().fold(None, after).unwrap()
    }

    #[test]
    fn champions_before_stay_and_each_is_named_once() {
        let check = |numbers: &[u64], champion: u64, previous: &[u64]| {
            let published = published(numbers);
            assert_eq!(published.champion, version(champion));
            let expected: Vec<Version> = previous.iter().map(|n| version(*n)).collect();
            assert_eq!(published.previous, expected);
            assert_eq!(published.seq, numbers.len() as u64 - 1);
        };
        check(&[1], 1, &[]);
        check(&[1, 2, 1], 1, &[2]);
        check(&[1, 2, 3, 4, 5, 6], 6, &[5, 4, 3, 2]);
    }

    #[test]
    fn files_that_are_not_named_are_superfluous_and_others_are_not_touched() {
        let published = published(&[1, 2]);
        for (name, expected) in [
            (version(1).file(), false),
            (version(2).file(), false),
            (version(3).file(), true),
            (format!("{}.tmp", version(3).file()), true),
            ("champion.json".into(), false),
            ("wine@3.model".into(), false),
            ("mine.txt".into(), false),
        ] {
            assert_eq!(published.is_superfluous(&name), expected, "{name}");
        }
    }

    #[test]
    fn a_document_is_read_as_it_was_written_or_rejected() {
        let published = published(&[1, 2]);
        let decode = |bytes: &[u8]| Published::decode(bytes, || "s3://shop/champion.json".into());
        let whole = published.encode();
        assert_eq!(decode(&whole).unwrap(), published);
        for length in 0..whole.len() {
            let error = decode(&whole[..length]).unwrap_err();
            assert!(matches!(error, PublishError::Unreadable { .. }), "{error}");
        }
        let later = String::from_utf8(whole).unwrap();
        let later = later.replace("\"revision\": 1", "\"revision\": 2");
        let error = decode(later.as_bytes()).unwrap_err().to_string();
        assert!(
            error.contains("revision 2, this program knows up to 1"),
            "{error}"
        );
    }

    /// The digest becomes a path, so that it must be nothing else.
    #[test]
    fn digests_are_digests() {
        let whole = String::from_utf8(published(&[1]).encode()).unwrap();
        let place = || "s3://shop/m".to_owned();
        assert!(Published::decode(whole.as_bytes(), place).is_ok());
        let digest = version(1).sha256;
        for wrong in ["../../etc/passwd", "", &digest[1..], &digest.to_uppercase()] {
            let text = whole.replace(&digest, wrong);
            let error = Published::decode(text.as_bytes(), place).unwrap_err();
            assert!(error.to_string().contains("is no SHA-256"), "{error}");
        }
        // Files of others stay, also those that are named by a digest.
        let published = published(&[1]);
        let other = version(2);
        assert!(published.is_superfluous(&other.file()));
        assert!(published.is_superfluous(&format!("{}.tmp", other.file())));
        for foreign in [other.sha256.clone(), format!("{}.parquet", other.sha256)] {
            assert!(!published.is_superfluous(&foreign), "{foreign}");
        }
    }
}
