//! Blocks of events: a block holds consecutive events, is stored under the sequence number of its first, and is
//! read from the beginning.
//!
//! A block begins with [`MARK`]. An entry is `length · code: u8 · …`, where the length counts the bytes after it.
//! * Code 0 is a shape. Later entries refer to it by its index among the shapes of the block.
//! * Any other code is an event: `code · time · id · [shape] · contents`. The code is that of the kind. With [`UUID`]
//!   set, the id is sixteen bytes and not a text. With [`TIMED`] set, the id is a UUID of version 7, written as the
//!   difference of its milliseconds to the event's time and its other ten bytes. The time is the difference to the event
//!   before it, in microseconds.
//!
//! Lengths, indices and times are encoded as in [`super::event`]. A block can be decoded without any other data.
//!
//! A block of revision 4 or earlier has only events: `length: u32 · time: i64 · kind: u8 · length of the id: u16 · id · JSON
//! object`, little-endian. Its first four bytes are a length, which is never 0, so it cannot begin with [`MARK`].

use std::sync::Arc;

use jiff::Timestamp;
use uuid::Uuid;

use super::error::StoreError;
use super::event::{
    self, Body, BrokenEvent, Entry, Event, Id, Reader, Record, Shape, put_signed, put_text,
    put_varint,
};
use super::kind::{self, Kind};

/// First bytes of a block in the binary form.
const MARK: [u8; 4] = [0; 4];

/// Code of an entry that is a shape.
const SHAPE: u8 = 0;

/// Flag in the code of an event whose id is a UUID.
const UUID: u8 = 0x80;

/// Flag in the code of an event whose id is a UUID of version 7, as those of the platform are: it begins with a time, which
/// is mostly near the event's.
const TIMED: u8 = 0x40;

/// Number of bits after the time in a UUID of version 7.
const BEHIND: u32 = 80;

/// A block under construction.
#[derive(Debug, Default)]
pub struct Writer {
    bytes: Vec<u8>,
    shapes: Vec<Shape>,
    /// Time of the last event, in microseconds.
    time: i64,
    /// Buffer for one entry, reused to save allocations.
    entry: Vec<u8>,
}

/// A position in a block under construction, to which the writer can return.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    bytes: usize,
    shapes: usize,
    time: i64,
}

impl Place {
    /// Whether it is the beginning of the block.
    pub fn is_first(self) -> bool {
        self.bytes == 0
    }
}

impl Writer {
    /// The bytes of the block so far.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The position at the end of the block so far.
    pub fn place(&self) -> Place {
        Place {
            bytes: self.bytes.len(),
            shapes: self.shapes.len(),
            time: self.time,
        }
    }

    /// Removes everything that was appended after the position.
    pub fn go_back(&mut self, to: Place) {
        self.bytes.truncate(to.bytes);
        self.shapes.truncate(to.shapes);
        self.time = to.time;
    }

    /// Starts an empty block.
    pub fn clear(&mut self) {
        self.go_back(Place {
            bytes: 0,
            shapes: 0,
            time: 0,
        });
    }

    pub fn push(&mut self, time: Timestamp, id: Id<'_>, event: &Event<'_>) {
        if self.bytes.is_empty() {
            self.bytes.extend_from_slice(&MARK);
        }
        let shape = event::shape(event).map(|shape| self.place_of(shape));
        let time = time.as_microsecond();
        let mut entry = std::mem::take(&mut self.entry);
        entry.clear();
        let code = kind::code(event.kind());
        let form = match id {
            Id::Uuid(uuid) if uuid.get_version_num() == 7 => TIMED,
            Id::Uuid(_) => UUID,
            Id::Text(_) => 0,
        };
        entry.push(code | form);
        put_signed(time.wrapping_sub(self.time), &mut entry);
        match id {
            Id::Uuid(uuid) if form == TIMED => {
                let begin = (uuid.as_u128() >> BEHIND) as i64; // of 48 bits
                put_signed(begin - milliseconds(time), &mut entry);
                entry.extend_from_slice(&uuid.as_bytes()[6..]);
            }
            Id::Uuid(uuid) => entry.extend_from_slice(uuid.as_bytes()),
            Id::Text(text) => put_text(text, &mut entry),
        }
        if let Some(shape) = shape {
            put_varint(shape as u64, &mut entry);
        }
        event::encode(event, &mut entry);
        self.append(&entry);
        self.time = time;
        self.entry = entry;
    }

    /// Index of a shape in the block; appends the shape if it is new.
    fn place_of(&mut self, shape: Shape) -> usize {
        // The search starts at the last shape, which most events use.
        if let Some(place) = self.shapes.iter().rposition(|known| known.is(&shape)) {
            return place;
        }
        let mut entry = vec![SHAPE];
        shape.encode(&mut entry);
        self.append(&entry);
        self.shapes.push(shape);
        self.shapes.len() - 1
    }

    fn append(&mut self, entry: &[u8]) {
        put_varint(entry.len() as u64, &mut self.bytes);
        self.bytes.extend_from_slice(entry);
    }
}

/// Iterates over the events of a block whose first event has sequence number `first`. Stops with an error at
/// the first invalid entry.
pub fn read(first: u64, bytes: &[u8]) -> Entries<'_> {
    let (rest, form) = match bytes.strip_prefix(&MARK) {
        Some(rest) => {
            let (shapes, time) = (Vec::new(), 0);
            (rest, Form::Binary { shapes, time })
        }
        None => (bytes, Form::Json),
    };
    let seq = first;
    Entries { rest, seq, form }
}

