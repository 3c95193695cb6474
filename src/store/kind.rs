//! The kinds of events and their codes in the file. Their names in exports and queries are the values of the metrics' label.

pub use crate::telemetry::metrics::EventKind as Kind;

use crate::telemetry::metrics::ClosedLabel;

/// Each kind with its code in the file. A code is never reused for another kind.
const CODES: [(Kind, u8); 8] = [
    (Kind::Row, 1),
    (Kind::Prediction, 2),
    (Kind::Label, 3),
    (Kind::LabelExpired, 4),
    (Kind::Quarantine, 5),
    (Kind::Verdict, 6),
    (Kind::Alert, 7),
    (Kind::Model, 8),
];

/// Iterates over every kind.
pub fn all() -> impl Iterator<Item = Kind> {
    CODES.into_iter().map(|(kind, _)| kind)
}

pub fn name(kind: Kind) -> &'static str {
    Kind::VALUES[kind.index()]
}

/// The kind with this name, if there is one.
pub fn named(text: &str) -> Option<Kind> {
    all().find(|kind| name(*kind) == text)
}

pub(super) fn code(kind: Kind) -> u8 {
    CODES[kind.index()].1
}

pub(super) fn of_code(code: u8) -> Option<Kind> {
    let found = CODES.iter().find(|(_, known)| *known == code);
    found.map(|(kind, _)| *kind)
}
