//! How the model did on rows that it was not fitted on.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::identity::Model;
use super::words::{Measured, count, none, percent, three};
use crate::model::card::{Confusion, Figures};
use crate::model::evaluation::{Cut, Evaluation};
use crate::report::chart::{confusion, plain, precision_recall, roc};
use crate::report::document::{Block, Section, Style, Text};
use crate::report::table::Table;
use crate::stats::metric::METRICS;

/// Thresholds that the curves are drawn from and that are listed: enough for a smooth curve of 3 inches.
const CUTS: usize = 40;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Metrics {
    pub threshold: f64,
    pub metrics: Vec<Figure>,
    /// Counts at the threshold over all rows, averaged over the repeats.
    pub confusion: Confusion,
    /// Spread of each metric over the folds; empty without an evaluation.
    pub folds: Vec<Spread>,
    /// Rows of the curves; null without an evaluation.
    pub curves: Option<Curves>,
}

/// A metric in the cross-validation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    pub metric: String,
    /// Null where it is undefined.
    pub value: Option<Measured>,
}

/// Lowest, middle and highest value of a metric over all folds of all repeats.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Spread {
    pub metric: String,
    pub folds: u64,
    pub min: f64,
    pub median: f64,
    pub max: f64,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Curves {
    pub rows: u64,
    pub positives: u64,
    /// At falling thresholds.
    pub thresholds: Vec<Threshold>,
}

/// Decisions at a threshold.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Threshold {
    pub threshold: f64,
    pub true_positives: u64,
    pub false_positives: u64,
    /// Share of the positive rows that are decided positive.
    pub recall: f64,
    /// Share of the negative rows that are decided positive.
    pub false_positive_rate: f64,
    /// Share of positive rows among those decided positive.
    pub precision: f64,
}

/// The metrics of a cross-validation in the order of the table of metrics.
pub fn figures(cv: &Figures) -> Vec<Figure> {
    let figure = |metric: &crate::stats::metric::Metric| {
        let most = if metric.name == "log_loss" {
            f64::MAX
        } else {
            1.0
        };
        let estimate = cv.get(metric);
        Figure {
            metric: metric.name.into(),
            value: estimate.map(|estimate| Measured::within(estimate, 0.0, most)),
        }
    };
    METRICS.iter().map(figure).collect()
}

impl Metrics {
    pub fn of(facts: &Facts<'_>) -> Metrics {
        let card = facts.model.card();
        let evaluation = card.evaluation.as_deref();
        Metrics {
            threshold: card.cv.threshold,
            metrics: figures(&card.cv),
            confusion: card.cv.confusion,
            folds: evaluation.map(spreads).unwrap_or_default(),
            curves: evaluation.map(Curves::of),
        }
    }

    fn get(&self, metric: &str) -> Option<Measured> {
        self.metrics.iter().find(|f| f.metric == metric)?.value
    }

    /// The result in one sentence.
    pub fn sentence(&self, model: &Model) -> Text {
        let mut parts = Vec::new();
        if let Some(accuracy) = self.get("accuracy") {
            let interval = accuracy.interval.map_or(String::new(), |i| {
                format!(" (95 % interval {} to {})", percent(i.low), percent(i.high))
            });
            parts.push(format!(
                "{} of the decisions are right{interval}",
                percent(accuracy.mean)
            ));
        }
        if let Some(auc) = self.get("auc") {
            parts.push(format!("the area under the ROC curve is {}", auc.text()));
        }
        if let Some(loss) = self.get("log_loss") {
            parts.push(format!("the log loss is {} nats", loss.text()));
        }
        let majority = model.positive_share.max(1.0 - model.positive_share);
        Text::strong("On rows that it was not fitted on, ").and(
            Style::Plain,
            format!(
                "{}. Always predicting the more frequent outcome would be right for {}.",
                parts.join(", "),
                percent(majority)
            ),
        )
    }

