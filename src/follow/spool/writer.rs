//! The thread that brings the spool file up to the queue.
//!
//! It is a thread of its own, so that a disk that stalls holds up nothing else: predictions go on to the feed, to the source and,
//! while they wait, in memory.

use std::io;
use std::sync::Arc;
use std::time::Instant;

use tokio::sync::oneshot;

use super::file::Storage;
use super::shared::Shared;
use crate::backoff::Backoff;

/// Delays after a failure, during which predictions wait in memory.
const RETRY: Backoff = Backoff {
    first: std::time::Duration::from_millis(500),
    longest: std::time::Duration::from_secs(30),
    least: 0.5,
};

/// Starts the thread, which ends once nothing more is sent. The receiver gets a message or an error at its end.
pub fn start(
    file: Box<dyn Storage>,
    shared: Arc<Shared>,
    random: fn() -> f64,
) -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let thread = std::thread::Builder::new().name("spool".into());
    thread.spawn(move || {
        let mut writer = Writer::new(file, random);
        while shared.lacking(writer.adding.due, writer.shrinking.due) {
            writer.write(&shared, Instant::now());
        }
        // What was sent at last is not sent again by the next start.
        writer.write(&shared, Instant::now());
        let _ = ended.send(());
    })?;
    Ok(end)
}

/// The file, and when what failed is tried again.
struct Writer {
    file: Box<dyn Storage>,
    /// Adding to the file.
    adding: Attempts,
    /// Writing the file anew because it is large.
    shrinking: Attempts,
    random: fn() -> f64,
}

#[derive(Default)]
struct Attempts {
    failures: u32,
    due: Option<Instant>,
}

impl Attempts {
    fn fail(&mut self, now: Instant, random: f64) {
        self.failures += 1;
        self.due = Some(now + RETRY.wait(self.failures, random));
    }
}

impl Writer {
    fn new(file: Box<dyn Storage>, random: fn() -> f64) -> Writer {
        Writer {
            file,
            adding: Attempts::default(),
            shrinking: Attempts::default(),
            random,
        }
    }

    /// Adds what the file lacks, and makes it smaller if it is large for what waits.
    fn write(&mut self, shared: &Shared, now: Instant) {
        match self.add(shared) {
            Ok(()) if self.adding.failures > 0 => {
                self.adding = Attempts::default();
                tracing::info!("follower: the spool file is written again");
            }
            Ok(()) => {}
            Err(error) => {
                if self.adding.failures == 0 {
                    tracing::error!(%error, "follower: the spool file cannot be written; predictions wait in memory alone");
                }
                self.adding.fail(now, (self.random)());
                return;
            }
        }
        if !self.file.is_large_for(shared.queue(|queue| queue.bytes())) {
            self.shrinking = Attempts::default();
        } else if self.shrinking.due.is_none_or(|due| due <= now) {
            match self.replace(shared) {
                Ok(()) => self.shrinking = Attempts::default(),
                Err(error) => {
                    if self.shrinking.failures == 0 {
                        tracing::warn!(%error, "follower: the spool file cannot be written anew; it holds predictions that were sent already, and goes on");
                    }
                    self.shrinking.fail(now, (self.random)());
                }
            }
        }
    }

    fn add(&mut self, shared: &Shared) -> io::Result<()> {
        // A file that cannot be made smaller takes no more at twice the size that it may have.
        if self.file.is_torn() || self.file.is_large_for(2 * shared.limit) {
            if shared.queue(|queue| !queue.is_empty()) {
                return self.replace(shared);
            }
        } else if shared.queue(|queue| queue.is_written()) {
            return Ok(());
        }
        let (change, is_empty) = shared.queue(|queue| (queue.change(), queue.is_empty()));
        let written = match is_empty {
            true => self.file.clear(&change),
            false => self.file.append(&change),
        };
        shared.queue(|queue| match written {
            Ok(()) => queue.wrote(&change),
            Err(_) => queue.failed(change),
        });
        written
    }

