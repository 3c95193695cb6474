//! Rows that clients or sources submit; each is stored once.

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
use crate::schema::Rejected;
use crate::schema::column::Label;
use crate::telemetry::metrics::{Metrics, RowStatus, Transport};

/// A rejected row in quarantine.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "QuarantinedRow")]
pub struct Quarantined {
    /// Id of the row.
    pub id: String,
    #[serde(flatten)]
    pub rejected: Rejected,
}

impl Quarantined {
    /// Key by which the same invalid row is recognized when its source is read again. It leaves out the id, which
    /// is new each time.
    fn key(&self) -> Vec<u8> {
        let Rejected {
            source,
            line,
            column,
            value,
            reason,
            row,
        } = &self.rejected;
        let what = serde_json::json!([source, line, column, value, reason, row]);
        let mut key = b"quarantine".to_vec();
        key.extend_from_slice(&Sha256::digest(what.to_string())[..16]);
        key
    }
}

/// Rows of one request, or of one chunk of a source.
#[derive(Clone, Debug, Default)]
pub struct NewRows {
    /// Valid rows.
    pub rows: Vec<NewRow>,
    /// Invalid rows.
    pub quarantined: Vec<Quarantined>,
    /// The idempotency key of the request and the digest of its body.
    pub request: Option<(String, String)>,
    /// The name of the source, and the position up to which it is read after this batch.
    pub cursor: Option<(String, String)>,
    /// The transport by which the rows reached the platform.
    pub transport: Transport,
}

/// What happened to the rows of a batch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StoredRows {
    /// Number of rows that are new and stored.
    pub stored: usize,
    /// Number of rows that were stored or quarantined before.
    pub repeated: usize,
    /// Number of rows that are newly quarantined.
    pub quarantined: usize,
    /// Ids of the valid rows in the store, in the order of the batch; for a row that was stored before, its existing id.
    pub ids: Vec<String>,
}

/// The result of storing a batch.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// The batch is stored, by this request or by an earlier one with the same idempotency key.
    Stored(StoredRows),
    /// The idempotency key was used before with another body.
    OtherBody,
}

impl Outcome {
    /// What happened to the rows of a source's batch, which has no idempotency key.
    pub fn of_source(self) -> StoredRows {
        match self {
            Outcome::Stored(stored) => stored,
            Outcome::OtherBody => StoredRows::default(),
        }
    }

