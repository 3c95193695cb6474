//! Wasserstein distance: how far values have to move, on average, to turn one sample into the other.

use crate::stats::moments::Moments;

/// The distance of two finite samples in ascending order, in population standard deviations of the reference: the area
/// between the two distribution functions. As `scipy.stats.wasserstein_distance(a, b) / numpy.std(a)`. `None` if either is
/// empty or the reference has no spread.
pub fn wasserstein(reference: &[f64], current: &[f64]) -> Option<f64> {
    let ends = [
        reference.first()?,
        reference.last()?,
        current.first()?,
        current.last()?,
    ];
    // Squares overflow long before the values do, so that enormous values are scaled down; the scale cancels out.
    const ENORMOUS: f64 = 1e140;
    let reach = ends.iter().fold(0.0, |reach: f64, v| reach.max(v.abs()));
    let unit = (reach / ENORMOUS).max(1.0);
    let moments: Moments = reference.iter().map(|v| v / unit).collect();
    let sd = moments.population_sd().filter(|sd| *sd > 0.0)?;
    let (n, m) = (reference.len() as f64, current.len() as f64);
    let (mut i, mut j, mut area) = (0, 0, 0.0);
    let mut before = ends[0].min(*ends[2]) / unit;
    while i < reference.len() || j < current.len() {
        let next = |values: &[f64], at: usize| values.get(at).copied().unwrap_or(f64::INFINITY);
        let (a, b) = (next(reference, i), next(current, j));
        let at = a.min(b) / unit;
        area += (i as f64 / n - j as f64 / m).abs() * (at - before);
        before = at;
        i += usize::from(a <= b);
        j += usize::from(b <= a);
    }
    Some(area / sd).filter(|distance| distance.is_finite())
}
