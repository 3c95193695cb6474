//! Ctrl-C during long work: the first requests a stop, a second one ends the process at once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::out::errln;
use super::signals::Signals;
use crate::telemetry::{logging, stderr};

/// How long work may take to notice the stop before the process exits anyway: a fit inside a library cannot be interrupted.
const PATIENCE: Duration = Duration::from_secs(1);

/// Whether the process may exit at any moment, because nothing is being written. Clones share the value.
#[derive(Clone, Debug)]
pub struct Leave(Arc<Mutex<bool>>);

impl Leave {
    /// Forbids the exit from now on, because something is being written.
    pub fn forbid(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = false;
    }

    /// Exits the process if that is allowed.
    fn now(&self) {
        let may = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if *may {
            errln!("error: stopped; nothing was written");
            logging::finish();
            std::process::exit(super::exit::Exit::Interrupted as i32); // still under the lock: nobody begins to write
        }
    }
}

/// A flag that is set on Ctrl-C or a termination signal.
pub fn flag() -> anyhow::Result<Arc<AtomicBool>> {
    listen(|| ())
}

/// Like [`flag`], for work that rarely checks the flag: the process exits shortly after the signal,
/// unless [`Leave::forbid`] was called before.
pub fn leaving() -> anyhow::Result<(Arc<AtomicBool>, Leave)> {
    let leave = Leave(Arc::new(Mutex::new(true)));
    let last = leave.clone();
    let flag = listen(move || {
        let last = last.clone();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            last.now();
        });
    })?;
    Ok((flag, leave))
}

fn listen(on_first: impl Fn() + Send + 'static) -> anyhow::Result<Arc<AtomicBool>> {
    let raised = Arc::new(AtomicBool::new(false));
    let seen = raised.clone();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    std::thread::Builder::new()
        .name("signals".into())
        .spawn(move || {
            runtime.block_on(async {
                let Ok(mut signals) = Signals::of_command() else {
                    return; // then the signals keep their default: the process just ends
                };
                loop {
                    signals.next().await;
                    if seen.swap(true, Ordering::Relaxed) {
                        std::process::exit(super::exit::Exit::Interrupted as i32);
                    }
                    stderr::detach(); // a reader that is stuck must not hold up the end
                    errln!("stopping; once more to end at once");
                    on_first();
                }
            });
        })?;
    Ok(raised)
}
