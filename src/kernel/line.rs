//! Propagates an additive explanation through a curve: Aumann–Shapley along the straight line.
//!
//! With z(t) = z0 + t·Σφ, the integral of curve′(z(t))·φ_i over t is φ_i·(curve(z1) − curve(z0)) / (z1 − z0): every part
//! keeps its share, and the total becomes the difference of the curve's values (Sundararajan, Taly, Yan, "Axiomatic
//! Attribution for Deep Networks", 2017, for a function of one sum).

/// Differences of the argument below this are not used as a divisor: the rounding error of the sum of the parts, about
/// 1e-16, would be amplified beyond the guaranteed 1e-9.
const CLOSE: f64 = 1e-6;

/// Turns `base + Σ phi = z` into `base + Σ phi = curve(z)`, with the new base `curve(old base)`. The sum holds to
/// 1e-9 for any curve of bounded slope.
pub(super) fn carry(curve: impl Fn(f64) -> f64, base: &mut f64, phi: &mut [f64]) {
    let (from, difference) = (*base, phi.iter().sum::<f64>());
    let rise = curve(from + difference) - curve(from);
    let slope = if difference.abs() > CLOSE {
        rise / difference
    } else {
        (curve(from + CLOSE) - curve(from - CLOSE)) / (2.0 * CLOSE)
    };
    let whole = phi.iter().map(|phi| phi.abs()).sum::<f64>();
    // The remainder is zero up to rounding, unless the difference is close to 0 and the curve bends there; it is distributed
    // in proportion to the size of the parts.
    let rest = if whole > 0.0 {
        (rise - slope * difference) / whole
    } else {
        0.0
    };
    phi.iter_mut()
        .for_each(|phi| *phi = slope * *phi + rest * phi.abs());
    *base = curve(from);
}
