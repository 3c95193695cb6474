//! Reading the store: one event by its id, events in order, labels.

use std::collections::HashMap;

use indexmap::IndexMap;
use redb::{ReadTransaction, ReadableTable};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::block;
use super::error::StoreError;
use super::event::{Id, Record};
use super::file::File;
use super::ids::KeptIds;
use super::kind;
use super::labels::{self, StoredLabel};
use super::layout::{BLOCKS, CURSORS, Key, LABELS, META, NOTES, OUTBOX, QUARANTINE, WAITING};
use super::rows::Quarantined;

/// Statistics of the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Store")]
pub struct Stats {
    /// Sequence number of the last event.
    pub seq: u64,
    /// Sequence number of the oldest stored event.
    pub oldest: u64,
    /// Number of events ever stored, by kind.
    #[schemars(with = "std::collections::BTreeMap<String, u64>")]
    pub kinds: IndexMap<String, u64>,
    /// Stored labels.
    pub labels: u64,
    /// Labels that wait for their prediction.
    pub waiting: u64,
    /// Quarantined rows.
    pub quarantine: u64,
    /// Bytes of the stored events, which `store.keep.size` limits.
    pub event_bytes: u64,
    /// Size of the file in bytes.
    pub bytes: u64,
}

/// A consistent view of the store at one moment; later writes are not visible in it.
#[derive(Clone, Copy)]
pub struct Snapshot<'t>(&'t ReadTransaction);