    /// Adds the rows to the metrics.
    pub(super) fn count(&self, metrics: &Metrics) {
        let Outcome::Stored(stored) = self else {
            return;
        };
        for (status, count) in [
            (RowStatus::Stored, stored.stored),
            (RowStatus::Repeated, stored.repeated),
            (RowStatus::Quarantined, stored.quarantined),
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
    #[serde(rename = "taken")]
    stored: StoredRows,
}

/// The label that a row brought with it; none for a prediction or an unlabelled row.
pub(super) fn brought(commit: &mut Commit<'_>, key: &Key) -> Result<Option<Label>, StoreError> {
    let Some(Found { seq, is_row }) = commit.find(key)? else {
        return Ok(None);
    };
    // This runs for the first label of every prediction, so it avoids reading the prediction's block. Rows that revision 4
    // and earlier stored are not marked in the index of ids, but they are in `row_seqs`.
    if !is_row && commit.row_seqs.get(seq)?.is_none() {
        return Ok(None);
    }
    let label = commit.event(seq, |record| record.own_label().cloned())?;
    label.ok_or_else(|| StoreError::Damaged(format!("event {seq}, a row, is gone")))
}

/// Stores a batch of rows.
pub(super) fn take(commit: &mut Commit<'_>, batch: &NewRows) -> Result<Outcome, StoreError> {
    if let Some((name, digest)) = &batch.request {
        let before = commit.requests.get(&**name)?;
        let before = before.map(|bytes| serde_json::from_slice::<Request>(bytes.value()));
        match before.transpose() {
            Ok(Some(before)) if before.digest == *digest => {
                return Ok(Outcome::Stored(before.stored));
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
    let mut stored = StoredRows::default();
    for row in &batch.rows {
        one(commit, row, batch.transport, &mut stored)?;
    }
    for bad in &batch.quarantined {
        match put_aside(commit, bad, batch.transport)? {
            true => stored.quarantined += 1,
            false => stored.repeated += 1,
        }
    }
    if let Some((name, digest)) = &batch.request {
        let request = Request {
            digest: digest.clone(),
            time: commit.now.as_microsecond(),
            stored: stored.clone(),
        };
        let bytes = serde_json::to_vec(&request).expect("its keys are text");
        commit.requests.insert(&**name, &*bytes)?;
    }
    if let Some((source, cursor)) = &batch.cursor {
        commit.cursors.insert(&**source, &**cursor)?;
    }
    Ok(Outcome::Stored(stored))
}

/// The idempotency keys of requests older than `since`.
pub(super) fn requests_before(
    snapshot: &redb::ReadTransaction,
    since: Timestamp,
) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    for entry in snapshot.open_table(REQUESTS)?.iter()? {
        let (key, bytes) = entry?;
        // A damaged entry is of no use, so it is removed as well.
        let request = serde_json::from_slice::<Request>(bytes.value());
        if request.is_err() || request.is_ok_and(|r| r.time < since.as_microsecond()) {
            keys.push(key.value().to_owned());
        }
    }
    Ok(keys)
}

/// The id of a row that is already stored. Release 0.1 and earlier identified rows without an own id by their content alone,
/// so the first of several equal rows of a load may be stored under such a key.
fn known(commit: &Commit<'_>, row: &NewRow, key: &RowKey) -> Result<Option<String>, StoreError> {
    let found = commit.row_of(key)?;
    let may_be_older = row.own_id.is_none() && row.origin.occurrence == 0 && !row.origin.is_named;
    match found {
        None if may_be_older => commit.row_of(&RowKey::by_content(row)),
        found => Ok(found),
    }
}

/// Stores a row that was quarantined before. Without an own id it counts as one more of the equal rows of its source.
pub(super) fn retried(
    commit: &mut Commit<'_>,
    row: &NewRow,
    transport: Transport,
    stored: &mut StoredRows,
) -> Result<(), StoreError> {
    let mut row = row.clone();
    if row.own_id.is_none() {
        while known(commit, &row, &RowKey::of(&row))?.is_some() {
            row.origin.occurrence += 1;
        }
    }
    one(commit, &row, transport, stored)
}

/// Stores one row, unless it is already stored.
pub(super) fn one(
    commit: &mut Commit<'_>,
    row: &NewRow,
    transport: Transport,
    stored: &mut StoredRows,
) -> Result<(), StoreError> {
    let key = RowKey::of(row);
    if let Some(id) = known(commit, row, &key)? {
        stored.repeated += 1;
        stored.ids.push(id);
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
    stored.stored += 1;
    stored.ids.push(row.id.clone());
    Ok(())
}

/// A quarantined row as stored: with the transport it came by, which it retains when it becomes valid later.
#[derive(Serialize)]
struct Aside<'a> {
    #[serde(flatten)]
    bad: &'a Quarantined,
    row: &'a Option<String>,
    transport: Transport,
}

/// The event that a row was quarantined.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    rejected: &'a Rejected,
    transport: Transport,
}

/// Stores a quarantined row, and replaces a previous entry with the same id.
pub(super) fn keep_aside(
    commit: &mut Commit<'_>,
    bad: &Quarantined,
    transport: Transport,
) -> Result<(), StoreError> {
    let row = &bad.rejected.row;
    let aside = Aside {
        bad,
        row,
        transport,
    };
    let bytes = serde_json::to_vec(&aside).expect("its keys are text");
    commit.quarantine.insert(&*bad.id, &*bytes)?;
    Ok(())
}

/// Removes a row from quarantine; returns the transport it came by. Entries of earlier revisions do not name it: it is taken
/// to be REST where the source is `rest`, and otherwise a file.
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

/// Quarantines a row, unless the same row was quarantined before; returns whether it did.
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
    let report = Report {
        rejected: &bad.rejected,
        transport,
    };
    let body = serde_json::to_string(&report).expect("its keys are text");
    let event = Event::Document(Kind::Quarantine, &body);
    let seq = commit.append(commit.now, Id::of(&bad.id), &event)?;
    commit.row_seqs.insert(seq, &*key)?;
    commit.row_keys.insert(&*key, &*bad.id)?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_quarantine_holds_the_raw_row_and_a_report_leaves_it_out() {
        let bad = Quarantined {
            id: "q".into(),
            rejected: Rejected {
                source: "wines.csv".into(),
                line: Some(2),
                column: "acid".into(),
                value: "x".into(),
                reason: "no number".into(),
                row: Some("{}".into()),
            },
        };
        let shown = r#"{"id":"q","source":"wines.csv","line":2,"column":"acid","value":"x","reason":"no number""#;
        let aside = Aside {
            bad: &bad,
            row: &bad.rejected.row,
            transport: Transport::File,
        };
        let stored = serde_json::to_string(&aside).unwrap();
        assert_eq!(
            stored,
            format!(r#"{shown},"row":"{{}}","transport":"file"}}"#)
        );
        assert_eq!(serde_json::from_str::<Quarantined>(&stored).unwrap(), bad);
        assert_eq!(serde_json::to_string(&bad).unwrap(), format!("{shown}}}"));
    }
}
