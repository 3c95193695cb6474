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
    pub metrics: Vec<Figure>,
}

impl Learners {
    pub fn of(facts: &Facts<'_>) -> Learners {
        let card = facts.model.card();
        let candidate = |learner: &str, calibration: &str, cv: &Figures| Candidate {
            learner: learner.into(),
            calibration: calibration.into(),
            is_chosen: false,
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
            candidates.push(candidate(&name, &card.calibration, without));
        }
        Learners {
            folds: card.cv.folds as u64,
            repeats: card.cv.repeats as u64,
            choice: card.choice.clone(),
            candidates,
        }
    }

    pub fn section(&self, model: &Model) -> Section {
        let mut headings = vec!["learner".to_owned()];
        headings.extend(METRICS.iter().map(|metric| format!("{}#", metric.title)));
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let mut table = Table::new("Cross-validated metrics, mean ± standard error", &headings);
        for candidate in &self.candidates {
            let chosen = if candidate.is_chosen { " (chosen)" } else { "" };
            let mut row = vec![format!("{}{chosen}", candidate.learner)];
            let text = |figure: &Figure| figure.value.map_or_else(none, |value| value.text());
            row.extend(candidate.metrics.iter().map(text));
            table.row(row);
        }
        Section::new("learners", "Learners")
            .with(format!(
                "Every learner was cross-validated in {} folds, {} times, on the same splits. Learners are compared by {}.",
                self.folds, self.repeats, model.metric
            ))
            .with(table)
            .with(self.choice.as_str())
    }
}
