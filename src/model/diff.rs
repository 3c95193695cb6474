//! Compares two models: data, spec, learner and metrics.

use serde::Serialize;

use super::lines::{self, Line};
use super::{Card, Model};
use crate::stats::metric::METRICS;
use crate::stats::resampled::Estimate;

/// The differences between model a and model b.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    pub data: Data,
    pub training: Training,
    /// The features that the learner receives.
    pub features: Names,
    /// Spec lines that only one of the models has; empty if the specs are equal.
    pub spec: Vec<Line>,
    /// Cross-validated metrics, one entry for each metric.
    pub figures: Vec<Figure>,
    /// Whether both models were evaluated on the same splits of the same table. Only then are differences directly
    /// comparable; otherwise they must be judged against the standard errors.
    pub same_splits: bool,
}

/// Comparison of the training tables.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    pub table: Both<String>,
    pub rows: Both<usize>,
    pub positives: Both<usize>,
    /// Rows excluded from the training because they violate the schema.
    pub left_out: Both<usize>,
    /// Columns that only one of the tables has.
    pub columns: Names,
}

/// Comparison of the training settings and selections.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Training {
    pub learner: Both<String>,
    pub calibration: Both<String>,
    /// The seed of all random decisions in the training.
    pub seed: Both<u64>,
    /// Number of folds of the cross-validation.
    pub folds: Both<usize>,
    pub repeats: Both<usize>,
    pub threshold: Both<f64>,
}

/// The same property of both models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Both<T> {
    pub a: T,
    pub b: T,
    /// Whether both values are equal.
    pub same: bool,
}

/// Names that only one of the models has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names {
    pub removed: Vec<String>,
    pub added: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub metric: &'static str,
    /// The estimate of model a; null if undefined.
    pub a: Option<Estimate>,
    pub b: Option<Estimate>,
    /// b − a; null if either estimate is undefined.
    pub difference: Option<f64>,
    /// Whether model b is better; null if the difference is undefined or 0.
    pub better: Option<bool>,
}

/// Compares model `a` with model `b`.
pub fn diff(a: &Model, b: &Model) -> Diff {
    let (first, second) = (a.card(), b.card());
    let training = Training {
        learner: both(first, second, |card| card.learner.clone()),
        calibration: both(first, second, |card| card.calibration.clone()),
        seed: both(first, second, |card| card.seed),
        folds: both(first, second, |card| card.cv.folds),
        repeats: both(first, second, |card| card.cv.repeats),
        threshold: both(first, second, |card| card.cv.threshold),
    };
    let data = Data {
        table: both(first, second, |card| card.table.clone()),
        rows: both(first, second, |card| card.rows),
        positives: both(first, second, |card| card.positives),
        left_out: both(first, second, |card| card.left_out),
        columns: names(a, b, |model| {
            model.schema().columns().iter().map(|c| &*c.name).collect()
        }),
    };
    Diff {
        features: names(a, b, |model| {
            model.recipe().features().iter().map(|f| &*f.name).collect()
        }),
        spec: lines::diff(a.spec().text(), b.spec().text()),
        figures: figures(first, second),
        same_splits: data.table.same
            && training.seed.same
            && training.folds.same
            && training.repeats.same,
        data,
        training,
    }
}

fn both<T: PartialEq>(a: &Card, b: &Card, of: impl Fn(&Card) -> T) -> Both<T> {
    let (a, b) = (of(a), of(b));
    Both { same: a == b, a, b }
}

fn names<'a>(a: &'a Model, b: &'a Model, of: impl Fn(&'a Model) -> Vec<&'a str>) -> Names {
    let (a, b) = (of(a), of(b));
    let without = |these: &[&str], others: &[&str]| {
        let alone = these.iter().filter(|name| !others.contains(name));
        alone.map(|name| (*name).to_owned()).collect()
    };
    Names {
        removed: without(&a, &b),
        added: without(&b, &a),
    }
}

fn figures(a: &Card, b: &Card) -> Vec<Figure> {
    let figure = |metric| {
        let (a, b) = (a.cv.get(metric), b.cv.get(metric));
        let means = a.zip(b).map(|(a, b)| (a.mean, b.mean));
        Figure {
            metric: metric.name,
            a,
            b,
            difference: means.map(|(a, b)| b - a),
            better: means
                .filter(|(a, b)| a != b)
                .map(|(a, b)| metric.prefers(b, a)),
        }
    };
    METRICS.iter().map(figure).collect()
}
