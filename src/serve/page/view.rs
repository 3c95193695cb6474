//! A model as the page shows it: the only file of the page that knows models and schemas.

use super::{Field, FieldKind, Figure, PageView, TargetView};
use crate::model::Model;
use crate::model::card::Figures;
use crate::schema::{Column, Kind};

impl PageView {
    /// What the page shows of `model`, called `name`, trained at `trained` (RFC 3339).
    pub fn of(model: &Model, name: &str, trained: &str) -> PageView {
        let card = model.card();
        let target = model.schema().target();
        PageView {
            model: name.to_owned(),
            trained: trained.to_owned(),
            learner: card.learner.clone(),
            rows: card.rows,
            evaluation: format!("{}-fold × {}", card.cv.folds, card.cv.repeats),
            figures: figures(&card.cv),
            figures_without_companions: card.without_companions.as_ref().map(figures),
            fields: model.schema().columns().iter().map(field).collect(),
            target: TargetView {
                column: target.column.clone(),
                positive: target.positive.to_string(),
                negative: target.negative.to_string(),
            },
            threshold: model.spec().decision.threshold,
        }
    }
}

fn figures(cv: &Figures) -> Vec<Figure> {
    let figure = |(name, estimate): &(String, Option<_>)| Figure {
        name: name.clone(),
        estimate: estimate.map(|e: crate::stats::resampled::Estimate| (e.mean, e.se)),
    };
    cv.metrics.iter().map(figure).collect()
}

fn field(column: &Column) -> Field {
    let kind = match &column.kind {
        Kind::Number { min, max } => FieldKind::Number {
            min: *min,
            max: *max,
        },
        Kind::Category { levels } => FieldKind::Category {
            levels: levels.clone(),
        },
        Kind::Text => FieldKind::Text,
    };
    Field {
        name: column.name.clone(),
        kind,
        unit: column.unit.clone(),
        about: column.about.clone(),
        required: column.required,
        example: example(column),
    }
}

/// What stands in the form at first: the least that gets an answer, so that nothing is invented.
fn example(column: &Column) -> String {
    match &column.kind {
        _ if !column.required => String::new(),
        Kind::Number { min, max } => match (min.is_finite(), max.is_finite()) {
            (true, true) => (min + (max - min) / 2.0).to_string(),
            (true, false) => min.to_string(),
            (false, true) => max.to_string(),
            (false, false) => "0".to_owned(),
        },
        Kind::Category { levels } => levels.first().cloned().unwrap_or_default(),
        Kind::Text => "?".to_owned(),
    }
}
