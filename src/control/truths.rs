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