    fn replace(&mut self, shared: &Shared) -> io::Result<()> {
        let everything = shared.queue(|queue| queue.everything());
        let written = self.file.replace(&everything);
        shared.queue(|queue| match written {
            Ok(()) => queue.wrote(&everything),
            Err(_) => queue.failed(everything),
        });
        written
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::time::Duration;

    use super::super::queue::{Change, Most, Queue};
    use super::*;
    use crate::follow::View;
    use crate::telemetry::metrics::Metrics;

    /// A file in memory, on a disk that a test makes fail.
    #[derive(Clone, Default)]
    struct Disk(Arc<Mutex<Facts>>);

    #[derive(Default)]
    struct Facts {
        numbers: Vec<u64>,
        may_not_add: bool,
        may_not_replace: bool,
        is_large: bool,
        is_torn: bool,
        replacements: usize,
    }

    impl Disk {
        fn with<T>(&self, with: impl FnOnce(&mut Facts) -> T) -> T {
            with(&mut self.0.lock().unwrap())
        }

        fn numbers(&self) -> Vec<u64> {
            self.with(|facts| facts.numbers.clone())
        }
    }

    fn full() -> io::Error {
        io::ErrorKind::StorageFull.into()
    }

    impl Storage for Disk {
        fn append(&mut self, change: &Change) -> io::Result<()> {
            self.with(|facts| {
                if facts.may_not_add {
                    return Err(full());
                }
                facts.numbers.retain(|number| *number >= change.front);
                facts.numbers.extend(change.lines.iter().map(|l| l.number));
                Ok(())
            })
        }

        fn clear(&mut self, _: &Change) -> io::Result<()> {
            self.with(|facts| facts.numbers.clear());
            Ok(())
        }

        fn replace(&mut self, everything: &Change) -> io::Result<()> {
            self.with(|facts| {
                facts.replacements += 1;
                if facts.may_not_replace {
                    return Err(full());
                }
                facts.numbers = everything.lines.iter().map(|line| line.number).collect();
                (facts.is_large, facts.is_torn) = (false, false);
                Ok(())
            })
        }

        fn is_large_for(&self, waiting: u64) -> bool {
            // Not beyond what it may hold in any case.
            waiting < 1000 && self.with(|facts| facts.is_large)
        }

        fn is_torn(&self) -> bool {
            self.with(|facts| facts.is_torn)
        }
    }

    fn spool() -> (Disk, Writer, Shared) {
        let disk = Disk::default();
        let writer = Writer::new(Box::new(disk.clone()), || 1.0);
        let queue = Some(Queue::default());
        (
            disk,
            writer,
            Shared::new(queue, 1000, View::default(), Arc::new(Metrics::new([]))),
        )
    }

    /// When to try again what failed.
    fn due(writer: &Writer) -> Option<Instant> {
        writer.adding.due.or(writer.shrinking.due)
    }

    fn add(shared: &Shared, count: usize) {
        shared.add(vec!["line".into(); count]);
    }

    fn send(shared: &Shared, lines: usize) {
        shared.send(Most { lines, bytes: 1000 });
        shared.sent();
    }

    #[test]
    fn a_file_that_cannot_be_written_is_tried_again_later_and_then_used() {
        let (disk, mut writer, shared) = spool();
        let now = Instant::now();
        add(&shared, 2);
        writer.write(&shared, now);
        assert_eq!((disk.numbers(), due(&writer)), (vec![0, 1], None));
        disk.with(|facts| facts.may_not_add = true);
        add(&shared, 1);
        writer.write(&shared, now);
        assert_eq!(due(&writer), Some(now + Duration::from_millis(500)));
        writer.write(&shared, now);
        assert_eq!(due(&writer), Some(now + Duration::from_secs(1)));
        assert_eq!(shared.queue(|queue| queue.in_file()), 2);
        disk.with(|facts| facts.may_not_add = false);
        add(&shared, 1);
        writer.write(&shared, now);
        assert_eq!((disk.numbers(), due(&writer)), (vec![0, 1, 2, 3], None));
    }

    #[test]
    fn a_file_that_cannot_be_made_smaller_goes_on_to_be_used() {
        let (disk, mut writer, shared) = spool();
        let now = Instant::now();
        disk.with(|facts| (facts.is_large, facts.may_not_replace) = (true, true));
        add(&shared, 2);
        writer.write(&shared, now);
        let later = due(&writer).unwrap();
        assert_eq!(later, now + Duration::from_millis(500));
        add(&shared, 1);
        writer.write(&shared, now);
        assert_eq!(disk.numbers(), [0, 1, 2], "it was not switched off");
        assert_eq!(
            disk.with(|facts| facts.replacements),
            1,
            "not before it is due"
        );
        send(&shared, 1);
        disk.with(|facts| facts.may_not_replace = false);
        writer.write(&shared, later);
        assert_eq!((disk.numbers(), due(&writer)), (vec![1, 2], None));
        assert_eq!(disk.with(|facts| facts.replacements), 2);
    }

    #[test]
    fn a_torn_file_is_replaced_before_anything_is_added() {
        let (disk, mut writer, shared) = spool();
        let now = Instant::now();
        add(&shared, 1);
        writer.write(&shared, now);
        disk.with(|facts| (facts.is_torn, facts.may_not_replace) = (true, true));
        add(&shared, 1);
        writer.write(&shared, now);
        assert_eq!(disk.numbers(), [0]);
        assert_eq!(shared.queue(|queue| queue.in_file()), 1);
        disk.with(|facts| facts.may_not_replace = false);
        writer.write(&shared, now);
        assert_eq!((disk.numbers(), due(&writer)), (vec![0, 1], None));
    }

    #[test]
    fn a_file_of_which_all_was_sent_is_emptied() {
        let (disk, mut writer, shared) = spool();
        add(&shared, 3);
        writer.write(&shared, Instant::now());
        send(&shared, 3);
        writer.write(&shared, Instant::now());
        assert!(disk.numbers().is_empty());
        assert!(shared.queue(|queue| queue.is_written()));
    }
}
