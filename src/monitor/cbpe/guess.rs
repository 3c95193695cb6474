//! The estimate of one metric.

/// An estimated metric, and the standard deviation of the true value of these rows around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    pub value: f64,
    pub error: f64,
}
