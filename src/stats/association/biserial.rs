//! Point-biserial correlation.

use super::{Measured, fisher, pearson};

/// Correlation of a number (NaN where missing) and a flag: Pearson's with the flag as 0 and 1. The interval is by Fisher's z
/// transformation. `None` if either has no spread.
pub fn point_biserial(values: &[f64], flags: &[Option<bool>]) -> Option<Measured> {
    let both = values.iter().zip(flags).filter_map(|(value, flag)| {
        let flag = flag.filter(|_| value.is_finite())?;
        Some((*value, f64::from(u8::from(flag))))
    });
    let rows = both.clone().count();
    // Squares of enormous numbers overflow long before the numbers do.
    let reach = both.clone().fold(0.0, |r: f64, (v, _)| r.max(v.abs()));
    let unit = if reach > 1e140 { reach } else { 1.0 };
    let value = pearson(both.map(|(v, flag)| (v / unit, flag)), rows)?;
    Some(Measured {
        value,
        interval: fisher(value, rows, 1.0),
        rows,
    })
}
