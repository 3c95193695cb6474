//! The thread that answers a body, and whether its client still waits.

use crate::serve::admission::{Client, left};
use crate::serve::problem::Problem;

/// Where a body is answered.
#[derive(Clone, Copy, Debug)]
pub enum Thread<'a> {
    /// On one that serves others too: it must not wait.
    Serving,
    /// On one of its own, for a client that may leave before it is done.
    Apart(&'a Client),
}

impl Thread<'_> {
    /// An error once nobody waits for the answer any more.
    pub fn go_on(self) -> Result<(), Problem> {
        match self {
            Thread::Apart(client) if client.has_left() => Err(left()),
            _ => Ok(()),
        }
    }
}
