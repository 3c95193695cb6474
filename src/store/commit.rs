//! One commit: a batch of events under the next sequence numbers, with their indices, in one transaction.

use jiff::Timestamp;
use redb::{ReadableTable, ReadableTableMetadata, Table, WriteTransaction};

use super::block;
use super::error::StoreError;
use super::event::{Event, Id, Record};
use super::file::File;
use super::ids::{Found, NewIds};
use super::kind::{self, Kind};
use super::layout::{
    self, BLOCKS, CURSORS, Key, LABELS, META, NEWEST, NOTES, ORDERED, OUTBOX, OWN_IDS, QUARANTINE,
    REQUESTS, ROW_KEYS, ROW_SEQS, ROWS, WAITING,
};
use super::row::RowKey;

/// Maximum bytes of a block with more than one event, some 170 predictions. It fills a database page (sizes are powers of
/// two) less the page's own header. With longer blocks the last, partly filled block of a commit wastes more; with shorter
/// ones the column names that each block repeats weigh more. A block is always read as a whole.
const BLOCK: usize = (16 << 10) - 32;

/// How many events of each kind a commit wrote.
pub(super) type Counts = Vec<(Kind, u64)>;

/// Runs `work` in one transaction. When this returns, the transaction is on disk, or on error has left no trace.
pub(super) fn within<T>(
    file: &File,
    now: Timestamp,
    work: impl FnOnce(&mut Commit<'_>) -> Result<T, StoreError>,
) -> Result<(T, Counts), StoreError> {
    file.write(|transaction| {
        let mut commit = Commit::begin(transaction, now)?;
        let done = work(&mut commit)?;
        Ok((done, commit.finish()?))
    })
}

/// A commit in progress.
pub(super) struct Commit<'t> {
    /// The time of events that carry no time of their own.
    pub(super) now: Timestamp,
    ids: NewIds<'t>,
    pub(super) labels: Table<'t, &'static [u8], &'static [u8]>,
    pub(super) waiting: Table<'t, &'static [u8], i64>,
    /// Whether any label waits; if not, predictions need not search for theirs.
    pub(super) has_waiting: bool,
    newest: Table<'t, &'static [u8], u64>,
    own_ids: Table<'t, &'static [u8], (u64, &'static [u8])>,
    pub(super) rows: Table<'t, &'static [u8; 24], u64>,
    pub(super) row_keys: Table<'t, &'static [u8], &'static str>,
    /// Whether the store may hold row keys of an early release, which are the digest alone.
    has_digests: bool,
    pub(super) row_seqs: Table<'t, u64, &'static [u8]>,
    pub(super) requests: Table<'t, &'static str, &'static [u8]>,
    pub(super) quarantine: Table<'t, &'static str, &'static [u8]>,
    pub(super) cursors: Table<'t, &'static str, &'static str>,
    pub(super) notes: Table<'t, &'static str, &'static str>,
    pub(super) outbox: Table<'t, &'static str, &'static str>,
    pub(super) blocks: Table<'t, u64, &'static [u8]>,
    meta: Table<'t, &'static str, u64>,
    first: u64,
    seq: u64,
    block: block::Writer,
    counts: Counts,
    /// Number of waiting labels that contradicted the label their prediction already had.
    pub(super) conflicts: u64,
}

impl<'t> Commit<'t> {
    fn begin(transaction: &'t WriteTransaction, now: Timestamp) -> Result<Commit<'t>, StoreError> {
        let meta = transaction.open_table(META)?;
        let seq = meta.get("seq")?.map_or(0, |seq| seq.value());
        let has_digests = meta.get(ORDERED)?.is_none();
        let waiting = transaction.open_table(WAITING)?;
        Ok(Commit {
            now,
            ids: NewIds::of(transaction)?,
            labels: transaction.open_table(LABELS)?,
            has_waiting: !waiting.is_empty()?,
            waiting,
            newest: transaction.open_table(NEWEST)?,
            own_ids: transaction.open_table(OWN_IDS)?,
            rows: transaction.open_table(ROWS)?,
            row_keys: transaction.open_table(ROW_KEYS)?,
            has_digests,
            row_seqs: transaction.open_table(ROW_SEQS)?,
            requests: transaction.open_table(REQUESTS)?,
            quarantine: transaction.open_table(QUARANTINE)?,
            cursors: transaction.open_table(CURSORS)?,
            notes: transaction.open_table(NOTES)?,
            outbox: transaction.open_table(OUTBOX)?,
            blocks: transaction.open_table(BLOCKS)?,
            meta,
            first: seq + 1,
            seq,
            block: block::Writer::default(),
            counts: Vec::new(),
            conflicts: 0,
        })
    }

    /// Appends an event; returns its sequence number.
    pub(super) fn append(
        &mut self,
        time: Timestamp,
        id: Id<'_>,
        event: &Event<'_>,
    ) -> Result<u64, StoreError> {
        let place = self.block.place();
        self.block.push(time, id, event);
        if self.block.bytes().len() > BLOCK && !place.is_first() {
            self.block.go_back(place);
            self.cut()?;
            self.block.push(time, id, event);
        }
        let kind = event.kind();
        match self.counts.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, count)) => *count += 1,
            None => self.counts.push((kind, 1)),
        }
        self.seq += 1;
        Ok(self.seq)
    }

    /// Appends an event and adds its id to the index of ids; returns its sequence number.
    pub(super) fn append_known(
        &mut self,
        time: Timestamp,
        id: Id<'_>,
        event: &Event<'_>,
    ) -> Result<u64, StoreError> {
        let seq = self.append(time, id, event)?;
        let is_row = event.kind() == Kind::Row;
        self.ids.add(&id.key(), Found { seq, is_row })?;
        Ok(seq)
    }

    /// Whether a prediction or a row with this id is stored.
    pub(super) fn knows(&mut self, key: &Key) -> Result<bool, StoreError> {
        Ok(self.find(key)?.is_some())
    }

    /// Finds the event of the prediction or row with this id; none where it is not stored.
    pub(super) fn find(&mut self, key: &Key) -> Result<Option<Found>, StoreError> {
        let oldest = self.oldest()?;
        Ok(self.ids.find(key)?.filter(|found| found.seq >= oldest))
    }

    /// Sequence number of the oldest stored event.
    fn oldest(&self) -> Result<u64, StoreError> {
        let oldest = self.blocks.first()?.map(|(first, _)| first.value());
        Ok(oldest.unwrap_or(self.first))
    }

    /// Key of the newest prediction of the row with this own id.
    pub(super) fn newest_of(&self, own_id: &str) -> Result<Option<Key>, StoreError> {
        let oldest = self.oldest()?;
        let seq = self.newest.get(&*layout::newest_key(own_id))?;
        if let Some(seq) = seq.map(|seq| seq.value()) {
            return match seq >= oldest {
                true => self.event(seq, |record| record.id.key()),
                false => Ok(None),
            };
        }
        let found = self.own_ids.get(&*layout::own_id_key(own_id))?;
        Ok(found.and_then(|found| {
            let (seq, key) = found.value();
            Key::of_bytes(key).filter(|_| seq >= oldest)
        }))
    }

    /// Records a prediction as the newest of its row.
    pub(super) fn set_newest(&mut self, own_id: &str, seq: u64) -> Result<(), StoreError> {
        self.newest.insert(&*layout::newest_key(own_id), seq)?;
        if !self.own_ids.is_empty()? {
            self.own_ids.remove(&*layout::own_id_key(own_id))?;
        }
        Ok(())
    }

    /// Removes the newest prediction of a row from the index, if it is the event `seq`.
    pub(super) fn forget_newest(&mut self, own_id: &str, seq: u64) -> Result<(), StoreError> {
        let key = layout::newest_key(own_id);
        if self.newest.get(&*key)?.map(|found| found.value()) == Some(seq) {
            self.newest.remove(&*key)?;
        }
        let key = layout::own_id_key(own_id);
        if self.own_ids.get(&*key)?.map(|found| found.value().0) == Some(seq) {
            self.own_ids.remove(&*key)?;
        }
        Ok(())
    }

    /// Removes the id of an event that is being dropped; returns whether the index had it for that event.
    pub(super) fn forget_id(&mut self, key: &Key, seq: u64) -> Result<bool, StoreError> {
        self.ids.forget(key, seq)
    }

    /// The id of a stored row.
    pub(super) fn row_of(&self, key: &RowKey) -> Result<Option<String>, StoreError> {
        if let Some(seq) = self.rows.get(key.bytes())?.map(|seq| seq.value()) {
            return self.event(seq, |record| record.id.to_string());
        }
        let mut found = self.row_keys.get(&key.bytes()[..])?;
        if found.is_none() && self.has_digests {
            found = self.row_keys.get(&key.digest()[..])?;
        }
        Ok(found.map(|id| id.value().to_owned()))
    }

    /// Passes the event with a sequence number to `look`; returns none where retention has dropped the event.
    pub(super) fn event<T>(
        &self,
        seq: u64,
        look: impl FnOnce(&Record<'_>) -> T,
    ) -> Result<Option<T>, StoreError> {
        if seq >= self.first {
            return block::find(self.first, self.block.bytes(), seq, look);
        }
        match self.blocks.range(..=seq)?.next_back() {
            None => Ok(None),
            Some(entry) => {
                let (first, bytes) = entry?;
                block::find(first.value(), bytes.value(), seq, look)
            }
        }
    }

    /// Writes the current block and starts another.
    fn cut(&mut self) -> Result<(), StoreError> {
        let block = self.block.bytes();
        if block.is_empty() {
            return Ok(());
        }
        self.blocks.insert(self.first, block)?;
        let bytes = self.bytes()? + block.len() as u64;
        self.meta.insert("bytes", bytes)?;
        self.block.clear();
        self.first = self.seq + 1;
        Ok(())
    }

    /// A number from the [`META`] table; 0 where it is missing.
    pub(super) fn fact(&self, name: &str) -> Result<u64, StoreError> {
        Ok(self.meta.get(name)?.map_or(0, |fact| fact.value()))
    }

    pub(super) fn set_fact(&mut self, name: &'static str, fact: u64) -> Result<(), StoreError> {
        self.meta.insert(name, fact)?;
        Ok(())
    }

    /// Total bytes of all written blocks.
    pub(super) fn bytes(&self) -> Result<u64, StoreError> {
        Ok(self.meta.get("bytes")?.map_or(0, |bytes| bytes.value()))
    }

    /// Removes a block and returns its bytes.
    pub(super) fn take_block(&mut self, first: u64) -> Result<Vec<u8>, StoreError> {
        let block = self.blocks.remove(first)?;
        let block = block.map_or_else(Vec::new, |block| block.value().to_vec());
        let left = self.bytes()?.saturating_sub(block.len() as u64);
        self.meta.insert("bytes", left)?;
        Ok(block)
    }

    /// Writes the appended events and counters into the transaction, which the caller still has to commit.
    fn finish(mut self) -> Result<Counts, StoreError> {
        self.cut()?;
        self.ids.flush()?;
        if self.counts.is_empty() {
            return Ok(self.counts);
        }
        self.meta.insert("seq", self.seq)?;
        for (kind, count) in &self.counts {
            let before = self.meta.get(kind::name(*kind))?.map_or(0, |n| n.value());
            self.meta.insert(kind::name(*kind), before + count)?;
        }
        Ok(self.counts)
    }
}
