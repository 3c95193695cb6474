//! Labels that wait for predictions nobody knows yet: how many there may be.

use std::collections::HashSet;

use redb::ReadableTableMetadata;

use super::commit::Commit;
use super::error::StoreError;
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

    /// Whether labels of these keys, which do not wait yet, may wait beside those that do.
    pub(super) fn has_room(
        &self,
        bound: Bound,
        keys: &HashSet<Vec<u8>>,
    ) -> Result<bool, StoreError> {
        let labels = self.waiting.len()? + keys.len() as u64;
        let more: u64 = keys.iter().map(|key| bytes(key)).sum();
        let fits = labels <= bound.labels && self.fact(BYTES)? + more <= bound.bytes;
        Ok(keys.is_empty() || fits)
    }
}
