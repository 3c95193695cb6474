//! What stands where in `events.redb`.
//!
//! Events are kept in blocks, one a commit, under the number of their first: a prediction then costs the copying of its
//! bytes and one short entry in the index of ids, and a range of events is read in one piece. Everything else is an index
//! or a small table beside them, written in the same transaction.
//!
//! History: revision 1, the first.

use redb::{TableDefinition, TableError, WriteTransaction};

/// What this program writes.
pub const REVISION: u64 = 1;

/// First number of a block → its events, as [`super::block`] writes them.
pub const BLOCKS: TableDefinition<u64, &[u8]> = TableDefinition::new("blocks");
/// Key of a prediction's or row's id ([`key`]) → its number.
pub const IDS: TableDefinition<&[u8], u64> = TableDefinition::new("ids");
/// Key of an id → its truth, as JSON.
pub const LABELS: TableDefinition<&[u8], &[u8]> = TableDefinition::new("labels");
/// Key of an id whose prediction is not there → since when its truth waits, in microseconds.
pub const WAITING: TableDefinition<&[u8], i64> = TableDefinition::new("waiting");
/// Key of a row's content → its id: the same row twice counts once. In a store without [`ORDERED`] it may be the digest
/// alone.
pub const ROW_KEYS: TableDefinition<&[u8], &str> = TableDefinition::new("row_keys");
/// Number of a row's event → the key of its content, by which that is found when the event goes.
pub const ROW_SEQS: TableDefinition<u64, &[u8]> = TableDefinition::new("row_seqs");
/// An `Idempotency-Key` → digest of the body, time and answer, as JSON.
pub const REQUESTS: TableDefinition<&str, &[u8]> = TableDefinition::new("requests");
/// Id of a quarantined row → the row and what is wrong with it, as JSON.
pub const QUARANTINE: TableDefinition<&str, &[u8]> = TableDefinition::new("quarantine");
/// A scheduled source → how far it was read.
pub const CURSORS: TableDefinition<&str, &str> = TableDefinition::new("cursors");
/// A task's name → what it has to remember, as JSON.
pub const NOTES: TableDefinition<&str, &str> = TableDefinition::new("notes");
/// `revision`, `seq` (the last event's number), `bytes` (of all blocks), and how many events there were of each kind.
pub const META: TableDefinition<&str, u64> = TableDefinition::new("meta");
/// Stands in [`META`] where every row's key begins with the row's own id.
pub const ORDERED: &str = "ordered_row_keys";

/// Makes every table, so that readers find them.
pub fn create(transaction: &WriteTransaction) -> Result<(), TableError> {
    transaction.open_table(BLOCKS)?;
    transaction.open_table(IDS)?;
    transaction.open_table(LABELS)?;
    transaction.open_table(WAITING)?;
    transaction.open_table(ROW_KEYS)?;
    transaction.open_table(ROW_SEQS)?;
    transaction.open_table(REQUESTS)?;
    transaction.open_table(QUARANTINE)?;
    transaction.open_table(CURSORS)?;
    transaction.open_table(NOTES)?;
    transaction.open_table(META)?;
    Ok(())
}

/// The key of an id: sixteen bytes where it is a UUID as we write it, else its text; the first byte tells which.
pub fn key(id: &str) -> Key {
    let ours = uuid::Uuid::try_parse(id)
        .ok()
        .filter(|uuid| uuid.as_hyphenated().to_string() == id);
    ours.map_or_else(|| Key::text(id), Key::uuid)
}

/// Bytes of a key.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

impl Key {
    /// The key of a UUID.
    pub fn uuid(id: uuid::Uuid) -> Key {
        Key([&[0], id.as_bytes().as_slice()].concat())
    }

    fn text(id: &str) -> Key {
        Key([&[1], id.as_bytes()].concat())
    }

    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

/// The id of a key; none where the bytes are no key.
pub fn id_of(key: &[u8]) -> Option<String> {
    match key.split_first()? {
        (0, bytes) => Some(
            uuid::Uuid::from_slice(bytes)
                .ok()?
                .as_hyphenated()
                .to_string(),
        ),
        (_, bytes) => String::from_utf8(bytes.to_vec()).ok(),
    }
}
