//! The traits of a step, as written in a spec and as fitted.

use super::frame::Frame;
use super::scope::{Scope, StepError};
use crate::schema::Cell;

/// The data a step is fitted on: the frames of all training rows so far, and their labels.
#[derive(Debug)]
pub struct Training<'a> {
    /// One frame per row, with the outputs of all earlier steps.
    pub frames: &'a [Vec<Cell>],
    /// The text that the frames' spans point into.
    pub text: &'a str,
    /// One label per row.
    pub labels: &'a [bool],
    /// Collects unusual properties of the training rows, for the model card.
    pub warnings: &'a mut Vec<FitWarning>,
}

/// An unusual property of the training rows that a fit found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitWarning {
    /// Name of the column, or of an earlier step's output.
    pub name: String,
    /// Message that follows the name.
    pub detail: String,
}

impl std::fmt::Display for FitWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.name, self.detail)
    }
}

impl Training<'_> {
    /// The numbers of a slot, without missing ones.
    pub fn numbers(&self, slot: usize) -> impl Iterator<Item = f64> {
        self.frames.iter().filter_map(move |f| f[slot].as_number())
    }

    /// Calls `visit` with each row's frame and label.
    pub fn each(&self, mut visit: impl FnMut(&mut Frame<'_>, bool)) {
        let (mut cells, mut key) = (Vec::new(), Vec::new());
        for (frame, label) in self.frames.iter().zip(self.labels) {
            cells.clone_from(frame);
            visit(
                &mut Frame {
                    cells: &mut cells,
                    text: self.text,
                    key: &mut key,
                },
                *label,
            );
        }
    }
}

/// A step as written in a spec.
pub trait FitStep {
    type Fitted: Step;

    /// Resolves the names that the step uses, fits it on the rows, and adds its outputs to the scope in the order in which
    /// [`Step::apply`] pushes them. It must do so even without any row: that is how a spec is checked.
    /// Fails if a name cannot be used in the way the step requires.
    fn fit(
        &self,
        scope: &mut Scope,
        training: &mut Training<'_>,
    ) -> Result<Self::Fitted, StepError>;
}

pub trait Step {
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
