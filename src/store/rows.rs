//! Rows that are handed in, each counted once.

use std::borrow::Cow;

use jiff::Timestamp;
use redb::ReadableTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::commit::Commit;
use super::error::StoreError;
use super::event::{Event, Id, Identity, RowEvent};
use super::ids::Found;
use super::kind::Kind;
use super::layout::{Key, REQUESTS};
use super::row::{NewRow, RowKey};
use crate::schema::column::Label;
use crate::schema::{Row, Schema};
use crate::telemetry::metrics::{Metrics, RowStatus, Transport};

/// A row that breaks the contract, with what is wrong with it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Quarantined {
    /// Its id.
    pub id: String,
    /// Where it came from.
    pub source: String,
    /// Line of its source, the header being 1; none where the source has no lines.
    pub line: Option<u64>,
    /// The column at fault.
    pub column: String,
    /// Its value.
    pub value: String,
    /// What is wrong, and what is allowed.
    pub reason: String,
    /// The row as it came, to be tried again; none where its bounds in the source are unknown.
    pub row: Option<String>,
}

/// A row of the quarantine as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "QuarantinedRow")]
pub struct QuarantinedView {
    /// Its id.
    pub id: String,
    /// Where it came from.
    pub source: String,
    /// Line of its source, the header being 1; none where the source has no lines.
    pub line: Option<u64>,
    /// The column at fault.
    pub column: String,
    /// Its value.
    pub value: String,
    /// What is wrong, and what is allowed.
    pub reason: String,
}

impl From<Quarantined> for QuarantinedView {
    fn from(row: Quarantined) -> QuarantinedView {
        QuarantinedView {
            id: row.id,
            source: row.source,
            line: row.line,
            column: row.column,
            value: row.value,
            reason: row.reason,
        }
    }
}

impl Quarantined {
    /// A row with faults; none where it has none. The first fault names the column, the reason tells of all.
    pub fn of(
        schema: &Schema,
        row: &Row,
        id: String,
        source: &str,
        line: Option<u64>,
    ) -> Option<Quarantined> {
        let first = row.faults.first()?;
        let reasons: Vec<String> = row.faults.iter().map(ToString::to_string).collect();
        Some(Quarantined {
            id,
            source: source.into(),
            line,
            column: first.column.clone(),
            value: first.got.clone(),
            reason: reasons.join("; "),
            row: row.as_it_came(schema),
        })
    }

    /// What makes two of them the same, whenever their source is read again.
    fn key(&self) -> Vec<u8> {
        let Quarantined {
            id: _,
            source,
            line,
            column,
            value,
            reason,
            row,
        } = self;
        let what = serde_json::json!([source, line, column, value, reason, row]);
        let mut key = b"quarantine".to_vec();
        key.extend_from_slice(&Sha256::digest(what.to_string())[..16]);
        key
    }
}

/// Rows of one request, or one piece of a source.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Those that are good.
    pub rows: Vec<NewRow>,
    /// Those that are not.
    pub quarantined: Vec<Quarantined>,
    /// The request's own key with the digest of its body: the same key again is the same request.
    pub request: Option<(String, String)>,
    /// The source that is read, and how far it is with these.
    pub cursor: Option<(String, String)>,
    /// How they reached the platform.
    pub transport: Transport,
}

/// What became of them.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Taken {
    /// New rows.
    pub stored: usize,
    /// Rows that were there already, in quarantine or not.
    pub repeated: usize,
    /// Rows that are new in quarantine.
    pub quarantined: usize,
    /// Ids in the store, in the rows' order; of a row that was there already, the one it has.
    pub ids: Vec<String>,
}

/// What a batch came to.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was taken, now or before.
    Taken(Taken),
    /// The key was given to another body before.
    OtherBody,
}

