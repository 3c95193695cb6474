//! A queue of lines for a file that may block or fail: a full or closed pipe, a slow terminal.
//!
//! Pushing a line never blocks; one thread writes. Lines that do not fit into the queue or cannot be written are dropped and
//! counted.

use std::collections::VecDeque;
use std::io::Write;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A bounded queue in front of one writer thread, which lives as long as the process.
#[derive(Debug)]
pub(super) struct Queue(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    waiting: Mutex<Waiting>,
    changed: Condvar,
    most: usize,
    dropped: AtomicU64,
}

#[derive(Debug, Default)]
struct Waiting {
    lines: VecDeque<Box<[u8]>>,
    bytes: usize,
    /// Whether a line was taken from the queue and is not written yet.
    writing: bool,
}

impl Queue {
    /// Creates the queue and starts its thread; at most `most` bytes wait for `file`.
    pub fn start(name: &str, mut file: impl Write + Send + 'static, most: usize) -> Queue {
        let shared = Arc::new(Shared {
            waiting: Mutex::default(),
            changed: Condvar::new(),
            most,
            dropped: AtomicU64::new(0),
        });
        let writer = shared.clone();
        let thread = std::thread::Builder::new().name(name.into());
        // If the thread cannot start, the queue fills up and further lines count as dropped.
        let _ = thread.spawn(move || {
            loop {
                let line = writer.take();
                if file.write_all(&line).is_err() {
                    writer.dropped.fetch_add(1, Ordering::Relaxed);
                }
                writer.written();
            }
        });
        Queue(shared)
    }

    /// Queues a line, or drops it if the queue is full.
    pub fn push(&self, line: &[u8]) {
        let mut waiting = self.0.lock();
        if waiting.bytes + line.len() > self.0.most {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
            return;
        }
        waiting.bytes += line.len();
        waiting.lines.push_back(line.into());
        self.0.changed.notify_all();
    }

    /// Waits at most `patience` until everything is written; returns false if that was not enough.
    pub fn flush(&self, patience: Duration) -> bool {
        let begun = Instant::now();
        let mut waiting = self.0.lock();
        while waiting.writing || !waiting.lines.is_empty() {
            let left = patience.saturating_sub(begun.elapsed());
            if left.is_zero() {
                return false;
            }
            let woken = self.0.changed.wait_timeout(waiting, left);
            waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// Number of dropped lines.
    pub fn dropped(&self) -> u64 {
        self.0.dropped.load(Ordering::Relaxed)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn take(&self) -> Box<[u8]> {
        let mut waiting = self.lock();
        loop {
            if let Some(line) = waiting.lines.pop_front() {
                waiting.bytes -= line.len();
                waiting.writing = true;
                return line;
            }
            let woken = self.changed.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn written(&self) {
        self.lock().writing = false;
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read};
    use std::sync::mpsc::{self, Receiver, Sender};

    use super::*;

    /// A file whose writes complete only when the test allows it.
    struct Gate {
        begun: Sender<()>,
        open: Receiver<io::Result<()>>,
        taken: Sender<Vec<u8>>,
    }

    impl Write for Gate {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _ = self.begun.send(());
            self.open.recv().map_err(io::Error::other)??;
            let _ = self.taken.send(bytes.to_vec());
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    const LONG: Duration = Duration::from_secs(60);

    #[test]
    fn b5_lines_beyond_the_bound_are_dropped_and_counted() {
        let ((begun, begins), (opener, open)) = (mpsc::channel(), mpsc::channel());
        let (taken, takes) = mpsc::channel();
        let queue = Queue::start("test", Gate { begun, open, taken }, 10);
        queue.push(b"first\n");
        begins.recv().unwrap(); // it has left the queue, and is not written
        for line in ["four\n", "five\n", "six\n", "and seven\n"] {
            queue.push(line.as_bytes());
        }
        assert_eq!(queue.dropped(), 2, "ten bytes are two lines of five");
        assert!(!queue.flush(Duration::from_millis(1)), "nobody reads");
        for _ in 0..3 {
            opener.send(Ok(())).unwrap();
        }
        assert!(queue.flush(LONG));
        let all: Vec<u8> = takes.try_iter().flatten().collect();
        assert_eq!(String::from_utf8(all).unwrap(), "first\nfour\nfive\n");
        queue.push(b"0123456789"); // there is room again, to the last byte
        opener.send(Err(io::ErrorKind::BrokenPipe.into())).unwrap();
        assert!(queue.flush(LONG));
        assert_eq!(queue.dropped(), 3, "what the file refuses is dropped, too");
        queue.push(b"last\n");
        opener.send(Ok(())).unwrap();
        assert!(queue.flush(LONG));
        assert_eq!(
            (takes.recv().unwrap(), queue.dropped()),
            (b"last\n".into(), 3)
        );
    }

    #[test]
    fn b5_a_pipe_without_a_reader_takes_nothing_and_ends_nothing() {
        let (mut reader, writer) = std::io::pipe().unwrap();
        let queue = Queue::start("test", writer, 100);
        queue.push(b"heard\n");
        assert!(queue.flush(LONG));
        let mut heard = [0; 6];
        reader.read_exact(&mut heard).unwrap();
        assert_eq!((&heard, queue.dropped()), (b"heard\n", 0));
        drop(reader);
        queue.push(b"lost\n");
        queue.push(b"lost, too\n");
        assert!(queue.flush(LONG));
        assert_eq!(queue.dropped(), 2);
    }
}
