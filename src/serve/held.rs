//! A large response body that counts against the memory budget until the connection has taken all of it.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;

use super::budget::Kept;

/// Maximum bytes per chunk. The connection copies each chunk and holds the copy until the client reads it.
const PIECE: usize = 64 << 10;

/// The response body with its share of the memory budget.
pub struct Held {
    rest: Bytes,
    _kept: Kept,
}

impl Held {
    /// Wraps a response body.
    pub fn new(bytes: Bytes, kept: Kept) -> Held {
        Held {
            rest: bytes,
            _kept: kept,
        }
    }
}

impl MessageBody for Held {
    type Error = Infallible;

    fn size(&self) -> BodySize {
        BodySize::Sized(self.rest.len() as u64)
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Infallible>>> {
        if self.rest.is_empty() {
            return Poll::Ready(None);
        }
        let length = self.rest.len().min(PIECE);
        Poll::Ready(Some(Ok(self.rest.split_to(length))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::serve::budget::Budget;

    #[actix_web::test]
    async fn an_answer_comes_whole_and_gives_its_bytes_back() {
        let budget = Budget::new(200 << 10);
        let mut kept = Kept::default();
        budget.take(&mut kept, 200_000).unwrap();
        let bytes: Vec<u8> = (0..200_000u32).map(|n| n as u8).collect();
        let held = Held::new(bytes.clone().into(), kept);
        assert_eq!(held.size(), BodySize::Sized(200_000));
        assert!(budget.take(&mut Kept::default(), 8 << 10).is_err());
        let read = actix_web::body::to_bytes(held).await.unwrap();
        assert_eq!(read, bytes);
        budget.take(&mut Kept::default(), 200 << 10).unwrap();
    }
}
