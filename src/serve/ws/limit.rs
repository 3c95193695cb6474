//! Enforces the size limit of a WebSocket message while it arrives.
//!
//! The codec above checks a frame's length only once the whole frame is in memory. This filter checks it when the frame's
//! head passes, so that a frame of any claimed size costs a few bytes. It also checks the reserved bits, because the codec
//! reports them with the same error as text that is not UTF-8.

use std::cell::Cell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web::{Bytes, Payload};
use futures_util::Stream;

use crate::serve::budget::{Budget, FREE, Kept};
use crate::telemetry::metrics::Closed;

/// Longest head of a frame in bytes: two, plus eight of length, plus four of mask.
const LONGEST_HEAD: usize = 14;

/// The head's reserved bits, which stand for extensions. None is supported.
const RESERVED: u8 = 0x70;

/// Why this filter ended the byte stream; none if it did not.
pub type Ended = Rc<Cell<Option<Closed>>>;

/// The bytes of a WebSocket. The stream ends in an error when a message exceeds the limit, the memory budget is exhausted, or
/// a frame has a reserved bit set.
pub struct Limited {
    payload: Payload,
    frames: Frames,
    ended: Ended,
}

impl Limited {
    /// Lets messages of at most `most` bytes pass.
    pub fn new(payload: Payload, most: u64, budget: Budget) -> (Limited, Ended) {
        let ended = Ended::default();
        let frames = Frames::new(most, budget);
        (
            Limited {
                payload,
                frames,
                ended: ended.clone(),
            },
            ended,
        )
    }
}

impl Stream for Limited {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        this.frames.give_back();
        let chunk = match Pin::new(&mut this.payload).poll_next(context) {
            Poll::Ready(Some(Ok(chunk))) => chunk,
            other => return other,
        };
        match this.frames.pass(&chunk) {
            Ok(()) => Poll::Ready(Some(Ok(chunk))),
            Err(end) => {
                this.ended.set(Some(end));
                Poll::Ready(Some(Err(PayloadError::Overflow)))
            }
        }
    }
}

/// Tracks frames (RFC 6455, 5.2) by their heads.
#[derive(Debug)]
struct Frames {
    most: u64,
    budget: Budget,
    /// The part of the memory budget that the current message uses.
    kept: Kept,
    /// The bytes of the current frame's head so far.
    head: [u8; LONGEST_HEAD],
    have: usize,
    /// Payload bytes of the current frame that are still to come.
    ahead: u64,
    /// Payload bytes of all frames of the current message so far.
    message: u64,
}

impl Frames {
    fn new(most: u64, budget: Budget) -> Frames {
        Frames {
            most,
            budget,
            kept: Kept::default(),
            head: [0; LONGEST_HEAD],
            have: 0,
            ahead: 0,
            message: 0,
        }
    }

    /// Returns the budget of a message that has passed completely: a consumer that polls for more bytes is done with it.
    fn give_back(&mut self) {
        if self.message == 0 && self.ahead == 0 {
            self.kept = Kept::default();
        }
    }

    /// Tracks more bytes. Fails when a frame is invalid or too large.
    fn pass(&mut self, mut chunk: &[u8]) -> Result<(), Closed> {
        while !chunk.is_empty() {
            if self.ahead > 0 {
                let skip = self.ahead.min(chunk.len() as u64);
                self.ahead -= skip;
                chunk = &chunk[skip as usize..];
                continue;
            }
            self.head[self.have] = chunk[0];
            self.have += 1;
            chunk = &chunk[1..];
            if self.have == self.head_length() {
                self.begin_frame()?;
            }
        }
        Ok(())
    }

    /// Length of the head as far as the bytes so far determine it.
    fn head_length(&self) -> usize {
        if self.have < 2 {
            return 2;
        }
        let length = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        2 + length + mask
    }

    fn begin_frame(&mut self) -> Result<(), Closed> {
        if self.head[0] & RESERVED != 0 {
            return Err(Closed::Protocol);
        }
        let wide = |bytes: &[u8]| {
            bytes
                .iter()
                .fold(0, |length, byte| length << 8 | u64::from(*byte))
        };
        let length = match self.head[1] & 0x7f {
            126 => wide(&self.head[2..4]),
            127 => wide(&self.head[2..10]),
            short => u64::from(short),
        };
        let (last, opcode) = (self.head[0] & 0x80 != 0, self.head[0] & 0x0f);
        self.have = 0;
        self.ahead = length;
        if opcode >= 8 {
            return Ok(()); // pings and the like may come between the frames of a message; the codec bounds them
        }
        if opcode != 0 {
            self.kept = Kept::default(); // the message before has passed
        }
        let message = self.message.saturating_add(length);
        let before = std::mem::replace(&mut self.message, if last { 0 } else { message });
        if message > self.most {
            return Err(Closed::TooLarge);
        }
        if message <= FREE as u64 {
            return Ok(());
        }
        let counted = if before > FREE as u64 { before } else { 0 };
        let more = (message - counted) as usize;
        let taken = self.budget.take(&mut self.kept, more);
        taken.map_err(|_| Closed::Overloaded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: u64) -> Vec<u8> {
        let mut head = vec![first];
        match length {
            0..126 => head.push(0x80 | length as u8),
            126..65536 => {
                head.push(0x80 | 126);
                head.extend_from_slice(&(length as u16).to_be_bytes());
            }
            _ => {
                head.push(0x80 | 127);
                head.extend_from_slice(&length.to_be_bytes());
            }
        }
        head.extend_from_slice(&[1, 2, 3, 4]);
        head
    }

    fn passes(most: u64, bytes: &[u8], at_once: usize) -> bool {
        let mut frames = Frames::new(most, Budget::new(1 << 20));
        bytes
            .chunks(at_once)
            .all(|chunk| frames.pass(chunk).is_ok())
    }

    #[test]
    fn messages_are_bounded_however_they_arrive() {
        let whole = |first, length: u64| [frame(first, length), vec![0; length as usize]].concat();
        let check = |bytes: &[u8], expected: bool| {
            for at_once in [1, 2, 3, 7, 1000, 100_000] {
                assert_eq!(passes(1000, bytes, at_once), expected, "{at_once} at once");
            }
        };
        check(
            &[
                whole(0x81, 1000),
                whole(0x81, 10),
                whole(0x82, 1000),
                whole(0x81, 0),
            ]
            .concat(),
            true,
        );
        check(&whole(0x81, 1001), false);
        check(&frame(0x81, u64::MAX >> 1), false);
        // A fragmented message with a ping in between: 600 + 400 bytes fit, 600 + 401 do not.
        check(
            &[
                whole(0x01, 600),
                whole(0x89, 100),
                whole(0x80, 400),
                whole(0x81, 1000),
            ]
            .concat(),
            true,
        );
        check(
            &[whole(0x01, 600), whole(0x89, 100), whole(0x80, 401)].concat(),
            false,
        );
    }
}
