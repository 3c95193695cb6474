//! What the model is.

use serde::Serialize;

use super::facts::Facts;
use super::words::{count, percent};
use crate::model::members::{self, Member};
use crate::report::chart::plain;
use crate::report::document::{Block, Style, Text};

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Model {
    pub version: String,
    pub role: String,
    pub learner: String,
    /// The fitted learners that the model consists of.
    pub members: Vec<Member>,
    pub calibration: String,
    /// Target column.
    pub target: String,
    /// The value of the target whose probability is predicted.
    pub positive: String,
    pub negative: String,
    /// Lowest probability that is decided positive.
    pub threshold: f64,
    /// Training rows.
    pub rows: u64,
    /// Share of positive training rows.
    pub positive_share: f64,
    /// Columns that the model reads.
    pub columns: u64,
    pub features: u64,
    /// The metric that selects learners and compares models.
    pub metric: String,
}

impl Model {
    pub fn of(facts: &Facts<'_>) -> Model {
        let (model, card) = (facts.model, facts.model.card());
        let target = model.schema().target();
        Model {
            version: facts.version.clone(),
            role: facts.role.clone(),
            learner: card.learner.clone(),
            members: model.members(),
            calibration: card.calibration.clone(),
            target: target.column.clone(),
            positive: target.positive.to_string(),
            negative: target.negative.to_string(),
            threshold: model.spec().decision.threshold,
            rows: card.rows as u64,
            positive_share: card.positives as f64 / card.rows.max(1) as f64,
            columns: model.columns_read().len() as u64,
            features: model.recipe().width() as u64,
            metric: model.spec().evaluation.metric.title.into(),
        }
    }

    pub fn lead(&self) -> Vec<Block> {
        let text = Text::code(&self.version)
            .and(Style::Plain, " predicts the probability that ")
            .and(Style::Code, &self.target)
            .and(Style::Plain, " is ")
            .and(Style::Code, &self.positive)
            .and(
                Style::Plain,
                format!(
                    ". A probability of {} or more is decided as {}.",
                    plain(self.threshold),
                    self.positive
                ),
            );
        let facts = [
            ("Role", self.role.clone()),
            ("Learner", members::text(&self.learner, &self.members)),
            ("Calibration", self.calibration.clone()),
            (
                "Training rows",
                format!(
                    "{}, of which {} have {} = {}",
                    count(self.rows),
                    percent(self.positive_share),
                    self.target,
                    self.positive
                ),
            ),
            (
                "Inputs",
                format!("{} columns, {} features", self.columns, self.features),
            ),
        ];
        let facts = facts.map(|(name, value)| (name.to_owned(), Text::from(value)));
        vec![Block::Paragraph(text), Block::Facts(facts.into())]
    }
}
