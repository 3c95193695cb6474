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
//! many points. As in Yu et al., "Linear TreeShap" (NeurIPS 2022), products are passed down the tree and sums of leaves up:
//! O(nodes · depth) instead of O(leaves · depth²), and without Algorithm 2's cancelling weights.
//!
//! Both passes are loops over the splits of a tree, without recursion and without a branch that depends on the row; what
//! depends on the tree alone is computed once a model.

use std::ops::Range;

use super::packed::{Packed, PackedNode};
use super::tree::MAX_DEPTH;

/// Working space of an explanation, one per thread. It grows at first use and is then reused.
#[derive(Debug, Clone, Default)]
pub struct AttributionScratch {
    numbers: Vec<f64>,
    /// The explanation of one member of a mean.
    pub(super) member: Vec<f64>,
}

/// The trees as explanations read them.
///
/// A *way* is one side of a split: twice the split's number in its tree, plus 1 for the right side. Numbers begin at 1; way
/// 0 leads to the root, and every row takes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Paths {
    trees: Vec<TreePaths>,
    splits: Vec<Split>,
    /// Largest number of splits in a tree that have a split below them.
    largest: usize,
    /// Largest number of different features on a path.
    features: usize,
    expected: f64,
}

/// The splits of one tree, as ranges of [`Paths::splits`].
#[derive(Debug, Clone, PartialEq)]
struct TreePaths {
    /// Splits with a split below them, numbered from 1, parents before children.
    inner: Range<usize>,
    /// Splits with two leaves.
    last: Range<usize>,
}

/// A split and the path to it.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Split {
    /// Its feature, threshold and way of missing values.
    node: PackedNode,
    /// The way that leads to this split.
    parent: u32,
    /// The way by which the path leaves the last split above on the same feature; 0 if there is none.
    before: u32,
    /// Share of the cover that takes `before`, at all splits above on the feature.
    share: f64,
    /// The same with the left and the right side of this split.
    shares: [f64; 2],
    /// The values of the sides that are leaves.
    values: [f64; 2],
}

impl Paths {
    pub(super) fn new(packed: &Packed) -> Paths {
        let mut paths = Paths {
            trees: Vec::with_capacity(packed.roots().len()),
            splits: Vec::new(),
            largest: 0,
            features: 0,
            expected: 0.0,
        };
        let mut place = Place {
            packed,
            seen: vec![(0, 1.0); packed.width()],
            inner: Vec::new(),
            last: Vec::new(),
            features: 0,
        };
        for root in packed.roots() {
            paths.expected += place.below(*root, 0, 0) / packed.cover(*root);
            paths.largest = paths.largest.max(place.inner.len());
            let first = paths.splits.len();
            paths.splits.append(&mut place.inner);
            let middle = paths.splits.len();
            paths.splits.append(&mut place.last);
            paths.trees.push(TreePaths {
                inner: first..middle,
                last: middle..paths.splits.len(),
            });
        }
        paths.features = place.features;
        paths
    }

    /// Expected sum over the trees' leaves, weighted by cover.
    pub(super) fn expected(&self) -> f64 {
        self.expected
    }

    /// Fills `phi` (one per feature) with the Shapley values of the sum over the trees' leaves for row `x`.
    pub(super) fn attribute(&self, x: &[f32], phi: &mut [f64], scratch: &mut AttributionScratch) {
        const { assert!(MAX_DEPTH <= 2 * 64, "the largest rule below must be exact") };
        // n points are exact up to degree 2n − 1; the degree stays below the number of different features on a path.
        match self.features {
            0..=4 => self.explain::<2>(x, phi, scratch),
            5..=8 => self.explain::<4>(x, phi, scratch),
            9..=16 => self.explain::<8>(x, phi, scratch),
            17..=32 => self.explain::<16>(x, phi, scratch),
            33..=64 => self.explain::<32>(x, phi, scratch),
            _ => self.explain::<64>(x, phi, scratch),
        }
    }

