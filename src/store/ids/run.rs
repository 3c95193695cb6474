//! A run: ids in ascending order, each with the sequence number of its event.
//!
//! An id has two parts, its time in milliseconds and the ten bytes after that. An entry is `time · ten bytes · event`, where
//! event is twice the sequence number, plus one for a row. Time and event are differences to the entry before, those of the
//! first entry to the run's key. An entry takes some thirteen bytes, where id and sequence number alone take twenty-four.
//!
//! Runs of revision 4 and earlier consist of those twenty-four bytes for each entry.

use crate::store::event::{Reader, put_signed, put_varint};

/// Number of bits after the time in a UUID of version 7.
const BEHIND: u32 = 80;

/// Bytes of an id and a sequence number in a key.
pub const ENTRY: usize = 16 + 8;

/// The key of a run: its first id and the sequence number of that id's event.
pub type First = [u8; ENTRY];

/// Maximum bytes of a run; with its key it fills a page of the database.
pub const LONGEST: usize = 4096 - 4 - 4 - ENTRY;

/// Maximum bytes of an entry.
const LONGEST_ENTRY: usize = 10 + 10 + 10;

/// The event that an id belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// Sequence number of the event.
    pub seq: u64,
    /// Whether the event is known to be a row.
    pub is_row: bool,
}

impl Found {
    /// Encodes both fields in one number.
    pub fn code(self) -> u64 {
        self.seq << 1 | u64::from(self.is_row)
    }

    pub fn of_code(code: u64) -> Found {
        Found {
            seq: code >> 1,
            is_row: code & 1 == 1,
        }
    }
}

/// The milliseconds of a UUID of version 7; an arbitrary number for another UUID.
pub fn time(id: u128) -> u64 {
    (id >> BEHIND) as u64
}

/// The smallest id with this time.
pub fn first_of(time: u64) -> u128 {
    u128::from(time) << BEHIND
}

/// The key of a run that begins with this id.
pub fn key(id: u128, seq: u64) -> First {
    let mut key = [0; ENTRY];
    key[..16].copy_from_slice(&id.to_be_bytes());
    key[16..].copy_from_slice(&seq.to_be_bytes());
    key
}

/// The format of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// The format that this program writes.
    Packed,
    /// The format of revision 4 and earlier.
    Plain,
}

/// A run under construction.
#[derive(Debug, Default)]
pub struct Run {
    first: Option<First>,
    bytes: Vec<u8>,
    id: u128,
    code: u64,
}

impl Run {
    /// Whether the run has room for another id.
    pub fn has_room(&self) -> bool {
        self.bytes.len() + LONGEST_ENTRY <= LONGEST
    }

    /// The time of the first id; none for an empty run.
    pub fn begin(&self) -> Option<u64> {
        self.first.map(|first| time(split(&first).0))
    }

    /// Appends an id, which must not be smaller than those before it.
    pub fn push(&mut self, id: u128, found: Found) {
        if self.first.is_none() {
            self.first = Some(key(id, found.seq));
            (self.id, self.code) = (id, found.seq << 1);
        }
        put_varint(time(id) - time(self.id), &mut self.bytes);
        self.bytes.extend_from_slice(&id.to_be_bytes()[6..]);
        put_signed(found.code().wrapping_sub(self.code) as i64, &mut self.bytes);
        (self.id, self.code) = (id, found.code());
    }

    /// Returns the key and bytes of the run and empties it; none where it is empty already.
    pub fn take(&mut self) -> Option<(First, Vec<u8>)> {
        let first = self.first.take()?;
        Some((first, std::mem::take(&mut self.bytes)))
    }
}

fn split(first: &First) -> (u128, u64) {
    let (id, seq) = first.split_first_chunk::<16>().expect("a key is longer");
    let seq = seq.try_into().map_or(0, u64::from_be_bytes);
    (u128::from_be_bytes(*id), seq)
}

/// Iterates over the ids of a run; ends at the first invalid entry.
pub fn entries<'r>(
    form: Form,
    first: &First,
    run: &'r [u8],
) -> impl Iterator<Item = (u128, Found)> + use<'r> {
    let (mut id, seq) = split(first);
    let mut code = seq << 1;
    let mut reader = Reader(run);
    std::iter::from_fn(move || match form {
        Form::Plain => {
            let entry = reader.array::<ENTRY>()?;
            let (id, seq) = split(&entry);
            Some((id, Found { seq, is_row: false }))
        }
        Form::Packed => {
            let time = time(id).checked_add(reader.varint()?)?;
            let mut bytes = [0; 16];
            bytes[6..].copy_from_slice(&reader.array::<10>()?);
            id = first_of(time) | u128::from_be_bytes(bytes);
            code = code.wrapping_add_signed(reader.signed()?);
            Some((id, Found::of_code(code)))
        }
    })
}
