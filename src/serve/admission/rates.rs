//! Estimates how many seconds work takes. The first estimate is the model's measured cost; completed jobs then correct it.

use std::sync::Arc;

use crate::live::Champion;
use crate::live::cost::Cost;

/// Weight of the newest job in the exponential moving average.
const NEWEST: f64 = 0.2;

/// Seconds per row for reading, checking and writing, without the model. Used until a job has been measured.
const HANDLING: f64 = 5e-6;

/// The amount and kind of work of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Work {
    /// Number of rows in the body, possibly estimated.
    pub rows: usize,
    /// What is done with each row.
    pub kind: Kind,
}

/// What is done with a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The row is predicted.
    Predict,
    /// The row is predicted and the prediction explained.
    Explain,
    /// The row is checked and stored.
    Keep,
    /// The row is a label.
    Label,
}

const KINDS: usize = 4;

/// The name and the cost of the live model.
#[derive(Clone, Debug)]
pub struct Priced {
    /// Name of the model version, such as `titanic@7`.
    pub name: Arc<str>,
    /// Seconds per row, measured when the model was loaded.
    pub cost: Cost,
}

impl From<&Champion> for Priced {
    fn from(champion: &Champion) -> Priced {
        Priced {
            name: champion.name.clone(),
            cost: champion.cost,
        }
    }
}

/// Estimated seconds per row for the live model, by kind of work.
#[derive(Debug)]
pub struct Rates {
    model: Option<Arc<str>>,
    by_kind: [f64; KINDS],
}

impl Rates {
    /// Rates before a model is known.
    pub fn new() -> Rates {
        Rates {
            model: None,
            by_kind: [HANDLING; KINDS],
        }
    }

    /// Estimated cost of the work with this model, in seconds of one worker.
    pub fn estimate(&mut self, model: &Priced, work: Work) -> f64 {
        self.of(&model.name, model.cost);
        work.rows as f64 * *self.rate(work)
    }

    fn of(&mut self, model: &Arc<str>, cost: Cost) {
        if self.model.as_ref() == Some(model) {
            return;
        }
        self.model = Some(model.clone());
        let predict = HANDLING + cost.probability;
        self.by_kind[Kind::Predict as usize] = predict;
        self.by_kind[Kind::Explain as usize] = predict + cost.explanation;
    }

    /// Updates the rate from the measured duration of a job. A job of another model than the current one is ignored.
    pub fn learn(&mut self, model: &Arc<str>, work: Work, seconds: f64) {
        if self.model.as_ref() == Some(model) && work.rows > 0 {
            let rate = self.rate(work);
            *rate += NEWEST * (seconds / work.rows as f64 - *rate);
        }
    }

    fn rate(&mut self, work: Work) -> &mut f64 {
        &mut self.by_kind[work.kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_begins_at_the_models_cost_and_follows_what_jobs_take() {
        let (mut rates, name): (Rates, Arc<str>) = (Rates::new(), "wine@1".into());
        let cost = Cost {
            probability: 1e-6,
            explanation: 3e-3,
        };
        let work = |kind| Work { rows: 100, kind };
        let (plain, explained) = (Kind::Predict, Kind::Explain);
        rates.of(&name, cost);
        assert!((*rates.rate(work(explained)) - 3.006e-3).abs() < 1e-12);
        rates.learn(&name, work(explained), 0.6);
        assert!(
            (*rates.rate(work(explained)) - (3.006e-3 + 0.2 * (6e-3 - 3.006e-3))).abs() < 1e-12
        );
        assert!((*rates.rate(work(plain)) - 6e-6).abs() < 1e-12);
        rates.learn(&"wine@2".into(), work(plain), 100.0); // of a model that is live no more
        rates.of(&name, cost);
        assert!((*rates.rate(work(plain)) - 6e-6).abs() < 1e-12);
        rates.of(&"wine@3".into(), cost);
        assert!((*rates.rate(work(explained)) - 3.006e-3).abs() < 1e-12);
    }
}
