//! From log odds to a probability and back.

/// Probabilities are kept this far from 0 and 1 before their log odds are taken, which so stay within ±27.7.
const MARGIN: f64 = 1e-12;

/// 1 / (1 + e⁻ᶻ), without overflow on either side.
pub(super) fn sigmoid(z: f64) -> f64 {
    if z >= 0.0 {
        1.0 / (1.0 + (-z).exp())
    } else {
        let e = z.exp();
        e / (1.0 + e)
    }
}

/// Log odds of a probability, kept off the ends by [`MARGIN`].
pub(super) fn logit(p: f64) -> f64 {
    let p = p.clamp(MARGIN, 1.0 - MARGIN);
    (p / (1.0 - p)).ln()
}
