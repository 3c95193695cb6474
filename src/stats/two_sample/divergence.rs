//! How different two distributions over the same bins are.

use super::bins::Shares;

/// Share that stands for an empty bin in PSI, whose logarithm would be infinite.
const FLOOR: f64 = 1e-4;

/// Population stability index: Σ (current − reference)·ln(current / reference), shares below 1e-4 taken as that. 0 or more,
/// in nats.
pub fn psi(shares: &Shares) -> f64 {
    let pairs = shares.reference.iter().zip(&shares.current);
    let floored = pairs.map(|(p, q)| (p.max(FLOOR), q.max(FLOOR)));
    floored.map(|(p, q)| (q - p) * (q / p).ln()).sum()
}

/// Jensen–Shannon distance to base 2, in [0, 1]: the root of the mean divergence of both from their mean (Endres and
/// Schindelin, 2003). As `scipy.spatial.distance.jensenshannon(p, q, 2)`.
pub fn jensen_shannon(shares: &Shares) -> f64 {
    let part = |p: f64, mean: f64| if p > 0.0 { p * (p / mean).log2() } else { 0.0 };
    let pairs = shares.reference.iter().zip(&shares.current);
    let sum: f64 = pairs
        .map(|(p, q)| {
            let mean = (p + q) / 2.0;
            part(*p, mean) + part(*q, mean)
        })
        .sum();
    // Rounding may leave a little less than nothing.
    (sum / 2.0).clamp(0.0, 1.0).sqrt()
}
