//! Bins for PSI and Jensen–Shannon: shares of all rows, on either side.

use crate::stats::quantile::quantile;

/// Shares of the rows in each bin, of the reference and of the rows compared with it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shares {
    /// Of the reference; their sum is 1.
    pub reference: Vec<f64>,
    pub current: Vec<f64>,
}

/// A side: ascending, finite values that stand for so many rows, and rows without a value.
#[derive(Clone, Copy, Debug)]
pub struct Side<'a> {
    pub values: &'a [f64],
    pub present: u64,
    pub missing: u64,
}

/// Bins of numbers: inner edges at the reference's unique deciles (linear interpolation), closed to the right, missing a
/// bin of its own. `None` where the reference has no values, and so no deciles, or the other has no rows.
pub fn of_numbers(reference: Side<'_>, current: Side<'_>) -> Option<Shares> {
    let edges = deciles(reference.values)?;
    Some(Shares {
        reference: reference.shares(&edges)?,
        current: current.shares(&edges)?,
    })
}

/// Bins of counts, missing among them; `None` where either side has no rows.
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

/// The inner edges, ascending; `None` without values.
fn deciles(values: &[f64]) -> Option<Vec<f64>> {
    let reach = values.last()? - values.first()?;
    let mut edges: Vec<f64> = match reach.is_finite() {
        true => (1..10)
            .filter_map(|i| quantile(values, decile(i)))
            .collect(),
        // A distance beyond f64: halved, which loses nothing, it fits.
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
