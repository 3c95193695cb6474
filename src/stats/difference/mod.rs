//! The mean difference in log loss of two predictors on the same rows, with one-sided confidence bounds.

use serde::{Deserialize, Serialize};

use super::moments::Moments;
use super::normal::{normal_quantile, t_quantile};
use super::scores::log_loss;

/// Accumulates the predictions of two predictors for the same rows. The difference is the loss of the first − the loss of
/// the second, so that it is positive where the second is better. Losses are those of [`super::scores`], with probabilities
/// clipped by the machine epsilon.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Difference {
    first: Moments,
    second: Moments,
    difference: Moments,
    /// Sum of the cubes of the differences.
    cubes: f64,
    /// The largest amount by which one row could have lowered the sum of differences, over both possible outcomes:
    /// the maximum of −difference.
    most_lost: f64,
    /// The largest amount by which one row could have raised the sum of differences.
    most_won: f64,
}

impl Difference {
    /// Adds one row: its outcome and the two predicted probabilities of the positive value, in [0, 1].
    pub fn update(&mut self, positive: bool, first: f64, second: f64) {
        let by_outcome = |outcome| log_loss(first, outcome) - log_loss(second, outcome);
        let (here, elsewhere) = (by_outcome(positive), by_outcome(!positive));
        self.first.update(log_loss(first, positive));
        self.second.update(log_loss(second, positive));
        self.difference.update(here);
        self.cubes += here.powi(3);
        self.most_lost = self.most_lost.max(-here).max(-elsewhere);
        self.most_won = self.most_won.max(here).max(elsewhere);
    }

    pub fn rows(&self) -> u64 {
        self.difference.count()
    }

    /// Mean log losses of the first and the second predictor; `None` without rows.
    pub fn losses(&self) -> Option<(f64, f64)> {
        self.first.mean().zip(self.second.mean())
    }

    /// Mean difference, first − second; `None` without rows.
    pub fn mean(&self) -> Option<f64> {
        self.difference.mean()
    }

    /// Lower and upper bound on the true mean difference, each with confidence 1 − `level` (both together with 1 − 2·`level`);
    /// `None` with fewer than two rows. Valid for a single look at the rows, and meant for some hundreds of them.
    ///
    /// Each bound is the wider of two. *The seen*: Student's t, mean ∓ t·s/√n, widened by the first term of its Cornish–Fisher
    /// expansion, |γ|·(2t² + 1)/(6√n)·s/√n, on the side to which the differences are skewed (Hall, JRSS B 54, 1992, where γ is
    /// their skewness; never narrower than t). Log losses are skewed to the side of the overconfident predictor. The spread of
    /// the rows cannot show losses that have not occurred yet, though, and log loss makes these likely: a predictor that says
    /// 10⁻⁹ gains a little on nearly every row and loses all of it on one that is still to come. The stake is known from the
    /// predictions alone: the worst difference that either outcome of any row would have made. *The unseen*: an event that none
    /// of n rows showed has, with confidence 1 − `level`, a rate below ln(1/`level`)/n (the "rule of three", Hanley and
    /// Lippman-Hand, JAMA 249, 1983), so that it may cost mean ∓ ln(1/`level`)·stake/n.
    pub fn bounds(&self, level: f64) -> Option<(f64, f64)> {
        let (mean, error) = self.mean().zip(self.difference.standard_error())?;
        let n = self.rows() as f64;
        let t = t_quantile(1.0 - level, n - 1.0);
        let skew = self.skewness() * (2.0 * t * t + 1.0) / (6.0 * n.sqrt());
        let unseen = -level.ln() / n;
        let below = ((t - skew.min(0.0)) * error).max(unseen * self.most_lost);
        let above = ((t + skew.max(0.0)) * error).max(unseen * self.most_won);
        Some((mean - below, mean + above))
    }

    /// Skewness of the differences, as in `scipy.stats.skew`; 0 if they are all equal.
    fn skewness(&self) -> f64 {
        let (Some(mean), Some(sd)) = (self.mean(), self.difference.population_sd()) else {
            return 0.0;
        };
        let third = self.cubes / self.rows() as f64 - 3.0 * mean * sd * sd - mean.powi(3);
        if sd > 0.0 { third / sd.powi(3) } else { 0.0 }
    }

    /// Estimated total number of rows on which a true difference of `worth` > 0 lifts the lower bound above 0 with
    /// probability `power`, given the spread and the stakes so far: the larger of ((z₁₋level + z_power)·s/worth)² (for the
    /// seen) and ln(1/level)·stake/worth (for the unseen). `None` with fewer than two rows.
    pub fn rows_to_show(&self, worth: f64, level: f64, power: f64) -> Option<u64> {
        let spread = self.difference.sample_sd()?;
        let reach = normal_quantile(1.0 - level) + normal_quantile(power);
        let seen = (reach * spread / worth).powi(2);
        let unseen = -level.ln() * self.most_lost / worth;
        Some(seen.max(unseen).ceil() as u64)
    }
}

#[cfg(test)]
mod tests;
