//! The findings of [`super::verify`] and their descriptions.

use std::fmt;

use serde::Serialize;

use super::entry::LineFault;

/// A kind of damage to the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// A line of the ledger cannot be parsed.
    LineUnreadable,
    /// The hash of a line does not match its content.
    LineEdited,
    /// The sequence number of a line does not follow that of the previous line: lines are missing or were moved.
    LineOutOfOrder,
    /// A line does not contain the hash of the previous line.
    LineUnlinked,
    /// The last line is incomplete.
    LineTorn,
    /// The file of a version is missing.
    FileMissing,
    /// The file of a version does not have its recorded SHA-256.
    FileDamaged,
    /// The file of a version has no ledger line.
    FileUnrecorded,
    /// A file exists although a ledger line says that it was removed.
    FileNotRemoved,
    /// The pointer names another version than the ledger.
    PointerElsewhere,
    /// The content of the pointer file is not a version.
    PointerUnreadable,
}

/// One defect of the registry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the models folder.
    pub file: String,
    /// The line number, from 1, if the file is the ledger.
    pub line: Option<u64>,
    pub damage: Damage,
    /// What is wrong and what to do, as a sentence.
    pub detail: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.detail),
            None => write!(f, "{}: {}", self.file, self.detail),
        }
    }
}

/// The kind and the description of a damaged line.
pub(super) fn describe(fault: &LineFault) -> (Damage, String) {
    const RESTORE: &str = "restore the ledger from a copy";
    match fault {
        LineFault::Unreadable(why) => (
            Damage::LineUnreadable,
            format!("not a ledger line ({why}); {RESTORE}"),
        ),
        LineFault::Edited => (
            Damage::LineEdited,
            format!("the line was changed: its hash does not fit its bytes; {RESTORE}"),
        ),
        LineFault::OutOfOrder { expected, found } => (
            Damage::LineOutOfOrder,
            format!(
                "seq {found} stands where {expected} belongs: lines were removed or moved; {RESTORE}"
            ),
        ),
        LineFault::Unlinked => (
            Damage::LineUnlinked,
            format!(
                "it does not follow the line before, which was changed, removed or moved; {RESTORE}"
            ),
        ),
    }
}
