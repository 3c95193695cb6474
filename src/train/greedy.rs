//! Which learners a blend averages, by their out-of-fold scores.
//!
//! Forward selection (Caruana et al. 2004, "Ensemble selection from libraries of models") without repetition: the mean of the
//! members stays unweighted, so that it is one step for the kernel and its explanation.

use super::cross_validate::Plan;
use crate::stats::scores::log_loss;

/// Minimum decrease of the log loss, in nats per row, that another member must bring: it costs its time for every prediction.
const WORTH: f64 = 2e-4;

/// The places of the members in `scores` (`[learner][repeat][row]`), ascending; never none if each may be alone.
pub(super) fn members(
    plan: &Plan,
    labels: &[bool],
    scores: &[Vec<Vec<f64>>],
    may_blend: &dyn Fn(&[usize]) -> bool,
) -> Vec<usize> {
    let loss = |members: &[usize]| {
        let (mut sum, mut rows) = (0.0, 0_u64);
        for (repeat, fold_of) in plan.repeats.iter().enumerate() {
            for row in (0..labels.len()).filter(|row| fold_of[*row].is_some()) {
                let of = members.iter().map(|member| scores[*member][repeat][row]);
                let mean = of.sum::<f64>() / members.len() as f64;
                sum += log_loss(mean, labels[row]);
                rows += 1;
            }
        }
        sum / rows as f64
    };
    let mut chosen: Vec<usize> = Vec::new();
    let mut least = f64::INFINITY;
    loop {
        let others = (0..scores.len()).filter(|other| !chosen.contains(other));
        let with = others.filter_map(|other| {
            let mut members = chosen.clone();
            members.push(other);
            members.sort_unstable(); // sums in one order, whichever came first
            may_blend(&members).then(|| (loss(&members), members))
        });
        match with.min_by(|a, b| a.0.total_cmp(&b.0)) {
            Some((loss, members)) if chosen.is_empty() || loss < least - WORTH => {
                (least, chosen) = (loss, members);
            }
            _ => return chosen,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_better_together_and_others_stay_out() {
        let labels: Vec<bool> = (0..600).map(|i| i % 3 == 0).collect();
        let plan = Plan::new(&labels, 3, 1, 0);
        let towards = |i: usize, by: f64| if labels[i] { 0.5 + by } else { 0.5 - by };
        // Two that are right where the other is not, a poor one, and a copy of the first.
        let one = |i: usize| towards(i, if i.is_multiple_of(2) { 0.45 } else { -0.1 });
        let two = |i: usize| towards(i, if i % 2 == 1 { 0.45 } else { -0.1 });
        let poor = |_: usize| 0.5;
        let scores = |of: &dyn Fn(usize) -> f64| vec![(0..600).map(of).collect::<Vec<f64>>()];
        let all = [scores(&poor), scores(&one), scores(&two), scores(&one)];
        let any = |_: &[usize]| true;
        assert_eq!(members(&plan, &labels, &all, &any), [1, 2]);
        assert_eq!(members(&plan, &labels, &all[..1], &any), [0]);
        let alone = |members: &[usize]| members.len() == 1;
        assert_eq!(members(&plan, &labels, &all, &alone), [1]);
    }
}
