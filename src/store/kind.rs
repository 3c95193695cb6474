//! The kinds of events: what stands in the file, in exports and in queries. Their names are those of the metrics' label.

pub use crate::telemetry::metrics::EventKind as Kind;

use crate::telemetry::metrics::ClosedLabel;

/// Each kind with what stands for it in the file, which is never given to another.
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

/// All there are.
pub fn all() -> impl Iterator<Item = Kind> {
    CODES.into_iter().map(|(kind, _)| kind)
}

/// A kind's name.
pub fn name(kind: Kind) -> &'static str {
    Kind::VALUES[kind.index()]
}

/// The kind of a name.
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