impl File {
    /// Runs `look` on a snapshot. Blocks on the disk.
    pub fn snapshot<T>(
        &self,
        look: impl FnOnce(Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read(|transaction| look(Snapshot(transaction)))
    }

    /// Passes the prediction or row with this id and its label to `look`; returns none where the id is unknown.
    pub fn event<T>(
        &self,
        id: &str,
        look: impl FnOnce(&Record<'_>, Option<StoredLabel>) -> T,
    ) -> Result<Option<T>, StoreError> {
        self.read(|snapshot| {
            let id = Id::of(id);
            let stored = label_of(snapshot, id)?;
            by_id(snapshot, id, |record| look(record, stored))
        })
    }
}

impl Snapshot<'_> {
    /// Sequence number of the last event.
    pub fn last(self) -> Result<u64, StoreError> {
        last(self.0)
    }

    /// Passes the events after `seq` to `look`, in order, until it returns false.
    pub fn after(self, seq: u64, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
        after(self.0, seq, look)
    }

    /// The label of the prediction or row with this id.
    pub fn label_of(self, id: Id<'_>) -> Result<Option<StoredLabel>, StoreError> {
        label_of(self.0, id)
    }

    /// Every label, by the key of the prediction's or row's id.
    pub fn labels(self) -> Result<HashMap<Key, StoredLabel>, StoreError> {
        let mut labels = HashMap::new();
        for entry in self.0.open_table(LABELS)?.iter()? {
            let (key, bytes) = entry?;
            if let Some(key) = Key::of_bytes(key.value()).filter(Key::is_of_id) {
                labels.insert(key, labels::read(bytes.value())?);
            }
        }
        Ok(labels)
    }
}

pub(super) fn last(transaction: &ReadTransaction) -> Result<u64, StoreError> {
    Ok(transaction
        .open_table(META)?
        .get("seq")?
        .map_or(0, |seq| seq.value()))
}

/// Passes the event of the prediction or row with this id to `look`.
pub(super) fn by_id<T>(
    transaction: &ReadTransaction,
    id: Id<'_>,
    look: impl FnOnce(&Record<'_>) -> T,
) -> Result<Option<T>, StoreError> {
    let Some(found) = KeptIds::of(transaction)?.find(&id.key())? else {
        return Ok(None);
    };
    let seq = found.seq;
    let blocks = transaction.open_table(BLOCKS)?;
    let Some(entry) = blocks.range(..=seq)?.next_back() else {
        return Ok(None);
    };
    let (first, bytes) = entry?;
    block::find(first.value(), bytes.value(), seq, look) // none: retention took it
}

/// The label stored for an id.
pub(super) fn label_of(
    transaction: &ReadTransaction,
    id: Id<'_>,
) -> Result<Option<StoredLabel>, StoreError> {
    let labels = transaction.open_table(LABELS)?;
    let kept = labels.get(id.key().bytes())?;
    kept.map(|bytes| labels::read(bytes.value())).transpose()
}

/// Passes the events after `seq` to `look`, in order, until it returns false.
pub(super) fn after(
    transaction: &ReadTransaction,
    seq: u64,
    mut look: impl FnMut(&Record<'_>) -> bool,
) -> Result<(), StoreError> {
    let blocks = transaction.open_table(BLOCKS)?;
    let begin = match blocks.range(..=seq.saturating_add(1))?.next_back() {
        Some(entry) => entry?.0.value(),
        None => 0,
    };
    for entry in blocks.range(begin..)? {
        let (first, bytes) = entry?;
        let mut entries = block::read(first.value(), bytes.value());
        entries.skip_to(seq.saturating_add(1))?;
        for entry in entries {
            if !look(&entry?.decode()?) {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// The position up to which a source was read.
pub(super) fn cursor(
    transaction: &ReadTransaction,
    source: &str,
) -> Result<Option<String>, StoreError> {
    let cursors = transaction.open_table(CURSORS)?;
    Ok(cursors.get(source)?.map(|cursor| cursor.value().to_owned()))
}

/// The state that a task has stored.
pub(super) fn note(
    transaction: &ReadTransaction,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let notes = transaction.open_table(NOTES)?;
    Ok(notes.get(name)?.map(|note| note.value().to_owned()))
}

/// All notifications of the outbox as JSON, ordered by id.
pub(super) fn outbox(transaction: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let rows = transaction.open_table(OUTBOX)?;
    rows.iter()?
        .map(|entry| Ok(entry?.1.value().to_owned()))
        .collect()
}

/// All quarantined rows, oldest first: their ids begin with their time.
pub(super) fn quarantine(transaction: &ReadTransaction) -> Result<Vec<Quarantined>, StoreError> {
    let rows = transaction.open_table(QUARANTINE)?;
    rows.iter()?.map(|entry| aside(entry?.1.value())).collect()
}

/// At most `most` quarantined rows with an id after `after`, oldest first.
pub(super) fn quarantine_after(
    transaction: &ReadTransaction,
    after: &str,
    most: usize,
) -> Result<Vec<Quarantined>, StoreError> {
    use std::ops::Bound::{Excluded, Unbounded};
    let rows = transaction.open_table(QUARANTINE)?;
    let later = rows.range::<&str>((Excluded(after), Unbounded))?.take(most);
    later.map(|entry| aside(entry?.1.value())).collect()
}

/// The quarantined row with this id.
pub(super) fn quarantined(
    transaction: &ReadTransaction,
    id: &str,
) -> Result<Option<Quarantined>, StoreError> {
    let rows = transaction.open_table(QUARANTINE)?;
    let found = rows.get(id)?;
    found.map(|bytes| aside(bytes.value())).transpose()
}

/// The `most` newest quarantined rows, newest first.
pub(super) fn newest_aside(
    transaction: &ReadTransaction,
    most: usize,
) -> Result<Vec<Quarantined>, StoreError> {
    let rows = transaction.open_table(QUARANTINE)?;
    let newest = rows.iter()?.rev().take(most);
    newest.map(|entry| aside(entry?.1.value())).collect()
}

fn aside(bytes: &[u8]) -> Result<Quarantined, StoreError> {
    serde_json::from_slice(bytes)
        .map_err(|e| StoreError::Damaged(format!("a quarantined row cannot be read: {e}")))
}

pub(super) fn stats(transaction: &ReadTransaction, bytes: u64) -> Result<Stats, StoreError> {
    use redb::ReadableTableMetadata;
    let meta = transaction.open_table(META)?;
    let mut kinds = IndexMap::new();
    for kind in kind::all() {
        let count = meta.get(kind::name(kind))?.map_or(0, |count| count.value());
        kinds.insert(kind::name(kind).to_owned(), count);
    }
    let seq = last(transaction)?;
    let oldest = match transaction.open_table(BLOCKS)?.first()? {
        Some((first, _)) => first.value(),
        None => seq + 1,
    };
    Ok(Stats {
        seq,
        oldest,
        kinds,
        labels: transaction.open_table(LABELS)?.len()?,
        waiting: transaction.open_table(WAITING)?.len()?,
        quarantine: transaction.open_table(QUARANTINE)?.len()?,
        event_bytes: meta.get("bytes")?.map_or(0, |bytes| bytes.value()),
        bytes,
    })
}
