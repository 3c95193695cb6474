//! The trait of a fitted step.

use std::fmt::Debug;

use super::frame::Frame;

pub trait Step: Debug {
    /// Reads the frame and pushes the step's outputs.
    fn apply(&self, frame: &mut Frame<'_>);

    /// Like [`Step::apply`], for a training row, given by its place among the training rows; the row's own label is excluded.
    fn apply_to_training_row(&self, frame: &mut Frame<'_>, _place: usize, _positive: bool) {
        self.apply(frame);
    }

    /// Called after all training rows have been transformed, to drop data that only they need.
    fn fitted(&mut self) {}

    /// The slots that the step reads, and the number it pushes: checked when a model is loaded, so that a read is
    /// never out of bounds.
    fn reach(&self) -> (Vec<usize>, usize);
}
