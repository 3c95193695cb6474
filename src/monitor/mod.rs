//! Monitoring that can be believed: what later rows look like beside the rows a model learnt from, and how good it is.
//!
//! * [`sample`]: rows as monitoring looks at them, column by column: of a profile, of a table, of a live window.
//! * [`collect`]: a live window, row by row.
//! * [`drift`]: two samples compared: figures, tests, one verdict.
//! * [`looks`]: the verdict of a live window, and of two in a row.
//! * [`remedy`]: drifts that a retraining cannot help.
//!
//! Architecture invariant: pure. Rows, truths and time are handed in; what to do about a verdict is decided elsewhere.

pub mod collect;
pub mod drift;
pub mod looks;
pub mod remedy;
pub mod sample;
