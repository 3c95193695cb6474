//! Metrics of every learner that was tried, and the choice among them.

use super::cross_validate::{Plan, blend};
use super::learner::Learner;
use super::{calibrate, greedy};
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
    /// The places of the base learners whose scores are averaged; the learner's own alone, unless it is a blend.
    pub members: Vec<usize>,
    pub calibration: Calibration,
    pub figures: Figures,
    /// Metrics of each fold of each repeat.
    pub folds: Vec<FoldMetric>,
    /// Calibrated out-of-fold probabilities of the first repeat, which show how scores of unseen rows are distributed;
    /// `None` for rows that were not tested.
    pub scores: Vec<Option<f64>>,
}

/// Out-of-fold scores and the rows that they belong to.
#[derive(Clone, Copy)]
pub(super) struct OutOfFold<'a> {
    pub plan: &'a Plan,
    pub labels: &'a [bool],
    /// `[base learner][repeat][row]`, before calibration.
    pub scores: &'a [Vec<Vec<f64>>],
    /// Threshold of the decision.
    pub threshold: f64,
}

impl OutOfFold<'_> {
    /// Calibrates and measures a learner with these members.
    pub fn measure(&self, learner: &'static dyn Learner, members: Vec<usize>) -> Tried {
        let OutOfFold { plan, labels, .. } = *self;
        let of: Vec<&Vec<Vec<f64>>> = members.iter().map(|m| &self.scores[*m]).collect();
        let (calibration, calibrated) = calibrate::choose(plan, labels, &blend(&of));
        let (figures, folds) = figures(plan, labels, &calibrated, self.threshold);
        let scores = calibrated.into_iter().next().unwrap_or_default();
        let tested = |(i, p): (usize, f64)| plan.is_tested(i).then_some(p);
        let scores = scores.into_iter().enumerate().map(tested).collect();
        Tried {
            learner,
            members,
            calibration,
            figures,
            folds,
            scores,
        }
    }

    /// Measures every learner that is `wanted` and was fitted; `bases` are those that were cross-validated, and `may_blend`
    /// says which of them may be members of one blend.
    pub fn candidates(
        &self,
        wanted: &[&'static dyn Learner],
        bases: &[&'static dyn Learner],
        may_blend: &dyn Fn(&[usize]) -> bool,
    ) -> Vec<Tried> {
        let place = |learner: &dyn Learner| {
            let found = bases.iter().position(|base| base.name() == learner.name());
            found.into_iter().collect()
        };
        let is_alone = wanted.len() == 1;
        let tried = wanted.iter().filter_map(|learner| {
            let members = match learner.is_blend() {
                true => greedy::members(self.plan, self.labels, self.scores, may_blend),
                false => place(*learner),
            };
            // A blend of one is that one, which is a candidate itself.
            let is_new = !learner.is_blend() || members.len() > 1 || is_alone;
            (is_new && !members.is_empty()).then(|| self.measure(*learner, members))
        });
        tried.collect()
    }
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
    let ratio = plan.test_to_train(labels.len());
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

/// Index of the chosen candidate. Of the learners that is the simplest that is not worse than the best one by more than a
/// standard error of their difference over the folds (Breiman et al. 1984, section 3.4.3, with the corrected error of
/// [`Estimate::resampled`]). A blend only has to be better than the best one: to average several is no more complex a
/// hypothesis than any of them.
pub(super) fn best(tried: &[Tried], metric: &Metric, plan: &Plan, rows: usize) -> usize {
    let mean = |i: usize| tried[i].figures.get(metric).map(|e| e.mean);
    let better = |i: usize, than: usize| match (mean(i), mean(than)) {
        (Some(new), Some(old)) => metric.prefers(new, old),
        (new, old) => new.is_some() && old.is_none(),
    };
    let leading = |among: &mut dyn Iterator<Item = usize>| {
        among.reduce(|best, i| if better(i, best) { i } else { best })
    };
    let is_blend = |i: &usize| tried[*i].learner.is_blend();
    let Some(leader) = leading(&mut (0..tried.len()).filter(|i| !is_blend(i))) else {
        return 0;
    };
    let values = |i: usize| {
        let mut folds = tried[i].folds.iter();
        let found = folds.find(|folds| folds.metric == metric.name);
        found.map_or(&[][..], |folds| &folds.values)
    };
    let sign = if metric.prefers(1.0, 0.0) { 1.0 } else { -1.0 };
    let is_as_good = |i: &usize| {
        let pairs = values(leader).iter().zip(values(*i));
        // Defined wherever the best is, or it is compared on folds of its own choosing.
        if pairs
            .clone()
            .any(|(best, own)| best.is_some() && own.is_none())
        {
            return false;
        }
        let lost = pairs.filter_map(|(best, own)| Some(sign * ((*best)? - (*own)?)));
        let lost = Estimate::resampled(&lost.collect::<Vec<_>>(), plan.test_to_train(rows));
        matches!(lost, Some(Estimate { mean, se: Some(se) }) if mean <= se)
    };
    let blends = (0..tried.len()).filter(is_blend);
    match leading(&mut std::iter::once(leader).chain(blends)) {
        Some(blend) if blend != leader => blend,
        _ => (0..leader).find(is_as_good).unwrap_or(leader),
    }
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
    others.sort_by(|a, b| {
        let (a, b) = (value(a), value(b));
        let undefined = a.is_nan().cmp(&b.is_nan());
        undefined.then(match (metric.prefers(a, b), metric.prefers(b, a)) {
            (true, _) => std::cmp::Ordering::Less,
            (_, true) => std::cmp::Ordering::Greater,
            _ => std::cmp::Ordering::Equal,
        })
    });
    let is_beaten = others
        .iter()
        .any(|other| metric.prefers(value(other), value(chosen)));
    let others: Vec<String> = others
        .iter()
        .map(|t| format!("{} {}", t.learner.name(), mean(t)))
        .collect();
    let name = chosen.learner.name();
    if is_beaten {
        return format!(
            "{name} is the simplest within a standard error of the best cross-validated {word}: {}; {}",
            mean(chosen),
            others.join(", ")
        );
    }
    format!(
        "{name} has the best cross-validated {word}, {}; {}",
        mean(chosen),
        others.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::LEARNERS;

    /// Candidates whose log loss is the same in all folds but for what `by_fold` adds.
    fn tried(losses: &[(&'static dyn Learner, [f64; 4])]) -> Vec<Tried> {
        let one = |(learner, by_fold): &(&'static dyn Learner, [f64; 4])| {
            let mean = by_fold.iter().sum::<f64>() / 4.0;
            let estimate = Estimate { mean, se: None };
            Tried {
                learner: *learner,
                members: Vec::new(),
                calibration: Calibration::None,
                figures: Figures {
                    folds: 4,
                    repeats: 1,
                    threshold: 0.5,
                    metrics: vec![("log_loss".into(), Some(estimate))],
                    confusion: Confusion::default(),
                },
                folds: vec![FoldMetric {
                    metric: "log_loss".into(),
                    values: by_fold.iter().map(|value| Some(*value)).collect(),
                }],
                scores: Vec::new(),
            }
        };
        losses.iter().map(one).collect()
    }

    #[test]
    fn the_simplest_that_is_as_good_is_chosen_and_a_blend_that_is_better() {
        let labels: Vec<bool> = (0..400).map(|i| i % 2 == 0).collect();
        let plan = Plan::new(&labels, 4, 1, 0);
        let metric = METRICS.iter().find(|m| m.name == "log_loss").unwrap();
        let [logistic, forest, .., blend] = LEARNERS else {
            panic!("{LEARNERS:?}");
        };
        let best = |losses: &[(&'static dyn Learner, [f64; 4])]| {
            best(&tried(losses), metric, &plan, labels.len())
        };
        let simple = (*logistic, [0.50, 0.52, 0.48, 0.51]);
        // 0.0025 better in the mean, but by folds −0.01 to 0.02: within an error.
        let close = (*forest, [0.48, 0.53, 0.47, 0.52]);
        assert_eq!(best(&[simple, close]), 0);
        // As little better in every fold: that is no chance.
        let steady = (*forest, [0.4975, 0.5175, 0.4775, 0.5075]);
        assert_eq!(best(&[simple, steady]), 1);
        // A blend is taken if it is better at all than the best one.
        let mixed = (*blend, [0.48, 0.53, 0.47, 0.5199]);
        assert_eq!(best(&[simple, close, mixed]), 2);
        let worse = (*blend, [0.49, 0.52, 0.48, 0.51]);
        assert_eq!(best(&[simple, close, worse]), 0);
        assert_eq!(best(&[mixed]), 0);
    }

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
        let measure = |scores: &[Vec<Vec<f64>>]| {
            let found = OutOfFold {
                plan: &plan,
                labels: &labels,
                scores,
                threshold: 0.5,
            };
            found.candidates(&learners, &learners, &|_| true).remove(0)
        };
        let (one, other) = (measure(&score(0.0)), measure(&score(0.99)));
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
