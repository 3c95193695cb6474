//! The memory layout in which trees are walked, and the walk itself: the only code without run-time bounds checks.
//!
//! A node is eight bytes: the threshold, and one word with the feature, the way of a missing value (NaN) and the offset to
//! the left child; the right child follows the left. Leaves point at themselves (offset 0, threshold +∞, missing to the
//! left), so that a walk of a fixed number of steps needs no branch, and `LANES` trees are walked in parallel to overlap their
//! memory latency.
//!
//! A row without NaN, which is most rows, is walked as it is. Of another row each feature is written twice, with +∞ for NaN
//! and with −∞: the lowest bit of a node's word, before the feature, then chooses the one that goes the way of missing values.

use super::error::TreeError;
use super::tree::{Node, Tree, lower};

/// Number of trees walked in parallel. A step waits on two loads, a comparison and an addition; 8 lanes do not fill the wait,
/// and 32 spill too many registers (a row through 200 trees of depth 8: 1.8 µs with 4, 1.4 with 8, 1.2 with 16, 1.5 with 32).
pub(super) const LANES: usize = 16;

/// Set in a node's word if NaN goes left.
const MISSING_LEFT: u32 = 1;

/// Bits of a node's word for the feature, after that bit; the remaining 17 hold the offset.
const FEATURE_BITS: u32 = 14;

/// Where the offset begins in a node's word.
const OFFSET: u32 = FEATURE_BITS + 1;

/// The bits of a node's word below the offset: which of the values of a row that is written twice it reads.
const TWICE: u32 = (1 << OFFSET) - 1;

/// Maximum number of features of a row that is written twice, on the stack. Longer rows with NaN take a slower walk.
const SHORT: usize = 256;

/// Number of rows scored together in a batch: their features fit the L1 cache beside one group of trees.
pub(super) const BLOCK: usize = 64;

/// Maximum number of features that a packed node can address.
pub const MAX_FEATURES: usize = 1 << FEATURE_BITS;

#[derive(Debug, Clone, Copy, PartialEq)]
#[repr(C, align(8))]
pub(super) struct PackedNode {
    threshold: f32,
    word: u32,
}

impl PackedNode {
    const LEAF: PackedNode = PackedNode {
        threshold: f32::INFINITY,
        word: MISSING_LEFT,
    };

    fn split(node: &Node, offset: usize) -> PackedNode {
        debug_assert!((node.feature as usize) < MAX_FEATURES && offset < 1 << (32 - OFFSET));
        let missing = if node.missing_left { MISSING_LEFT } else { 0 };
        PackedNode {
            threshold: lower(node.threshold),
            word: missing | node.feature << 1 | (offset as u32) << OFFSET,
        }
    }

    pub(super) fn feature(self) -> usize {
        ((self.word & TWICE) >> 1) as usize
    }

    /// Where a row that is written twice has the value that this node compares.
    fn twice(self) -> usize {
        (self.word & TWICE) as usize
    }

    pub(super) fn threshold(self) -> f32 {
        self.threshold
    }

    /// Distance to the left child; 0 in a leaf.
    pub(super) fn offset(self) -> u32 {
        self.word >> OFFSET
    }

    pub(super) fn is_leaf(self) -> bool {
        self.offset() == 0
    }

    /// Whether NaN goes left.
    pub(super) fn missing_left(self) -> bool {
        self.word & MISSING_LEFT != 0
    }

    #[inline(always)]
    pub(super) fn goes_left(self, value: f32) -> bool {
        (value <= self.threshold) | (value.is_nan() & self.missing_left())
    }

    /// Distance from this node to the next one for a row with this feature value, which must not be NaN, as NaN would step
    /// out of a leaf. The condition is negated, rather than written with `>`, because the result then is the processor's
    /// carry flag, ready to be added.
    #[inline(always)]
    #[allow(clippy::neg_cmp_op_on_partial_ord)]
    fn step(self, value: f32) -> usize {
        self.offset() as usize + usize::from(!(value <= self.threshold))
    }
}

/// Trees that are walked in parallel for the same number of steps.
#[derive(Debug, Clone, PartialEq)]
struct Group {
    roots: [usize; LANES],
    depth: usize,
}

/// Invariants, which the unchecked walk relies on and [`Packed::new`] establishes: `values` and `covers` are as long
/// as `nodes`; every feature is `< width`, `width >= 1`; every root is in range, and so are both children of every split.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Packed {
    width: usize,
    nodes: Vec<PackedNode>,
    values: Vec<f64>,
    covers: Vec<f64>,
    groups: Vec<Group>,
    /// Roots in stored order, without the padding of the last group.
    roots: Vec<usize>,
    depth: usize,
}

