//! A seeded simulation of two models that know the true log odds of each row up to a model-specific error.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use crate::model::Card;
use crate::model::card::{Confusion, Figures};
use crate::promotion::gate::{Paired, Thresholds};
use crate::stats::resampled::Estimate;

/// Standard deviation of the true log odds.
const SPREAD: f64 = 2.0;

/// Decision threshold of both models.
pub const HALF: Thresholds = Thresholds {
    champion: 0.5,
    candidate: 0.5,
};

/// Models whose errors on the log odds have standard deviations 1 and 1.325 differ by 2.0 points of accuracy (0.739 and
/// 0.719) and by 0.027 in log loss.
pub const TWO_POINTS: [f64; 2] = [1.325, 1.0];

/// A generator of labelled rows.
pub struct World {
    dice: Xoshiro256PlusPlus,
    /// Standard deviations of the models' errors on the log odds: champion, candidate.
    errors: [f64; 2],
    /// Share of the error variance that both models have in common, as models trained on one table do.
    common: f64,
}

impl World {
    pub fn new(seed: u64, errors: [f64; 2], common: f64) -> World {
        let dice = Xoshiro256PlusPlus::seed_from_u64(seed);
        World {
            dice,
            errors,
            common,
        }
    }

    /// Draws one row; the predictions of both models are approximately calibrated.
    pub fn row(&mut self) -> Paired {
        let truth = SPREAD * self.normal();
        let positive = self.dice.random::<f64>() < logistic(truth);
        let both = self.common.sqrt() * self.normal();
        let [champion, candidate] = self.errors.map(|error| {
            let seen = truth + error * (both + (1.0 - self.common).sqrt() * self.normal());
            calibrated(seen, error)
        });
        Paired {
            positive,
            champion,
            candidate,
        }
    }

    pub fn rows(&mut self, n: usize) -> Vec<Paired> {
        (0..n).map(|_| self.row()).collect()
    }

    pub fn chance(&mut self) -> f64 {
        self.dice.random()
    }

    /// A standard normal number, by the Box–Muller method.
    pub fn normal(&mut self) -> f64 {
        let (u, v) = (1.0 - self.chance(), self.chance());
        (-2.0 * u.ln()).sqrt() * (std::f64::consts::TAU * v).cos()
    }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

/// P(positive | log odds observed with a normal error), by MacKay's approximation of the logistic-normal integral (1992).
fn calibrated(seen: f64, error: f64) -> f64 {
    let kept = SPREAD.powi(2) / (SPREAD.powi(2) + error.powi(2));
    let rest = SPREAD.powi(2) * (1.0 - kept);
    logistic(seen * kept / (1.0 + std::f64::consts::PI / 8.0 * rest).sqrt())
}

/// Prints and returns a share.
pub fn rate(what: &str, hits: usize, of: usize) -> f64 {
    let share = hits as f64 / of as f64;
    println!("{what}: {hits} of {of}, {:.2} %", 100.0 * share);
    share
}

/// A card with one log loss and one AUC; `splits` are table, seed, folds and repeats.
pub fn card(
    log_loss: Option<f64>,
    se: Option<f64>,
    auc: f64,
    splits: (&str, u64, usize, usize),
) -> Card {
    let (table, seed, folds, repeats) = splits;
    let metrics = vec![
        (
            "log_loss".to_owned(),
            log_loss.map(|mean| Estimate { mean, se }),
        ),
        ("auc".to_owned(), Some(Estimate { mean: auc, se })),
    ];
    Card {
        learner: "logistic".into(),
        choice: String::new(),
        calibration: "none".into(),
        seed,
        rows: 100,
        positives: 50,
        left_out: 0,
        table: table.into(),
        cv: Figures {
            folds,
            repeats,
            threshold: 0.5,
            metrics,
            confusion: Confusion::default(),
        },
        without_companions: None,
        candidates: Vec::new(),
        warnings: Vec::new(),
        table_warnings: Vec::new(),
        evaluation: None,
        work: None,
    }
}