/// Passes the event `seq` of a block to `look`; `first` is the sequence number of the block's first event. Returns none
/// where the block ends before it, and an error where the block is damaged up to it.
pub fn find<T>(
    first: u64,
    bytes: &[u8],
    seq: u64,
    look: impl FnOnce(&Record<'_>) -> T,
) -> Result<Option<T>, StoreError> {
    let mut entries = read(first, bytes);
    entries.skip_to(seq)?;
    match entries.next() {
        None => Ok(None),
        Some(entry) => Ok(Some(look(&entry?.decode()?))),
    }
}

/// Iterator over the events of a block.
#[derive(Debug)]
pub struct Entries<'a> {
    rest: &'a [u8],
    /// Sequence number of the next event.
    seq: u64,
    form: Form,
}

/// The format of a block.
#[derive(Debug)]
enum Form {
    /// The format of revision 4 and earlier.
    Json,
    /// The binary format, with the shapes read so far and the time of the previous event.
    Binary { shapes: Vec<Arc<Shape>>, time: i64 },
}

impl Entries<'_> {
    /// Skips the events before `seq`, and decodes only what the later ones depend on.
    pub fn skip_to(&mut self, seq: u64) -> Result<(), BrokenEvent> {
        while self.seq < seq && !self.rest.is_empty() {
            let passed = match &mut self.form {
                Form::Json => json_entry(&mut self.rest, self.seq).map(drop),
                Form::Binary { shapes, time } => next_event(&mut self.rest, shapes)
                    .and_then(|(_, mut entry)| entry.signed())
                    .map(|more| *time = time.wrapping_add(more)),
            };
            passed.ok_or(BrokenEvent { seq: self.seq })?;
            self.seq += 1;
        }
        Ok(())
    }
}

impl<'a> Iterator for Entries<'a> {
    type Item = Result<Entry<'a>, BrokenEvent>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let seq = self.seq;
        self.seq += 1;
        let entry = match &mut self.form {
            Form::Json => json_entry(&mut self.rest, seq),
            Form::Binary { shapes, time } => binary_entry(&mut self.rest, seq, shapes, time),
        };
        if entry.is_none() {
            self.rest = &[];
        }
        Some(entry.ok_or(BrokenEvent { seq }))
    }
}

fn json_entry<'a>(bytes: &mut &'a [u8], seq: u64) -> Option<Entry<'a>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (event, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *bytes = rest;
    let (time, event) = event.split_first_chunk::<8>()?;
    let (kind, event) = event.split_first()?;
    let (length, event) = event.split_first_chunk::<2>()?;
    let (id, body) = event.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some(Entry {
        seq,
        time: Timestamp::from_microsecond(i64::from_le_bytes(*time)).ok()?,
        kind: kind::of_code(*kind)?,
        id: Id::of(std::str::from_utf8(id).ok()?),
        body: Body::Json(body),
    })
}

/// The code and remaining bytes of the next event; shapes before it are added to `shapes`.
fn next_event<'a>(bytes: &mut &'a [u8], shapes: &mut Vec<Arc<Shape>>) -> Option<(u8, Reader<'a>)> {
    loop {
        let mut block = Reader(bytes);
        let length = block.varint()?;
        let mut entry = Reader(block.bytes(length)?);
        *bytes = block.0;
        match entry.byte()? {
            SHAPE => shapes.push(Shape::decode(entry.0)?.into()),
            code => return Some((code, entry)),
        }
    }
}

fn binary_entry<'a>(
    bytes: &mut &'a [u8],
    seq: u64,
    shapes: &mut Vec<Arc<Shape>>,
    time: &mut i64,
) -> Option<Entry<'a>> {
    let (code, mut entry) = next_event(bytes, shapes)?;
    let kind = kind::of_code(code & !(UUID | TIMED))?;
    *time = time.wrapping_add(entry.signed()?);
    let id = match code & (UUID | TIMED) {
        0 => Id::Text(entry.text()?),
        UUID => Id::Uuid(entry.uuid()?),
        TIMED => Id::Uuid(timed(*time, &mut entry)?),
        _ => return None,
    };
    Some(Entry {
        seq,
        time: Timestamp::from_microsecond(*time).ok()?,
        kind,
        id,
        body: body(kind, entry, shapes)?,
    })
}

/// Decodes a UUID of version 7 from its difference to the event's time.
fn timed(time: i64, entry: &mut Reader<'_>) -> Option<Uuid> {
    let begin = milliseconds(time).checked_add(entry.signed()?)?;
    let begin = u64::try_from(begin).ok()?;
    let mut bytes = [0; 16];
    bytes[6..].copy_from_slice(&entry.array::<10>()?);
    let is_time = begin >> (u128::BITS - BEHIND) == 0;
    is_time.then(|| Uuid::from_u128(u128::from(begin) << BEHIND | u128::from_be_bytes(bytes)))
}

fn milliseconds(time: i64) -> i64 {
    time.div_euclid(1_000)
}

fn body<'a>(kind: Kind, mut entry: Reader<'a>, shapes: &[Arc<Shape>]) -> Option<Body<'a>> {
    Some(match kind {
        Kind::Prediction | Kind::Row => {
            let place = usize::try_from(entry.varint()?).ok()?;
            Body::Binary(Some(shapes.get(place)?.clone()), entry.0)
        }
        Kind::Label | Kind::LabelExpired => Body::Binary(None, entry.0),
        Kind::Quarantine | Kind::Verdict | Kind::Alert | Kind::Model => Body::Json(entry.0),
    })
}

#[cfg(test)]
mod tests;
