//! The index of ids: at which number the event of a prediction or a row stands.
//!
//! Ids of ours are UUIDs, new ones of version 7 that begin with their time in milliseconds. They come by the thousand, and an
//! entry for each would cost as much as all the rest of a prediction's way to the disk: so those of a commit are sorted and
//! kept in runs, some thirty to an entry. A run spans at most [`SPAN`]; an id is looked for in the runs that begin in the
//! span before it, nearest first, which is the first of them for nearly all. Other ids are an entry each.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, WriteTransaction};
use uuid::Uuid;

use super::error::StoreError;
use super::layout::{IDS, Key, RUNS};

/// Ids of one run: a run is copied as a whole when it is looked at, and some fit on a page.
const RUN: usize = 32;

/// From the first id of a run to its last, in milliseconds: what an id that is not there costs to look for, at any traffic.
const SPAN: u128 = 100;

/// Ids that wait to be sorted; a strict load is one commit, however long.
const MOST_FRESH: usize = 1 << 16;

/// Bits of a UUID after its time.
const AFTER_TIME: u32 = 80;

/// An id and the number of its event, as a run has them.
const ENTRY: usize = 16 + 8;

/// The first entry of a run, by which it is found.
type First = [u8; ENTRY];

/// The index, over tables to read or to write.
pub(super) struct Ids<Singles, Runs> {
    singles: Singles,
    runs: Runs,
}

/// The index of a snapshot.
pub(super) type KeptIds =
    Ids<ReadOnlyTable<&'static [u8], u64>, ReadOnlyTable<&'static First, &'static [u8]>>;

impl KeptIds {
    /// That of `snapshot`.
    pub(super) fn of(snapshot: &ReadTransaction) -> Result<KeptIds, StoreError> {
        Ok(Ids {
            singles: snapshot.open_table(IDS)?,
            runs: snapshot.open_table(RUNS)?,
        })
    }
}

impl<Singles, Runs> Ids<Singles, Runs>
where
    Singles: ReadableTable<&'static [u8], u64>,
    Runs: ReadableTable<&'static First, &'static [u8]>,
{
    /// The number of an id's event. It may be of an event that retention took.
    pub(super) fn find(&self, key: &Key) -> Result<Option<u64>, StoreError> {
        match self.in_run(key, |_, _, seq| seq)? {
            None => Ok(self.singles.get(key.bytes())?.map(|seq| seq.value())),
            found => Ok(found),
        }
    }

    /// Hands the run that holds an id to `look`, with its first entry and the id's number.
    fn in_run<T>(
        &self,
        key: &Key,
        look: impl FnOnce(&First, &[u8], u64) -> T,
    ) -> Result<Option<T>, StoreError> {
        if let Key::Text(_) = key {
            return Ok(None);
        }
        let (earliest, latest) = beginnings(key.bytes());
        let around = self.runs.range::<&[u8; ENTRY]>(&earliest..=&latest)?;
        for entry in around.rev() {
            let (first, run) = entry?;
            if let Some(seq) = seq_in(run.value(), key.bytes()) {
                return Ok(Some(look(first.value(), run.value(), seq)));
            }
        }
        Ok(None)
    }

    /// Hands every id with its number to `look`.
    pub(super) fn each(&self, mut look: impl FnMut(&[u8], u64)) -> Result<(), StoreError> {
        for entry in self.singles.iter()? {
            let (key, seq) = entry?;
            look(key.value(), seq.value());
        }
        for entry in self.runs.iter()? {
            let (_, run) = entry?;
            for (id, seq) in entries(run.value()) {
                look(Key::uuid(Uuid::from_bytes(*id)).bytes(), seq);
            }
        }
        Ok(())
    }
}

/// The index of a transaction.
type OpenIds<'t> = Ids<Table<'t, &'static [u8], u64>, Table<'t, &'static First, &'static [u8]>>;

/// The index in a commit.
pub(super) struct NewIds<'t> {
    kept: OpenIds<'t>,
    fresh: Vec<(u128, u64)>,
}

