//! What events say of truths.

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

/// What an event says of truths: none where nothing, an empty one for a prediction whose truth was there before it. A
/// correction is no new truth.
pub fn new_truth(record: &Record<'_>) -> Option<Option<Label>> {
    let told = || serde_json::from_slice::<Told>(record.body).ok();
    match record.kind {
        Kind::Label => told().filter(|told| !told.correct)?.label.map(Some),
        Kind::Row => told()?.label.map(Some),
        Kind::Prediction if record.is_awaited() => Some(None),
        _ => None,
    }
}

/// Whether an event, as a line of JSON, came after event `seq`. A truth that came before its prediction is joined when that
/// comes, and not also when the truth is read, which may be later.
pub fn comes_later(line: &str, seq: u64) -> bool {
    #[derive(Deserialize)]
    struct At {
        seq: u64,
    }
    serde_json::from_str::<At>(line).is_ok_and(|at| at.seq > seq)
}
