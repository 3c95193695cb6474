//! Divergence of two distributions over the same bins.

use super::bins::Shares;

/// Share that replaces an empty bin's in PSI, as the logarithm of 0 would be infinite.
const FLOOR: f64 = 1e-4;

/// Population stability index: Σ (current − reference)·ln(current / reference), with shares below 1e-4 raised to it. At
/// least 0, in nats.
pub fn psi(shares: &Shares) -> f64 {
    let pairs = shares.reference.iter().zip(&shares.current);
    let floored = pairs.map(|(p, q)| (p.max(FLOOR), q.max(FLOOR)));
    floored.map(|(p, q)| (q - p) * (q / p).ln()).sum()
}

/// Jensen–Shannon distance to base 2, in [0, 1]: the square root of the mean divergence of both distributions from their
/// mean (Endres and Schindelin, 2003). As `scipy.spatial.distance.jensenshannon(p, q, 2)`.
pub fn jensen_shannon(shares: &Shares) -> f64 {
    let part = |p: f64, mean: f64| if p > 0.0 { p * (p / mean).log2() } else { 0.0 };
    let pairs = shares.reference.iter().zip(&shares.current);
    let sum: f64 = pairs
        .map(|(p, q)| {
            let mean = (p + q) / 2.0;
            part(*p, mean) + part(*q, mean)
        })
        .sum();
    // Rounding may make the sum slightly negative.
    (sum / 2.0).clamp(0.0, 1.0).sqrt()
}
