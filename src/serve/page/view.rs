//! The view of a model that the page shows. Only this file of the page depends on models, schemas and profiles.

use maud::Markup;

use super::cycle;
use super::shell::{LINKS, Link};
use crate::model::card::Figures;
use crate::model::evaluation::CalibrationBin;
use crate::model::{Card, Model};
use crate::schema::{Column, Kind};
use crate::stats::metric::{Better, METRICS};
use crate::stats::profile::{Observed, Profile};
use crate::stats::resampled::Estimate;
use crate::store::feed;

/// The data that the page is drawn from.
#[derive(Clone, Debug)]
pub struct PageView {
    /// Name of the version, such as `titanic@7`.
    pub model: String,
    /// Time of the training, RFC 3339.
    pub trained: String,
    /// Name of the learner.
    pub learner: String,
    /// Number of training rows.
    pub rows: usize,
    /// How the metrics were evaluated, such as `10-fold × 5`.
    pub evaluation: String,
    pub figures: Vec<Figure>,
    /// Cross-validated metrics without the features derived from the labels of other rows; `None` without such features.
    pub figures_without_companions: Option<Vec<Figure>>,
    /// Warnings about the table and the model, one sentence each.
    pub warnings: Vec<String>,
    /// Fields of the form, in the order of the spec's columns.
    pub fields: Vec<Field>,
    pub target: TargetView,
    /// Decision threshold: the lowest probability at which the positive value is predicted.
    pub threshold: f64,
    /// Bins of the calibration curve as a JSON list, which the script reads; empty without an evaluation.
    pub calibration: String,
    /// The rendered monitor and alerts sections.
    pub watch: Markup,
    /// Current state of the retraining loop.
    pub cycle: cycle::Section,
    /// What the user who views the page may do.
    pub reader: Reader,
}

/// What the user who views a page may do.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whether there is a session, which the page then offers to end.
    pub is_signed_in: bool,
    /// Whether the user may predict rows; if not, the page has no form.
    pub may_predict: bool,
    /// Whether the user may administer the server, such as start jobs and see what came of them.
    pub may_administer: bool,
    /// Topics of the live feed that the user may subscribe to.
    pub topics: Vec<&'static str>,
    /// The pages that the server has.
    pub links: Vec<Link>,
}

/// The user of a server without configured tokens, who may do everything.
impl Default for Reader {
    fn default() -> Reader {
        Reader {
            is_signed_in: false,
            may_predict: true,
            may_administer: true,
            topics: feed::TOPICS.map(feed::name).to_vec(),
            links: LINKS.to_vec(),
        }
    }
}

#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// Name of the metric.
    pub name: String,
    /// Display name of the metric.
    pub title: String,
    /// A sentence on what the metric measures; may be empty.
    pub doc: String,
    /// Whether a lower value is better.
    pub lower: bool,
    /// Mean and, if known, its standard error; `None` if the metric is undefined in every fold.
    pub estimate: Option<(f64, Option<f64>)>,
}

/// A field of the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// Name of the column.
    pub name: String,
    pub kind: FieldKind,
    /// Unit of the values, for display; may be empty.
    pub unit: String,
    /// A sentence that describes the column; may be empty.
    pub about: String,
    /// Whether a row without a value in this column is rejected.
    pub required: bool,
    /// Initial value of the field; empty for a missing value.
    pub example: String,
}

/// The kind of value that a field accepts.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A number within a range; a missing bound is infinite.
    Number {
        /// Minimum of the expected range.
        min: f64,
        /// Maximum of the expected range.
        max: f64,
    },
    /// One of the column's levels.
    Category {
        /// All levels, in the order of the spec.
        levels: Vec<String>,
    },
    Text,
}

/// The target column and its two values as written in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetView {
    /// Name of the column.
    pub column: String,
    /// The value whose probability is predicted.
    pub positive: String,
    pub negative: String,
}

impl TargetView {
    /// The positive value with its column, as in `survived = 1`.
    pub fn positive_is(&self) -> String {
        format!("{} = {}", self.column, self.positive)
    }
}

impl PageView {
    /// The view of `model`, whose version is `name` and which was trained at `trained` (RFC 3339).
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
            calibration: calibration(card),
            threshold: model.spec().decision.threshold,
            watch: Default::default(),
            cycle: Default::default(),
            reader: Default::default(),
        }
    }
}

/// Warnings about the table and the fit. The table's warnings include those of the fit, except in models of earlier
/// releases, so duplicates are removed.
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

/// A typical value of the training rows: the median of a number, the most frequent level of a category; `None` if most rows
/// have no value. Free text is never shown, because it may contain personal data.
fn typical(observed: &Observed) -> Option<String> {
    if 2 * observed.missing() > observed.rows() {
        return None;
    }
    match observed {
        // An observed value, not the mean of the two middle ones.
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

/// A value that the server accepts although nothing is known of the column but its spec; empty if the column is optional.
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

/// The bins of the calibration curve, each with its share of positive rows and the interval.
fn calibration(card: &Card) -> String {
    let bins = card
        .evaluation
        .iter()
        .flat_map(|evaluation| &evaluation.calibration);
    let bin = |bin: &CalibrationBin| {
        serde_json::json!({
            "predicted": bin.predicted, "observed": bin.observed, "rows": bin.rows,
            "low": bin.interval.low, "high": bin.interval.high,
        })
    };
    serde_json::Value::from_iter(bins.map(bin)).to_string()
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
            monotone: None,
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