impl Outcome {
    /// Counts its rows.
    pub(super) fn count(&self, metrics: &Metrics) {
        let Outcome::Taken(taken) = self else {
            return;
        };
        for (status, count) in [
            (RowStatus::Stored, taken.stored),
            (RowStatus::Repeated, taken.repeated),
            (RowStatus::Quarantined, taken.quarantined),
        ] {
            metrics
                .titanic_rows_total
                .of(status)
                .increment(count as u64);
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Request {
    digest: String,
    time: i64,
    taken: Taken,
}

/// The label that a row brought; none for a prediction.
pub(super) fn brought(commit: &mut Commit<'_>, key: &Key) -> Result<Option<Label>, StoreError> {
    let Some(Found { seq, is_row }) = commit.find(key)? else {
        return Ok(None);
    };
    // Runs for every first label of a prediction: its block need not be read for that. Of a row that revision 4 or before
    // stored, the other index knows that it is one.
    if !is_row && commit.row_seqs.get(seq)?.is_none() {
        return Ok(None);
    }
    let label = commit.event(seq, |record| record.own_label().cloned())?;
    label.ok_or_else(|| StoreError::Damaged(format!("event {seq}, a row, is gone")))
}

/// Takes a batch in.
pub(super) fn take(commit: &mut Commit<'_>, batch: &Batch) -> Result<Outcome, StoreError> {
    if let Some((name, digest)) = &batch.request {
        let before = commit.requests.get(&**name)?;
        let before = before.map(|bytes| serde_json::from_slice::<Request>(bytes.value()));
        match before.transpose() {
            Ok(Some(before)) if before.digest == *digest => {
                return Ok(Outcome::Taken(before.taken));
            }
            Ok(Some(_)) => return Ok(Outcome::OtherBody),
            Ok(None) => {}
            Err(e) => {
                return Err(StoreError::Damaged(format!(
                    "a request cannot be read: {e}"
                )));
            }
        }
    }
    let mut taken = Taken::default();
    for row in &batch.rows {
        one(commit, row, batch.transport, &mut taken)?;
    }
    for bad in &batch.quarantined {
        match put_aside(commit, bad, batch.transport)? {
            true => taken.quarantined += 1,
            false => taken.repeated += 1,
        }
    }
    if let Some((name, digest)) = &batch.request {
        let request = Request {
            digest: digest.clone(),
            time: commit.now.as_microsecond(),
            taken: taken.clone(),
        };
        let bytes = serde_json::to_vec(&request).expect("its keys are text");
        commit.requests.insert(&**name, &*bytes)?;
    }
    if let Some((source, cursor)) = &batch.cursor {
        commit.cursors.insert(&**source, &**cursor)?;
    }
    Ok(Outcome::Taken(taken))
}

/// Keys of requests that were made before a time.
pub(super) fn requests_before(
    snapshot: &redb::ReadTransaction,
    since: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for entry in snapshot.open_table(REQUESTS)?.iter()? {
        let (key, bytes) = entry?;
        // One that is damaged helps nobody either.
        let request = serde_json::from_slice::<Request>(bytes.value());
        if request.is_err() || request.is_ok_and(|r| r.time < since.as_microsecond()) {
            keys.push(key.value().to_owned());
        }
    }
    Ok(keys)
}

/// The id of a row that is there. Up to release 0.1 rows without an id were known by their content alone: the first of equal
/// ones of a load may be there under that.
fn known(commit: &Commit<'_>, row: &NewRow, key: &RowKey) -> Result<Option<String>, StoreError> {
    let found = commit.row_of(key)?;
    let may_be_older = row.own_id.is_none() && row.origin.occurrence == 0 && !row.origin.is_named;
    match found {
        None if may_be_older => commit.row_of(&RowKey::by_content(row)),
        found => Ok(found),
    }
}

/// Stores a row that was quarantined when it came: without an id it comes after all equal rows of its source.
pub(super) fn retried(
    commit: &mut Commit<'_>,
    row: &NewRow,
    transport: Transport,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let mut row = row.clone();
    if row.own_id.is_none() {
        while known(commit, &row, &RowKey::of(&row))?.is_some() {
            row.origin.occurrence += 1;
        }
    }
    one(commit, &row, transport, taken)
}

/// Takes one row in, unless it is there.
pub(super) fn one(
    commit: &mut Commit<'_>,
    row: &NewRow,
    transport: Transport,
    taken: &mut Taken,
) -> Result<(), StoreError> {
    let key = RowKey::of(row);
    if let Some(id) = known(commit, row, &key)? {
        taken.repeated += 1;
        taken.ids.push(id);
        return Ok(());
    }
    let event = RowEvent {
        row: row.row.borrowed(),
        label: row.label.as_ref().map(Cow::Borrowed),
        transport: Some(transport),
        identity: Some(Identity {
            has_own_id: row.own_id.is_some(),
            digest: *key.digest(),
        }),
    };
    let seq = commit.append_known(commit.now, Id::of(&row.id), &Event::Row(event))?;
    commit.rows.insert(key.bytes(), seq)?;
    taken.stored += 1;
    taken.ids.push(row.id.clone());
    Ok(())
}

/// What the store adds to a quarantined row: a row that is good later is stored with the transport it came by.
#[derive(Serialize)]
struct Aside<'a> {
    #[serde(flatten)]
    bad: &'a Quarantined,
    transport: Transport,
}

/// Stores anew what is wrong with a row in quarantine.
pub(super) fn keep_aside(
    commit: &mut Commit<'_>,
    bad: &Quarantined,
    transport: Transport,
) -> Result<(), StoreError> {
    let bytes = serde_json::to_vec(&Aside { bad, transport }).expect("its keys are text");
    commit.quarantine.insert(&*bad.id, &*bytes)?;
    Ok(())
}

/// Takes a row out of quarantine; gives the transport it came by. Entries of an earlier revision do not name it: those that
/// did not come over REST are taken for those of a file.
pub(super) fn out_of_quarantine(
    commit: &mut Commit<'_>,
    id: &str,
) -> Result<Transport, StoreError> {
    #[derive(Deserialize)]
    struct Entry {
        source: String,
        transport: Option<Transport>,
    }
    let bytes = commit.quarantine.remove(id)?;
    let entry = bytes.and_then(|bytes| serde_json::from_slice::<Entry>(bytes.value()).ok());
    Ok(match entry {
        None => Transport::default(),
        Some(entry) if entry.source == "rest" => entry.transport.unwrap_or(Transport::Rest),
        Some(entry) => entry.transport.unwrap_or(Transport::File),
    })
}

/// Quarantines a row, unless it was quarantined when its source was read before; tells whether it did.
fn put_aside(
    commit: &mut Commit<'_>,
    bad: &Quarantined,
    transport: Transport,
) -> Result<bool, StoreError> {
    let key = bad.key();
    if commit.row_keys.get(&*key)?.is_some() {
        return Ok(false);
    }
    keep_aside(commit, bad, transport)?;
    let Quarantined {
        source,
        line,
        column,
        value,
        reason,
        ..
    } = bad;
    let body = serde_json::json!({"source": source, "line": line, "column": column, "value": value, "reason": reason, "transport": transport});
    let body = body.to_string();
    let event = Event::Document(Kind::Quarantine, &body);
    let seq = commit.append(commit.now, Id::of(&bad.id), &event)?;
    commit.row_seqs.insert(seq, &*key)?;
    commit.row_keys.insert(&*key, &*bad.id)?;
    Ok(true)
}
