//! The kind of thread that handles a body, and whether the client still waits there.

use crate::serve::admission::{Client, left};
use crate::serve::problem::Problem;

/// Where a body is handled.
#[derive(Clone, Copy, Debug)]
pub enum Thread<'a> {
    /// On a serving thread, which other requests share: the work must not block.
    Serving,
    /// On the admission pool, for a client that may leave before the work is done.
    Apart(&'a Client),
}

impl Thread<'_> {
    /// Fails once the client has left.
    pub fn go_on(self) -> Result<(), Problem> {
        match self {
            Thread::Apart(client) if client.has_left() => Err(left()),
            _ => Ok(()),
        }
    }
}
