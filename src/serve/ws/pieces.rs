//! Reassembles fragmented WebSocket messages.

use actix_web::web::{Bytes, BytesMut};
use actix_ws::{Item, Message, MessageStream, ProtocolError};
use bytestring::ByteString;

pub enum Whole {
    Text(ByteString),
    /// A binary message, whose content is not needed because it is rejected.
    Binary,
    /// A ping, which requires a pong with the same bytes.
    Ping(Bytes),
    /// A pong, the response to our ping.
    Pong,
    Close,
}

/// The complete messages of a connection. Each fragment is appended to one buffer, so that a message takes memory of its own
/// length, in however many fragments it arrives.
pub struct Messages {
    stream: MessageStream,
    pieces: BytesMut,
    is_text: bool,
}

impl Messages {
    /// Reassembles the messages of a stream. Their maximum length is enforced below the stream.
    pub fn new(stream: MessageStream) -> Messages {
        Messages {
            stream,
            pieces: BytesMut::new(),
            is_text: false,
        }
    }

    /// The next message; none at the end of the stream.
    pub async fn next(&mut self) -> Option<Result<Whole, ProtocolError>> {
        loop {
            let message = match self.stream.recv().await? {
                Ok(message) => message,
                Err(fault) => return Some(Err(fault)),
            };
            let whole = match message {
                Message::Text(text) => Whole::Text(text),
                Message::Binary(_) => Whole::Binary,
                Message::Ping(bytes) => Whole::Ping(bytes),
                Message::Pong(_) => Whole::Pong,
                Message::Close(_) => Whole::Close,
                Message::Nop => continue,
                Message::Continuation(item) => match self.piece(item) {
                    Ok(Some(whole)) => whole,
                    Ok(None) => continue,
                    Err(fault) => return Some(Err(fault)),
                },
            };
            return Some(Ok(whole));
        }
    }

    /// Appends a fragment and returns the message if the fragment completes it.
    fn piece(&mut self, item: Item) -> Result<Option<Whole>, ProtocolError> {
        let (first, bytes) = match item {
            Item::FirstText(bytes) => (Some(true), bytes),
            Item::FirstBinary(bytes) => (Some(false), bytes),
            Item::Continue(bytes) => (None, bytes),
            Item::Last(bytes) => {
                self.pieces.extend_from_slice(&bytes);
                let whole = std::mem::take(&mut self.pieces).freeze();
                if !self.is_text {
                    return Ok(Some(Whole::Binary));
                }
                let text = ByteString::try_from(whole).map_err(|fault| {
                    ProtocolError::Io(std::io::Error::new(std::io::ErrorKind::InvalidData, fault))
                })?;
                return Ok(Some(Whole::Text(text)));
            }
        };
        self.is_text = first.unwrap_or(self.is_text);
        self.pieces.extend_from_slice(&bytes);
        Ok(None)
    }
}
