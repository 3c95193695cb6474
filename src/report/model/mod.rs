//! The report on one model: a pure function from [`Facts`] to a typed [`Report`], and from that to a document.
//!
//! Every figure of the document stands in the report, which `report --json` prints. One file holds one section: its figures,
//! how they follow from the facts, and how they are set.
//!
//! The report on a model that was just trained is the same on every machine and at every time: it names no time up to the
//! training, and no path.

mod calibration;
mod data;
mod decisions;
mod drift;
mod errors;
mod facts;
mod identity;
mod importance;
mod learners;
mod metrics;
mod performance;
mod reproduce;
mod words;

use serde::Serialize;

pub use facts::{Alert, Facts, Live};

use super::document::{Block, Document, Text};

/// Everything that the document shows, by section.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub model: identity::Model,
    pub data: data::Data,
    pub learners: learners::Learners,
    pub metrics: metrics::Metrics,
    /// This section and the next two are null in the report on a model file of an earlier release, which holds no evaluation.
    pub calibration: Option<calibration::Calibration>,
    pub importance: Option<importance::Importances>,
    pub errors: Option<errors::Errors>,
    pub drift: drift::Drift,
    pub performance: performance::Performance,
    pub decisions: decisions::Decisions,
    pub reproduce: reproduce::Reproduce,
}

impl Report {
    pub fn of(facts: &Facts<'_>) -> Report {
        let evaluation = facts.model.card().evaluation.as_deref();
        Report {
            model: identity::Model::of(facts),
            data: data::Data::of(facts),
            learners: learners::Learners::of(facts),
            metrics: metrics::Metrics::of(facts),
            calibration: evaluation.map(|found| calibration::Calibration::of(facts, found)),
            importance: evaluation.map(|found| importance::Importances::of(facts, found)),
            errors: evaluation.map(|found| errors::Errors::of(facts, found)),
            drift: drift::Drift::of(facts),
            performance: performance::Performance::of(facts),
            decisions: decisions::Decisions::of(facts),
            reproduce: reproduce::Reproduce::of(facts),
        }
    }

    pub fn document(&self) -> Document {
        let mut lead = self.model.lead();
        lead.push(Block::Paragraph(self.metrics.sentence(&self.model)));
        if self.calibration.is_none() {
            lead.push(Block::Paragraph(Text::from(
                "The model file was written by an earlier release and holds no evaluation in detail, so that the sections on \
                 calibration, importance and errors are missing. A model that is trained again has them.",
            )));
        }
        let positive = &format!("{} = {}", self.model.target, self.model.positive);
        let mut sections = vec![
            self.data.section(),
            self.learners.section(&self.model),
            self.metrics.section(&self.model),
        ];
        sections.extend(
            self.calibration
                .as_ref()
                .map(|found| found.section(positive)),
        );
        sections.extend(
            self.importance
                .as_ref()
                .map(|found| found.section(positive)),
        );
        sections.extend(self.errors.as_ref().map(|found| found.section(positive)));
        sections.extend([
            self.drift.section(),
            self.performance.section(),
            self.decisions.section(),
            self.reproduce.section(),
        ]);
        Document {
            title: format!("Report on {}", self.model.version),
            lead,
            sections,
        }
    }
}

#[cfg(test)]
mod tests;
