//! `bin`: cuts a number at edges into a category; a value on an edge belongs to the bin above it.

use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, Training};
use crate::schema::Cell;

/// `bin` as written in the spec, with one name more than edges.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BinSpec {
    of: String,
    edges: Vec<f64>,
    names: Vec<String>,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Bin {
    of: u32,
    edges: Vec<f64>,
}

impl FitStep for BinSpec {
    type Fitted = Bin;

    fn fit(&self, scope: &mut Scope, _: &mut Training<'_>) -> Result<Bin, StepError> {
        let of = scope.number(&self.of)?;
        if self.edges.is_empty() || !self.edges.is_sorted_by(|a, b| a < b) {
            return Err(StepError::new(
                "edges do not ascend",
                "list them from small to large, each once",
            ));
        }
        if self.names.len() != self.edges.len() + 1 {
            let (edges, names) = (self.edges.len(), self.names.len());
            return Err(StepError::new(
                format!(
                    "{edges} edges make {} bins, {names} names are given",
                    edges + 1
                ),
                "give one name a bin",
            ));
        }
        scope.add(
            &self.r#as,
            SlotKind::Category(self.names.clone()),
            true,
            &[of],
        );
        Ok(Bin {
            of: of as u32,
            edges: self.edges.clone(),
        })
    }
}

impl Step for Bin {
    fn apply(&self, frame: &mut Frame<'_>) {
        let bin =
            |v: f64| Cell::Level(self.edges.iter().take_while(|edge| v >= **edge).count() as u32);
        frame.push(
            frame
                .cell(self.of as usize)
                .as_number()
                .map_or(Cell::Missing, bin),
        );
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (vec![self.of as usize], 1)
    }
}
