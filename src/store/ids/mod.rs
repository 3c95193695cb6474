//! The index of ids: the sequence number of the event of each prediction and row.
//!
//! Ids that the platform makes are UUIDs of version 7, which begin with their time in milliseconds. They arrive by the
//! thousand, and an entry for each would cost as much as all other work of storing a prediction. The UUIDs of a commit are
//! therefore sorted and stored in runs, some three hundred to an entry ([`run`]). A run spans at most [`SPAN`]. An id is
//! searched in the runs that begin at most one span before it, nearest first, which for nearly all ids is the first of these
//! runs. Other ids have an entry each.

use redb::{ReadOnlyTable, ReadTransaction, ReadableTable, Table, WriteTransaction};
use uuid::Uuid;

use super::error::StoreError;
use super::layout::{IDS, Key, PLAIN_RUNS, RUNS};
pub(super) use run::Found;
use run::{First, Form, Run};

mod run;

/// Maximum time from the first id of a run to its last, in milliseconds. It limits how many runs have to be searched
/// for an unknown id.
const SPAN: u64 = 100;

/// Maximum number of ids that wait to be sorted. A strict load is a single commit of any length, whose ids
/// are sorted in parts.
const MOST_FRESH: usize = 1 << 16;

/// The index, over tables that are open for reading or for writing.
pub(super) struct Ids<Singles, Runs> {
    singles: Singles,
    runs: Runs,
    /// Runs that revision 4 and earlier wrote.
    plain: Runs,
}

/// The index in a snapshot.
pub(super) type KeptIds =
    Ids<ReadOnlyTable<&'static [u8], u64>, ReadOnlyTable<&'static First, &'static [u8]>>;

impl KeptIds {
    pub(super) fn of(snapshot: &ReadTransaction) -> Result<KeptIds, StoreError> {
        Ok(Ids {
            singles: snapshot.open_table(IDS)?,
            runs: snapshot.open_table(RUNS)?,
            plain: snapshot.open_table(PLAIN_RUNS)?,
        })
    }
}

impl<Singles, Runs> Ids<Singles, Runs>
where
    Singles: ReadableTable<&'static [u8], u64>,
    Runs: ReadableTable<&'static First, &'static [u8]>,
{
    /// The event of an id, which retention may have dropped.
    pub(super) fn find(&self, key: &Key) -> Result<Option<Found>, StoreError> {
        match self.in_run(key)? {
            None => {
                let single = self.singles.get(key.bytes())?;
                Ok(single.map(|single| of_single(single.value())))
            }
            found => Ok(found.map(|(found, _)| found)),
        }
    }

    /// The event of an id that is part of a run, and the position of that run.
    fn in_run(&self, key: &Key) -> Result<Option<(Found, Place)>, StoreError> {
        let Key::Uuid(bytes) = key else {
            return Ok(None);
        };
        let wanted = number(bytes);
        let earliest = run::key(run::first_of(run::time(wanted).saturating_sub(SPAN)), 0);
        let latest = run::key(wanted, u64::MAX);
        for form in [Form::Packed, Form::Plain] {
            let around = self.table(form).range::<&First>(&earliest..=&latest)?;
            for entry in around.rev() {
                let (first, run) = entry?;
                let ids = run::entries(form, first.value(), run.value());
                let mut from = ids.skip_while(|(id, _)| *id < wanted);
                if let Some((_, found)) = from.next().filter(|(id, _)| *id == wanted) {
                    let first = *first.value();
                    return Ok(Some((found, Place { form, first })));
                }
            }
        }
        Ok(None)
    }

    fn table(&self, form: Form) -> &Runs {
        match form {
            Form::Packed => &self.runs,
            Form::Plain => &self.plain,
        }
    }

    /// Passes every id with the sequence number of its event to `look`.
    pub(super) fn each(&self, mut look: impl FnMut(&[u8], u64)) -> Result<(), StoreError> {
        for entry in self.singles.iter()? {
            let (key, single) = entry?;
            look(key.value(), of_single(single.value()).seq);
        }
        for form in [Form::Packed, Form::Plain] {
            for entry in self.table(form).iter()? {
                let (first, run) = entry?;
                for (id, found) in run::entries(form, first.value(), run.value()) {
                    look(Key::uuid(Uuid::from_u128(id)).bytes(), found.seq);
                }
            }
        }
        Ok(())
    }
}

