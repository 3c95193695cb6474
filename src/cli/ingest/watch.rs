//! Shows the progress of a load to a person: number of rows, bad rows, retries.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use indicatif::{ProgressBar, ProgressStyle};

use crate::cli::out::errln;
use crate::cli::progress::Form;
use crate::cli::site::Site;
use crate::ingest::{Batch, BatchCounts, Sink, SinkError, World};

/// Maximum number of bad rows that are reported individually; all are counted.
const NAMED: u64 = 20;

/// Number of rows between two progress lines in a log.
const STEP: u64 = 100_000;

/// Progress display, in the form that a source and its sink call.
pub(super) struct Watch<'s> {
    site: &'s Site,
    stop: Arc<AtomicBool>,
    form: Form,
    bar: ProgressBar,
    read: AtomicU64,
    bad: AtomicU64,
}

impl<'s> Watch<'s> {
    pub(super) fn new(site: &'s Site, stop: Arc<AtomicBool>) -> Watch<'s> {
        let form = Form::of(site.json, site.quiet);
        let bar = match form {
            Form::Bar => ProgressBar::no_length(),
            _ => ProgressBar::hidden(),
        };
        let style =
            ProgressStyle::with_template("{spinner} {human_pos} rows ({per_sec}, {elapsed})");
        bar.set_style(style.expect("the template is well formed"));
        Watch {
            site,
            stop,
            form,
            bar,
            read: AtomicU64::new(0),
            bad: AtomicU64::new(0),
        }
    }

    /// Wraps a sink so that its batches are counted.
    pub(super) fn over<'a>(&'a self, sink: &'a mut dyn Sink) -> impl Sink + 'a {
        |batch: Batch| -> Result<BatchCounts, SinkError> {
            self.see(&batch);
            sink.take(batch)
        }
    }

    /// Removes the progress bar and reports how many bad rows were not listed.
    pub(super) fn finish(&self) {
        self.bar.finish_and_clear();
        let more = self.bad.load(Ordering::Relaxed).saturating_sub(NAMED);
        if more > 0 {
            self.site.warn(format!("quarantined: {more} more"));
        }
    }

    fn see(&self, batch: &Batch) {
        for bad in &batch.bad {
            if self.bad.fetch_add(1, Ordering::Relaxed) < NAMED {
                self.bar
                    .suspend(|| self.site.warn(format!("quarantined: {bad}")));
            }
        }
        let rows = batch.read() as u64;
        let before = self.read.fetch_add(rows, Ordering::Relaxed);
        let read = before + rows;
        self.bar.set_position(read);
        if read / STEP > before / STEP {
            match self.form {
                Form::Lines => errln!("{read} rows read"),
                Form::Json => errln!("{}", serde_json::json!({"rows": read})),
                Form::Bar | Form::Nothing => {}
            }
        }
    }
}

impl World for Watch<'_> {
    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    fn say(&self, note: &str) {
        self.bar.suspend(|| self.site.say(note));
    }
}
