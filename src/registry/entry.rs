//! One line of the ledger: its content, its hash and its possible damage.

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::evidence::Training;
use super::version::Version;
use crate::clock;

const HASH_FIELD: &str = r#","hash":""#;
/// Length of the end of a line: `,"hash":"`, 64 digits, `"}`.
const TAIL: usize = HASH_FIELD.len() + 64 + 2;

/// An event in the life of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub enum Action {
    /// The version was trained and its file written.
    Trained,
    Promoted,
    /// The version became champion again.
    RolledBack,
    /// The version became the shadow model: it scores live traffic without responding.
    Shadowed,
    /// The version ceased to be the shadow model without a promotion.
    Dropped,
    /// The version's file was removed to free space.
    Removed,
}

/// The content of one ledger line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Entry {
    /// Sequence number of the line, from 1 without gaps.
    pub seq: u64,
    #[serde(with = "clock::timestamp")]
    pub time: Timestamp,
    pub action: Action,
    pub model: Version,
    /// The champion before the event; for a shadow model, the champion that it is compared with.
    pub previous: Option<Version>,
    /// SHA-256 of the version's file.
    pub sha256: String,
    /// Who made the decision: a command, the name of a token, a rule.
    pub by: String,
    /// The reason for the decision, as a sentence.
    pub reason: String,
    /// The evidence as JSON. Its text is retained, so that a line whose evidence this release does not know is as good as
    /// any other.
    pub evidence: Box<RawValue>,
    /// Hash of the previous line.
    pub prev: String,
    /// Hash of this line, computed when it is written.
    #[serde(skip_serializing)]
    pub hash: String,
}

impl Entry {
    /// The evidence of a `trained` line.
    pub(super) fn training(&self) -> Result<Training, serde_json::Error> {
        serde_json::from_str(self.evidence.get())
    }
}

/// A line as found in the file.
#[derive(Debug)]
pub(super) struct Line {
    pub number: u64,
    /// The parsed content; `None` if the line cannot be parsed.
    pub entry: Option<Entry>,
    /// The damage of the line, if any.
    pub fault: Option<LineFault>,
}

/// A kind of damage to a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LineFault {
    /// The line is not a valid ledger line; the text is the reason.
    Unreadable(String),
    /// The hash does not match the content.
    Edited,
    /// The `seq` does not follow that of the previous line.
    OutOfOrder { expected: u64, found: u64 },
    /// The `prev` field is not the hash of the previous line.
    Unlinked,
}

/// The text of an entry's line, and its hash.
pub(super) fn seal(entry: &Entry) -> (String, String) {
    let mut line = serde_json::to_string(entry).expect("an entry has text keys alone");
    line.pop(); // the closing brace
    let hash = digest(line.as_bytes());
    line.push_str(&format!("{HASH_FIELD}{hash}\"}}"));
    (line, hash)
}

/// Parses a line into its entry; the flag says whether the hash matches.
pub(super) fn parse(bytes: &[u8]) -> Result<(Entry, bool), String> {
    let entry: Entry = serde_json::from_slice(bytes).map_err(|fault| fault.to_string())?;
    let (hashed, tail) = bytes.split_at(bytes.len().saturating_sub(TAIL));
    let expected = format!("{HASH_FIELD}{}\"}}", digest(hashed));
    Ok((entry, tail == expected.as_bytes()))
}

pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}
