//! Reading the store: one event by its id, events in order, truths.

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
use super::labels::{self, Truth};
use super::layout::{BLOCKS, CURSORS, Key, LABELS, META, NOTES, OUTBOX, QUARANTINE, WAITING};
use super::rows::Quarantined;

/// What is in the store.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Store")]
pub struct Stats {
    /// Number of the last event.
    pub seq: u64,
    /// Number of the oldest event kept.
    pub oldest: u64,
    /// Events that ever were, by kind.
    #[schemars(with = "std::collections::BTreeMap<String, u64>")]
    pub kinds: IndexMap<String, u64>,
    /// Truths.
    pub labels: u64,
    /// Truths that wait for their prediction.
    pub waiting: u64,
    /// Rows put aside.
    pub quarantine: u64,
    /// Bytes of the events kept, which `store.keep.size` bounds.
    pub event_bytes: u64,
    /// Bytes on the disk.
    pub bytes: u64,
}

/// The store at one moment: what is written meanwhile does not show.
#[derive(Clone, Copy)]
pub struct Snapshot<'t>(&'t ReadTransaction);

impl File {
    /// Looks at the store at one moment. Reads the disk.
    ///
    /// # Errors
    /// When it cannot be read, or what `look` says.
    pub fn snapshot<T>(
        &self,
        look: impl FnOnce(Snapshot<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        self.read(|transaction| look(Snapshot(transaction)))
    }
}

impl Snapshot<'_> {
    /// Number of the last event.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn last(self) -> Result<u64, StoreError> {
        last(self.0)
    }

    /// Events after a number, in order, until `look` has enough.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn after(self, seq: u64, look: impl FnMut(&Record<'_>) -> bool) -> Result<(), StoreError> {
        after(self.0, seq, look)
    }

    /// Every truth, under the key of the id it is of.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn truths(self) -> Result<HashMap<Key, Truth>, StoreError> {
        let mut truths = HashMap::new();
        for entry in self.0.open_table(LABELS)?.iter()? {
            let (key, bytes) = entry?;
            if let Some(key) = Key::of_bytes(key.value()).filter(Key::is_of_id) {
                truths.insert(key, labels::read(bytes.value())?);
            }
        }
        Ok(truths)
    }
}

/// Number of the last event.
pub(super) fn last(transaction: &ReadTransaction) -> Result<u64, StoreError> {
    Ok(transaction
        .open_table(META)?
        .get("seq")?
        .map_or(0, |seq| seq.value()))
}

/// The event of an id, handed to `look`.
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

/// The truth of an id.
pub(super) fn truth(
    transaction: &ReadTransaction,
    id: Id<'_>,
) -> Result<Option<Truth>, StoreError> {
    let labels = transaction.open_table(LABELS)?;
    let kept = labels.get(id.key().bytes())?;
    kept.map(|bytes| labels::read(bytes.value())).transpose()
}

/// Events after a number, in order, handed to `look` until it says that it has enough.
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

/// How far a source was read.
pub(super) fn cursor(
    transaction: &ReadTransaction,
    source: &str,
) -> Result<Option<String>, StoreError> {
    let cursors = transaction.open_table(CURSORS)?;
    Ok(cursors.get(source)?.map(|cursor| cursor.value().to_owned()))
}

/// What a task remembers.
pub(super) fn note(
    transaction: &ReadTransaction,
    name: &str,
) -> Result<Option<String>, StoreError> {
    let notes = transaction.open_table(NOTES)?;
    Ok(notes.get(name)?.map(|note| note.value().to_owned()))
}

/// The outbox, by id.
pub(super) fn outbox(transaction: &ReadTransaction) -> Result<Vec<String>, StoreError> {
    let rows = transaction.open_table(OUTBOX)?;
    rows.iter()?
        .map(|entry| Ok(entry?.1.value().to_owned()))
        .collect()
}

/// Rows put aside, oldest first: their ids begin with their time.
pub(super) fn quarantine(transaction: &ReadTransaction) -> Result<Vec<Quarantined>, StoreError> {
    let rows = transaction.open_table(QUARANTINE)?;
    rows.iter()?.map(|entry| aside(entry?.1.value())).collect()
}

/// Some of them: those after an id, oldest first.
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

/// One of them.
pub(super) fn quarantined(
    transaction: &ReadTransaction,
    id: &str,
) -> Result<Option<Quarantined>, StoreError> {
    let rows = transaction.open_table(QUARANTINE)?;
    let found = rows.get(id)?;
    found.map(|bytes| aside(bytes.value())).transpose()
}

/// The last of them, newest first.
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

/// What is in the store.
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