    fn explain<const N: usize>(
        &self,
        x: &[f32],
        phi: &mut [f64],
        scratch: &mut AttributionScratch,
    ) {
        let rule = Rule::<N>::new();
        let slots = self.largest + 1;
        scratch.numbers.clear();
        scratch
            .numbers
            .resize(2 * slots + (6 * slots + x.len()) * N, 0.0);
        let (taken, rest) = scratch.numbers.split_at_mut(2 * slots);
        let (vectors, _) = rest.as_chunks_mut();
        let (above, vectors) = vectors.split_at_mut(2 * slots);
        let (below, vectors) = vectors.split_at_mut(2 * slots);
        let (without, vectors) = vectors.split_at_mut(slots);
        let (inverse, terms) = vectors.split_at_mut(slots);
        taken[0] = 1.0;
        above[0] = rule.weights;
        let mut work = Work {
            x,
            rule: &rule,
            taken,
            above,
            below,
            without,
            inverse,
            terms,
        };
        work.run(self);
        for (phi, terms) in phi.iter_mut().zip(work.terms) {
            *phi = terms.iter().sum();
        }
    }
}

/// Finds the splits of one tree after the other.
struct Place<'a> {
    packed: &'a Packed,
    /// For each feature, [`Split::before`] and [`Split::share`] of the next split on it.
    seen: Vec<(u32, f64)>,
    inner: Vec<Split>,
    last: Vec<Split>,
    /// Largest number of different features on a path.
    features: usize,
}

impl Place<'_> {
    /// Adds the splits below node `at`, to which the way `parent` leads, past `features` different ones. Returns the sum of
    /// the leaves below, weighted by cover.
    fn below(&mut self, at: usize, parent: u32, features: usize) -> f64 {
        let node = self.packed.node(at);
        let cover = self.packed.cover(at);
        if node.is_leaf() {
            self.features = self.features.max(features);
            return self.packed.value(at) * cover;
        }
        let feature = node.feature();
        let first = at + node.offset() as usize;
        let children = [first, first + 1];
        let (before, share) = self.seen[feature];
        let split = Split {
            node,
            parent,
            before,
            share,
            shares: children.map(|child| share * (self.packed.cover(child) / cover)),
            values: children.map(|child| self.packed.value(child)),
        };
        let features = features + usize::from(before == 0);
        if children
            .iter()
            .all(|child| self.packed.node(*child).is_leaf())
        {
            self.last.push(split);
            self.features = self.features.max(features);
            let sum = |child| self.packed.value(child) * self.packed.cover(child);
            return children.map(sum).iter().sum();
        }
        self.inner.push(split);
        let left = 2 * self.inner.len() as u32;
        let mut sum = 0.0;
        for (way, (child, share)) in (left..).zip(children.into_iter().zip(split.shares)) {
            self.seen[feature] = (way, share);
            sum += self.below(child, way, features);
        }
        self.seen[feature] = (before, share);
        sum
    }
}

/// One explanation under way. Every `[f64; N]` holds a polynomial's values at the points of the quadrature rule.
struct Work<'a, const N: usize> {
    x: &'a [f32],
    rule: &'a Rule<N>,
    /// By way: 1 if the row takes it, and took those of the splits above on the same feature, else 0. The feature's factor
    /// on that way is `share·(1 − t) + taken·t`.
    taken: &'a mut [f64],
    /// By way: the product of the factors of all features on the path, times the weights of the rule.
    above: &'a mut [[f64; N]],
    /// By way: the sum over the leaves of their value times what the splits on the path from there multiply the product by.
    below: &'a mut [[f64; N]],
    /// By split: the product without the factor of its feature.
    without: &'a mut [[f64; N]],
    /// By split: the reciprocal of its feature's factor above it.
    inverse: &'a mut [[f64; N]],
    /// By feature: the terms of the integral that is its Shapley value.
    terms: &'a mut [[f64; N]],
}

