//! Labels that arrive late: each is joined to its prediction by an id, whenever it comes.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use jiff::Timestamp;
use redb::ReadableTable;
use serde::Deserialize;

use super::commit::Commit;
use super::error::StoreError;
use super::event::{Event, Id, LabelEvent, Reader, put_scalar, put_signed, put_varint, take_label};
use super::layout::{Key, id_of, key, own_id_of};
use super::rows;
use super::waiting::Bound;
use crate::schema::column::Label;
use crate::telemetry::metrics::{ClosedLabel, LabelStatus};

/// A label as a client submits it.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// The prediction's id, or the own id of its row.
    pub id: String,
    /// Which of the two `id` is.
    pub by: By,
    pub label: Label,
    /// Whether it may replace a different label that came before.
    pub correct: bool,
}

/// How a label names its prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// By the prediction's id.
    Id,
    /// By the own id of its row (the value of the id column); it belongs to the newest prediction of that row.
    Key,
    /// By either: the prediction with this id, or else the newest prediction of the row with this own id.
    Either,
}

/// The result for one submitted label.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The prediction's id; none while no prediction of the row is known.
    pub id: Option<String>,
    pub status: Status,
}

/// What happened to a submitted label.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It was joined to its prediction.
    Joined,
    /// The same label was stored before.
    Repeated,
    /// It replaced a different label.
    Corrected,
    /// It is stored, and waits for a prediction that is not known yet.
    Waiting,
    /// It was rejected, because the prediction has this other label.
    Conflict(Label),
}

impl Status {
    /// The value of the metrics' label for this status.
    pub fn label(&self) -> LabelStatus {
        match self {
            Status::Joined => LabelStatus::Joined,
            Status::Repeated => LabelStatus::Repeated,
            Status::Corrected => LabelStatus::Corrected,
            Status::Waiting => LabelStatus::Waiting,
            Status::Conflict(_) => LabelStatus::Conflict,
        }
    }

    /// The name of the status in the API.
    pub fn name(&self) -> &'static str {
        LabelStatus::VALUES[self.label().index()]
    }
}

/// First byte of a label in the binary form.
const TRUTH: u8 = 1;

/// A label as it is stored.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct StoredLabel {
    pub label: Label,
    /// When it arrived, in microseconds since 1970.
    pub time: i64,
    /// Sequence number of its label event; 0 while a label by a row's own id waits.
    pub seq: u64,
}

/// Stores labels. Unless `partial`, one contradiction rejects all of them, and each status is the one the label would have
/// had. Returns none, and stores nothing, where more labels would wait than `bound` allows.
pub(super) fn take(
    commit: &mut Commit<'_>,
    given: &[Given],
    partial: bool,
    bound: Bound,
) -> Result<Option<Vec<Done>>, StoreError> {
    let foreseen = foresee(commit, given)?;
    let contradicts = |done: &Done| matches!(done.status, Status::Conflict(_));
    if !partial && foreseen.iter().any(contradicts) {
        return Ok(Some(foreseen));
    }
    let waiting = new_waiting(commit, given, &foreseen)?;
    if !commit.has_room(bound, &waiting)? {
        return Ok(None);
    }
    let taken: Result<Vec<Done>, _> = given.iter().map(|given| one(commit, given)).collect();
    taken.map(Some)
}

/// The result that each label would have, with those before it in the list taken into account.
fn foresee(commit: &mut Commit<'_>, given: &[Given]) -> Result<Vec<Done>, StoreError> {
    let mut seen: HashMap<Vec<u8>, &Label> = HashMap::new();
    let mut foreseen = Vec::with_capacity(given.len());
    for given in given {
        let (key, id) = resolve(commit, given)?;
        let stored = label_of(commit, &key)?;
        let before = seen.get(key.bytes()).copied().or(stored.as_ref());
        let status = status(before, given, commit.knows(&key)?);
        foreseen.push(Done { id, status });
        seen.insert(key.bytes().to_vec(), &given.label);
    }
    Ok(foreseen)
}

