//! What a step is, as typed in a spec and as fitted.

use super::frame::Frame;
use super::scope::{Scope, StepFault};
use crate::schema::Cell;

/// What a step is fitted on: the frames of all training rows so far, and their labels.
#[derive(Debug)]
pub struct Training<'a> {
    /// One frame a row, as far as earlier steps have filled it.
    pub frames: &'a [Vec<Cell>],
    /// Text the frames point into.
    pub text: &'a str,
    /// One label a row.
    pub labels: &'a [bool],
    /// What is odd about the fit, for the card.
    pub warnings: &'a mut Vec<FitWarning>,
}

/// Something odd about a fit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FitWarning {
    /// The column, or the output of an earlier step.
    pub name: String,
    /// What is odd; it reads on from the name.
    pub detail: String,
}

impl std::fmt::Display for FitWarning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {}", self.name, self.detail)
    }
}

impl Training<'_> {
    /// The numbers of a slot that are there.
    pub fn numbers(&self, slot: usize) -> impl Iterator<Item = f64> {
        self.frames.iter().filter_map(move |f| f[slot].as_number())
    }

    /// Runs `visit` over a frame for each row, with its label.
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

/// A step as typed in a spec.
pub trait FitStep {
    type Fitted: Step;

    /// Resolves the names it uses, learns from the rows, and adds its outputs to the scope in the order
    /// [`Step::apply`] pushes them. Without any row it must still do so: that is how a spec is checked.
    ///
    /// # Errors
    /// When a name cannot be used as asked.
    fn fit(
        &self,
        scope: &mut Scope,
        training: &mut Training<'_>,
    ) -> Result<Self::Fitted, StepFault>;
}

pub trait Step {
    /// Reads the frame and pushes the step's outputs.
    fn apply(&self, frame: &mut Frame<'_>);

    /// The same for a row the step was fitted on, by its place among these rows, with the row's own label taken out.
    fn apply_to_training_row(&self, frame: &mut Frame<'_>, _place: usize, _positive: bool) {
        self.apply(frame);
    }

    /// The training rows have all been applied: what was kept for them alone may go.
    fn fitted(&mut self) {}

    /// Slots it reads, and how many it pushes: checked when a model is loaded, so that a frame is never overrun.
    fn reach(&self) -> (Vec<usize>, usize);
}