impl<const N: usize> Work<'_, N> {
    #[allow(unsafe_code)] // vectors of four numbers are half as fast again
    fn run(&mut self, paths: &Paths) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { self.run_avx2(paths) };
        }
        self.pass(paths);
    }

    /// [`Work::pass`], compiled for AVX2: the same operations in the same order, hence the same bits.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn run_avx2(&mut self, paths: &Paths) {
        self.pass(paths);
    }

    #[inline(always)]
    fn pass(&mut self, paths: &Paths) {
        for tree in &paths.trees {
            let inner = &paths.splits[tree.inner.clone()];
            for (at, split) in inner.iter().enumerate() {
                self.down(split, at + 1);
            }
            for split in &paths.splits[tree.last.clone()] {
                self.last(split);
            }
            for (at, split) in inner.iter().enumerate().rev() {
                self.up(split, at + 1);
            }
        }
    }

    /// The sides of a split that the row takes, as [`Work::taken`].
    #[inline(always)]
    fn sides(&self, split: &Split, taken: f64) -> [f64; 2] {
        // Which side it is cannot be predicted: arithmetic instead of a branch.
        let goes_left = split.node.goes_left(self.x[split.node.feature()]);
        let left = taken * f64::from(u8::from(goes_left));
        [left, taken - left]
    }

    #[inline(always)]
    fn factor(&self, taken: f64, share: f64) -> [f64; N] {
        let Rule { points, rest, .. } = self.rule;
        each(|n| taken * points[n] + share * rest[n])
    }

    #[inline(always)]
    fn inverse_of(&self, taken: f64, share: f64) -> [f64; N] {
        let factor = self.factor(taken, share);
        each(|n| 1.0 / factor[n])
    }

    #[inline(always)]
    fn down(&mut self, split: &Split, slot: usize) {
        let taken = self.taken[split.before as usize];
        let sides = self.sides(split, taken);
        let inverse = self.inverse_of(taken, split.share);
        let above = &self.above[split.parent as usize];
        let without: [f64; N] = each(|n| above[n] * inverse[n]);
        for side in [0, 1] {
            let factor = self.factor(sides[side], split.shares[side]);
            let way = 2 * slot + side;
            self.taken[way] = sides[side];
            self.above[way] = each(|n| without[n] * factor[n]);
            self.below[way] = [split.values[side]; N]; // a split below writes its own
        }
        self.without[slot] = without;
        self.inverse[slot] = inverse;
    }

    /// Both passes of a split with two leaves.
    #[inline(always)]
    fn last(&mut self, split: &Split) {
        let taken = self.taken[split.before as usize];
        let sides = self.sides(split, taken);
        let values = split.values;
        let inverse = self.inverse_of(taken, split.share);
        let above = self.above[split.parent as usize];
        let factor = self.factor(
            sides[0] * values[0] + sides[1] * values[1],
            split.shares[0] * values[0] + split.shares[1] * values[1],
        );
        let below: [f64; N] = each(|n| factor[n] * inverse[n]);
        let of_sides =
            (sides[0] - split.shares[0]) * values[0] + (sides[1] - split.shares[1]) * values[1];
        let replaced = taken - split.share;
        let terms = &mut self.terms[split.node.feature()];
        for n in 0..N {
            terms[n] += above[n] * inverse[n] * (of_sides - replaced * below[n]);
        }
        self.below[split.parent as usize] = below;
    }

    /// The part of a feature is the integral without its factor, times `taken − share`. The splits above on the same feature
    /// are credited for the leaves below this one too, where this one replaces them: that is subtracted.
    #[inline(always)]
    fn up(&mut self, split: &Split, slot: usize) {
        let taken = self.taken[split.before as usize];
        let sides = [self.taken[2 * slot], self.taken[2 * slot + 1]];
        let [left, right] = [self.below[2 * slot], self.below[2 * slot + 1]];
        let to_left = self.factor(sides[0], split.shares[0]);
        let to_right = self.factor(sides[1], split.shares[1]);
        let (without, inverse) = (self.without[slot], self.inverse[slot]);
        let below: [f64; N] =
            each(|n| (to_left[n] * left[n] + to_right[n] * right[n]) * inverse[n]);
        let (of_left, of_right) = (sides[0] - split.shares[0], sides[1] - split.shares[1]);
        let replaced = taken - split.share;
        let terms = &mut self.terms[split.node.feature()];
        for n in 0..N {
            let of_sides = of_left * left[n] + of_right * right[n];
            terms[n] += without[n] * (of_sides - replaced * below[n]);
        }
        self.below[split.parent as usize] = below;
    }
}

/// Gauss–Legendre quadrature on [0, 1] with N points, all of them inside the interval.
struct Rule<const N: usize> {
    points: [f64; N],
    /// `1 − point`.
    rest: [f64; N],
    weights: [f64; N],
}

impl<const N: usize> Rule<N> {
    /// Computes the roots of the Legendre polynomial by Newton's iteration from Tricomi's approximation, which is good
    /// to a few digits.
    fn new() -> Rule<N> {
        let mut rule = Rule {
            points: [0.0; N],
            rest: [0.0; N],
            weights: [0.0; N],
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
            rule.rest[n] = 1.0 - rule.points[n];
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
}

/// The array of `f(0)`, `f(1)`, …: a plain loop, which becomes vector instructions where `std::array::from_fn` does not.
#[inline(always)]
fn each<const N: usize>(f: impl Fn(usize) -> f64) -> [f64; N] {
    let mut all = [0.0; N];
    for (n, one) in all.iter_mut().enumerate() {
        *one = f(n);
    }
    all
}