/// Keys of the labels that would wait and do not wait yet.
fn new_waiting(
    commit: &mut Commit<'_>,
    given: &[Given],
    foreseen: &[Done],
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let mut keys = HashSet::new();
    for (given, done) in given.iter().zip(foreseen) {
        if done.status != Status::Waiting {
            continue;
        }
        let (key, _) = resolve(commit, given)?;
        if commit.labels.get(key.bytes())?.is_none() {
            keys.insert(key.bytes().to_vec());
        }
    }
    Ok(keys)
}

/// The key under which a label is stored, and the id of its prediction where that is known.
fn resolve(commit: &mut Commit<'_>, given: &Given) -> Result<(Key, Option<String>), StoreError> {
    let by_id = key(&given.id);
    let is_id = match given.by {
        By::Id => true,
        By::Key => false,
        By::Either => commit.knows(&by_id)? || commit.labels.get(by_id.bytes())?.is_some(),
    };
    if is_id {
        return Ok((by_id, Some(given.id.clone())));
    }
    if let Some(newest) = commit.newest_of(&given.id)? {
        let id = id_of(newest.bytes());
        return Ok((newest, id));
    }
    // The id is unknown in either sense: one in the form of the platform's ids is taken to be a prediction's.
    if given.by == By::Either && matches!(by_id, Key::Uuid(_)) {
        return Ok((by_id, Some(given.id.clone())));
    }
    Ok((Key::own_id(&given.id), None))
}

/// Joins a label that waited for the first prediction of a row to this prediction, which is the first. A label that waited
/// for the prediction's own id takes precedence.
pub(super) fn join_waiting(
    commit: &mut Commit<'_>,
    own_id: &str,
    key: &Key,
    id: Id<'_>,
) -> Result<(), StoreError> {
    let waits = Key::own_id(own_id);
    if !commit.wait_no_more(waits.bytes())? {
        return Ok(());
    }
    let found = commit.labels.remove(waits.bytes())?;
    let found = found.map(|bytes| read(bytes.value())).transpose()?;
    let Some(waited) = found else {
        return Ok(());
    };
    match label_of(commit, key)? {
        None => keep(commit, key, id, &waited.label, false),
        Some(label) if label == waited.label => Ok(()),
        Some(label) => reject(commit, own_id, id, &waited.label, &label),
    }
}

/// Drops a label that was acknowledged while it waited and contradicts the label of its prediction, and stores an
/// event that names both. A client that sends the label again, even with `correct`, gets the response for a
/// direct contradiction or correction.
fn reject(
    commit: &mut Commit<'_>,
    own_id: &str,
    id: Id<'_>,
    label: &Label,
    conflict: &Label,
) -> Result<(), StoreError> {
    tracing::warn!(
        %id,
        key = own_id,
        %label,
        stored = %conflict,
        "labels: a waiting label contradicts the label of its prediction; the prediction keeps its label"
    );
    let event = LabelEvent {
        label: Cow::Borrowed(label),
        correct: false,
        own_id: Some(own_id.into()),
        conflict: Some(Cow::Borrowed(conflict)),
    };
    commit.append(commit.now, id, &Event::LabelExpired(event))?;
    commit.conflicts += 1;
    Ok(())
}

fn status(before: Option<&Label>, given: &Given, known: bool) -> Status {
    match before {
        Some(label) if *label == given.label && known => Status::Repeated,
        Some(label) if *label != given.label && !given.correct => Status::Conflict(label.clone()),
        Some(label) if *label != given.label && known => Status::Corrected,
        None if known => Status::Joined,
        _ => Status::Waiting,
    }
}

fn one(commit: &mut Commit<'_>, given: &Given) -> Result<Done, StoreError> {
    let (key, id) = resolve(commit, given)?;
    let before = label_of(commit, &key)?;
    let status = status(before.as_ref(), given, commit.knows(&key)?);
    let is_new = before.as_ref() != Some(&given.label);
    if is_new && !matches!(status, Status::Conflict(_)) {
        match &id {
            Some(id) => keep(commit, &key, Id::of(id), &given.label, before.is_some())?,
            // The label event is written once its prediction is known.
            None => put(commit, &key, &given.label, 0)?,
        }
    }
    if matches!(status, Status::Waiting) && before.is_none() {
        commit.wait_for(&key)?;
    }
    Ok(Done { id, status })
}

