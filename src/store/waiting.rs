//! Labels that wait for predictions nobody knows yet: how many there may be.

use std::collections::HashSet;

use redb::{ReadableTable, ReadableTableMetadata};

use super::commit::Commit;
use super::error::StoreError;
use super::labels::{Done, Given, Status, resolve};
use super::layout::Key;

/// Stands in the table of facts: bytes of all labels that wait.
const BYTES: &str = "waiting_bytes";

/// Bytes of a waiting label beside its key, which stands twice: its time, value and number.
const BESIDE: u64 = 80;

/// How many labels may wait, and how many bytes they may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Labels.
    pub labels: u64,
    /// Bytes.
    pub bytes: u64,
}

impl Bound {
    /// So many labels, of 128 MiB at most.
    pub fn of(labels: u64) -> Bound {
        Bound {
            labels,
            bytes: 128 << 20,
        }
    }
}

fn bytes(key: &[u8]) -> u64 {
    2 * key.len() as u64 + BESIDE
}

impl Commit<'_> {
    /// Notes that a label waits for this key since the commit's time.
    pub(super) fn wait_for(&mut self, key: &Key) -> Result<(), StoreError> {
        let more = bytes(key.bytes());
        let before = self.fact(BYTES)?;
        let now = self.now.as_microsecond();
        if self.waiting.insert(key.bytes(), now)?.is_none() {
            self.set_fact(BYTES, before + more)?;
        }
        self.has_waiting = true;
        Ok(())
    }

    /// Notes that none waits for this key any more; whether one did.
    pub(super) fn wait_no_more(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        if self.waiting.remove(key)?.is_none() {
            return Ok(false);
        }
        // Labels of a store of before are not in the sum.
        let left = self.fact(BYTES)?.saturating_sub(bytes(key));
        self.set_fact(BYTES, left)?;
        Ok(true)
    }

    /// Whether these labels can be taken: no more would wait than may.
    pub(super) fn has_room(
        &mut self,
        bound: Bound,
        given: &[Given],
        foreseen: &[Done],
    ) -> Result<bool, StoreError> {
        let (mut new, mut more) = (HashSet::new(), 0);
        for (given, done) in given.iter().zip(foreseen) {
            if done.status != Status::Waiting {
                continue;
            }
            let (key, _) = resolve(self, given)?;
            let is_kept = self.labels.get(key.bytes())?.is_some();
            if !is_kept && new.insert(key.bytes().to_vec()) {
                more += bytes(key.bytes());
            }
        }
        let labels = new.len() as u64;
        let fits =
            self.waiting.len()? + labels <= bound.labels && self.fact(BYTES)? + more <= bound.bytes;
        Ok(labels == 0 || fits)
    }
}
