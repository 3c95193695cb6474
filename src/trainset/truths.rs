//! Reads labels from events.

use serde::Deserialize;

use crate::schema::column::Label;
use crate::store::Record;
use crate::store::kind::Kind;

#[derive(Deserialize)]
struct Told {
    label: Option<Label>,
    #[serde(default)]
    correct: bool,
}

/// The new label in an event: `None` if there is none, and `Some(None)` for a prediction whose label arrived before it. A
/// correction is not a new label.
pub fn new_truth(record: &Record<'_>) -> Option<Option<Label>> {
    let told = || serde_json::from_slice::<Told>(record.body).ok();
    match record.kind {
        Kind::Label => told().filter(|told| !told.correct)?.label.map(Some),
        Kind::Row => told()?.label.map(Some),
        Kind::Prediction if record.is_awaited() => Some(None),
        _ => None,
    }
}

/// Whether an event, given as a JSON line, comes after event `seq`. A label that arrives before its prediction is joined
/// when the prediction is read, and must not be joined again when the label is read.
pub fn comes_later(line: &str, seq: u64) -> bool {
    #[derive(Deserialize)]
    struct At {
        seq: u64,
    }
    serde_json::from_str::<At>(line).is_ok_and(|at| at.seq > seq)
}
