//! Retention: drops the oldest blocks of a store that is too old or too large, with every index entry that leads to them.
//!
//! Sequence numbers are not reused: only the `oldest` one moves. A label for a dropped prediction waits as if the prediction
//! had never been made; a dropped row that is submitted again is stored as a new one.

use std::time::Duration;

use jiff::Timestamp;
use redb::ReadableTable;

use super::block;
use super::commit::Commit;
use super::error::StoreError;
use super::event::{Entry, Event};
use super::kind::Kind;
use super::row::RowKey;

/// Maximum number of events dropped in one commit, which takes a few milliseconds while other requests wait. One block is
/// always dropped as a whole.
const MOST: usize = 2048;

/// The limits of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Maximum age of an event; none: no limit.
    pub age: Option<Duration>,
    /// Maximum size of all events in bytes; none: no limit.
    pub size: Option<u64>,
}

/// The properties of a block that decide whether it is dropped.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Block {
    /// Sequence number of its first event.
    pub first: u64,
    /// Number of its events.
    pub events: u64,
    /// Time of its newest event.
    pub newest: Timestamp,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The events that retention dropped.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Dropped {
    /// Number of dropped events.
    pub events: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

/// Number of the oldest blocks to drop from a store with `total` bytes of events. A block is dropped if all its events are
/// too old or the store is too large; blocks after the first that stays, stay as well.
pub fn surplus(keep: Keep, now: Timestamp, total: u64, oldest: &[Block]) -> usize {
    let since = keep
        .age
        .and_then(|age| now.checked_sub(age).ok())
        .unwrap_or(Timestamp::MIN);
    let mut left = total;
    let goes = |block: &&Block| {
        let goes = block.newest < since || keep.size.is_some_and(|size| left > size);
        left = left.saturating_sub(block.bytes);
        goes
    };
    oldest.iter().take_while(goes).count()
}

/// Drops the surplus, up to the limit of one commit; the flag is whether there may be more.
pub(super) fn apply(commit: &mut Commit<'_>, keep: Keep) -> Result<(Dropped, bool), StoreError> {
    let oldest = oldest(commit)?;
    let count = surplus(keep, commit.now, commit.bytes()?, &oldest);
    let mut dropped = Dropped::default();
    for block in &oldest[..count] {
        forget(commit, block.first)?;
        dropped.events += block.events;
        dropped.bytes += block.bytes;
    }
    Ok((dropped, count > 0 && count == oldest.len()))
}

/// The oldest blocks with about [`MOST`] events, without the newest block: the store always keeps its last event.
fn oldest(commit: &Commit<'_>) -> Result<Vec<Block>, StoreError> {
    let newest = commit.blocks.last()?.map(|(first, _)| first.value());
    let (mut found, mut events) = (Vec::new(), 0);
    for entry in commit.blocks.iter()? {
        let (first, bytes) = entry?;
        if events >= MOST || Some(first.value()) == newest {
            break;
        }
        let mut block = Block {
            first: first.value(),
            events: 0,
            newest: Timestamp::MIN,
            bytes: bytes.value().len() as u64,
        };
        // Damaged events are skipped, and are dropped with their block.
        for entry in block::read(block.first, bytes.value()).flatten() {
            block.events += 1;
            block.newest = block.newest.max(entry.time);
        }
        events += block.events as usize;
        found.push(block);
    }
    Ok(found)
}

fn forget(commit: &mut Commit<'_>, first: u64) -> Result<(), StoreError> {
    let bytes = commit.take_block(first)?;
    for entry in block::read(first, &bytes).flatten() {
        let Entry { seq, id, kind, .. } = entry;
        // The id of an event is known even if its body cannot be decoded.
        let event = entry.decode().map(|record| record.event);
        match &event {
            Ok(Event::Prediction(prediction)) => {
                if let Some(own_id) = &prediction.own_id {
                    commit.forget_newest(own_id, seq)?;
                }
            }
            Ok(Event::Row(row)) => {
                if let Some(key) = RowKey::of_stored(row) {
                    let of = commit.rows.get(key.bytes())?.map(|of| of.value());
                    if of == Some(seq) {
                        commit.rows.remove(key.bytes())?;
                    }
                }
            }
            _ => {}
        }
        match kind {
            Kind::Prediction | Kind::Row => {
                let key = id.key();
                if commit.forget_id(&key, seq)? {
                    commit.labels.remove(key.bytes())?;
                }
                forget_row(commit, seq)?;
            }
            Kind::Quarantine => {
                commit.quarantine.remove(&*id.to_string())?;
                forget_row(commit, seq)?;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Removes an event's entry from the index of row keys, which has quarantined rows and rows that an earlier revision stored.
fn forget_row(commit: &mut Commit<'_>, seq: u64) -> Result<(), StoreError> {
    let key = commit.row_seqs.remove(seq)?.map(|key| key.value().to_vec());
    if let Some(key) = key {
        commit.row_keys.remove(&*key)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn the_oldest_go_and_the_newer_stay() {
        let block = |first, second| Block {
            first,
            events: 1,
            newest: at(second),
            bytes: 100,
        };
        let blocks = [block(1, 10), block(2, 20), block(3, 15), block(4, 40)];
        let check = |age: Option<u64>, size, gone| {
            let age = age.map(Duration::from_secs);
            assert_eq!(
                surplus(Keep { age, size }, at(50), 500, &blocks),
                gone,
                "{age:?} {size:?}"
            );
        };
        check(None, None, 0);
        check(Some(100), None, 0);
        check(Some(35), None, 1);
        check(Some(30), None, 1); // 20 is not older than 30 seconds
        check(Some(29), None, 3);
        check(Some(0), None, 4);
        check(Some(u64::MAX), None, 0); // older than time itself
        check(None, Some(500), 0);
        check(None, Some(499), 1);
        check(None, Some(300), 2);
        check(None, Some(0), 4);
        check(Some(29), Some(450), 3);
    }
}
