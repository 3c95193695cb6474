//! One figure that is expected.

/// A figure, and how far the one these rows turn out to have scatters around it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Guess {
    pub value: f64,
    pub error: f64,
}
