//! The tables of `events.redb`.
//!
//! Events are stored in blocks, each under the sequence number of its first event: storing a prediction then costs the
//! copying of its bytes and a few bytes in the index of ids, and a range of events is read in one piece. All other tables
//! are indices or small tables, written in the same transaction as the events.
//!
//! History of revisions:
//! * 1: the first.
//! * 2: adds [`PLAIN_RUNS`]. Before, UUIDs made by the platform had one entry each in [`IDS`], where they are still found.
//! * 3: adds [`OUTBOX`].
//! * 4: adds [`OWN_IDS`] and labels under [`Key::own_id`]. Predictions stored before it are not found by their row's own id.
//! * 5: predictions, rows and labels in blocks are binary (older blocks hold JSON and are still read), [`RUNS`] are packed,
//!   and [`ROWS`] and [`NEWEST`] are added.

use redb::{TableDefinition, TableError, WriteTransaction};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The revision that this program writes.
pub const REVISION: u64 = 5;

/// Sequence number of a block's first event → the block, in the format of [`super::block`].
pub const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// Key of a prediction's or row's id ([`key`]) → its event's sequence number, for ids that are not part of a run.
pub const IDS: TableDefinition<&[u8], u64> = TableDefinition::new("ids");
/// Key of a row's own id, which is the value of its id column ([`newest_key`]) → sequence number of the newest
/// prediction of that row.
pub const NEWEST: TableDefinition<&[u8], u64> = TableDefinition::new("newest");
/// The predecessor of [`NEWEST`] in revision 4: another key ([`own_id_key`]) → the sequence number, and the key of the
/// prediction's id. A newer prediction of the row removes the entry.
pub const OWN_IDS: TableDefinition<&[u8], (u64, &[u8])> = TableDefinition::new("own_ids");
/// First id of a run with its event's sequence number → the run, in the format of [`super::ids`].
pub const RUNS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("packed_runs");
/// Runs that revision 4 and earlier wrote, which are not packed.
pub const PLAIN_RUNS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("runs");
/// Key of an id → its label, in the format of [`super::labels`].
pub const LABELS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("labels");
/// Key of an id whose prediction is unknown → the time since when its label waits, in microseconds since 1970.
pub const WAITING: TableDefinition<&[u8], i64> = TableDefinition::new("waiting");
/// Key of a row's content → sequence number of its event. A row that is submitted twice is stored once.
pub const ROWS: TableDefinition<&[u8; 24], u64> = TableDefinition::new("rows");
/// Key of a quarantined row's content → its id. For rows that revision 4 and earlier stored: key of the content → id, where
/// the key may be the digest alone in a store without [`ORDERED`].
pub const ROW_KEYS: TableDefinition<&[u8], &str> = TableDefinition::new("row_keys");
/// Sequence number of an event → its key in [`ROW_KEYS`], so that the entry can be removed together with the event.
pub const ROW_SEQS: TableDefinition<u64, &[u8]> = TableDefinition::new("row_seqs");
/// An `Idempotency-Key` → digest of the request's body, its time and its response, as JSON.
pub const REQUESTS: TableDefinition<&str, &[u8]> = TableDefinition::new("requests");
/// Id of a quarantined row → the row and the reason, as JSON.
pub const QUARANTINE: TableDefinition<&str, &[u8]> = TableDefinition::new("quarantine");
/// Name of a scheduled source → the position up to which it was read.
pub const CURSORS: TableDefinition<&str, &str> = TableDefinition::new("cursors");
/// Name of a task → the state that the task stores over restarts, as JSON.
pub const NOTES: TableDefinition<&str, &str> = TableDefinition::new("notes");
/// Id of a notification that is pending or was given up → the notification and its deliveries so far, as JSON.
pub const OUTBOX: TableDefinition<&str, &str> = TableDefinition::new("outbox");
/// `revision`, `seq` (sequence number of the last event), `bytes` (of all blocks), and the number of events ever
/// stored of each kind.
pub const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Entry of [`META`] of a store in which every key of a row begins with the row's own id.
pub const ORDERED: &str = "ordered_row_keys";

/// Creates every table, because opening a missing table for reading is an error.
pub fn create(transaction: &WriteTransaction) -> Result<(), TableError> {
    transaction.open_table(BLOCKS)?;
    transaction.open_table(IDS)?;
    transaction.open_table(RUNS)?;
    transaction.open_table(PLAIN_RUNS)?;
    transaction.open_table(NEWEST)?;
    transaction.open_table(OWN_IDS)?;
    transaction.open_table(LABELS)?;
    transaction.open_table(WAITING)?;
    transaction.open_table(ROWS)?;
    transaction.open_table(ROW_KEYS)?;
    transaction.open_table(ROW_SEQS)?;
    transaction.open_table(REQUESTS)?;
    transaction.open_table(QUARANTINE)?;
    transaction.open_table(CURSORS)?;
    transaction.open_table(NOTES)?;
    transaction.open_table(OUTBOX)?;
    transaction.open_table(META)?;
    Ok(())
}

