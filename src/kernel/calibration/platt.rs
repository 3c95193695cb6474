//! Platt scaling: Platt, "Probabilistic Outputs for Support Vector Machines" (1999), with his smoothed targets, by the
//! Newton iteration with backtracking of Lin, Lin, Weng, "A Note on Platt's Probabilistic Outputs for Support Vector
//! Machines" (2007), on log odds.

use crate::kernel::logistic::{logit, sigmoid};

/// The paper's limits: iterations, shortest step, ridge on the Hessian; the limit on the gradient is stricter.
const ITERATIONS: usize = 100;
const SHORTEST: f64 = 1e-10;
const RIDGE: f64 = 1e-12;
const GRADIENT: f64 = 1e-9;

/// The fitted slope and intercept; `None` without rows.
pub(super) fn fit(p: &[f64], y: &[bool]) -> Option<(f64, f64)> {
    assert_eq!(p.len(), y.len(), "one outcome per score");
    if p.is_empty() {
        return None;
    }
    let positives = y.iter().filter(|y| **y).count() as f64;
    let negatives = y.len() as f64 - positives;
    let (high, low) = (
        (positives + 1.0) / (positives + 2.0),
        1.0 / (negatives + 2.0),
    );
    let problem = Problem {
        odds: p.iter().map(|p| logit(*p)).collect(),
        targets: y.iter().map(|y| if *y { high } else { low }).collect(),
    };
    Some(problem.solve(((positives + 1.0) / (negatives + 1.0)).ln()))
}

struct Problem {
    odds: Vec<f64>,
    targets: Vec<f64>,
}

/// Gradient and Hessian of the loss in (slope, intercept).
#[derive(Default)]
struct Derivatives {
    slope: f64,
    intercept: f64,
    slope2: f64,
    mixed: f64,
    intercept2: f64,
}

impl Problem {
    fn solve(&self, prior: f64) -> (f64, f64) {
        let mut at = (0.0, prior);
        let mut loss = self.loss(at);
        for _ in 0..ITERATIONS {
            let d = self.derivatives(at);
            if d.slope.abs() < GRADIENT && d.intercept.abs() < GRADIENT {
                break;
            }
            let step = d.newton();
            let gain = d.slope * step.0 + d.intercept * step.1;
            match self.backtrack(at, loss, step, gain) {
                Some((next, less)) => (at, loss) = (next, less),
                None => break, // rounding leaves nothing to gain
            }
        }
        at
    }

    /// Halves the step until the loss decreases enough (Armijo's condition with 1e-4, as in the paper).
    fn backtrack(
        &self,
        at: (f64, f64),
        loss: f64,
        step: (f64, f64),
        gain: f64,
    ) -> Option<((f64, f64), f64)> {
        let mut share = 1.0;
        while share >= SHORTEST {
            let next = (at.0 + share * step.0, at.1 + share * step.1);
            let less = self.loss(next);
            if less < loss + 1e-4 * share * gain {
                return Some((next, less));
            }
            share /= 2.0;
        }
        None
    }

    /// Cross-entropy Σ ln(1 + eᶻ) − t·z, written so that the exponent of e is never positive.
    fn loss(&self, (slope, intercept): (f64, f64)) -> f64 {
        let rows = self.odds.iter().zip(&self.targets);
        let one = |z: f64, t: f64| {
            if z >= 0.0 {
                (1.0 - t) * z + (-z).exp().ln_1p()
            } else {
                z.exp().ln_1p() - t * z
            }
        };
        rows.map(|(odds, t)| one(slope * odds + intercept, *t))
            .sum()
    }

    fn derivatives(&self, (slope, intercept): (f64, f64)) -> Derivatives {
        let mut sum = Derivatives {
            slope2: RIDGE,
            intercept2: RIDGE,
            ..Derivatives::default()
        };
        for (odds, target) in self.odds.iter().zip(&self.targets) {
            let p = sigmoid(slope * odds + intercept);
            let (off, bend) = (p - target, p * (1.0 - p));
            sum.slope += off * odds;
            sum.intercept += off;
            sum.slope2 += bend * odds * odds;
            sum.mixed += bend * odds;
            sum.intercept2 += bend;
        }
        sum
    }
}

impl Derivatives {
    fn newton(&self) -> (f64, f64) {
        let det = self.slope2 * self.intercept2 - self.mixed * self.mixed;
        (
            -(self.intercept2 * self.slope - self.mixed * self.intercept) / det,
            -(self.slope2 * self.intercept - self.mixed * self.slope) / det,
        )
    }
}
