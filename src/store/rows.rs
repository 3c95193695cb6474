//! Rows that are handed in, each counted once.

use std::borrow::Cow;
use std::sync::Arc;

use jiff::Timestamp;
use redb::ReadableTable;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::commit::Commit;
use super::error::StoreError;
use super::event::{Event, Id, Identity, RowEvent, StoredRow};
use super::ids::Found;
use super::kind::Kind;
use super::layout::{self, Key, REQUESTS};
use crate::schema::column::Label;
use crate::schema::{Row, RowView, Schema};
use crate::telemetry::metrics::{Metrics, RowStatus, Transport};

/// A row that keeps the contract.
#[derive(Clone, Debug)]
pub struct NewRow {
    /// Its id in the store, new.
    pub id: String,
    /// Its own id in the table, where it has one: part of what makes it the same row as another.
    pub own_id: Option<String>,
    /// The row, with its own id where it has one.
    pub row: StoredRow<'static>,
    /// The label, where the row brings it.
    pub label: Option<Label>,
    /// Where it came from: part of what makes a row without an id the same as another.
    pub origin: Origin,
}

/// Where a row came from, and how many equal rows came from there before it in the same load. Rows without an id of their
/// own are told apart by it: equal rows of one load are different rows, and the same load again brings the same ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The path, the address, or the name of the request.
    pub source: Arc<str>,
    /// Equal rows that came before it.
    pub occurrence: u32,
    /// Whether it came in a request with a name of its own, which no earlier row can have come with.
    pub is_named: bool,
}

impl Origin {
    /// A row of a source.
    pub fn of(source: Arc<str>, occurrence: u32) -> Origin {
        Origin {
            source,
            occurrence,
            is_named: false,
        }
    }
}

/// A row that does not, with what is wrong with it.
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

impl NewRow {
    /// A checked row under a new id; `own_id` and `target` where it brings them.
    pub fn of(
        schema: &Schema,
        row: RowView<'_>,
        own_id: Option<String>,
        target: Option<bool>,
        id: String,
        origin: Origin,
    ) -> NewRow {
        NewRow {
            id,
            row: StoredRow::of(schema, row, own_id.as_deref()),
            own_id,
            label: target.map(|positive| schema.target().label(positive).clone()),
            origin,
        }
    }

    /// The row as one JSON object, with its own id and its label under the target's name.
    pub fn whole(&self, target: &str) -> String {
        let label = self.label.as_ref().map(|label| (target, label.scalar()));
        let mut out = Vec::with_capacity(256);
        self.row.write_json_with(label, &mut out);
        String::from_utf8(out).expect("JSON is text")
    }
}

/// What makes two rows the same: own id, content and label; without an id also where they came from, and which of equal
/// ones they are.
///
/// Half a SHA-256 is enough to tell rows apart. The row's own id stands before it, as far as eight bytes hold it: rows come
/// mostly in the order of their ids, and keys that are neighbours are written to the same pages. In random order every key
/// of a commit costs a page of its own, ten times the rest of a row.
pub(super) struct RowKey([u8; 24]);

impl RowKey {
    fn of(row: &NewRow) -> RowKey {
        let Origin {
            source,
            occurrence,
            is_named: _,
        } = &row.origin;
        match row.own_id {
            Some(_) => RowKey::by_content(row),
            None => RowKey::new(row, |hash| {
                hash.update((source.len() as u64).to_le_bytes());
                hash.update(source.as_bytes());
                hash.update(occurrence.to_le_bytes());
            }),
        }
    }

    /// The key of own id, content and label alone.
    pub(super) fn by_content(row: &NewRow) -> RowKey {
        RowKey::new(row, |_| ())
    }

    fn new(row: &NewRow, more: impl FnOnce(&mut Sha256)) -> RowKey {
        let mut hash = Sha256::new();
        let label = row.label.as_ref().map(ToString::to_string);
        // Stores of every revision hold digests over the JSON of rows.
        let mut json = Vec::with_capacity(256);
        match row.own_id {
            Some(_) => row.row.write_rest(&mut json),
            None => row.row.write_json(&mut json),
        }
        let own_id = row.own_id.as_deref().map(str::as_bytes);
        let label = label.as_deref().map(str::as_bytes);
        for part in [own_id, Some(&*json), label] {
            let part = part.unwrap_or(b"\0");
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        more(&mut hash);
        let mut digest = [0; 16];
        digest.copy_from_slice(&hash.finalize()[..16]);
        RowKey::with(row.own_id.as_deref(), digest)
    }

    fn with(own_id: Option<&str>, digest: [u8; 16]) -> RowKey {
        let mut key = [0; 24];
        key[..8].copy_from_slice(&layout::order(own_id.unwrap_or_default()));
        key[8..].copy_from_slice(&digest);
        RowKey(key)
    }

    /// The key of a row that is stored; none where an earlier revision stored it, which keeps it beside the event.
    pub(super) fn of_stored(row: &RowEvent<'_>) -> Option<RowKey> {
        let Identity { has_own_id, digest } = row.identity?;
        let own_id = row.row.first().filter(|_| has_own_id);
        Some(RowKey::with(own_id.as_deref(), digest))
    }

    /// The key.
    pub(super) fn bytes(&self) -> &[u8; 24] {
        &self.0
    }

    /// The key as stores had it that were made before the own id stood in it.
    pub(super) fn digest(&self) -> &[u8; 16] {
        self.0.last_chunk().expect("a key is longer")
    }
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