impl Packed {
    /// Checks and packs `trees` for rows of `width` features (`1..=MAX_FEATURES`, verified by the caller).
    /// The error is that of the first invalid tree, with its position.
    pub(super) fn new(width: usize, trees: Vec<Tree>) -> Result<Packed, (usize, TreeError)> {
        assert!(
            (1..=MAX_FEATURES).contains(&width),
            "the caller checks the width"
        );
        let mut deep = Vec::with_capacity(trees.len());
        for (at, mut tree) in trees.into_iter().enumerate() {
            let depth = tree.check(width).map_err(|fault| (at, fault))?;
            tree.sum_covers();
            deep.push((depth, tree));
        }
        // Trees of similar depth share a group, so that few steps are wasted in leaves. The sort is stable, so that packing
        // packed trees again changes nothing; sums follow this order from here on.
        deep.sort_by_key(|(depth, _)| *depth);
        Ok(Self::pack(width, &deep))
    }

    fn pack(width: usize, trees: &[(usize, Tree)]) -> Packed {
        let total = trees
            .iter()
            .map(|(_, tree)| tree.nodes.len())
            .sum::<usize>()
            + 1;
        let mut packed = Packed {
            width,
            // Node 0 is a tree that always returns 0; it pads the last group.
            nodes: Vec::with_capacity(total),
            values: Vec::with_capacity(total),
            covers: Vec::with_capacity(total),
            groups: Vec::with_capacity(trees.len().div_ceil(LANES)),
            roots: Vec::with_capacity(trees.len()),
            depth: trees.iter().map(|(depth, _)| *depth).max().unwrap_or(0),
        };
        packed.grow(1);
        for group in trees.chunks(LANES) {
            let mut roots = [0; LANES];
            for (root, (_, tree)) in roots.iter_mut().zip(group) {
                *root = packed.place(tree);
            }
            let depth = group.iter().map(|(depth, _)| *depth).max().unwrap_or(0);
            packed.groups.push(Group { roots, depth });
            packed.roots.extend(&roots[..group.len()]);
        }
        packed
    }

    fn grow(&mut self, by: usize) -> usize {
        let first = self.nodes.len();
        self.nodes.resize(first + by, PackedNode::LEAF);
        self.values.resize(first + by, 0.0);
        self.covers.resize(first + by, 0.0);
        first
    }

