//! Progress of long work on standard error: a bar on a terminal, plain lines elsewhere, JSON lines with `--json`.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressStyle};

use super::interrupt::Leave;
use super::out::errln;
use crate::model::card::Work;
use crate::train::{Progress, work};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// A progress bar on a terminal.
    Bar,
    /// Plain lines in a log.
    Lines,
    /// JSON lines for a program.
    Json,
    /// No output, because of `--quiet`.
    Nothing,
}

impl Form {
    /// Chooses the form from the flags and from whether standard error is a terminal.
    pub fn of(json: bool, quiet: bool) -> Form {
        match (quiet, json) {
            (true, _) => Form::Nothing,
            (_, true) => Form::Json,
            _ if std::io::stderr().is_terminal() => Form::Bar,
            _ => Form::Lines,
        }
    }
}

/// Progress display of one command.
pub struct Shown {
    form: Form,
    bar: ProgressBar,
    steps: AtomicUsize,
    done: AtomicUsize,
    stop: Arc<AtomicBool>,
    leave: Option<Leave>,
    /// What the steps are.
    unit: &'static str,
    begun: OnceLock<Instant>,
}

impl Shown {
    /// Creates a display that stops the work once `stop` is set.
    pub fn new(json: bool, quiet: bool, stop: Arc<AtomicBool>) -> Shown {
        let form = Form::of(json, quiet);
        let bar = if form == Form::Bar {
            ProgressBar::new(0)
        } else {
            ProgressBar::hidden()
        };
        let style =
            ProgressStyle::with_template("{bar:30} {pos}/{len} {msg} ({elapsed}, {eta} left)");
        bar.set_style(style.expect("the template is well formed"));
        Shown {
            form,
            bar,
            steps: AtomicUsize::new(0),
            done: AtomicUsize::new(0),
            stop,
            leave: None,
            unit: "fits",
            begun: OnceLock::new(),
        }
    }

    /// Lets the process exit at once on a signal until all models are fitted.
    pub fn leaving(self, leave: Leave) -> Shown {
        Shown {
            leave: Some(leave),
            ..self
        }
    }

    /// Names the steps, for work other than a training.
    pub fn counting(self, unit: &'static str) -> Shown {
        Shown { unit, ..self }
    }

    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }

    /// Whether this step completes another tenth of the work; logs get a line only then.
    fn is_milestone(done: usize, steps: usize) -> bool {
        let tenth = |n: usize| n * 10 / steps.max(1);
        tenth(done) > tenth(done - 1)
    }
}

impl Progress for Shown {
    /// Programs read the same in the result.
    fn plan(&self, work: &Work) {
        if matches!(self.form, Form::Bar | Form::Lines) {
            let most = work::in_words(work.units);
            errln!("the work is at most about {most} of one core");
            for part in &work.left_out {
                errln!("the budget leaves out {part}");
            }
        }
    }

    fn begin(&self, steps: usize) {
        self.steps.store(steps, Ordering::Relaxed);
        self.bar.set_length(steps as u64);
        self.begun.get_or_init(Instant::now);
    }

    fn forecast(&self, times: f64) {
        let Some(begun) = self.begun.get() else {
            return;
        };
        let seconds = begun.elapsed().as_secs_f64() * times;
        match self.form {
            Form::Nothing => {}
            Form::Json => errln!("{}", serde_json::json!({"forecast_seconds": seconds})),
            Form::Bar | Form::Lines => {
                let line = format!("the training will take about {}", in_words(seconds));
                self.bar.suspend(|| errln!("{line}"));
            }
        }
    }

    fn fitted(&self) {
        if let Some(leave) = &self.leave {
            leave.forbid();
        }
    }

    fn advance(&self, what: &str) {
        let done = self.done.fetch_add(1, Ordering::Relaxed) + 1;
        let steps = self.steps.load(Ordering::Relaxed).max(done);
        match self.form {
            Form::Bar => {
                self.bar.set_message(what.to_owned());
                self.bar.inc(1);
            }
            Form::Lines if Shown::is_milestone(done, steps) => {
                errln!("{done} of {steps} {}: {what}", self.unit)
            }
            Form::Json if Shown::is_milestone(done, steps) => {
                let fraction = done as f64 / steps as f64;
                errln!(
                    "{}",
                    serde_json::json!({"progress": fraction, "done": done, "of": steps, "step": what})
                );
            }
            _ => {}
        }
    }

    fn stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Formats a time for people: `40 s`, `3 min`, `1 h 20 min`.
fn in_words(seconds: f64) -> String {
    let minutes = (seconds / 60.0).round() as u64;
    match minutes {
        0 | 1 => format!("{:.0} s", seconds.max(1.0)),
        2..60 => format!("{minutes} min"),
        _ => format!("{} h {} min", minutes / 60, minutes % 60),
    }
}
