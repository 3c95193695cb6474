//! Writes log lines to standard error: prepends the time and suppresses repeated lines.

use std::io::{self, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::Thread;

use jiff::Timestamp;
use tracing_subscriber::fmt::MakeWriter;

use super::repeats::{Repeats, Taken};
use crate::clock::{self, Clock};
use crate::telemetry::stderr;

/// Format of a complete line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Text {
        /// Whether to write terminal color codes.
        coloured: bool,
    },
    Json,
}

/// Output of the log. Clones share the suppressed lines.
#[derive(Clone)]
pub(super) struct Lines {
    form: Form,
    clock: Arc<dyn Clock>,
    repeats: Arc<Mutex<Repeats>>,
    /// Thread that writes suppressed lines once they are due.
    waker: Thread,
}

impl Lines {
    /// Creates the output and starts the thread that writes suppressed lines.
    ///
    /// # Errors
    /// The system cannot start another thread.
    pub fn start(form: Form, clock: Arc<dyn Clock>) -> io::Result<Lines> {
        let repeats = Arc::new(Mutex::new(Repeats::default()));
        let (held, present) = (repeats.clone(), clock.clone());
        let thread = std::thread::Builder::new().name("log repeats".into());
        let thread = thread.spawn(move || {
            loop {
                let (due, wait) = {
                    let mut held = lock(&held);
                    let now = present.now();
                    (held.due(now), held.wait(now))
                };
                for (line, held) in due {
                    stderr::write(&form.complete(&line, present.now(), held));
                }
                match wait {
                    Some(wait) => std::thread::park_timeout(wait),
                    None => std::thread::park(),
                }
            }
        })?;
        Ok(Lines {
            form,
            clock,
            repeats,
            waker: thread.thread().clone(),
        })
    }

    /// Writes all suppressed lines.
    pub fn finish(&self) {
        let now = self.clock.now();
        for (line, held) in lock(&self.repeats).rest() {
            stderr::write(&self.form.complete(&line, now, held));
        }
    }
}

fn lock(repeats: &Mutex<Repeats>) -> MutexGuard<'_, Repeats> {
    repeats.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Form {
    /// Completes a line with the time and the number of suppressed repeats.
    fn complete(self, line: &[u8], time: Timestamp, held_back: u64) -> Vec<u8> {
        let time = clock::rfc3339(time);
        let line = line.trim_ascii_end();
        let mut whole = Vec::with_capacity(line.len() + 64);
        match self {
            Form::Text { coloured: true } => {
                whole.extend_from_slice(format!("\x1b[2m{time}\x1b[0m ").as_bytes());
                whole.extend_from_slice(line);
            }
            Form::Text { coloured: false } => {
                whole.extend_from_slice(format!("{time} ").as_bytes());
                whole.extend_from_slice(line);
            }
            Form::Json => {
                let members = line.strip_prefix(b"{").unwrap_or(line);
                let members = members.strip_suffix(b"}").unwrap_or(members);
                whole.extend_from_slice(format!("{{\"timestamp\":\"{time}\",").as_bytes());
                whole.extend_from_slice(members);
            }
        }
        match (held_back, self) {
            (0, _) => {}
            (n, Form::Text { .. }) => whole.extend_from_slice(format!(" held_back={n}").as_bytes()),
            (n, Form::Json) => whole.extend_from_slice(format!(",\"held_back\":{n}").as_bytes()),
        }
        whole.extend_from_slice(if self == Form::Json { b"}\n" } else { b"\n" });
        whole
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Lines;

    fn make_writer(&'a self) -> &'a Lines {
        self
    }
}

/// The log makes one call of `write` per line.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let now = self.clock.now();
        let taken = lock(&self.repeats).take(line, now);
        match taken {
            Taken::Written(held) => stderr::write(&self.form.complete(line, now, held)),
            Taken::Held(1) => self.waker.unpark(), // it has a time to be written at
            Taken::Held(_) => {}
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_completed_in_its_form() {
        let time: Timestamp = "2026-01-31T09:15:00.25Z".parse().unwrap();
        let check = |form: Form, line: &str, held: u64, expected: &str| {
            let whole = form.complete(line.as_bytes(), time, held);
            assert_eq!(String::from_utf8(whole).unwrap(), expected);
        };
        let (text, line) = (Form::Text { coloured: false }, " WARN store: full n=1\n");
        check(
            text,
            line,
            0,
            "2026-01-31T09:15:00.250Z  WARN store: full n=1\n",
        );
        check(
            text,
            line,
            7,
            "2026-01-31T09:15:00.250Z  WARN store: full n=1 held_back=7\n",
        );
        check(
            Form::Text { coloured: true },
            line,
            0,
            "\x1b[2m2026-01-31T09:15:00.250Z\x1b[0m  WARN store: full n=1\n",
        );
        let line = "{\"level\":\"WARN\",\"message\":\"full\"}\n";
        check(
            Form::Json,
            line,
            0,
            "{\"timestamp\":\"2026-01-31T09:15:00.250Z\",\"level\":\"WARN\",\"message\":\"full\"}\n",
        );
        check(
            Form::Json,
            line,
            7,
            "{\"timestamp\":\"2026-01-31T09:15:00.250Z\",\"level\":\"WARN\",\"message\":\"full\",\"held_back\":7}\n",
        );
    }
}
