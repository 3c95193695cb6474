//! Monitoring that can be believed: what later rows look like beside the rows a model learnt from, and how good it is.
//!
//! * [`sample`]: rows as monitoring looks at them, column by column: of a profile, of a table, of a live window.
//! * [`drift`]: two samples compared: figures, tests, one verdict.
//! * [`performance`]: how good the answers were whose truths have come; [`detectors`] watch its error stream.
//! * [`cbpe`]: how good they should be where no truth has come.
//! * [`delay`]: how long truths take.
//!
//! Architecture invariant: pure. Rows, truths and time are handed in; what to do about a verdict is decided elsewhere.

pub mod cbpe;
pub mod delay;
pub mod detectors;
pub mod drift;
#[cfg(test)]
mod fixture;
pub mod performance;
pub mod sample;
