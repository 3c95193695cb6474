//! Whether probabilities mean what they say.

use serde::Serialize;

use super::facts::Facts;
use super::words::{Measured, count, percent};
use crate::model::evaluation::{CalibrationBin, Evaluation};
use crate::report::document::Section;
use crate::report::evaluated::calibration;
use crate::report::table::Table;
use crate::stats::metric::METRICS;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// How the scores were made probabilities.
    pub method: String,
    /// Expected calibration error over ten bins of equal width.
    pub ece: Option<Measured>,
    /// About equal numbers of out-of-fold rows each, lowest first.
    pub bins: Vec<CalibrationBin>,
}

impl Calibration {
    pub fn of(facts: &Facts<'_>, evaluation: &Evaluation) -> Calibration {
        let card = facts.model.card();
        let ece = METRICS.iter().find(|metric| metric.name == "ece");
        let ece = ece.and_then(|metric| card.cv.get(metric));
        Calibration {
            method: card.calibration.clone(),
            ece: ece.map(|ece| Measured::within(ece, 0.0, 1.0)),
            bins: evaluation.calibration.clone(),
        }
    }

    pub fn section(&self, positive: &str) -> Section {
        let mut table = Table::new(
            "Predicted and observed",
            &["predicted#", "observed#", "95 % interval#", "rows#"],
        );
        for bin in &self.bins {
            table.row([
                percent(bin.predicted),
                percent(bin.observed),
                format!(
                    "{} to {}",
                    percent(bin.interval.low),
                    percent(bin.interval.high)
                ),
                count(bin.rows),
            ]);
        }
        let ece = self.ece.map_or(String::new(), |ece| {
            format!(" The expected calibration error is {}.", ece.text())
        });
        let within =
            |bin: &&CalibrationBin| (bin.interval.low..=bin.interval.high).contains(&bin.predicted);
        let right = self.bins.iter().filter(within).count();
        Section::new("calibration", "Calibration")
            .with(format!(
                "Of rows that are scored alike, the share that comes out {positive} should be the probability. Calibration: {}. In \
                 {right} of {} bins the mean probability lies within the interval of the observed share.{ece}",
                self.method,
                self.bins.len()
            ))
            .with(calibration("Calibration of out-of-fold probabilities", positive, &self.bins))
            .with(table)
    }
}