impl<'t> NewIds<'t> {
    /// That of `transaction`.
    pub(super) fn of(transaction: &'t WriteTransaction) -> Result<NewIds<'t>, StoreError> {
        let kept = Ids {
            singles: transaction.open_table(IDS)?,
            runs: transaction.open_table(RUNS)?,
        };
        let fresh = Vec::new();
        Ok(NewIds { kept, fresh })
    }

    /// Adds an id, which is new.
    pub(super) fn add(&mut self, key: &Key, seq: u64) -> Result<(), StoreError> {
        match key {
            Key::Text(_) => drop(self.kept.singles.insert(key.bytes(), seq)?),
            Key::Uuid(_) => self.fresh.push((number(key.bytes()), seq)),
        }
        if self.fresh.len() >= MOST_FRESH {
            self.flush()?;
        }
        Ok(())
    }

    /// As [`Ids::find`], with the ids of this commit.
    pub(super) fn find(&mut self, key: &Key) -> Result<Option<u64>, StoreError> {
        self.flush()?;
        self.kept.find(key)
    }

    /// Writes what was added. The transaction is still to be committed.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        self.fresh.sort_unstable();
        let mut run = Vec::with_capacity(RUN * ENTRY);
        for (i, (id, seq)) in self.fresh.iter().enumerate() {
            run.extend_from_slice(&id.to_be_bytes());
            run.extend_from_slice(&seq.to_be_bytes());
            let first = self.fresh[i + 1 - run.len() / ENTRY].0;
            let next = self.fresh.get(i + 1).map(|(next, _)| *next);
            let goes_on = next.is_some_and(|next| time(next) - time(first) <= SPAN);
            if run.len() == RUN * ENTRY || !goes_on {
                let key = run.first_chunk().expect("a run has an entry");
                self.kept.runs.insert(key, &*run)?;
                run.clear();
            }
        }
        self.fresh.clear();
        Ok(())
    }

    /// Forgets the id of the event `seq`, if it is of that event; tells whether it was. Events are forgotten in their order:
    /// a run goes with the last of them.
    pub(super) fn forget(&mut self, key: &Key, seq: u64) -> Result<bool, StoreError> {
        self.flush()?;
        let run = self.kept.in_run(key, |first, run, found| {
            let newest = entries(run).map(|(_, seq)| seq).max();
            (
                found,
                (found == seq && newest == Some(seq)).then_some(*first),
            )
        })?;
        let Some((found, gone)) = run else {
            let is_its = self.kept.find(key)? == Some(seq);
            if is_its {
                self.kept.singles.remove(key.bytes())?;
            }
            return Ok(is_its);
        };
        if let Some(first) = gone {
            self.kept.runs.remove(&first)?;
        }
        Ok(found == seq)
    }
}

/// The UUID of a key, as a number.
fn number(key: &[u8]) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&key[1..17]);
    u128::from_be_bytes(bytes)
}

/// Milliseconds of a UUID of version 7; of another, any number.
fn time(id: u128) -> u128 {
    id >> AFTER_TIME
}

/// Between which keys stand the runs that can hold a UUID: a run's key is its first entry.
fn beginnings(key: &[u8]) -> ([u8; ENTRY], [u8; ENTRY]) {
    let id = number(key);
    let earliest = time(id).saturating_sub(SPAN) << AFTER_TIME;
    let entry = |id: u128, seq: u64| {
        let mut entry = [0; ENTRY];
        entry[..16].copy_from_slice(&id.to_be_bytes());
        entry[16..].copy_from_slice(&seq.to_be_bytes());
        entry
    };
    (entry(earliest, 0), entry(id, u64::MAX))
}

fn entries(run: &[u8]) -> impl Iterator<Item = (&[u8; 16], u64)> {
    let (entries, _) = run.as_chunks::<ENTRY>();
    entries.iter().filter_map(|entry| {
        let (id, seq) = entry.split_first_chunk::<16>()?;
        Some((id, u64::from_be_bytes(seq.try_into().ok()?)))
    })
}

fn seq_in(run: &[u8], key: &[u8]) -> Option<u64> {
    let (entries, _) = run.as_chunks::<ENTRY>();
    let place = entries.binary_search_by(|entry| entry[..16].cmp(&key[1..]));
    let seq = entries[place.ok()?][16..].try_into().ok()?;
    Some(u64::from_be_bytes(seq))
}

#[cfg(test)]
mod tests;
