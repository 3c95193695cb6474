//! Truths that come late: joined to their prediction by its id, whenever they come.

use jiff::Timestamp;
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::commit::Commit;
use super::error::StoreError;
use super::kind::Kind;
use super::layout::{Key, key};
use super::rows;
use crate::schema::column::Label;
use crate::telemetry::metrics::{ClosedLabel, LabelStatus};

/// A truth as it is handed in.
#[derive(Clone, Debug, PartialEq)]
pub struct Given {
    /// Of which prediction.
    pub id: String,
    /// The truth.
    pub label: Label,
    /// Whether it replaces another that came before.
    pub correct: bool,
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

/// A truth as it is kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Truth {
    /// The truth.
    pub label: Label,
    /// When it came, in microseconds.
    pub time: i64,
    /// Number of the event that brought it.
    pub seq: u64,
}

#[derive(Serialize)]
struct Told<'a> {
    label: &'a Label,
    correct: bool,
}

/// Takes truths in. Unless `partial`, one contradiction keeps all of them out; each status tells what is, or would have been.
pub(super) fn take(
    commit: &mut Commit<'_>,
    given: &[Given],
    partial: bool,
) -> Result<Vec<Status>, StoreError> {
    if !partial {
        let statuses = foresee(commit, given)?;
        if statuses.iter().any(|s| matches!(s, Status::Conflict(_))) {
            return Ok(statuses);
        }
    }
    given.iter().map(|given| one(commit, given)).collect()
}

/// What would become of each, those before it counting.
fn foresee(commit: &mut Commit<'_>, given: &[Given]) -> Result<Vec<Status>, StoreError> {
    let mut seen: std::collections::HashMap<&str, &Label> = Default::default();
    let mut statuses = Vec::with_capacity(given.len());
    for given in given {
        let key = key(&given.id);
        let stored = truth(commit, &key)?;
        let before = seen.get(&*given.id).copied().or(stored.as_ref());
        statuses.push(status(before, given, commit.knows(&key)?));
        seen.insert(&given.id, &given.label);
    }
    Ok(statuses)
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

fn one(commit: &mut Commit<'_>, given: &Given) -> Result<Status, StoreError> {
    let key = key(&given.id);
    let before = truth(commit, &key)?;
    let status = status(before.as_ref(), given, commit.knows(&key)?);
    let is_new = before.as_ref() != Some(&given.label);
    if is_new && !matches!(status, Status::Conflict(_)) {
        keep(commit, &key, given, before.is_some())?;
    }
    if matches!(status, Status::Waiting) && before.is_none() {
        let now = commit.now.as_microsecond();
        commit.waiting.insert(key.bytes(), now)?;
        commit.has_waiting = true;
    }
    Ok(status)
}

fn keep(
    commit: &mut Commit<'_>,
    key: &Key,
    given: &Given,
    correct: bool,
) -> Result<(), StoreError> {
    let told = Told {
        label: &given.label,
        correct,
    };
    let body = serde_json::to_string(&told).expect("its keys are text");
    let seq = commit.append(commit.now, Kind::Label, &given.id, &body)?;
    let truth = Truth {
        label: given.label.clone(),
        time: commit.now.as_microsecond(),
        seq,
    };
    let bytes = serde_json::to_vec(&truth).expect("its keys are text");
    commit.labels.insert(key.bytes(), &*bytes)?;
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

/// Reads a truth as it is kept.
pub(super) fn read(bytes: &[u8]) -> Result<Truth, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|e| StoreError::Unreadable(format!("a label is damaged: {e}")))
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
        commit.waiting.remove(&**key)?;
        let label = commit.labels.remove(&**key)?.map(|l| read(l.value()));
        let Some(truth) = label.transpose()? else {
            continue;
        };
        let told = Told {
            label: &truth.label,
            correct: false,
        };
        let body = serde_json::to_string(&told).expect("its keys are text");
        let id = super::layout::id_of(key).unwrap_or_default();
        commit.append(commit.now, Kind::LabelExpired, &id, &body)?;
    }
    Ok(gone.len())
}
