//! The limits on labels that wait for predictions which are not known yet.

use std::collections::HashSet;

use redb::ReadableTableMetadata;

use super::commit::Commit;
use super::error::StoreError;
use super::layout::Key;

/// Key in the [`META`](super::layout::META) table: bytes of all waiting labels.
const BYTES: &str = "waiting_bytes";

/// Bytes counted for a waiting label in addition to its key, which is stored twice: its time, value and sequence number.
const BESIDE: u64 = 80;

/// The limits on waiting labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Maximum number of labels.
    pub labels: u64,
    /// Maximum number of bytes.
    pub bytes: u64,
}

impl Bound {
    /// A limit of `labels` labels and 128 MiB.
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
    /// Records that a label waits for this key, from the commit's time on.
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

    /// Records that no label waits for this key any more; returns whether one did.
    pub(super) fn wait_no_more(&mut self, key: &[u8]) -> Result<bool, StoreError> {
        if self.waiting.remove(key)?.is_none() {
            return Ok(false);
        }
        // Labels that an older revision stored were not added to the sum, so it is not allowed to become negative.
        let left = self.fact(BYTES)?.saturating_sub(bytes(key));
        self.set_fact(BYTES, left)?;
        Ok(true)
    }

    /// Whether the new waiting labels of these keys fit within the limits, together with those that wait already.
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
