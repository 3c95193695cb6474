//! One line of the ledger, as it is written and as it is found.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::version::Version;
use crate::clock;

const HASH_FIELD: &str = r#","hash":""#;
/// `,"hash":"`, 64 digits, `"}`.
const TAIL: usize = HASH_FIELD.len() + 64 + 2;

/// What happened to a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// It was trained and its file written.
    Trained,
    Promoted,
    /// It became champion again.
    RolledBack,
    /// It scores live traffic beside the champion.
    Shadowed,
    /// It does no more, and was not promoted.
    Dropped,
    /// Its file was removed to make room.
    Removed,
}

/// One line of the ledger.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Counts from 1 without a gap.
    pub seq: u64,
    #[serde(with = "clock::timestamp")]
    pub time: Timestamp,
    pub action: Action,
    pub model: Version,
    /// The champion before; of a candidate in the shadow, the one it is held against.
    pub previous: Option<Version>,
    /// SHA-256 of the version's file.
    pub sha256: String,
    /// Who asked: a command, a token's name, a rule.
    pub by: String,
    /// Why, in a sentence.
    pub reason: String,
    /// The figures it was decided on.
    pub evidence: Value,
    /// Hash of the line before.
    pub prev: String,
    /// Hash of this line; computed when it is written.
    #[serde(skip_serializing)]
    pub hash: String,
}

/// A line as it was found.
#[derive(Debug)]
pub(super) struct Line {
    pub number: u64,
    /// What it says, if it can be read at all.
    pub entry: Option<Entry>,
    /// What is wrong with it.
    pub fault: Option<LineFault>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineFault {
    /// No ledger line at all.
    Unreadable(String),
    /// Its hash does not fit its bytes.
    Edited,
    /// Its `seq` is not the one after the line before.
    OutOfOrder { expected: u64, found: u64 },
    /// It does not hold the hash of the line before.
    Unlinked,
}

/// The line of an entry, and the hash it ends in.
pub(super) fn seal(entry: &Entry) -> (String, String) {
    let mut line = serde_json::to_string(entry).expect("an entry has text keys alone");
    line.pop(); // the closing brace
    let hash = digest(line.as_bytes());
    line.push_str(&format!("{HASH_FIELD}{hash}\"}}"));
    (line, hash)
}

/// A line's entry, and whether its hash fits.
pub(super) fn parse(bytes: &[u8]) -> Result<(Entry, bool), String> {
    let entry: Entry = serde_json::from_slice(bytes).map_err(|fault| fault.to_string())?;
    let (hashed, tail) = bytes.split_at(bytes.len().saturating_sub(TAIL));
    let expected = format!("{HASH_FIELD}{}\"}}", digest(hashed));
    Ok((entry, tail == expected.as_bytes()))
}

pub(super) fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
