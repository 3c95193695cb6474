//! What [`super::verify`] can find, in words.

use std::fmt;

use serde::Serialize;

use super::entry::LineFault;

/// What kind of damage was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Damage {
    /// A line of the ledger is no ledger line.
    LineUnreadable,
    /// A line's hash does not fit its bytes.
    LineEdited,
    /// A line's number is not the one after the line before: lines are missing or moved.
    LineOutOfOrder,
    /// A line does not hold the hash of the one before.
    LineUnlinked,
    /// The last line is cut off.
    LineTorn,
    /// A version's file is gone.
    FileMissing,
    /// A version's bytes are not those that were trained.
    FileDamaged,
    /// A version's file has no line.
    FileUnrecorded,
    /// A file is there that a line says was removed.
    FileNotRemoved,
    /// The pointer is not where the ledger says.
    PointerElsewhere,
    /// The pointer holds no version.
    PointerUnreadable,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The file, relative to the folder of models.
    pub file: String,
    /// The line, from 1, if it is the ledger's.
    pub line: Option<u64>,
    /// What kind it is.
    pub damage: Damage,
    /// What is wrong and what to do, in a sentence.
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

/// What a faulty line is called.
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
