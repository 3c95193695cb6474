//! A model as the page shows it: the only file of the page that knows models, schemas and profiles.

use maud::Markup;

use super::cycle;
use crate::model::card::Figures;
use crate::model::{Card, Model};
use crate::schema::{Column, Kind};
use crate::stats::metric::{Better, METRICS};
use crate::stats::profile::{Observed, Profile};
use crate::stats::resampled::Estimate;
use crate::store::feed;

/// Everything the page shows of a model when it is drawn.
#[derive(Clone, Debug)]
pub struct PageView {
    /// `name@7`.
    pub model: String,
    /// When it was trained, RFC 3339.
    pub trained: String,
    /// The learner it is made of.
    pub learner: String,
    /// Rows learnt from.
    pub rows: usize,
    /// How the figures came about: `10-fold × 5`.
    pub evaluation: String,
    /// Cross-validated figures.
    pub figures: Vec<Figure>,
    /// The same without the features made from the labels of other rows, where there are such features.
    pub figures_without_companions: Option<Vec<Figure>>,
    /// What was odd about the table and the model, a sentence each.
    pub warnings: Vec<String>,
    /// The inputs, in the table's order.
    pub fields: Vec<Field>,
    /// What is predicted.
    pub target: TargetView,
    /// From this probability on the decision is yes.
    pub threshold: f64,
    /// The monitor and the alerts, drawn.
    pub watch: Markup,
    /// The loop as it stands.
    pub cycle: cycle::Section,
    /// Who reads it.
    pub reader: Reader,
}

/// What the reader of a page may do.
#[derive(Clone, Debug)]
pub struct Reader {
    /// Whether a session can be ended.
    pub is_signed_in: bool,
    /// Whether rows may be predicted; else there is no form for one.
    pub may_predict: bool,
    /// Topics that may be subscribed to.
    pub topics: Vec<&'static str>,
}

/// Anybody, where there are no tokens.
impl Default for Reader {
    fn default() -> Reader {
        Reader {
            is_signed_in: false,
            may_predict: true,
            topics: feed::TOPICS.map(feed::name).to_vec(),
        }
    }
}

/// One cross-validated figure.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// The metric, by name.
    pub name: String,
    /// Its name for people.
    pub title: String,
    /// What it measures, in a sentence; may be empty.
    pub doc: String,
    /// Whether less is better.
    pub lower: bool,
    /// Mean, and its standard error where there is one; none where it is undefined.
    pub estimate: Option<(f64, Option<f64>)>,
}

/// One input of the form.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column.
    pub name: String,
    /// What it takes.
    pub kind: FieldKind,
    /// Unit for people, may be empty.
    pub unit: String,
    /// A sentence for people, may be empty.
    pub about: String,
    /// Whether a row without it is refused.
    pub required: bool,
    /// What stands in the form at first; empty for a missing value.
    pub example: String,
}

/// What a field takes.
#[derive(Clone, Debug, PartialEq)]
pub enum FieldKind {
    /// A number; an open end is infinite.
    Number {
        /// Smallest value expected.
        min: f64,
        /// Largest value expected.
        max: f64,
    },
    /// One of a few levels.
    Category {
        /// The levels, in the spec's order.
        levels: Vec<String>,
    },
    /// Free text.
    Text,
}

/// The column that is predicted, and its two values as the table writes them.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetView {
    /// The column.
    pub column: String,
    /// The value that counts as yes.
    pub positive: String,
    /// The other one.
    pub negative: String,
}

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
