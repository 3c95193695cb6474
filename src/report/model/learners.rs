//! The learners that were compared, and why one was chosen.

use serde::Serialize;

use super::facts::Facts;
use super::identity::Model;
use super::metrics::{Figure, figures};
use super::words::none;
use crate::model::card::Figures;
use crate::report::document::Section;
use crate::report::table::Table;
use crate::stats::metric::METRICS;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Learners {
    pub folds: u64,
    pub repeats: u64,
    /// The reason for the choice.
    pub choice: String,
    pub candidates: Vec<Candidate>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Candidate {
    pub learner: String,
    pub calibration: String,
    pub is_chosen: bool,
    /// Whether it is the chosen learner without the features that are computed from labels of other rows.
    pub is_without_labels: bool,
    pub metrics: Vec<Figure>,
}

impl Learners {
    pub fn of(facts: &Facts<'_>) -> Learners {
        let card = facts.model.card();
        let candidate = |learner: &str, calibration: &str, cv: &Figures| Candidate {
            learner: learner.into(),
            calibration: calibration.into(),
            is_chosen: false,
            is_without_labels: false,
            metrics: figures(cv),
        };
        let mut candidates: Vec<Candidate> = card
            .candidates
            .iter()
            .map(|c| Candidate {
                is_chosen: c.learner == card.learner,
                ..candidate(&c.learner, &c.calibration, &c.cv)
            })
            .collect();
        if let Some(without) = &card.without_companions {
            let name = format!("{} without labels of other rows", card.learner);
            candidates.push(Candidate {
                is_without_labels: true,
                ..candidate(&name, &card.calibration, without)
            });
        }
        Learners {
            folds: card.cv.folds as u64,
            repeats: card.cv.repeats as u64,
            choice: card.choice.clone(),
            candidates,
        }
    }

    pub fn section(&self, model: &Model) -> Section {
        let heading = |candidate: &Candidate| {
            let chosen = if candidate.is_chosen { " (chosen)" } else { "" };
            format!("{}{chosen}#", candidate.learner)
        };
        let mut headings = vec!["metric".to_owned()];
        headings.extend(self.candidates.iter().map(heading));
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let mut table = Table::new("Cross-validated metrics, mean ± standard error", &headings);
        for (i, metric) in METRICS.iter().enumerate() {
            let text = |candidate: &Candidate| {
                let value = candidate.metrics.get(i).and_then(|figure| figure.value);
                value.map_or_else(none, |value| value.text())
            };
            let values = self.candidates.iter().map(text);
            table.row([metric.title.to_owned()].into_iter().chain(values));
        }
        let calibration =
            |candidate: &Candidate| format!("{} {}", candidate.learner, candidate.calibration);
        let calibrations: Vec<String> = self
            .candidates
            .iter()
            .filter(|c| !c.is_without_labels)
            .map(calibration)
            .collect();
        Section::new("learners", "Learners")
            .with(format!(
                "Every learner was cross-validated on the same splits: {} folds, repeated {}. Learners are compared by {}. \
                 Calibration of their scores: {}.",
                self.folds,
                match self.repeats {
                    1 => "once".into(),
                    repeats => format!("{repeats} times"),
                },
                model.metric,
                calibrations.join(", ")
            ))
            .with(table)
            .with(self.choice.as_str())
    }
}
