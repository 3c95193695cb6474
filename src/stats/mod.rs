//! Scores, estimates and reference profiles: what can be said about numbers without knowing what a column means.
//! Pure.
//!
//! * [`scores`]: the accumulator that turns probabilities and outcomes into [`figures::Figures`]; cross-validation
//!   and live windows use the same one.
//! * [`metric`]: the one table of metrics; every reader iterates it.
//! * [`resampled`]: mean and standard error over cross-validation folds.
//! * [`profile`]: the reference that travels inside a model, for drift.
//! * [`difference`], [`mcnemar`]: two forecasters on the same rows, at one look; [`sequence`]: a mean, at every look.
//! * [`interval`]: bounds of one figure at one look.
//! * [`two_sample`]: two samples of one column: how far apart they are, and how sure that is.
//! * [`moments`], [`quantile`], [`normal`], [`gamma`]: mean, deviation, quantiles of values and of distributions.
//!
//! What is undefined is `None`, never NaN.

pub mod difference;
pub mod figures;
pub mod gamma;
pub mod interval;
pub mod mcnemar;
pub mod metric;
pub mod moments;
pub mod normal;
pub mod profile;
pub mod quantile;
pub mod resampled;
pub mod scores;
pub mod sequence;
pub mod two_sample;

pub mod auc;
