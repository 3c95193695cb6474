//! Predictions on their way into the store.

use serde::Deserialize;
use uuid::fmt::Hyphenated;

use super::commit::Commit;
use super::error::StoreError;
use super::feed::{Prediction, PredictionId};
use super::kind::Kind;
use super::labels;
use super::layout::{self, Key};
use crate::schema::own_id;
use crate::telemetry::metrics::{ClosedLabel, Transport};

/// Keeps a prediction, unless one of its id is there: a named prediction is made once. A truth that waited for it waits no
/// more. `text` is room that is used again.
pub(super) fn keep(
    commit: &mut Commit<'_>,
    prediction: &Prediction,
    text: &mut Vec<u8>,
) -> Result<(), StoreError> {
    let key = key(&prediction.id);
    // Ids of ours are new each time.
    if matches!(prediction.id, PredictionId::Named(_)) && commit.knows(&key)? {
        return Ok(());
    }
    // Whoever follows the events need not ask of every prediction whether its truth was there before it.
    let awaited = commit.has_waiting && commit.wait_no_more(key.bytes())?;
    text.clear();
    write(prediction, awaited, text);
    let body = std::str::from_utf8(text).expect("JSON is text");
    let mut room = [0; Hyphenated::LENGTH];
    let id = match &prediction.id {
        PredictionId::Fresh(id) => &*id.as_hyphenated().encode_lower(&mut room),
        PredictionId::Named(name) => name,
    };
    let seq = commit.append_known(&key, prediction.time, Kind::Prediction, id, body)?;
    if let Some(own_id) = &prediction.own_id {
        commit.set_newest(own_id, seq, &key)?;
        if commit.has_waiting {
            labels::join_waiting(commit, own_id, &key, id)?;
        }
    }
    Ok(())
}

fn key(id: &PredictionId) -> Key {
    match id {
        PredictionId::Fresh(id) => Key::uuid(*id),
        PredictionId::Named(name) => layout::key(name),
    }
}

/// Member of a prediction's event that holds the key of its row's own id.
const KEY: &str = "key";

/// The row's own id in a prediction's event, as the index has it.
pub(super) fn own_id_of(body: &[u8]) -> Option<String> {
    #[derive(Deserialize)]
    struct Body {
        key: Option<serde_json::Value>,
    }
    match serde_json::from_slice::<Body>(body).ok()?.key? {
        serde_json::Value::String(text) => Some(text),
        other => Some(other.to_string()),
    }
}

/// Key of a prediction's event that says that its truth was there before it.
const AWAITED: &str = "awaited";
/// How such an event ends.
pub(super) const AWAITED_END: &[u8] = b"\"awaited\":true}";

/// What is told of a prediction beside its id and time; the row goes in as it is.
fn write(prediction: &Prediction, awaited: bool, out: &mut Vec<u8>) {
    let mut field = |name: &str, value: &dyn Fn(&mut Vec<u8>)| {
        out.push(if out.is_empty() { b'{' } else { b',' });
        out.push(b'"');
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
        value(out);
    };
    field("label", &|out| json(&prediction.label, out));
    field("probability", &|out| json(&prediction.probability, out));
    field("model", &|out| json(&*prediction.model, out));
    field("row", &|out| {
        out.extend_from_slice(prediction.row.as_bytes())
    });
    if let Some(own_id) = &prediction.own_id {
        field(KEY, &|out| json(&own_id::json(own_id), out));
    }
    let transport = Transport::VALUES[prediction.transport.index()];
    field("transport", &|out| json(transport, out));
    if !prediction.warnings.is_empty() {
        field("warnings", &|out| json(&prediction.warnings, out));
    }
    if let Some(batch) = &prediction.batch {
        field("batch", &|out| json(batch, out));
    }
    if awaited {
        field(AWAITED, &|out| json(&true, out));
    }
    out.push(b'}');
}

fn json<T: serde::Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a Vec takes every byte");
}