/// The position of a run in the tables.
struct Place {
    form: Form,
    first: First,
}

/// Flag in the value of an id outside of runs: its event is a row.
const ROW: u64 = 1 << 63;

fn single(found: Found) -> u64 {
    match found.is_row {
        true => found.seq | ROW,
        false => found.seq,
    }
}

fn of_single(single: u64) -> Found {
    Found {
        seq: single & !ROW,
        is_row: single & ROW != 0,
    }
}

/// The index in a write transaction.
type OpenIds<'t> = Ids<Table<'t, &'static [u8], u64>, Table<'t, &'static First, &'static [u8]>>;

/// The index in a commit, with ids that are not written yet.
pub(super) struct NewIds<'t> {
    kept: OpenIds<'t>,
    fresh: Vec<(u128, Found)>,
}

impl<'t> NewIds<'t> {
    pub(super) fn of(transaction: &'t WriteTransaction) -> Result<NewIds<'t>, StoreError> {
        let kept = Ids {
            singles: transaction.open_table(IDS)?,
            runs: transaction.open_table(RUNS)?,
            plain: transaction.open_table(PLAIN_RUNS)?,
        };
        let fresh = Vec::new();
        Ok(NewIds { kept, fresh })
    }

    /// Adds an id, which must be new.
    pub(super) fn add(&mut self, key: &Key, found: Found) -> Result<(), StoreError> {
        match key {
            Key::Text(_) => drop(self.kept.singles.insert(key.bytes(), single(found))?),
            Key::Uuid(bytes) => self.fresh.push((number(bytes), found)),
        }
        if self.fresh.len() >= MOST_FRESH {
            self.flush()?;
        }
        Ok(())
    }

    /// Does the same as [`Ids::find`], for the ids of this commit as well.
    pub(super) fn find(&mut self, key: &Key) -> Result<Option<Found>, StoreError> {
        self.flush()?;
        self.kept.find(key)
    }

    /// Writes the added ids into the transaction, which the caller still has to commit.
    pub(super) fn flush(&mut self) -> Result<(), StoreError> {
        self.fresh.sort_unstable();
        let mut run = Run::default();
        for (id, found) in self.fresh.drain(..) {
            let is_far = |begin: u64| run::time(id) - begin > SPAN;
            if (run.begin().is_some_and(is_far) || !run.has_room())
                && let Some((first, bytes)) = run.take()
            {
                self.kept.runs.insert(&first, &*bytes)?;
            }
            run.push(id, found);
        }
        if let Some((first, bytes)) = run.take() {
            self.kept.runs.insert(&first, &*bytes)?;
        }
        Ok(())
    }

    /// Removes the id of the event `seq`, if the index has it for that event; returns whether it had. Events are dropped in
    /// their order, and a run is removed together with the last of its events.
    pub(super) fn forget(&mut self, key: &Key, seq: u64) -> Result<bool, StoreError> {
        self.flush()?;
        let Some((found, Place { form, first })) = self.kept.in_run(key)? else {
            let is_its = self.kept.find(key)?.is_some_and(|found| found.seq == seq);
            if is_its {
                self.kept.singles.remove(key.bytes())?;
            }
            return Ok(is_its);
        };
        let newest = self.kept.table(form).get(&first)?.and_then(|run| {
            let seqs = run::entries(form, &first, run.value()).map(|(_, found)| found.seq);
            seqs.max()
        });
        if found.seq == seq && newest == Some(seq) {
            match form {
                Form::Packed => self.kept.runs.remove(&first)?,
                Form::Plain => self.kept.plain.remove(&first)?,
            };
        }
        Ok(found.seq == seq)
    }
}

fn number(key: &[u8; 17]) -> u128 {
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&key[1..]);
    u128::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests;
