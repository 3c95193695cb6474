//! Metrics of every learner that was tried, and the choice among them.

use super::calibrate;
use super::cross_validate::Plan;
use super::learner::Learner;
use crate::kernel::Calibration;
use crate::model::card::{Confusion, Figures};
use crate::model::evaluation::FoldMetric;
use crate::stats::figures;
use crate::stats::metric::{METRICS, Metric};
use crate::stats::resampled::Estimate;
use crate::stats::scores::Scores;

/// A cross-validated learner, with its calibration and metrics.
#[derive(Debug)]
pub(super) struct Tried {
    pub learner: &'static dyn Learner,
    pub calibration: Calibration,
    pub figures: Figures,
    /// Metrics of each fold of each repeat.
    pub folds: Vec<FoldMetric>,
    /// Calibrated out-of-fold probabilities of the first repeat, which show how scores of unseen rows are distributed;
    /// `None` for rows that were not tested.
    pub scores: Vec<Option<f64>>,
}

/// Calibrates each learner's out-of-fold scores and computes its metrics.
pub(super) fn candidates(
    plan: &Plan,
    labels: &[bool],
    learners: &[&'static dyn Learner],
    scores: &[Vec<Vec<f64>>],
    threshold: f64,
) -> Vec<Tried> {
    let measure = |(learner, scores): (&&'static dyn Learner, &Vec<Vec<f64>>)| {
        let (calibration, calibrated) = calibrate::choose(plan, labels, scores);
        let (figures, folds) = figures(plan, labels, &calibrated, threshold);
        let scores = calibrated.into_iter().next().unwrap_or_default();
        let tested = |(i, p): (usize, f64)| plan.is_tested(i).then_some(p);
        let scores = scores.into_iter().enumerate().map(tested).collect();
        Tried {
            learner: *learner,
            calibration,
            figures,
            folds,
            scores,
        }
    };
    learners.iter().zip(scores).map(measure).collect()
}

/// Mean and corrected standard error of every metric over all folds of all repeats, and its values in each.
fn figures(
    plan: &Plan,
    labels: &[bool],
    scores: &[Vec<f64>],
    threshold: f64,
) -> (Figures, Vec<FoldMetric>) {
    let mut folds: Vec<figures::Figures> = Vec::with_capacity(plan.len());
    let mut confusion = Confusion::default();
    for (fold_of, scores) in plan.repeats.iter().zip(scores) {
        for fold in 0..plan.folds {
            let mut fold_scores = Scores::new(threshold);
            for i in (0..labels.len()).filter(|i| fold_of[*i] == Some(fold)) {
                fold_scores.update(scores[i], labels[i]);
            }
            let figures = fold_scores.finish();
            count(
                &mut confusion,
                &figures.confusion,
                plan.repeats.len() as f64,
            );
            folds.push(figures);
        }
    }
    let tested = (0..labels.len()).filter(|i| plan.is_tested(*i)).count();
    let test = tested as f64 / plan.folds as f64;
    let ratio = test / (labels.len() as f64 - test);
    let estimate = |metric: &Metric| {
        let values: Vec<f64> = folds.iter().filter_map(|f| metric.value(f)).collect();
        (metric.name.to_owned(), Estimate::resampled(&values, ratio))
    };
    let in_folds = |metric: &Metric| FoldMetric {
        metric: metric.name.to_owned(),
        values: folds.iter().map(|f| metric.value(f)).collect(),
    };
    let all = Figures {
        folds: plan.folds,
        repeats: plan.repeats.len(),
        threshold,
        metrics: METRICS.iter().map(estimate).collect(),
        confusion,
    };
    (all, METRICS.iter().map(in_folds).collect())
}

fn count(sum: &mut Confusion, fold: &figures::Confusion, repeats: f64) {
    sum.true_positives += fold.tp as f64 / repeats;
    sum.false_positives += fold.fp as f64 / repeats;
    sum.true_negatives += fold.tn as f64 / repeats;
    sum.false_negatives += fold.fn_ as f64 / repeats;
}

/// Index of the learner with the best mean of the metric; ties go to the first, which is the simplest.
pub(super) fn best(tried: &[Tried], metric: &Metric) -> usize {
    let mean = |i: usize| tried[i].figures.get(metric).map(|e| e.mean);
    (0..tried.len()).fold(0, |best, i| match (mean(i), mean(best)) {
        (Some(new), Some(old)) if metric.prefers(new, old) => i,
        (Some(_), None) => i,
        _ => best,
    })
}

/// A sentence that explains the choice with the metric's values.
pub(super) fn reason(tried: &[Tried], best: usize, metric: &Metric) -> String {
    let word = metric.name.replace('_', " ");
    let mean = |t: &Tried| {
        t.figures
            .get(metric)
            .map_or_else(|| "undefined".to_owned(), |e| format!("{:.4}", e.mean))
    };
    let chosen = &tried[best];
    if tried.len() == 1 {
        return format!(
            "{} was requested; {word} {}",
            chosen.learner.name(),
            mean(chosen)
        );
    }
    let mut others: Vec<&Tried> = tried
        .iter()
        .enumerate()
        .filter(|(i, _)| *i != best)
        .map(|(_, t)| t)
        .collect();
    let value = |t: &Tried| t.figures.get(metric).map_or(f64::NAN, |e| e.mean);
    others.sort_by(|a, b| match metric.prefers(value(a), value(b)) {
        true => std::cmp::Ordering::Less,
        false => value(b)
            .total_cmp(&value(a))
            .then(std::cmp::Ordering::Equal),
    });
    let others: Vec<String> = others
        .iter()
        .map(|t| format!("{} {}", t.learner.name(), mean(t)))
        .collect();
    format!(
        "{} has the best cross-validated {word}, {}; {}",
        chosen.learner.name(),
        mean(chosen),
        others.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::LEARNERS;

    /// A8: rows that are never tested (the first block in time order) are excluded from every metric, from the calibration
    /// and from the scores.
    #[test]
    fn a8_rows_that_are_not_tested_are_in_no_figure() {
        let times: Vec<Option<f64>> = (0..1200).map(|i| Some(f64::from(i))).collect();
        let labels: Vec<bool> = (0..1200).map(|i| i * 7919 % 11 < 5).collect();
        let plan = Plan::forward(&times, 3, 0);
        assert_eq!((plan.len(), plan.repeats.len()), (3, 1));
        let (test, train) = plan.split(0, 1);
        assert_eq!((test[0], test.len(), train.len()), (600, 300, 600));
        assert!(train.iter().all(|row| *row < 600));
        let score = |first: f64| {
            let noise = |i: usize| if labels[i] { 0.7 } else { 0.3 } + (i % 13) as f64 / 100.0;
            vec![vec![
                (0..1200)
                    .map(|i| if i < 300 { first } else { noise(i) })
                    .collect::<Vec<f64>>(),
            ]]
        };
        let learners = [LEARNERS[0]];
        let one = candidates(&plan, &labels, &learners, &score(0.0), 0.5).remove(0);
        let other = candidates(&plan, &labels, &learners, &score(0.99), 0.5).remove(0);
        assert_eq!(one.figures, other.figures);
        assert_eq!(
            format!("{:?}", one.calibration),
            format!("{:?}", other.calibration)
        );
        assert_eq!(one.scores, other.scores);
        assert!(
            one.scores[..300].iter().all(Option::is_none)
                && one.scores[300..].iter().all(Option::is_some)
        );
        let c = one.figures.confusion;
        let rows = c.true_positives + c.false_positives + c.true_negatives + c.false_negatives;
        assert!((rows - 900.0).abs() < 1e-9);
    }
}
