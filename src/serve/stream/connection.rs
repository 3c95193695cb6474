//! What is known of a connection: by the bytes below the HTTP service, and by the requests above it.

use std::cell::Cell;

use tokio::time::Instant;

/// One connection, shared by its stream and its requests. All of them live on one thread.
#[derive(Debug, Default)]
pub struct Connection {
    /// Requests that are being answered.
    requests: Cell<usize>,
    /// Whether no head is waited for any more: it is a WebSocket.
    upgraded: Cell<bool>,
    /// Whether what is read now may belong to the body of the request that is being answered.
    in_body: Cell<bool>,
    /// When the first byte of a head came whose request has not begun.
    head: Cell<Option<Instant>>,
    /// The bytes read last: an empty line ends a head.
    tail: Cell<[u8; 3]>,
    /// Whether the client has closed its side.
    ended: Cell<bool>,
}

impl Connection {
    /// Whether the client has closed its side: nobody is taken to wait for an answer then.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// A request begins; what is read until [`Connection::body_read`] may be its body.
    pub fn begin(&self, has_body: bool) {
        self.requests.set(self.requests.get() + 1);
        self.in_body.set(has_body);
        // Behind a head without a body only another head can stand.
        let tail = self.tail.get();
        let behind = !has_body && tail != *b"\n\r\n" && !tail.ends_with(b"\n\n");
        self.head.set(behind.then(Instant::now));
    }

    /// The body of the request is there.
    pub fn body_read(&self) {
        self.in_body.set(false);
    }

    /// A request is answered, its connection now a WebSocket or not.
    pub fn end(&self, upgraded: bool) {
        self.requests.set(self.requests.get().saturating_sub(1));
        self.in_body.set(false);
        self.upgraded.set(self.upgraded.get() || upgraded);
    }

    /// Since when a head is waited for whose first byte is there; none while a request is answered.
    pub(super) fn head_since(&self) -> Option<Instant> {
        let waits = self.requests.get() == 0 && !self.upgraded.get();
        self.head.get().filter(|_| waits)
    }

    /// Bytes came; none of them is the end.
    pub(in crate::serve) fn read(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            self.ended.set(true);
            return;
        }
        let mut tail = self.tail.get();
        for byte in &bytes[bytes.len().saturating_sub(tail.len())..] {
            tail = [tail[1], tail[2], *byte];
        }
        self.tail.set(tail);
        // Ends of lines may stand before a head (RFC 9112, 2.2), and behind a body of clients of old.
        let is_blank = bytes.iter().all(|byte| b"\r\n".contains(byte));
        if !self.in_body.get() && self.head.get().is_none() && !is_blank {
            self.head.set(Some(Instant::now()));
        }
    }

    /// Bytes of an answer went out: whoever reads a long one sends the next head when it likes.
    pub(super) fn written(&self) {
        if self.head.get().is_some() {
            self.head.set(Some(Instant::now()));
        }
    }
}
