//! Conversion between log odds and probabilities.

/// Minimum distance of a probability from 0 and 1 before its log odds are computed, so that these stay within ±27.7.
const MARGIN: f64 = 1e-12;

/// 1 / (1 + e⁻ᶻ), without overflow for large |z|.
pub(super) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// Log odds of a probability, which is first clamped by [`MARGIN`].
pub(super) fn logit(p: f64) -> f64 {
    let p = p.clamp(MARGIN, 1.0 - MARGIN);
    (p / (1.0 - p)).ln()
}
