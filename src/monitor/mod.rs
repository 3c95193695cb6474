//! Monitoring: compares later rows with a model's training rows, and measures how good the model's predictions are.
//!
//! * [`sample`]: rows in the form that monitoring compares, column by column: from a profile, a table or a live window.
//! * [`collect`]: collects a live window row by row.
//! * [`drift`]: comparison of two samples: statistics, tests and one verdict.
//! * [`verdict`]: the findings about a window and what follows from them.
//! * [`mod@slice`]: rows of one level, monitored separately; [`stream`]: non-overlapping windows; [`pace`]: their rate limit.
//! * [`batch`]: a large request, judged as a whole by a sample.
//! * [`performance`]: metrics of labelled predictions; [`detectors`] monitor their stream of errors.
//! * [`cbpe`]: estimated metrics of predictions without labels.
//! * [`delay`]: delay of labels.
//! * [`looks`]: the tests of a live window, alone and pooled with the previous one.
//! * [`quality`]: drifts that retraining cannot fix.
//!
//! Architecture invariant: this module is pure. Rows, labels and time are arguments; reactions to a
//! verdict are decided elsewhere.

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
pub mod quality;
pub mod sample;
pub mod slice;
pub mod stream;
pub mod verdict;
