//! Events as bytes: each with its length, time, kind, id and what is told of it, one after the other.
//!
//! An event is `length: u32 · time: i64, microseconds · kind: u8 · length of the id: u16 · id · body`, little-endian, the
//! first length counting all that follows it. The body is a JSON object: it outlives every version of every spec.

use jiff::Timestamp;
use serde::de::IgnoredAny;

use super::error::StoreError;
use super::kind::{self, Kind};
use super::predictions;

/// An event, borrowed from a block.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Record<'a> {
    /// Its number.
    pub seq: u64,
    /// When it happened.
    pub time: Timestamp,
    /// What it tells of.
    pub kind: Kind,
    /// Its id.
    pub id: &'a str,
    /// The rest, a JSON object. It is looked at by those who need it.
    pub body: &'a [u8],
}

const HEAD: usize = 8 + 1 + 2;

/// Appends an event.
///
/// # Panics
/// When an id has more than 65,535 bytes; ids are limited where they come in.
pub fn write(block: &mut Vec<u8>, time: Timestamp, kind: Kind, id: &str, body: &str) {
    let length = HEAD + id.len() + body.len();
    let length = u32::try_from(length).expect("a body is bounded where it comes in");
    block.extend_from_slice(&length.to_le_bytes());
    block.extend_from_slice(&time.as_microsecond().to_le_bytes());
    block.push(kind::code(kind));
    let id_length = u16::try_from(id.len()).expect("ids are limited where they come in");
    block.extend_from_slice(&id_length.to_le_bytes());
    block.extend_from_slice(id.as_bytes());
    block.extend_from_slice(body.as_bytes());
}

/// The events of a block whose first has the number `first`; ends early, with an error, at what is no event.
pub fn read(
    first: u64,
    mut bytes: &[u8],
) -> impl Iterator<Item = Result<Record<'_>, BrokenBlock>> + use<'_> {
    let mut seq = first;
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let record = one(&mut bytes, seq);
        if record.is_none() {
            bytes = &[];
        }
        seq += 1;
        Some(record.ok_or(BrokenBlock { seq: seq - 1 }))
    })
}

/// The event of a number in a block whose first has the number `first`, handed to `look`.
///
/// # Errors
/// When the block is damaged before it.
pub fn find<T>(
    first: u64,
    bytes: &[u8],
    seq: u64,
    look: impl FnOnce(Record<'_>) -> T,
) -> Result<Option<T>, StoreError> {
    for record in read(first, bytes) {
        let record = record?;
        if record.seq == seq {
            record.check()?;
            return Ok(Some(look(record)));
        }
    }
    Ok(None)
}

fn one<'a>(bytes: &mut &'a [u8], seq: u64) -> Option<Record<'a>> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (event, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *bytes = rest;
    let (time, event) = event.split_first_chunk::<8>()?;
    let (kind, event) = event.split_first()?;
    let (length, event) = event.split_first_chunk::<2>()?;
    let (id, body) = event.split_at_checked(usize::from(u16::from_le_bytes(*length)))?;
    Some(Record {
        seq,
        time: Timestamp::from_microsecond(i64::from_le_bytes(*time)).ok()?,
        kind: kind::of_code(*kind)?,
        id: std::str::from_utf8(id).ok()?,
        body,
    })
}

/// What stands in a block is no event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {seq} cannot be read")]
pub struct BrokenBlock {
    /// The event's number.
    pub seq: u64,
}

impl Record<'_> {
    /// Whether this is a prediction whose truth was there before it.
    pub fn is_awaited(&self) -> bool {
        self.kind == Kind::Prediction && self.body.ends_with(predictions::AWAITED_END)
    }

    /// Checks that the body is what was written as far as that shows: a JSON object. Whoever hands it on relies on that.
    ///
    /// # Errors
    /// When it is not.
    pub fn check(&self) -> Result<(), BrokenBlock> {
        let text = std::str::from_utf8(self.body).unwrap_or_default();
        let is_object = text.starts_with('{') && serde_json::from_str::<IgnoredAny>(text).is_ok();
        let broken = BrokenBlock { seq: self.seq };
        is_object.then_some(()).ok_or(broken)
    }

    /// The event as one line of JSON, as exports and `/v1/events` have it.
    pub fn line(&self) -> String {
        let (seq, kind) = (self.seq, kind::name(self.kind));
        let time = crate::clock::rfc3339(self.time);
        let id = serde_json::to_string(self.id).expect("text is JSON");
        let body = String::from_utf8_lossy(self.body);
        let rest = body.strip_prefix('{').unwrap_or("}");
        let comma = if rest == "}" { "" } else { "," };
        format!(r#"{{"seq":{seq},"time":"{time}","kind":"{kind}","id":{id}{comma}{rest}"#)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block() -> Vec<u8> {
        let mut block = Vec::new();
        let time = "2026-01-31T09:15:00.25Z".parse().unwrap();
        write(&mut block, time, Kind::Prediction, "a\"b", r#"{"label":1}"#);
        write(&mut block, time, Kind::Verdict, "", "{}");
        block
    }

    #[test]
    fn what_was_written_is_read() {
        let block = block();
        let lines: Vec<String> = read(7, &block).map(|r| r.unwrap().line()).collect();
        assert_eq!(
            lines,
            [
                r#"{"seq":7,"time":"2026-01-31T09:15:00.250Z","kind":"prediction","id":"a\"b","label":1}"#,
                r#"{"seq":8,"time":"2026-01-31T09:15:00.250Z","kind":"verdict","id":""}"#,
            ]
        );
    }

    #[test]
    fn a_cut_block_is_told_and_never_panics() {
        let block = block();
        for cut in 1..block.len() {
            let read: Vec<_> = read(1, &block[..cut]).collect();
            let whole = read.iter().filter(|record| record.is_ok()).count();
            assert_eq!(read.len() - whole, usize::from(cut != first_length(&block)));
        }
    }

    fn first_length(block: &[u8]) -> usize {
        4 + u32::from_le_bytes(block[..4].try_into().unwrap()) as usize
    }
}
