//! Metrics of the demo's traffic, measured by the client from predictions and labels.

use serde_json::{Value, json};

use crate::stats::moments::Moments;
use crate::stats::scores::log_loss;

/// Metrics of a part of the traffic.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    losses: Moments,
    right: u64,
}

impl Figures {
    /// Adds one prediction: its probability, whether the predicted label was right, and whether the label is positive.
    pub fn update(&mut self, probability: f64, right: bool, positive: bool) {
        self.losses.update(log_loss(probability, positive));
        self.right += u64::from(right);
    }

    pub fn rows(&self) -> u64 {
        self.losses.count()
    }

    /// Mean log loss; `None` without rows.
    pub fn log_loss(&self) -> Option<f64> {
        self.losses.mean()
    }

    /// Share of correct predicted labels; `None` without rows.
    pub fn accuracy(&self) -> Option<f64> {
        (self.rows() > 0).then(|| self.right as f64 / self.rows() as f64)
    }

    pub fn to_json(&self) -> Value {
        json!({"rows": self.rows(), "log_loss": self.log_loss(), "accuracy": self.accuracy()})
    }
}

impl std::fmt::Display for Figures {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match (self.log_loss(), self.accuracy()) {
            (Some(loss), Some(accuracy)) => {
                write!(f, "log loss {loss:.3}, accuracy {:.1} %", 100.0 * accuracy)
            }
            _ => f.write_str("no rows"),
        }
    }
}
