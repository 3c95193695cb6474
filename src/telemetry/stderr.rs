//! The only place that writes to standard error: a closed, full or unread standard error never ends the program.
//!
//! A command writes directly and may block on a slow reader. A server must not block: after [`detach`], lines go through a
//! bounded queue.

use std::io::Write;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::queue::Queue;

/// Maximum number of bytes that wait to be written: about ten thousand lines.
const MOST_WAITING: usize = 1 << 20;

static QUEUE: OnceLock<Queue> = OnceLock::new();

/// Number of lines that could not be written directly.
static REFUSED: AtomicU64 = AtomicU64::new(0);

/// Makes all later writes go through a queue, so that no thread blocks on standard error.
pub fn detach() {
    QUEUE.get_or_init(|| Queue::start("stderr", std::io::stderr(), MOST_WAITING));
}

/// Whether lines go through the queue.
pub fn is_detached() -> bool {
    QUEUE.get().is_some()
}

pub fn write(lines: &[u8]) {
    match QUEUE.get() {
        Some(queue) => queue.push(lines),
        None if std::io::stderr().lock().write_all(lines).is_ok() => {}
        None => {
            REFUSED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Waits at most `patience` until the queued lines are written.
pub fn flush(patience: Duration) {
    if let Some(queue) = QUEUE.get() {
        queue.flush(patience); // what nobody reads in time is given up
    }
}

/// Number of lines dropped since the start of the process.
pub fn dropped() -> u64 {
    REFUSED.load(Ordering::Relaxed) + QUEUE.get().map_or(0, Queue::dropped)
}

/// Writes a line of text.
pub fn line(text: std::fmt::Arguments<'_>) {
    write(format!("{text}\n").as_bytes());
}
