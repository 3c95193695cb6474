//! Bins for PSI and Jensen–Shannon: shares of all rows in the reference and in the current rows.

use crate::stats::quantile::quantile;

/// Share of the rows in each bin, for the reference and for the current rows.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Shares of the reference; their sum is 1.
    pub reference: Vec<f64>,
    pub current: Vec<f64>,
}

/// One of the two samples: finite values in ascending order that represent `present` rows, and the number of
/// rows without a value.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub values: &'a [f64],
    pub present: u64,
    pub missing: u64,
}

/// Bins numbers: the inner edges are the reference's unique deciles (linear interpolation), bins are closed on the
/// right, and missing values have their own bin. `None` if the reference has no values, and so no deciles, or the
/// current sample has no rows.
pub fn of_numbers(reference: Side<'_>, current: Side<'_>) -> Option<Shares> {
    let edges = deciles(reference.values)?;
    Some(Shares {
        reference: reference.shares(&edges)?,
        current: current.shares(&edges)?,
    })
}

/// Bins counts, one of which is that of missing values; `None` if either sample has no rows.
pub fn of_counts(counts: &[(u64, u64)]) -> Option<Shares> {
    let shares = |side: fn(&(u64, u64)) -> u64| {
        let rows: u64 = counts.iter().map(side).sum();
        let share = |count: u64| count as f64 / rows as f64;
        (rows > 0).then(|| counts.iter().map(side).map(share).collect())
    };
    Some(Shares {
        reference: shares(|c| c.0)?,
        current: shares(|c| c.1)?,
    })
}

/// The inner edges in ascending order; `None` without values.
fn deciles(values: &[f64]) -> Option<Vec<f64>> {
    let reach = values.last()? - values.first()?;
    let mut edges: Vec<f64> = match reach.is_finite() {
        true => (1..10)
            .filter_map(|i| quantile(values, decile(i)))
            .collect(),
        // The range exceeds `f64`: halving the values makes it fit and is exact.
        false => {
            let halves: Vec<f64> = values.iter().map(|v| v / 2.0).collect();
            let edge = |i| Some(2.0 * quantile(&halves, decile(i))?);
            (1..10).filter_map(edge).collect()
        }
    };
    edges.dedup();
    Some(edges)
}

fn decile(i: u8) -> f64 {
    f64::from(i) / 10.0
}

impl Side<'_> {
    fn shares(&self, edges: &[f64]) -> Option<Vec<f64>> {
        let rows = (self.present + self.missing) as f64;
        if rows == 0.0 {
            return None;
        }
        let (values, mut before) = (self.values, 0);
        let each = self.present as f64 / rows / values.len().max(1) as f64;
        let mut share = |until: usize| {
            let inside = until - before;
            before = until;
            inside as f64 * each
        };
        let mut shares: Vec<f64> = edges
            .iter()
            .map(|edge| share(values.partition_point(|v| v <= edge)))
            .collect();
        shares.push(share(values.len()));
        shares.push(self.missing as f64 / rows);
        Some(shares)
    }
}