    /// Lays out one tree and returns its root. Siblings are adjacent, and the smaller of two subtrees comes first, so that
    /// no offset exceeds half the tree plus one.
    fn place(&mut self, tree: &Tree) -> usize {
        let sizes = tree.sizes();
        let root = self.grow(1);
        let mut open = vec![(0usize, root)];
        while let Some((from, to)) = open.pop() {
            let node = tree.nodes[from];
            self.covers[to] = node.cover;
            if node.is_leaf() {
                self.values[to] = node.value;
                continue;
            }
            let left = self.grow(2);
            self.nodes[to] = PackedNode::split(&node, left - to);
            let pair = [(node.left as usize, left), (node.right as usize, left + 1)];
            let (small, large) = if sizes[pair[1].0] < sizes[pair[0].0] {
                (pair[1], pair[0])
            } else {
                (pair[0], pair[1])
            };
            open.push(large);
            open.push(small);
        }
        root
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn depth(&self) -> usize {
        self.depth
    }

    pub(super) fn roots(&self) -> &[usize] {
        &self.roots
    }

    pub(super) fn node(&self, at: usize) -> PackedNode {
        self.nodes[at]
    }

    pub(super) fn value(&self, at: usize) -> f64 {
        self.values[at]
    }

    pub(super) fn cover(&self, at: usize) -> f64 {
        self.covers[at]
    }

    /// Bound on the absolute value of any [`Packed::sum`].
    pub(super) fn largest_sum(&self) -> f64 {
        self.values.iter().map(|value| value.abs()).sum()
    }

    /// Sum of the leaves that `x` reaches, over all trees: pairwise within a group of [`LANES`] trees in stored order,
    /// then group after group.
    ///
    /// # Panics
    /// If `x` is not `width` long.
    #[allow(unsafe_code)] // calls `walk`
    pub(super) fn sum(&self, x: &[f32]) -> f64 {
        assert_eq!(x.len(), self.width, "features in a row");
        if has_missing(x) {
            return self.sum_missing(x);
        }
        let mut sum = 0.0;
        for group in &self.groups {
            // SAFETY: `x` is `width` long and was just searched for NaN.
            sum += unsafe { self.walk::<false>(group, x) };
        }
        sum
    }

    /// [`Packed::sum`] of a row with NaN.
    #[allow(unsafe_code)] // calls `walk`
    fn sum_missing(&self, x: &[f32]) -> f64 {
        let mut sum = 0.0;
        if x.len() > SHORT {
            for group in &self.groups {
                sum += self.walk_long(group, x);
            }
            return sum;
        }
        let mut twice = [0.0; 2 * SHORT];
        for (twice, x) in twice.chunks_exact_mut(2).zip(x) {
            let at = |missing| if x.is_nan() { missing } else { *x };
            twice[0] = at(f32::INFINITY);
            twice[1] = at(f32::NEG_INFINITY);
        }
        let twice = &twice[..2 * x.len()];
        for group in &self.groups {
            // SAFETY: `twice` is twice `width` long and has no NaN.
            sum += unsafe { self.walk::<true>(group, twice) };
        }
        sum
    }

    /// [`Packed::sum`] of every row of a row-major block, group by group, so that a group's nodes stay in the L1 cache for
    /// all rows. The additions and their order are the same, hence also the bits of the result.
    ///
    /// # Panics
    /// If `rows` is not `sums.len()` rows, or if these are more than [`BLOCK`].
    #[allow(unsafe_code)] // calls `walk`
    pub(super) fn sum_block(&self, rows: &[f32], sums: &mut [f64]) {
        assert_eq!(rows.len(), sums.len() * self.width, "features in the rows");
        assert!(sums.len() <= BLOCK, "rows in a block");
        let mut missing = [false; BLOCK];
        for (x, missing) in rows.chunks_exact(self.width).zip(&mut missing) {
            *missing = has_missing(x);
        }
        sums.fill(0.0);
        for group in &self.groups {
            let rows = rows.chunks_exact(self.width).zip(&missing);
            for ((x, _), sum) in rows
                .zip(sums.iter_mut())
                .filter(|((_, missing), _)| !**missing)
            {
                // SAFETY: `x` is `width` long and was searched for NaN above.
                *sum += unsafe { self.walk::<false>(group, x) };
            }
        }
        let rows = rows.chunks_exact(self.width).zip(&missing);
        for ((x, _), sum) in rows
            .zip(sums.iter_mut())
            .filter(|((_, missing), _)| **missing)
        {
            *sum = self.sum_missing(x);
        }
    }

    /// Sum of one group's leaves for one row, which is written `TWICE` if it has NaN.
    ///
    /// # Safety
    /// `x` must hold no NaN and be `width` long, or twice as long if it is written `TWICE`.
    #[inline(always)]
    #[allow(unsafe_code)] // checked indexing was measured half as slow again
    unsafe fn walk<const TWICE: bool>(&self, group: &Group, x: &[f32]) -> f64 {
        let mut at = group.roots;
        for _ in 0..group.depth {
            for lane in &mut at {
                // SAFETY: `at` starts at roots, which are in range, and a step leads from a split to one of its
                // children, in range, or from a leaf to itself: its offset is 0 and no number is above +∞. Features
                // are `< width`.
                let node = unsafe { *self.nodes.get_unchecked(*lane) };
                let place = if TWICE { node.twice() } else { node.feature() };
                let value = unsafe { *x.get_unchecked(place) };
                *lane += node.step(value);
            }
        }
        // SAFETY: as above; `values` is as long as `nodes`.
        add(at.map(|leaf| unsafe { *self.values.get_unchecked(leaf) }))
    }

    /// [`Packed::walk`] for a row with NaN that is too long to be written twice.
    #[cold]
    fn walk_long(&self, group: &Group, x: &[f32]) -> f64 {
        add(group.roots.map(|root| {
            let mut at = root;
            while !self.nodes[at].is_leaf() {
                let node = self.nodes[at];
                let goes_left = node.goes_left(x[node.feature()]);
                at += node.offset() as usize + usize::from(!goes_left);
            }
            self.values[at]
        }))
    }
}

fn has_missing(x: &[f32]) -> bool {
    x.iter().any(|x| x.is_nan())
}

/// Sums a group's leaves, always in the same order: the upper half is added to the lower half until one is left.
#[inline(always)]
fn add(mut leaves: [f64; LANES]) -> f64 {
    let mut half = LANES / 2;
    while half > 0 {
        for lane in 0..half {
            leaves[lane] += leaves[lane + half];
        }
        half /= 2;
    }
    leaves[0]
}
