//! Spearman's rank correlation.

use super::{Measured, fisher, pearson};

/// A column of numbers, sorted once for comparison with many others.
#[derive(Clone, Debug)]
pub struct Ranked {
    values: Vec<f64>,
    /// Rows with a value, in ascending order of it.
    order: Vec<u32>,
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
        Ranked { values, order }
    }

    pub fn values(&self) -> &[f64] {
        &self.values
    }

    /// The values in ascending order.
    pub fn sorted(&self) -> impl Iterator<Item = f64> + '_ {
        self.order.iter().map(|row| self.values[*row as usize])
    }

    /// Mean ranks, from 1, among the rows in which the other column has a value, too; NaN elsewhere.
    fn ranks_beside(&self, other: &Ranked) -> Vec<f64> {
        let mut ranks = vec![f64::NAN; self.values.len()];
        let rows: Vec<u32> = self
            .order
            .iter()
            .copied()
            .filter(|row| other.values[*row as usize].is_finite())
            .collect();
        let value = |row: u32| self.values[row as usize];
        let mut before = 0;
        for tie in rows.chunk_by(|a, b| value(*a) == value(*b)) {
            let rank = before as f64 + (tie.len() as f64 + 1.0) / 2.0;
            tie.iter().for_each(|row| ranks[*row as usize] = rank);
            before += tie.len();
        }
        ranks
    }
}

/// Spearman's rank correlation, ties with mean ranks, as `scipy.stats.spearmanr`. The interval is by Fisher's z
/// transformation with the variance (1 + ρ²/2)/(n − 3) of Bonett and Wright (Psychometrika 65, 2000). `None` if either
/// column has no spread.
pub fn spearman(a: &Ranked, b: &Ranked) -> Option<Measured> {
    let (first, second) = (a.ranks_beside(b), b.ranks_beside(a));
    let both = first
        .iter()
        .zip(&second)
        .filter(|(x, _)| x.is_finite())
        .map(|(x, y)| (*x, *y));
    let rows = both.clone().count();
    let value = pearson(both, rows)?;
    Some(Measured {
        value,
        interval: fisher(value, rows, 1.0 + value * value / 2.0),
        rows,
    })
}
