//! The floor that applies to every candidate: a model that is no better than always predicting the base rate is not worth a
//! swap, however bad the champion is.

use super::Floor;
use crate::stats::scores::base_rate_log_loss;

impl Floor {
    /// The log loss of always predicting the base rate of these rows, and whether the candidate's log loss is below it.
    pub fn base_rate(positives: u64, rows: u64, value: Option<f64>) -> Floor {
        let floor = base_rate_log_loss(positives, rows);
        Floor {
            metric: "log_loss".to_owned(),
            floor,
            value,
            holds: value.is_some_and(|value| value < floor),
        }
    }

    /// The floor rounded to four decimals for display; the floors of a spec are short already.
    pub fn shown(&self) -> f64 {
        (self.floor * 1e4).round() / 1e4
    }

    /// A sentence that says that the floor is missed, for a floor made by [`Floor::base_rate`].
    pub fn no_better(&self) -> String {
        let (value, floor) = (self.value, self.floor);
        let value = value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
        format!("log loss {value} is no better than always answering the base rate ({floor:.4})")
    }
}
