//! Exact path-dependent TreeSHAP: the Shapley values of Lundberg, Erion, Lee, "Consistent Individualized Feature Attribution
//! for Tree Ensembles" (2018) and Lundberg et al., "From local explanations to global understanding with explainable AI for
//! trees", Nature Machine Intelligence 2 (2020), Algorithm 2, computed in another way.
//!
//! The value of a coalition S is the tree's expectation when the features in S are known and, at a split on any other, both
//! ways are taken in proportion to their cover. A leaf's part of it is a product over the features on its path: `one` (1 if
//! the row itself goes that way, else 0) for those in S, `zero` (the share of the cover) for the others. By Owen's
//! multilinear extension (1972), feature i's Shapley value is the sum over leaves of
//!
//! ```text
//! value · (one_i − zero_i) · ∫₀¹ Π_{j≠i} (zero_j·(1 − t) + one_j·t) dt
//! ```
//!
//! a polynomial of a degree below the number of features on the path, which Gauss–Legendre integrates exactly with half as
//! many points. Products are passed down the tree and sums of leaves up, as in Yu et al., "Linear TreeShap" (NeurIPS 2022):
//! O(nodes · depth) instead of O(leaves · depth²), and without Algorithm 2's cancelling weights.

use super::packed::Packed;
use super::tree::MAX_DEPTH;

/// Working space of an explanation, one per thread. It grows at first use and is then reused.
#[derive(Debug, Clone, Default)]
pub struct AttributionScratch {
    seen: Vec<Seen>,
    /// The explanation of one member of a mean.
    pub(super) member: Vec<f64>,
}

/// Expected sum over the trees' leaves, weighted by cover.
pub(super) fn expected(packed: &Packed) -> f64 {
    packed
        .roots()
        .iter()
        .map(|root| expected_below(packed, *root) / packed.cover(*root))
        .sum()
}

fn expected_below(packed: &Packed, at: usize) -> f64 {
    let node = packed.node(at);
    if node.is_leaf() {
        return packed.value(at) * packed.cover(at);
    }
    let left = at + node.offset() as usize;
    expected_below(packed, left) + expected_below(packed, left + 1)
}

/// Fills `phi` (one per feature) with the Shapley values of the sum over the trees' leaves for row `x`.
pub(super) fn attribute(
    packed: &Packed,
    x: &[f32],
    phi: &mut [f64],
    scratch: &mut AttributionScratch,
) {
    const { assert!(MAX_DEPTH <= 2 * 64, "the largest rule below must be exact") };
    phi.fill(0.0);
    // n points are exact up to degree 2n − 1; the degree stays below the number of distinct features on a path.
    match packed.depth().min(packed.width()) {
        0..=8 => explain::<4>(packed, x, phi, scratch),
        9..=16 => explain::<8>(packed, x, phi, scratch),
        17..=32 => explain::<16>(packed, x, phi, scratch),
        33..=64 => explain::<32>(packed, x, phi, scratch),
        _ => explain::<64>(packed, x, phi, scratch),
    }
}

fn explain<const N: usize>(
    packed: &Packed,
    x: &[f32],
    phi: &mut [f64],
    scratch: &mut AttributionScratch,
) {
    scratch.seen.clear();
    scratch.seen.resize(x.len(), Seen::NOT);
    let mut walk = Walk {
        packed,
        x,
        phi,
        seen: &mut scratch.seen,
        rule: Rule::<N>::new(),
    };
    for root in packed.roots() {
        walk.descend(*root, &[1.0; N]);
    }
}

/// The combined effect of all splits on one feature between the root and the current node.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Seen {
    /// Share of the cover that goes this way at those splits.
    zero: f64,
    /// 1 if the row goes this way at all of them, else 0.
    one: f64,
}

impl Seen {
    /// The feature has not been split on yet.
    const NOT: Seen = Seen {
        zero: 1.0,
        one: 1.0,
    };
}

struct Walk<'a, const N: usize> {
    packed: &'a Packed,
    x: &'a [f32],
    phi: &'a mut [f64],
    seen: &'a mut [Seen],
    rule: Rule<N>,
}

