//! Monitoring that can be believed: what later rows look like beside the rows a model learnt from, and how good it is.
//!
//! * [`sample`]: rows as monitoring looks at them, column by column: of a profile, of a table, of a live window.
//! * [`collect`]: a live window, row by row.
//! * [`drift`]: two samples compared: figures, tests, one verdict.
//! * [`verdict`]: what a window was found to be, and what follows from it.
//! * [`mod@slice`]: rows of one level, watched by themselves; [`stream`]: windows that do not overlap; [`pace`]: how many are looked at.
//! * [`batch`]: a large request, judged as a whole by a sample.
//! * [`performance`]: how good the answers were whose truths have come; [`detectors`] watch its error stream.
//! * [`cbpe`]: how good they should be where no truth has come.
//! * [`delay`]: how long truths take.
//! * [`looks`]: the verdict of a live window, and of two in a row.
//! * [`remedy`]: drifts that a retraining cannot help.
//!
//! Architecture invariant: pure. Rows, truths and time are handed in; what to do about a verdict is decided elsewhere.

pub mod batch;
pub mod cbpe;
pub mod collect;
pub mod delay;
pub mod detectors;
pub mod drift;
#[cfg(test)]
mod fixture;
pub mod looks;
pub mod options;
pub mod pace;
pub mod performance;
pub mod remedy;
pub mod sample;
pub mod slice;
pub mod stream;
pub mod verdict;
