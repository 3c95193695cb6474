//! The log: lines on standard error, for people or for programs.
//!
//! Every line is understandable alone and carries fields. This program logs from the configured level on, libraries from
//! `warn` on (all of them at `trace`), so that `debug` shows what this program does and not the details of HTTP.
//!
//! The log never ends the process, and in a server it never blocks on a slow reader: see [`stderr`]. A line that repeats is
//! written at growing intervals.

mod lines;
mod repeats;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::IsTerminal;
use std::panic::PanicHookInfo;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use serde::Deserialize;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::fmt;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

use super::stderr;
use crate::clock::Clock;
use lines::{Form, Lines};

/// Target of the program's own log lines: the name of the library.
const OURS: &str = "titanic_platform";

/// How long the process waits at its end until the log has been written.
const LAST_LINES: Duration = Duration::from_secs(1);

/// Output of the log, once the log is initialized.
static LINES: OnceLock<Lines> = OnceLock::new();

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// Minimum level of lines that are written.
    pub level: Level,
    pub format: Format,
}

/// Minimum level of lines that are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    /// All lines, also those of libraries.
    Trace,
}

/// Format of the lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Text for people; colored on a terminal, unless `NO_COLOR` is set.
    Text,
    /// One JSON object per line.
    Json,
}

const LEVELS: [(Level, LevelFilter); 6] = [
    (Level::Off, LevelFilter::OFF),
    (Level::Error, LevelFilter::ERROR),
    (Level::Warn, LevelFilter::WARN),
    (Level::Info, LevelFilter::INFO),
    (Level::Debug, LevelFilter::DEBUG),
    (Level::Trace, LevelFilter::TRACE),
];

impl Level {
    /// The level `verbosity` steps higher (`-v`) or lower (`-q`), limited to the range of levels.
    pub fn moved(self, verbosity: i8) -> Level {
        let at = (self as i16 + i16::from(verbosity)).clamp(0, LEVELS.len() as i16 - 1);
        LEVELS[at as usize].0
    }

    fn filter(self) -> LevelFilter {
        LEVELS[self as usize].1
    }
}

/// Initializes the log of this process. Returns false if it was initialized before, which changes nothing, or if that fails.
pub fn init(options: Options, verbosity: i8, clock: Arc<dyn Clock>) -> bool {
    let coloured = coloured();
    let form = match options.format {
        Format::Text => Form::Text { coloured },
        Format::Json => Form::Json,
    };
    if LINES.get().is_some() {
        return false;
    }
    let Ok(lines) = Lines::start(form, clock) else {
        return false;
    };
    let lines = LINES.get_or_init(|| lines).clone();
    // The time is added later, in `Lines`, so that repeated lines can be recognized.
    let layer = fmt::layer()
        .with_writer(lines)
        .without_time()
        .log_internal_errors(false);
    let layer: Box<dyn tracing_subscriber::Layer<_> + Send + Sync> = match options.format {
        Format::Text => Box::new(layer.with_ansi(coloured)),
        Format::Json => Box::new(
            layer
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false),
        ),
    };
    if stderr::is_detached() {
        std::panic::set_hook(Box::new(log_panic));
    }
    tracing_subscriber::registry()
        .with(layer)
        .with(filter(options.level.moved(verbosity)))
        .try_init()
        .is_ok()
}

/// Writes suppressed and queued lines, and gives up after a second. Called last before the process ends.
pub fn finish() {
    if let Some(lines) = LINES.get() {
        lines.finish();
    }
    stderr::flush(LAST_LINES);
}

/// The standard library's own message would block if standard error is not read.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let thread = thread.name().unwrap_or("unnamed");
    let place = panic.location().map(tracing::field::display);
    let message = panic.payload_as_str().unwrap_or("no reason given");
    let backtrace = Backtrace::capture();
    let backtrace = (backtrace.status() == BacktraceStatus::Captured)
        .then(|| tracing::field::display(backtrace));
    tracing::error!(thread, place, backtrace, "panic: {message}");
    if thread == "main" {
        finish(); // the process ends with it
    }
}

fn filter(level: Level) -> Targets {
    let libraries = match level {
        Level::Trace => LevelFilter::TRACE,
        level => level.filter().min(LevelFilter::WARN),
    };
    Targets::new()
        .with_default(libraries)
        .with_target(OURS, level.filter())
}

/// Whether to color the output. `NO_COLOR` turns color off if it is set and not empty (<https://no-color.org>).
fn coloured() -> bool {
    std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        && std::io::stderr().is_terminal()
}

#[cfg(test)]
mod tests {
    use tracing::Level as At;

    use super::*;

    #[test]
    fn verbosity_moves_the_level_to_the_ends_of_the_scale() {
        assert_eq!(Level::Info.moved(0), Level::Info);
        assert_eq!(Level::Info.moved(1), Level::Debug);
        assert_eq!(Level::Info.moved(-1), Level::Warn);
        assert_eq!(Level::Info.moved(i8::MAX), Level::Trace);
        assert_eq!(Level::Error.moved(i8::MIN), Level::Off);
        assert!(
            LEVELS
                .iter()
                .enumerate()
                .all(|(at, (level, _))| *level as usize == at)
        );
    }

    #[test]
    fn libraries_are_quieter_than_we_are() {
        let check = |level, target: &str, at: At, seen: bool| {
            assert_eq!(
                filter(level).would_enable(target, &at),
                seen,
                "{level:?} {target} {at}"
            );
        };
        check(Level::Debug, "titanic_platform::serve", At::DEBUG, true);
        check(Level::Debug, "titanic_platform::serve", At::TRACE, false);
        check(Level::Debug, "actix_http", At::INFO, false);
        check(Level::Debug, "actix_http", At::WARN, true);
        check(Level::Trace, "actix_http", At::TRACE, true);
        check(Level::Error, "actix_http", At::WARN, false);
        check(Level::Off, "titanic_platform", At::ERROR, false);
    }
}
