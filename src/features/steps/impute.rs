//! `impute`: replaces a missing number by the median of the training rows, optionally that of the row's group.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::features::frame::Frame;
use crate::features::scope::{Scope, SlotKind, StepError};
use crate::features::step::Step;
use crate::features::training::{FitStep, FitWarning, Training};
use crate::schema::Cell;
use crate::stats::quantile;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImputeSpec {
    of: String,
    /// A category that defines the groups; a level without known values gets the overall median.
    #[serde(default)]
    by: Option<String>,
    r#as: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Impute {
    of: u32,
    by: Option<u32>,
    /// Median of each level that has values.
    medians: Vec<Option<f64>>,
    overall: f64,
}

impl FitStep for ImputeSpec {
    type Fitted = Impute;

    fn fit(&self, scope: &mut Scope, training: &mut Training<'_>) -> Result<Impute, StepError> {
        let of = scope.number(&self.of)?;
        let by = self
            .by
            .as_ref()
            .map(|by| scope.category(by).map(|(s, levels)| (s, levels.len())))
            .transpose()?;
        let overall = median(training.numbers(of).collect());
        if overall.is_none() && !training.frames.is_empty() {
            training.warnings.push(FitWarning {
                name: self.of.clone(),
                detail: "is missing in every row: it is taken as 0".into(),
            });
        }
        let medians = by.map_or_else(Vec::new, |(by, levels)| {
            medians_by(training, of, by, levels)
        });
        let inputs: Vec<usize> = [of].into_iter().chain(by.map(|(by, _)| by)).collect();
        let slot = scope.add(&self.r#as, SlotKind::Number, false, &inputs);
        scope.credit(slot, &[of]); // the group only stands in where the value itself is unknown
        scope.rises_with(slot, &[of], &inputs[1..]);
        Ok(Impute {
            of: of as u32,
            by: by.map(|(by, _)| by as u32),
            medians,
            overall: overall.unwrap_or(0.0),
        })
    }
}

fn medians_by(training: &Training<'_>, of: usize, by: usize, levels: usize) -> Vec<Option<f64>> {
    let mut groups: FxHashMap<u32, Vec<f64>> = FxHashMap::default();
    let cells = training.frames.cells(of).zip(training.frames.cells(by));
    for (of, by) in cells {
        if let (Some(v), Some(level)) = (of.as_number(), by.as_level()) {
            groups.entry(level).or_default().push(v);
        }
    }
    (0..levels as u32)
        .map(|level| groups.remove(&level).and_then(median))
        .collect()
}

fn median(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    quantile::median(&values)
}

impl Step for Impute {
    fn apply(&self, frame: &mut Frame<'_>) {
        let value = frame.cell(self.of as usize).as_number().unwrap_or_else(|| {
            let level = self.by.and_then(|by| frame.cell(by as usize).as_level());
            let group = level.and_then(|level| self.medians.get(level as usize).copied().flatten());
            group.unwrap_or(self.overall)
        });
        frame.push(Cell::Number(value));
    }

    fn reach(&self) -> (Vec<usize>, usize) {
        (
            [self.of]
                .into_iter()
                .chain(self.by)
                .map(|s| s as usize)
                .collect(),
            1,
        )
    }
}