impl<const N: usize> Walk<'_, N> {
    /// Visits the subtree below node `at`. `product` is the integrand over all features on the path to `at`, at each point
    /// of the quadrature rule; returns the sum of value · integrand over the leaves below.
    ///
    /// Divisions are what costs here. A leaf needs none: its sum without the factor of the last split is its value times the
    /// rest. Nor does a child that the row does not go to: its factor is `zero · (1 − t)`, whose reciprocal is known but for a
    /// number.
    fn descend(&mut self, at: usize, product: &[f64; N]) -> [f64; N] {
        let node = self.packed.node(at);
        if node.is_leaf() {
            let value = self.packed.value(at);
            return product.map(|product| product * value);
        }
        let feature = node.feature();
        let before = self.seen[feature];
        let is_first = before == Seen::NOT;
        let without: [f64; N] = match is_first {
            true => [1.0; N],
            false => each(|n| 1.0 / self.rule.factor(before, n)),
        };
        let rest: [f64; N] = each(|n| product[n] * without[n]);
        let of_rest = self.rule.integral(&rest);
        let left = at + node.offset() as usize;
        let goes_left = self.x[feature] <= node.threshold();
        let mut sum = [0.0; N];
        let mut phi = 0.0;
        for (child, taken) in [(left, goes_left), (left + 1, !goes_left)] {
            let now = Seen {
                zero: before.zero * self.packed.share(child),
                one: if taken { before.one } else { 0.0 },
            };
            let factor: [f64; N] = each(|n| self.rule.factor(now, n));
            let inner: [f64; N] = each(|n| rest[n] * factor[n]);
            // The sum below, integrated without this factor.
            let (below, part) = if self.packed.node(child).is_leaf() {
                let value = self.packed.value(child);
                (inner.map(|inner| inner * value), of_rest * value)
            } else {
                self.seen[feature] = now;
                let below = self.descend(child, &inner);
                let part = match now.one == 0.0 {
                    true => self.rule.integral_away(&below) / now.zero,
                    false => self.rule.integral(&each(|n| below[n] / factor[n])),
                };
                (below, part)
            };
            phi += (now.one - now.zero) * part;
            sum = each(|n| sum[n] + below[n]);
        }
        self.seen[feature] = before;
        if !is_first {
            // The upper split on the same feature will be credited for these leaves as well, but for them this split
            // replaces it, so that its part is subtracted here.
            phi -= (before.one - before.zero) * self.rule.integral(&each(|n| sum[n] * without[n]));
        }
        self.phi[feature] += phi;
        sum
    }
}

/// Gauss–Legendre quadrature on [0, 1] with N points, all of them inside the interval.
struct Rule<const N: usize> {
    points: [f64; N],
    weights: [f64; N],
    /// `weight / (1 − point)`.
    away: [f64; N],
}

impl<const N: usize> Rule<N> {
    /// Computes the roots of the Legendre polynomial by Newton's iteration from Tricomi's approximation, which is good
    /// to a few digits.
    fn new() -> Rule<N> {
        let mut rule = Rule {
            points: [0.0; N],
            weights: [0.0; N],
            away: [0.0; N],
        };
        for n in 0..N {
            let mut z = (std::f64::consts::PI * (n as f64 + 0.75) / (N as f64 + 0.5)).cos();
            for _ in 0..6 {
                let (value, slope) = Self::legendre(z);
                z -= value / slope;
            }
            let slope = Self::legendre(z).1;
            rule.points[n] = (1.0 - z) / 2.0;
            rule.weights[n] = 1.0 / ((1.0 - z * z) * slope * slope);
            rule.away[n] = rule.weights[n] / (1.0 - rule.points[n]);
        }
        rule
    }

    /// The N-th Legendre polynomial and its derivative at `z`.
    fn legendre(z: f64) -> (f64, f64) {
        let (mut before, mut value) = (1.0, z);
        for k in 2..=N {
            let k = k as f64;
            (before, value) = (
                value,
                ((2.0 * k - 1.0) * z * value - (k - 1.0) * before) / k,
            );
        }
        (value, N as f64 * (z * value - before) / (z * z - 1.0))
    }

    #[inline(always)]
    fn factor(&self, seen: Seen, n: usize) -> f64 {
        seen.zero + (seen.one - seen.zero) * self.points[n]
    }

    /// The integral of `at / (1 − t)`.
    #[inline(always)]
    fn integral_away(&self, at: &[f64; N]) -> f64 {
        let parts = self.away.iter().zip(at);
        parts.map(|(weight, at)| weight * at).sum()
    }

    #[inline(always)]
    fn integral(&self, at: &[f64; N]) -> f64 {
        self.weights
            .iter()
            .zip(at)
            .map(|(weight, at)| weight * at)
            .sum()
    }
}

#[inline(always)]
fn each<const N: usize>(f: impl FnMut(usize) -> f64) -> [f64; N] {
    std::array::from_fn(f)
}
