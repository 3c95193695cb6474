//! Pure statistics: scores, estimates and reference profiles of plain numbers, independent of the meaning of columns.
//!
//! * [`scores`]: the accumulator that turns probabilities and outcomes into [`figures::Figures`]; cross-validation and live
//!   windows use the same one.
//! * [`metric`]: the one table of metrics; every reader iterates it.
//! * [`resampled`]: mean and standard error over cross-validation folds.
//! * [`profile`]: the reference distribution stored in a model, for drift detection.
//! * [`difference`], [`mcnemar`]: two predictors on the same rows, at a single look; [`sequence`]: a mean, at every look.
//! * [`interval`]: confidence intervals of one statistic at a single look.
//! * [`two_sample`]: the distance between two samples of one column, and its significance.
//! * [`association`]: how much one column of a table says about another, with intervals.
//! * [`moments`], [`quantile`], [`normal`], [`gamma`]: mean, deviation, quantiles of values and of distributions; [`grid`]:
//!   quantiles of values that are too many to hold.
//!
//! Undefined results are `None`, never NaN.

pub mod association;
pub mod difference;
pub mod figures;
pub mod gamma;
pub mod grid;
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
