//! What a step is fitted on, and the trait of a step as it is written in a spec.

use super::frame::Frame;
use super::frames::Frames;
use super::scope::{Scope, StepError};
use super::step::Step;

/// The data a step is fitted on: the frames of all training rows so far, and their labels.
#[derive(Debug)]
pub struct Training<'a> {
    /// One frame per row, with the outputs of all earlier steps.
    pub frames: &'a Frames<'a>,
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
        self.frames.cells(slot).filter_map(|cell| cell.as_number())
    }

    /// Calls `visit` with each row's frame, in which only `slots` are sure to have their cells, and its label.
    pub fn each(&self, slots: &[usize], mut visit: impl FnMut(&mut Frame<'_>, bool)) {
        self.frames
            .each(slots, |frame, row| visit(frame, self.labels[row]));
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