fn keep(
    commit: &mut Commit<'_>,
    key: &Key,
    id: Id<'_>,
    label: &Label,
    correct: bool,
) -> Result<(), StoreError> {
    let event = LabelEvent {
        label: Cow::Borrowed(label),
        correct,
        own_id: None,
        conflict: None,
    };
    let seq = commit.append(commit.now, id, &Event::Label(event))?;
    put(commit, key, label, seq)
}

fn put(commit: &mut Commit<'_>, key: &Key, label: &Label, seq: u64) -> Result<(), StoreError> {
    let stored = StoredLabel {
        label: label.clone(),
        time: commit.now.as_microsecond(),
        seq,
    };
    commit.labels.insert(key.bytes(), &*encode(&stored))?;
    Ok(())
}

/// The current label: the one submitted last, or else the one that the stored row carried.
fn label_of(commit: &mut Commit<'_>, key: &Key) -> Result<Option<Label>, StoreError> {
    let told = commit.labels.get(key.bytes())?;
    let told = told.map(|told| read(told.value())).transpose()?;
    match told {
        Some(told) => Ok(Some(told.label)),
        None => rows::brought(commit, key),
    }
}

/// Encodes a label as `time · seq · label`. Revision 4 and earlier stored a JSON object.
fn encode(stored: &StoredLabel) -> Vec<u8> {
    let mut out = vec![TRUTH];
    put_signed(stored.time, &mut out);
    put_varint(stored.seq, &mut out);
    put_scalar(&stored.label.scalar(), &mut out);
    out
}

fn decode(bytes: &[u8]) -> Option<StoredLabel> {
    let mut reader = Reader(bytes.strip_prefix(&[TRUTH])?);
    let stored = StoredLabel {
        time: reader.signed()?,
        seq: reader.varint()?,
        label: take_label(&mut reader)?,
    };
    reader.is_empty().then_some(stored)
}

/// Decodes a stored label of either form.
pub(super) fn read(bytes: &[u8]) -> Result<StoredLabel, StoreError> {
    let stored = match bytes.starts_with(b"{") {
        true => serde_json::from_slice(bytes).ok(),
        false => decode(bytes),
    };
    stored.ok_or_else(|| StoreError::Damaged("a label cannot be read".into()))
}

/// Expires labels that have waited since before `since`; returns their number.
pub(super) fn expire(commit: &mut Commit<'_>, since: Timestamp) -> Result<usize, StoreError> {
    let mut gone = Vec::new();
    for entry in commit.waiting.iter()? {
        let (key, waits) = entry?;
        if waits.value() < since.as_microsecond() {
            gone.push(key.value().to_vec());
        }
    }
    for key in &gone {
        commit.wait_no_more(key)?;
        let label = commit.labels.remove(&**key)?.map(|l| read(l.value()));
        let Some(stored) = label.transpose()? else {
            continue;
        };
        let event = LabelEvent {
            label: Cow::Borrowed(&stored.label),
            correct: false,
            own_id: own_id_of(key).map(Into::into),
            conflict: None,
        };
        let id = id_of(key).unwrap_or_default();
        commit.append(commit.now, Id::of(&id), &Event::LabelExpired(event))?;
    }
    Ok(gone.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_read_in_the_form_it_was_stored_in() {
        let stored = StoredLabel {
            label: Label::Text("yes".into()),
            time: 1_800_000_000_000_000,
            seq: 7_000_000,
        };
        let bytes = encode(&stored);
        assert_eq!(bytes.len(), 1 + 8 + 4 + 4);
        assert_eq!(read(&bytes), Ok(stored.clone()));
        let json = br#"{"label":"yes","time":1800000000000000,"seq":7000000}"#;
        assert_eq!(read(json), Ok(stored));
        for end in 0..bytes.len() {
            assert!(matches!(read(&bytes[..end]), Err(StoreError::Damaged(_))));
        }
    }
}
