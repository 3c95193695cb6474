//! Spearman's rank correlation.

use std::borrow::Cow;

use super::{Measured, fisher, pearson};

/// A column of numbers, sorted once for comparison with many others.
#[derive(Clone, Debug)]
pub struct Ranked {
    values: Vec<f64>,
    /// Rows with a value, in ascending order of it.
    order: Vec<u32>,
    /// Ranks among all rows with a value.
    ranks: Vec<f64>,
}

impl Ranked {
    /// The numbers, in order of the rows; what is not finite is missing.
    pub fn of(values: Vec<f64>) -> Ranked {
        let mut order: Vec<u32> = (0..values.len() as u32)
            .filter(|row| values[*row as usize].is_finite())
            .collect();
        order.sort_unstable_by(|a, b| {
            let value = |row: &u32| values[*row as usize];
            value(a).total_cmp(&value(b)).then(a.cmp(b))
        });
        let ranks = ranks(&values, &order);
        Ranked {
            values,
            order,
            ranks,
        }
    }

    fn is_complete(&self) -> bool {
        self.order.len() == self.values.len()
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values in ascending order.
    pub fn sorted(&self) -> impl Iterator<Item = f64> + '_ {
        self.order.iter().map(|row| self.values[*row as usize])
    }

    /// Ranks among the rows in which the other column has a value, too.
    fn ranks_beside(&self, other: &Ranked) -> Cow<'_, [f64]> {
        if other.is_complete() {
            return Cow::Borrowed(&self.ranks);
        }
        let is_both = |row: &u32| other.values[*row as usize].is_finite();
        let rows: Vec<u32> = self.order.iter().copied().filter(is_both).collect();
        Cow::Owned(ranks(&self.values, &rows))
    }
}

/// Mean ranks, from 1, of rows in ascending order of their values; NaN for other rows.
fn ranks(values: &[f64], rows: &[u32]) -> Vec<f64> {
    let mut ranks = vec![f64::NAN; values.len()];
    let value = |row: u32| values[row as usize];
    let mut before = 0;
    for tie in rows.chunk_by(|a, b| value(*a) == value(*b)) {
        let rank = before as f64 + (tie.len() as f64 + 1.0) / 2.0;
        tie.iter().for_each(|row| ranks[*row as usize] = rank);
        before += tie.len();
    }
    ranks
}

/// Spearman's rank correlation, ties with mean ranks, as `scipy.stats.spearmanr`. The interval is by Fisher's z
/// transformation with the variance (1 + ρ²/2)/(n − 3) of Bonett and Wright (Psychometrika 65, 2000). `None` if either
/// column has no spread.
pub fn spearman(a: &Ranked, b: &Ranked) -> Option<Measured> {
    let (first, second) = (a.ranks_beside(b), b.ranks_beside(a));
    let both = first
        .iter()
        .zip(second.iter())
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .map(|(x, y)| (*x, *y));
    let rows = both.clone().count();
    let value = pearson(both, rows)?;
    Some(Measured {
        value,
        interval: fisher(value, rows, 1.0 + value * value / 2.0),
        rows,
    })
}
