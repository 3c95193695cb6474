//! A run: ids in their order, each with the number of its event.
//!
//! An id is two parts, the time it begins with and the ten bytes behind it. An entry is `time · ten bytes · event`, the time
//! and the event each as the difference to the entry before, the first to the run's key; an event is twice its number, plus
//! one where it is a row. Some thirteen bytes, where id and number are twenty-four.
//!
//! Runs of revision 4 and before are those twenty-four bytes, one after the other.

use crate::store::event::{Reader, put_signed, put_varint};

/// Bits of an id behind its time.
const BEHIND: u32 = 80;

/// An id and the number of its event, as a key has them.
pub const ENTRY: usize = 16 + 8;

/// The key of a run: its first id and the number of that one's event.
pub type First = [u8; ENTRY];

/// Most bytes of a run: with its key it fills a page of the database.
pub const LONGEST: usize = 4096 - 4 - 4 - ENTRY;

/// Most bytes of an entry.
const LONGEST_ENTRY: usize = 10 + 10 + 10;

/// Where an id leads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Found {
    /// The number of its event.
    pub seq: u64,
    /// Whether that is known to be a row.
    pub is_row: bool,
}

impl Found {
    /// As one number.
    pub fn code(self) -> u64 {
        self.seq << 1 | u64::from(self.is_row)
    }

    /// From that number.
    pub fn of_code(code: u64) -> Found {
        Found {
            seq: code >> 1,
            is_row: code & 1 == 1,
        }
    }
}

/// Milliseconds of a UUID of version 7; of another, any number.
pub fn time(id: u128) -> u64 {
    (id >> BEHIND) as u64
}

/// The first id of a time.
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

/// How a run is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// As this program writes it.
    Packed,
    /// As revision 4 did.
    Plain,
}

/// A run that is written.
#[derive(Debug, Default)]
pub struct Run {
    first: Option<First>,
    bytes: Vec<u8>,
    id: u128,
    code: u64,
}

impl Run {
    /// Whether another id may stand in it.
    pub fn has_room(&self) -> bool {
        self.bytes.len() + LONGEST_ENTRY <= LONGEST
    }

    /// The time of its first id; none of an empty one.
    pub fn begin(&self) -> Option<u64> {
        self.first.map(|first| time(split(&first).0))
    }

    /// Appends an id, which is no smaller than those before it.
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

    /// Its key and bytes, after which it is empty; none where it is.
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

/// The ids of a run; ends where the bytes are none.
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
