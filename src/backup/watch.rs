//! Progress of a backup or a restore, and the request to end it.

use std::cell::Cell;
use std::io::{self, Read};

use super::error::BackupError;

/// Hears of the progress, and says whether to go on.
#[derive(Clone, Copy)]
pub struct Watch<'a> {
    /// Takes the share that is done, from 0 to 1.
    pub report: &'a dyn Fn(f64),
    /// Whether the work should end without a result.
    pub stopped: &'a dyn Fn() -> bool,
}

impl Watch<'static> {
    /// Nobody watches.
    pub fn nobody() -> Watch<'static> {
        Watch {
            report: &|_| {},
            stopped: &|| false,
        }
    }
}

impl Watch<'_> {
    pub(super) fn check(&self) -> Result<(), BackupError> {
        if (self.stopped)() {
            return Err(BackupError::Stopped);
        }
        Ok(())
    }
}

/// A part of the work, which advances with the bytes that are read.
pub(super) struct Stage<'a> {
    watch: Watch<'a>,
    begin: f64,
    share: f64,
    total: u64,
    done: Cell<u64>,
}

impl<'a> Stage<'a> {
    /// The part of the work from `begin` to `end`, both from 0 to 1, in which `total` bytes are read.
    pub(super) fn new(watch: Watch<'a>, [begin, end]: [f64; 2], total: u64) -> Stage<'a> {
        Stage {
            watch,
            begin,
            share: end - begin,
            total: total.max(1),
            done: Cell::new(0),
        }
    }

    /// Passes on what `from` reads.
    pub(super) fn read<R: Read>(&self, from: R) -> Watched<'_, R> {
        Watched { from, stage: self }
    }

    pub(super) fn watch(&self) -> Watch<'a> {
        self.watch
    }

    fn advance(&self, bytes: u64) {
        self.done.set(self.done.get() + bytes);
        let share = (self.done.get() as f64 / self.total as f64).min(1.0);
        (self.watch.report)(self.begin + self.share * share);
    }
}

pub(super) struct Watched<'s, R> {
    from: R,
    stage: &'s Stage<'s>,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        if (self.stage.watch.stopped)() {
            return Err(io::Error::other("cancelled")); // reported as `Stopped` by who looks at the watch
        }
        let bytes = self.from.read(to)?;
        self.stage.advance(bytes as u64);
        Ok(bytes)
    }
}
