//! Statistics of how a candidate's live predictions differ from the champion's, before labels are known. They decide nothing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::promotion::gate::Thresholds;
use crate::stats::moments::Moments;

/// Accumulates both models' predictions for the same rows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Live {
    agreed: u64,
    skipped: u64,
    /// The candidate's probability minus the champion's.
    differences: Moments,
}

/// The statistics for responses and the page.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Live")]
pub struct LiveFigures {
    /// Predictions that the candidate has scored.
    pub scored: u64,
    /// Predictions that the candidate was too slow to score live. They are still compared when their labels arrive.
    pub skipped: u64,
    /// Share of the scored predictions on which both models decide alike; `None` if none was scored.
    pub agreement: Option<f64>,
    /// Mean of the candidate's probability minus the champion's; `None` if none was scored.
    pub difference: Option<f64>,
    /// Standard deviation of that difference.
    pub spread: Option<f64>,
}

impl Live {
    /// Adds both predictions for one row.
    pub fn update(&mut self, thresholds: Thresholds, champion: f64, candidate: f64) {
        let decisions = (
            champion >= thresholds.champion,
            candidate >= thresholds.candidate,
        );
        self.agreed += u64::from(decisions.0 == decisions.1);
        self.differences.update(candidate - champion);
    }

    /// Counts rows that were not scored live.
    pub fn skip(&mut self, rows: u64) {
        self.skipped += rows;
    }

    pub fn figures(&self) -> LiveFigures {
        let scored = self.differences.count();
        LiveFigures {
            scored,
            skipped: self.skipped,
            agreement: (scored > 0).then(|| self.agreed as f64 / scored as f64),
            difference: self.differences.mean(),
            spread: self.differences.sample_sd(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promotion::fixture::HALF;

    #[test]
    fn agreement_is_of_decisions_and_difference_of_probabilities() {
        let mut live = Live::default();
        assert_eq!(live.figures().agreement, None);
        for (champion, candidate) in [(0.25, 0.375), (0.75, 0.25), (0.5, 0.875), (0.125, 0.25)] {
            live.update(HALF, champion, candidate);
        }
        live.skip(3);
        let figures = live.figures();
        assert_eq!((figures.scored, figures.skipped), (4, 3));
        assert_eq!(figures.agreement, Some(0.75));
        assert_eq!(figures.difference, Some(0.03125));
        let taken_up: Live = serde_json::from_str(&serde_json::to_string(&live).unwrap()).unwrap();
        assert_eq!(taken_up, live);
    }
}
