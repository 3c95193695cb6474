//! The state of one connection, shared by the byte stream below the HTTP service and the requests above it.

use std::cell::Cell;

use tokio::time::Instant;

/// State of one connection. Its stream and its requests all live on one thread, hence the `Cell`s.
#[derive(Debug, Default)]
pub struct Connection {
    /// Number of requests in progress.
    requests: Cell<usize>,
    /// Whether the connection is a WebSocket now, so that no request head is expected any more.
    upgraded: Cell<bool>,
    /// Whether bytes that arrive now may belong to the body of the request in progress.
    in_body: Cell<bool>,
    /// Arrival time of the first byte of a request head whose request has not begun yet.
    head: Cell<Option<Instant>>,
    /// The last three bytes read, by which the empty line that ends a head is recognized.
    tail: Cell<[u8; 3]>,
    /// Whether the client has closed its side of the connection.
    ended: Cell<bool>,
}

impl Connection {
    /// Whether the client has closed its side. The server then assumes that the client no longer waits for a response.
    pub fn has_ended(&self) -> bool {
        self.ended.get()
    }

    /// Records the start of a request. If it has a body, bytes read until [`Connection::body_read`] may belong to that body.
    pub fn begin(&self, has_body: bool) {
        self.requests.set(self.requests.get() + 1);
        self.in_body.set(has_body);
        // Bytes behind a head without a body can only be the start of another head.
        let tail = self.tail.get();
        let behind = !has_body && tail != *b"\n\r\n" && !tail.ends_with(b"\n\n");
        self.head.set(behind.then(Instant::now));
    }

    /// Records that the body of the request is complete.
    pub fn body_read(&self) {
        self.in_body.set(false);
    }

    /// Records the end of a request. `upgraded` says whether the connection is a WebSocket from now on.
    pub fn end(&self, upgraded: bool) {
        self.requests.set(self.requests.get().saturating_sub(1));
        self.in_body.set(false);
        self.upgraded.set(self.upgraded.get() || upgraded);
    }

    /// Arrival time of the first byte of an incomplete request head. None while a request is in progress, and for a WebSocket.
    pub(super) fn head_since(&self) -> Option<Instant> {
        let waits = self.requests.get() == 0 && !self.upgraded.get();
        self.head.get().filter(|_| waits)
    }

    /// Records bytes that were read; an empty slice means that the client has closed its side.
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
        // Line ends may precede a head (RFC 9112, 2.2), and old clients send them after a body.
        let is_blank = bytes.iter().all(|byte| b"\r\n".contains(byte));
        if !self.in_body.get() && self.head.get().is_none() && !is_blank {
            self.head.set(Some(Instant::now()));
        }
    }

    /// Records that bytes of a response were written. The time limit of a pipelined head starts again, because a client that
    /// is still reading a long response may send its next head at any time.
    pub(super) fn written(&self) {
        if self.head.get().is_some() {
            self.head.set(Some(Instant::now()));
        }
    }
}
