//! Choice of a learner's calibration (none, Platt or isotonic) by cross-validated log loss.
//!
//! Within each repeat, a curve is fitted on the out-of-fold scores of the other folds and applied to the fold itself, so no
//! metric rests on a row that its calibration curve was fitted on.

use super::cross_validate::Plan;
use crate::kernel::Calibration;
use crate::stats::scores::Scores;

/// Minimum decrease of log loss, in nats per row, that justifies the parameters of a calibration curve.
const WORTH: f64 = 0.001;

/// Minimum rows for an isotonic curve: with fewer, its steps follow noise (Niculescu-Mizil & Caruana 2005, figure 9).
const ISOTONIC_ROWS: usize = 1000;

/// Name of the calibration on the model card.
pub fn word(calibration: &Calibration) -> &'static str {
    match calibration {
        Calibration::None => "none",
        Calibration::Platt { .. } => "platt",
        Calibration::Isotonic { .. } => "isotonic",
    }
}

type Fit = fn(&[f64], &[bool]) -> Option<Calibration>;

/// Returns the chosen calibration, fitted on all out-of-fold scores, and the scores after cross-fitted calibration.
pub fn choose(plan: &Plan, labels: &[bool], scores: &[Vec<f64>]) -> (Calibration, Vec<Vec<f64>>) {
    let mut best: (Option<Fit>, Vec<Vec<f64>>) = (None, scores.to_vec());
    let mut to_beat = log_loss(plan, labels, scores) - WORTH;
    let curves: &[(usize, Fit)] = &[(0, fit_platt), (ISOTONIC_ROWS, Calibration::fit_isotonic)];
    for (_, fit) in curves.iter().filter(|(rows, _)| labels.len() >= *rows) {
        let calibrated = cross_fit(plan, labels, scores, *fit);
        let loss = log_loss(plan, labels, &calibrated);
        if loss < to_beat {
            (best, to_beat) = ((Some(*fit), calibrated), loss);
        }
    }
    let (p, y) = pooled(labels, scores.iter(), |i| plan.is_tested(i));
    (
        best.0
            .and_then(|fit| fit(&p, &y))
            .unwrap_or(Calibration::None),
        best.1,
    )
}

/// A Platt curve that rises: one that falls would turn the order of the scores, and with it the order that the spec gives a
/// column. It comes of a model that is worse than none.
fn fit_platt(p: &[f64], y: &[bool]) -> Option<Calibration> {
    let rises = |curve: &Calibration| match curve {
        Calibration::Platt { slope, .. } => *slope >= 0.0,
        Calibration::None | Calibration::Isotonic { .. } => true,
    };
    Calibration::fit_platt(p, y).filter(rises)
}

fn cross_fit(plan: &Plan, labels: &[bool], scores: &[Vec<f64>], fit: Fit) -> Vec<Vec<f64>> {
    let one_repeat = |(fold_of, scores): (&Vec<Option<usize>>, &Vec<f64>)| {
        let mut out = scores.clone();
        for fold in 0..plan.folds {
            let (p, y) = pooled(labels, [scores].into_iter(), |i| {
                fold_of[i].is_some() && plan.may_learn(fold, fold_of[i])
            });
            let curve = fit(&p, &y).unwrap_or(Calibration::None);
            for i in (0..out.len()).filter(|i| fold_of[*i] == Some(fold)) {
                out[i] = curve.apply(scores[i]);
            }
        }
        out
    };
    plan.repeats.iter().zip(scores).map(one_repeat).collect()
}

fn pooled<'a>(
    labels: &[bool],
    scores: impl Iterator<Item = &'a Vec<f64>>,
    keep: impl Fn(usize) -> bool,
) -> (Vec<f64>, Vec<bool>) {
    scores
        .flat_map(|repeat| repeat.iter().zip(labels).enumerate())
        .filter(|(i, _)| keep(*i))
        .map(|(_, (p, y))| (*p, *y))
        .unzip()
}

fn log_loss(plan: &Plan, labels: &[bool], scores: &[Vec<f64>]) -> f64 {
    let mut all = Scores::new(0.5);
    for repeat in scores {
        let rows = repeat.iter().zip(labels).enumerate();
        rows.filter(|(i, _)| plan.is_tested(*i))
            .for_each(|(_, (p, y))| all.update(*p, *y));
    }
    all.finish().log_loss.unwrap_or(f64::INFINITY)
}
