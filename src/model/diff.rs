//! What changed from one model to another: data, spec, learner, figures.

use serde::Serialize;

use super::lines::{self, Line};
use super::{Card, Model};
use crate::stats::metric::METRICS;
use crate::stats::resampled::Estimate;

/// What changed from model a to model b.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Diff {
    /// The table learnt from.
    pub data: Data,
    /// How it was learnt from.
    pub training: Training,
    /// The numbers the learner sees.
    pub features: Names,
    /// Lines of the spec that only one of the two has; empty where the specs are the same.
    pub spec: Vec<Line>,
    /// Cross-validated figures, one entry a metric.
    pub figures: Vec<Figure>,
    /// Whether both were measured on the same splits of the same table: then every difference counts, otherwise it has to
    /// be held against the standard errors.
    pub same_splits: bool,
}

/// The table learnt from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Data {
    /// SHA-256 of the table.
    pub table: Both<String>,
    pub rows: Both<usize>,
    pub positives: Both<usize>,
    /// Rows left out because they broke the table's contract.
    pub left_out: Both<usize>,
    /// Columns of the table.
    pub columns: Names,
}

/// How it was learnt from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Training {
    /// Learner that was chosen.
    pub learner: Both<String>,
    /// Calibration that was chosen.
    pub calibration: Both<String>,
    /// Seed of everything random.
    pub seed: Both<u64>,
    /// Folds of the cross-validation.
    pub folds: Both<usize>,
    pub repeats: Both<usize>,
    pub threshold: Both<f64>,
}

/// One thing in both models.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Both<T> {
    pub a: T,
    pub b: T,
    /// Whether they are equal.
    pub same: bool,
}

/// Names that only one of the two has.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Names {
    pub removed: Vec<String>,
    pub added: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub metric: &'static str,
    /// The first model's; null where undefined.
    pub a: Option<Estimate>,
    pub b: Option<Estimate>,
    /// b − a; null where either is undefined.
    pub difference: Option<f64>,
    /// Whether b is better; null where the difference is undefined or 0.
    pub better: Option<bool>,
}

/// What changed from `a` to `b`.
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