/// The key of an id: a first byte for the type, then sixteen bytes for a UUID in the platform's spelling, or else the text.
pub fn key(id: &str) -> Key {
    uuid_of(id).map_or_else(|| Key::text(id), Key::uuid)
}

/// The UUID that an id spells in the platform's form (hyphenated, lower case); none for any other id.
pub fn uuid_of(id: &str) -> Option<Uuid> {
    let mut room = [0; Hyphenated::LENGTH];
    let uuid = Uuid::try_parse(id).ok()?;
    (uuid.as_hyphenated().encode_lower(&mut room) == id).then_some(uuid)
}

/// The key of an id in the tables, as bytes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Key of a UUID. It needs no allocation, because one is made for each prediction.
    Uuid([u8; 17]),
    /// Key of any other id, which the client chose.
    Text(Vec<u8>),
}

impl Key {
    pub fn uuid(id: Uuid) -> Key {
        let mut bytes = [0; 17];
        bytes[1..].copy_from_slice(id.as_bytes());
        Key::Uuid(bytes)
    }

    /// The key under which a label waits for the first prediction of a row with this own id.
    pub fn own_id(id: &str) -> Key {
        Key::Text([&[OWN_ID], id.as_bytes()].concat())
    }

    /// Parses a key; returns none where the bytes are not a key.
    pub fn of_bytes(bytes: &[u8]) -> Option<Key> {
        match bytes.split_first()? {
            (0, id) => Some(Key::uuid(Uuid::from_slice(id).ok()?)),
            _ => Some(Key::Text(bytes.to_vec())),
        }
    }

    /// Whether this is the key of a prediction's or row's id, and not of a row's own id.
    pub fn is_of_id(&self) -> bool {
        !self.bytes().starts_with(&[OWN_ID])
    }

    fn text(id: &str) -> Key {
        Key::Text([&[1], id.as_bytes()].concat())
    }

    pub fn bytes(&self) -> &[u8] {
        match self {
            Key::Uuid(bytes) => bytes,
            Key::Text(bytes) => bytes,
        }
    }
}

/// First byte of keys made from rows' own ids.
const OWN_ID: u8 = 2;

/// The row's own id that a waiting label names; none where the label waits for a prediction by the prediction's id.
pub fn own_id_of(key: &[u8]) -> Option<&str> {
    match key.split_first()? {
        (&OWN_ID, id) => std::str::from_utf8(id).ok(),
        _ => None,
    }
}

/// The key of [`OWN_IDS`]. Keys sort in the order of the rows' ids, as those of [`ROWS`] do, so that neighbours are written
/// to the same pages.
pub fn own_id_key(id: &str) -> Vec<u8> {
    [&order(id), id.as_bytes()].concat()
}

/// The key of [`NEWEST`], in the order of ids as well: a whole number is its bytes behind their count, any other id is text.
pub fn newest_key(id: &str) -> Vec<u8> {
    /// Greater than every count.
    const TEXT: u8 = 9;
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => {
            let bytes = number.to_be_bytes();
            let zeros = number.leading_zeros() as usize / 8;
            let bytes = &bytes[zeros..];
            [&[bytes.len() as u8], bytes].concat()
        }
        _ => [&[TEXT], id.as_bytes()].concat(),
    }
}

/// Eight bytes that sort like the ids: whole numbers by value, texts by their first eight bytes.
pub fn order(id: &str) -> [u8; 8] {
    if let Ok(number) = id.parse::<u64>() {
        return number.to_be_bytes();
    }
    let mut begin = [0; 8];
    let length = id.len().min(8);
    begin[..length].copy_from_slice(&id.as_bytes()[..length]);
    begin
}

/// The id that a key encodes; none where it is the key of a row's own id, or invalid.
pub fn id_of(key: &[u8]) -> Option<String> {
    match key.split_first()? {
        (0, bytes) => Some(Uuid::from_slice(bytes).ok()?.as_hyphenated().to_string()),
        (1, bytes) => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::newest_key;

    #[test]
    fn keys_of_own_ids_are_short_apart_and_in_order() {
        let ids = [
            "0",
            "7",
            "255",
            "256",
            "18446744073709551615",
            "-1",
            "007",
            "7.5",
            "o7",
        ];
        let keys = ids.map(newest_key);
        assert!(keys.is_sorted_by(|a, b| a < b), "{keys:?}");
        let lengths = keys.map(|key| key.len());
        assert_eq!(lengths, [1, 2, 2, 3, 9, 3, 4, 4, 3]);
    }
}
