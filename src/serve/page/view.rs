//! A model as the page shows it: the only file of the page that knows models, schemas and profiles.

use super::{Field, FieldKind, Figure, PageView, TargetView};
use crate::model::card::Figures;
use crate::model::{Card, Model};
use crate::schema::{Column, Kind};
use crate::stats::metric::{Better, METRICS};
use crate::stats::profile::{Observed, Profile};
use crate::stats::resampled::Estimate;

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
            warnings: warnings(card),
            fields: model
                .schema()
                .columns()
                .iter()
                .map(|c| field(c, model.profile()))
                .collect(),
            target: TargetView {
                column: target.column.clone(),
                positive: target.positive.to_string(),
                negative: target.negative.to_string(),
            },
            threshold: model.spec().decision.threshold,
            watch: Default::default(),
            cycle: Default::default(),
            reader: Default::default(),
        }
    }
}

/// What was odd about the table and the fit; what the fit said stands among the table's, but not in models of earlier
/// releases.
fn warnings(card: &Card) -> Vec<String> {
    let is_said = |text: &&String| {
        let mut details = card.table_warnings.iter().map(|warning| &*warning.detail);
        details.any(|detail| !detail.is_empty() && text.ends_with(detail))
    };
    let of_table = card.table_warnings.iter().map(ToString::to_string);
    let of_fit = card.warnings.iter().filter(|text| !is_said(text)).cloned();
    of_table.chain(of_fit).collect()
}

fn figures(cv: &Figures) -> Vec<Figure> {
    let figure = |(name, estimate): &(String, Option<Estimate>)| {
        let metric = METRICS.iter().find(|m| m.name == name);
        Figure {
            name: name.clone(),
            title: metric.map_or(name.as_str(), |m| m.title).to_owned(),
            doc: metric.map_or("", |m| m.doc).to_owned(),
            lower: metric.is_some_and(|m| m.better == Better::Lower),
            estimate: estimate.map(|e| (e.mean, e.se)),
        }
    };
    cv.metrics.iter().map(figure).collect()
}

fn field(column: &Column, profile: &Profile) -> Field {
    let kind = match &column.kind {
        Kind::Number { min, max } => FieldKind::Number {
            min: *min,
            max: *max,
        },
        Kind::Category { levels } if levels.is_open() => FieldKind::Text,
        Kind::Category { levels } => FieldKind::Category {
            levels: levels.to_vec(),
        },
        Kind::Text | Kind::Date(_) => FieldKind::Text,
    };
    let observed = profile
        .columns
        .iter()
        .find(|c| c.name == column.name)
        .map(|c| &c.observed);
    Field {
        name: column.name.clone(),
        kind,
        unit: column.unit.clone(),
        about: column.about.clone(),
        required: column.required,
        example: observed.and_then(typical).unwrap_or_else(|| least(column)),
    }
}

/// What is typical of the training rows: the value in the middle, the most frequent level; nothing where most rows have
/// nothing. Text is never repeated: it may be about somebody.
fn typical(observed: &Observed) -> Option<String> {
    if 2 * observed.missing() > observed.rows() {
        return None;
    }
    match observed {
        // One that was seen, not a mean of two.
        Observed::Number(number) => number
            .sample
            .get(number.sample.len() / 2)
            .map(f64::to_string),
        Observed::Category(category) => {
            let levels = category.levels.iter().rev(); // the first of equals
            levels
                .max_by_key(|level| level.count)
                .filter(|level| level.count > 0)
                .map(|level| level.name.clone())
        }
        Observed::Text(_) => None,
    }
}

/// The least that gets an answer.
fn least(column: &Column) -> String {
    match &column.kind {
        _ if !column.required => String::new(),
        Kind::Number { min, max } if min.is_finite() && max.is_finite() => {
            (min + (max - min) / 2.0).to_string()
        }
        Kind::Number { min, max } => [*min, *max]
            .into_iter()
            .find(|end| end.is_finite())
            .unwrap_or(0.0)
            .to_string(),
        Kind::Category { levels } => levels.first().cloned().unwrap_or_default(),
        Kind::Text => "?".to_owned(),
        Kind::Date(form) => form.write(0.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Policy;
    use crate::schema::column::{Label, Levels};
    use crate::schema::missing::Markers;
    use crate::stats::profile::{CategoryProfile, ColumnProfile, NumberProfile, TextProfile};

    fn example(kind: Kind, required: bool, observed: Option<Observed>) -> String {
        let (name, unit, about) = ("c".to_owned(), String::new(), String::new());
        let column = Column {
            name: name.clone(),
            kind,
            required,
            policy: Policy::Warn,
            missing: Markers::default(),
            number: None,
            unit,
            about,
        };
        let columns = observed
            .map(|observed| ColumnProfile { name, observed })
            .into_iter()
            .collect();
        field(
            &column,
            &Profile {
                columns,
                scores: None,
            },
        )
        .example
    }

    #[test]
    fn the_example_is_typical_or_the_least_that_gets_an_answer() {
        let number = |min, max| Kind::Number { min, max };
        let levels = || Kind::Category {
            levels: Levels::new(vec![Label::Text("a".into()), Label::Text("b".into())]),
        };
        let numbers = |values: &[Option<f64>]| {
            Some(Observed::Number(NumberProfile::of(values.iter().copied())))
        };
        let seen = |values: &[Option<&str>]| {
            Some(Observed::Category(CategoryProfile::of(
                ["a", "b"],
                values.iter().copied(),
            )))
        };
        let text = Some(Observed::Text(TextProfile::of([Some("secret")])));

        assert_eq!(
            example(
                number(0.0, 9.0),
                false,
                numbers(&[Some(1.0), Some(2.5), Some(7.0), None])
            ),
            "2.5"
        );
        assert_eq!(
            example(number(0.0, 9.0), false, numbers(&[Some(1.0), None, None])),
            "",
            "mostly missing"
        );
        assert_eq!(example(number(0.0, 9.0), true, numbers(&[])), "4.5");
        assert_eq!(example(number(3.0, f64::INFINITY), true, None), "3");
        assert_eq!(
            example(levels(), false, seen(&[Some("b"), Some("a"), Some("b")])),
            "b"
        );
        assert_eq!(
            example(levels(), false, seen(&[Some("b"), Some("a")])),
            "a",
            "the first of equals"
        );
        assert_eq!(example(levels(), true, None), "a");
        assert_eq!(example(levels(), false, seen(&[])), "");
        assert_eq!(example(Kind::Text, false, text), "");
    }
}
