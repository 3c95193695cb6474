//! Signals of Unix.

use std::io;

use futures_util::future::select_all;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Signals that stop a server. Each has a handler, because the first process of a container has no default actions.
const ENDING: [fn() -> SignalKind; 3] = [
    SignalKind::interrupt,
    SignalKind::terminate,
    SignalKind::hangup,
];

/// Signals that interrupt a command.
const INTERRUPTING: [fn() -> SignalKind; 2] = [SignalKind::interrupt, SignalKind::terminate];

/// Signals that would kill a process without a handler; a server ignores them.
const IGNORED: [fn() -> SignalKind; 2] = [SignalKind::user_defined1, SignalKind::user_defined2];

/// Receivers of signals.
pub struct Signals(Vec<Signal>);

impl Signals {
    /// Those of a server.
    pub fn of_server() -> io::Result<Signals> {
        for kind in IGNORED {
            let _ = signal(kind())?; // once listened to, for good
        }
        Signals::of(&ENDING)
    }

    /// Those of a command that is at work.
    pub fn of_command() -> io::Result<Signals> {
        Signals::of(&INTERRUPTING)
    }

    fn of(kinds: &[fn() -> SignalKind]) -> io::Result<Signals> {
        let signals = kinds.iter().map(|kind| signal(kind()));
        Ok(Signals(signals.collect::<io::Result<_>>()?))
    }

    /// Waits for the next signal.
    pub async fn next(&mut self) {
        select_all(self.0.iter_mut().map(|signal| Box::pin(signal.recv()))).await;
    }
}
