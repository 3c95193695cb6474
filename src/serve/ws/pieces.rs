//! Messages that come in pieces, put together.

use actix_web::web::{Bytes, BytesMut};
use actix_ws::{Item, Message, MessageStream, ProtocolError};
use bytestring::ByteString;

/// A whole message.
pub enum Whole {
    /// Text.
    Text(ByteString),
    /// Bytes.
    Binary,
    /// To be answered by a pong with the same bytes.
    Ping(Bytes),
    /// The answer to a ping.
    Pong,
    /// The end.
    Close,
}

/// Messages of a connection. Pieces are copied to the end of those before, so that a message takes its own length, in
/// however many pieces it comes.
pub struct Messages {
    stream: MessageStream,
    pieces: BytesMut,
    is_text: bool,
}

impl Messages {
    /// Puts the messages of a stream together; how long they may be is held below it.
    pub fn new(stream: MessageStream) -> Messages {
        Messages {
            stream,
            pieces: BytesMut::new(),
            is_text: false,
        }
    }

    /// The next message; none at the end.
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

    /// The message that a piece completes.
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