    pub fn section(&self, model: &Model) -> Section {
        let mut table = Table::new(
            "Metrics",
            &["metric", "mean ± se#", "95 % interval#", "meaning"],
        );
        for (figure, metric) in self.metrics.iter().zip(METRICS) {
            let value = figure.value;
            table.row([
                metric.title.to_owned(),
                value.map_or_else(none, |v| v.text()),
                value.map_or_else(none, |v| v.interval_text()),
                metric.doc.to_owned(),
            ]);
        }
        let mut section = Section::new("metrics", "Evaluation")
            .with(format!(
                "Means over the folds of the cross-validation at the threshold {}, with the standard error corrected for folds \
                 that share training rows (Nadeau and Bengio 2003).",
                plain(self.threshold)
            ))
            .with(table);
        if let Some(curves) = &self.curves {
            section = section.with(curves.charts(self));
        }
        let c = &self.confusion;
        let (positive, negative) = (&model.positive, &model.negative);
        let title = format!("Decisions at the threshold {}", plain(self.threshold));
        let rounded = |rows: f64| rows.round() as u64;
        let matrix = confusion(
            &title,
            [negative, positive],
            [
                [rounded(c.true_negatives), rounded(c.false_positives)],
                [rounded(c.false_negatives), rounded(c.true_positives)],
            ],
        );
        let mut decisions = Table::new(
            "Rows by outcome and decision, averaged over the repeats",
            &[
                "outcome",
                &format!("decided {negative}#"),
                &format!("decided {positive}#"),
            ],
        );
        let one = |rows: f64| format!("{rows:.1}");
        decisions.row([
            negative.clone(),
            one(c.true_negatives),
            one(c.false_positives),
        ]);
        decisions.row([
            positive.clone(),
            one(c.false_negatives),
            one(c.true_positives),
        ]);
        section = section.with(part(
            "Decisions",
            vec![Block::Charts(vec![matrix]), Block::Table(decisions)],
        ));
        if !self.folds.is_empty() {
            section = section.with(part("Folds", vec![self.fold_table().into()]));
        }
        if let Some(curves) = &self.curves {
            section = section.with(Block::Part {
                title: "Thresholds".into(),
                is_detail: true,
                blocks: vec![curves.table().into()],
            });
        }
        section
    }

    fn fold_table(&self) -> Table {
        let mut table = Table::new(
            "Spread over all folds of all repeats",
            &["metric", "folds#", "lowest#", "median#", "highest#"],
        );
        for spread in &self.folds {
            let title = METRICS.iter().find(|m| m.name == spread.metric);
            table.row([
                title.map_or(spread.metric.clone(), |m| m.title.into()),
                count(spread.folds),
                three(spread.min),
                three(spread.median),
                three(spread.max),
            ]);
        }
        table
    }
}

fn spreads(evaluation: &Evaluation) -> Vec<Spread> {
    let spread = |fold: &crate::model::evaluation::FoldMetric| {
        let mut values: Vec<f64> = fold.values.iter().copied().flatten().collect();
        values.sort_by(f64::total_cmp);
        let middle = (*values.get((values.len().checked_sub(1)?) / 2)?
            + *values.get(values.len() / 2)?)
            / 2.0;
        Some(Spread {
            metric: fold.metric.clone(),
            folds: values.len() as u64,
            min: *values.first()?,
            median: middle,
            max: *values.last()?,
        })
    };
    evaluation.folds.iter().filter_map(spread).collect()
}

impl Curves {
    fn of(evaluation: &Evaluation) -> Curves {
        let cuts = &evaluation.cuts;
        let (positives, negatives) = (
            evaluation.positives as f64,
            (evaluation.rows - evaluation.positives) as f64,
        );
        let threshold = |cut: &Cut| {
            let called = (cut.true_positives + cut.false_positives) as f64;
            Threshold {
                threshold: cut.threshold,
                true_positives: cut.true_positives,
                false_positives: cut.false_positives,
                recall: cut.true_positives as f64 / positives,
                false_positive_rate: cut.false_positives as f64 / negatives,
                precision: cut.true_positives as f64 / called,
            }
        };
        let last = cuts.len().saturating_sub(1);
        let steps = CUTS.min(cuts.len()).max(2) - 1;
        let mut places: Vec<usize> = (0..=steps).map(|i| i * last / steps).collect();
        places.dedup();
        Curves {
            rows: evaluation.rows,
            positives: evaluation.positives,
            thresholds: places
                .iter()
                .filter_map(|i| cuts.get(*i))
                .map(threshold)
                .collect(),
        }
    }

    fn charts(&self, metrics: &Metrics) -> Block {
        let auc = metrics.get("auc").map_or(f64::NAN, |auc| auc.mean);
        let rates = self
            .thresholds
            .iter()
            .map(|t| (t.false_positive_rate, t.recall));
        let rates = [(0.0, 0.0)]
            .into_iter()
            .chain(rates)
            .chain([(1.0, 1.0)])
            .collect();
        let precision = self
            .thresholds
            .iter()
            .map(|t| (t.recall, t.precision))
            .collect();
        let share = self.positives as f64 / self.rows.max(1) as f64;
        Block::Charts(vec![
            roc("Receiver operating characteristic", auc, rates),
            precision_recall("Precision and recall", share, precision),
        ])
    }

    fn table(&self) -> Table {
        let headings = [
            "threshold#",
            "true positives#",
            "false positives#",
            "recall#",
            "false positive rate#",
            "precision#",
        ];
        let caption = format!(
            "Out-of-fold decisions of the first repeat: {} rows, {} positive",
            self.rows, self.positives
        );
        let mut table = Table::new(caption, &headings);
        for t in &self.thresholds {
            table.row([
                three(t.threshold),
                count(t.true_positives),
                count(t.false_positives),
                percent(t.recall),
                percent(t.false_positive_rate),
                percent(t.precision),
            ]);
        }
        table
    }
}
