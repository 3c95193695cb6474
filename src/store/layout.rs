//! What stands where in `events.redb`.
//!
//! Events are kept in blocks, one a commit, under the number of their first: a prediction then costs the copying of its
//! bytes and a few of them in the index of ids, and a range of events is read in one piece. Everything else is an index
//! or a small table beside them, written in the same transaction.
//!
//! History: revision 1, the first; revision 2 has [`PLAIN_RUNS`] (ids of ours stood one by one in [`IDS`], and are still found there);
//! revision 3 has [`OUTBOX`]; revision 4 has [`OWN_IDS`] (predictions stored before it are not found by their row's id), and
//! labels under [`Key::own_id`]; revision 5 has blocks whose predictions, rows and labels are binary (those of before are JSON,
//! and are read as they are), [`RUNS`] that are packed, [`ROWS`] and [`NEWEST`].

use redb::{TableDefinition, TableError, WriteTransaction};
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// What this program writes.
pub const REVISION: u64 = 5;

/// First number of a block → its events, as [`super::block`] writes them.
pub const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// Key of a prediction's or row's id ([`key`]) → its number, of all that stand in no run.
pub const IDS: TableDefinition<&[u8], u64> = TableDefinition::new("ids");
/// Key of a row's own id ([`newest_key`]) → the number of the newest prediction of that row.
pub const NEWEST: TableDefinition<&[u8], u64> = TableDefinition::new("newest");
/// The same of revision 4: another key ([`own_id_key`]) → the number and the key of its id. A prediction that is newer takes
/// its entry away.
pub const OWN_IDS: TableDefinition<&[u8], (u64, &[u8])> = TableDefinition::new("own_ids");
/// First id of a run with its number → the run, as [`super::ids`] has it.
pub const RUNS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("packed_runs");
/// The same of revision 4 and before, whose runs are not packed.
pub const PLAIN_RUNS: TableDefinition<&[u8; 24], &[u8]> = TableDefinition::new("runs");
/// Key of an id → its truth, as [`super::labels`] has it.
pub const LABELS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("labels");
/// Key of an id whose prediction is not there → since when its truth waits, in microseconds.
pub const WAITING: TableDefinition<&[u8], i64> = TableDefinition::new("waiting");
/// Key of a row's content → the number of its event: the same row twice counts once.
pub const ROWS: TableDefinition<&[u8; 24], u64> = TableDefinition::new("rows");
/// Key of a quarantined row's content → its id. Of rows that revision 4 and before stored: key of the content → id; in a
/// store without [`ORDERED`] it may be the digest alone.
pub const ROW_KEYS: TableDefinition<&[u8], &str> = TableDefinition::new("row_keys");
/// Number of an event → its key in [`ROW_KEYS`], by which that is found when the event goes.
pub const ROW_SEQS: TableDefinition<u64, &[u8]> = TableDefinition::new("row_seqs");
/// An `Idempotency-Key` → digest of the body, time and answer, as JSON.
pub const REQUESTS: TableDefinition<&str, &[u8]> = TableDefinition::new("requests");
/// Id of a quarantined row → the row and what is wrong with it, as JSON.
pub const QUARANTINE: TableDefinition<&str, &[u8]> = TableDefinition::new("quarantine");
/// A scheduled source → how far it was read.
pub const CURSORS: TableDefinition<&str, &str> = TableDefinition::new("cursors");
/// A task's name → what it has to remember, as JSON.
pub const NOTES: TableDefinition<&str, &str> = TableDefinition::new("notes");
/// Id of a notification that is to be sent, or was given up → the notification and what came of it so far, as JSON.
pub const OUTBOX: TableDefinition<&str, &str> = TableDefinition::new("outbox");
/// `revision`, `seq` (the last event's number), `bytes` (of all blocks), and how many events there were of each kind.
pub const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Stands in [`META`] where every row's key begins with the row's own id.
pub const ORDERED: &str = "ordered_row_keys";

/// Makes every table, so that readers find them.
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

/// The key of an id: sixteen bytes where it is a UUID as we write it, else its text; the first byte tells which.
pub fn key(id: &str) -> Key {
    uuid_of(id).map_or_else(|| Key::text(id), Key::uuid)
}

/// The UUID that an id is, where it is one as we write it.
pub fn uuid_of(id: &str) -> Option<Uuid> {
    let mut room = [0; Hyphenated::LENGTH];
    let uuid = Uuid::try_parse(id).ok()?;
    (uuid.as_hyphenated().encode_lower(&mut room) == id).then_some(uuid)
}

/// Bytes of a key.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Of an id of ours: no allocation, one is made for each prediction.
    Uuid([u8; 17]),
    /// Of an id that somebody else gave.
    Text(Vec<u8>),
}

impl Key {
    /// The key of a UUID.
    pub fn uuid(id: Uuid) -> Key {
        let mut bytes = [0; 17];
        bytes[1..].copy_from_slice(id.as_bytes());
        Key::Uuid(bytes)
    }

    /// The key under which a label waits for the first prediction of a row with this id of its own.
    pub fn own_id(id: &str) -> Key {
        Key::Text([&[OWN_ID], id.as_bytes()].concat())
    }

    /// The key of these bytes; none where they are none.
    pub fn of_bytes(bytes: &[u8]) -> Option<Key> {
        match bytes.split_first()? {
            (0, id) => Some(Key::uuid(Uuid::from_slice(id).ok()?)),
            _ => Some(Key::Text(bytes.to_vec())),
        }
    }

    /// Whether it is that of an id, and not of a row's own.
    pub fn is_of_id(&self) -> bool {
        !self.bytes().starts_with(&[OWN_ID])
    }

    fn text(id: &str) -> Key {
        Key::Text([&[1], id.as_bytes()].concat())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Key::Uuid(bytes) => bytes,
            Key::Text(bytes) => bytes,
        }
    }
}

/// First byte of keys of rows' own ids.
const OWN_ID: u8 = 2;

/// The row's own id that a label waits for; none where it waits for a prediction by its id.
pub fn own_id_of(key: &[u8]) -> Option<&str> {
    match key.split_first()? {
        (&OWN_ID, id) => std::str::from_utf8(id).ok(),
        _ => None,
    }
}

/// The key of [`OWN_IDS`]. It begins in the order of ids, as the keys of rows do: neighbours are written to the same pages.
pub fn own_id_key(id: &str) -> Vec<u8> {
    [&order(id), id.as_bytes()].concat()
}

/// The key of [`NEWEST`]: the same order, without the text where the number is all of it.
pub fn newest_key(id: &str) -> Vec<u8> {
    let is_number = id
        .parse::<u64>()
        .is_ok_and(|number| number.to_string() == id);
    match is_number {
        true => order(id).to_vec(),
        false => own_id_key(id),
    }
}

/// Eight bytes in the order of ids: whole numbers by their size, texts by their beginning.
pub fn order(id: &str) -> [u8; 8] {
    if let Ok(number) = id.parse::<u64>() {
        return number.to_be_bytes();
    }
    let mut begin = [0; 8];
    let length = id.len().min(8);
    begin[..length].copy_from_slice(&id.as_bytes()[..length]);
    begin
}

/// The id of a key; none where the bytes are the key of no id.
pub fn id_of(key: &[u8]) -> Option<String> {
    match key.split_first()? {
        (0, bytes) => Some(Uuid::from_slice(bytes).ok()?.as_hyphenated().to_string()),
        (1, bytes) => String::from_utf8(bytes.to_vec()).ok(),
        _ => None,
    }
}
