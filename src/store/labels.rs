//! Truths that come late: joined to their prediction by its id, whenever they come.

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

/// A truth as it is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Of which prediction: its id, or the key of its row's own id.
    pub id: String,
    /// Which of the two it is.
    pub by: By,
    /// The truth.
    pub label: Label,
    /// Whether it replaces another that came before.
    pub correct: bool,
}

/// By what a label names its prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum By {
    /// The prediction's id.
    Id,
    /// The own id of its row; the newest prediction of that row is meant.
    Key,
    /// Either: a prediction of this id, else the newest of the row with this id of its own.
    Either,
}

/// What became of a label, and of which prediction it is.
#[derive(Clone, Debug, PartialEq)]
pub struct Done {
    /// The prediction's id; none while no prediction of the row is known.
    pub id: Option<String>,
    /// What became of it.
    pub status: Status,
}

/// What became of a truth.
#[derive(Clone, Debug, PartialEq)]
pub enum Status {
    /// It is joined to its prediction.
    Joined,
    /// It was there already.
    Repeated,
    /// It replaces another.
    Corrected,
    /// Its prediction is not known yet.
    Waiting,
    /// Another truth is there, and stays.
    Conflict(Label),
}

impl Status {
    /// Its place among the metrics' labels, whose names are those on the wire.
    pub fn label(&self) -> LabelStatus {
        match self {
            Status::Joined => LabelStatus::Joined,
            Status::Repeated => LabelStatus::Repeated,
            Status::Corrected => LabelStatus::Corrected,
            Status::Waiting => LabelStatus::Waiting,
            Status::Conflict(_) => LabelStatus::Conflict,
        }
    }

    /// Its word on the wire.
    pub fn name(&self) -> &'static str {
        LabelStatus::VALUES[self.label().index()]
    }
}

/// First byte of a truth.
const TRUTH: u8 = 1;

/// A truth as it is kept.
#[derive(Clone, Debug, PartialEq, Deserialize)]
pub struct Truth {
    /// The truth.
    pub label: Label,
    /// When it came, in microseconds.
    pub time: i64,
    /// Number of the event that brought it.
    pub seq: u64,
}

/// Takes labels in. Unless `partial`, one contradiction keeps all of them out; each status tells what is, or would have been.
/// None where more would wait than may: then nothing is taken.
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

/// What would become of each, those before it counting.
fn foresee(commit: &mut Commit<'_>, given: &[Given]) -> Result<Vec<Done>, StoreError> {
    let mut seen: HashMap<Vec<u8>, &Label> = HashMap::new();
    let mut foreseen = Vec::with_capacity(given.len());
    for given in given {
        let (key, id) = resolve(commit, given)?;
        let stored = truth(commit, &key)?;
        let before = seen.get(key.bytes()).copied().or(stored.as_ref());
        let status = status(before, given, commit.knows(&key)?);
        foreseen.push(Done { id, status });
        seen.insert(key.bytes().to_vec(), &given.label);
    }
    Ok(foreseen)
}

/// Keys of the labels that would wait, and do not yet.
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

/// The key that a label stands under, and the id of its prediction where that is known.
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
    // Nothing is known of it: an id of the platform's form is a prediction's.
    if given.by == By::Either && matches!(by_id, Key::Uuid(_)) {
        return Ok((by_id, Some(given.id.clone())));
    }
    Ok((Key::own_id(&given.id), None))
}

/// Joins a label that waited for the first prediction of a row, which is this one. A label that waited for the prediction
/// itself takes precedence.
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
    match truth(commit, key)? {
        None => keep(commit, key, id, &waited.label, false),
        Some(label) if label == waited.label => Ok(()),
        Some(label) => reject(commit, own_id, id, &waited.label, &label),
    }
}

/// Records that a label that was acknowledged while it waited contradicts the one that its prediction has: it is given up,
/// and the event says for which. Whoever sends it again, or with `correct`, gets the response of a direct contradiction.
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
    let before = truth(commit, &key)?;
    let status = status(before.as_ref(), given, commit.knows(&key)?);
    let is_new = before.as_ref() != Some(&given.label);
    if is_new && !matches!(status, Status::Conflict(_)) {
        match &id {
            Some(id) => keep(commit, &key, Id::of(id), &given.label, before.is_some())?,
            // It becomes an event when its prediction is known.
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
    let truth = Truth {
        label: label.clone(),
        time: commit.now.as_microsecond(),
        seq,
    };
    commit.labels.insert(key.bytes(), &*encode(&truth))?;
    Ok(())
}

/// The truth that is there: the one that was told last, else the one a row brought.
fn truth(commit: &mut Commit<'_>, key: &Key) -> Result<Option<Label>, StoreError> {
    let told = commit.labels.get(key.bytes())?;
    let told = told.map(|told| read(told.value())).transpose()?;
    match told {
        Some(told) => Ok(Some(told.label)),
        None => rows::brought(commit, key),
    }
}

/// A truth as it is kept: `time · seq · label`. What revision 4 and before kept is a JSON object.
fn encode(truth: &Truth) -> Vec<u8> {
    let mut out = vec![TRUTH];
    put_signed(truth.time, &mut out);
    put_varint(truth.seq, &mut out);
    put_scalar(&truth.label.scalar(), &mut out);
    out
}

fn decode(bytes: &[u8]) -> Option<Truth> {
    let mut reader = Reader(bytes.strip_prefix(&[TRUTH])?);
    let truth = Truth {
        time: reader.signed()?,
        seq: reader.varint()?,
        label: take_label(&mut reader)?,
    };
    reader.is_empty().then_some(truth)
}

/// Reads a truth as it is kept.
pub(super) fn read(bytes: &[u8]) -> Result<Truth, StoreError> {
    let truth = match bytes.starts_with(b"{") {
        true => serde_json::from_slice(bytes).ok(),
        false => decode(bytes),
    };
    truth.ok_or_else(|| StoreError::Damaged("a label cannot be read".into()))
}

/// Gives up truths that wait since before `since`; gives how many.
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
        let Some(truth) = label.transpose()? else {
            continue;
        };
        let event = LabelEvent {
            label: Cow::Borrowed(&truth.label),
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
    fn a_truth_is_read_as_it_was_kept_in_either_form() {
        let truth = Truth {
            label: Label::Text("yes".into()),
            time: 1_800_000_000_000_000,
            seq: 7_000_000,
        };
        let bytes = encode(&truth);
        assert_eq!(bytes.len(), 1 + 8 + 4 + 4);
        assert_eq!(read(&bytes), Ok(truth.clone()));
        let json = br#"{"label":"yes","time":1800000000000000,"seq":7000000}"#;
        assert_eq!(read(json), Ok(truth));
        for end in 0..bytes.len() {
            assert!(matches!(read(&bytes[..end]), Err(StoreError::Damaged(_))));
        }
    }
}
