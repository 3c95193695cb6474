//! Growth of one tree on derivatives: the leaf whose split gains most is split next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::bins::{Bins, Cut};
use super::bounds::{Bounds, in_order};
use super::sums::{Scale, Slope, Sums};
use crate::kernel::{Node, Tree};
use crate::train::learner::Sample;

/// When a tree stops growing.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Maximum number of leaves.
    pub leaves: usize,
    /// Maximum number of splits on a path.
    pub depth: usize,
    /// Minimum number of rows in a leaf.
    pub rows: u32,
    /// Minimum sum of second derivatives in a leaf.
    pub curvature: f64,
    /// Penalty on the square of a leaf's value.
    pub lambda: f64,
}

/// Gains below this are noise of the arithmetic.
const LEAST_GAIN: f64 = 1e-9;

/// A tree over bins.
#[derive(Debug)]
pub struct Grown {
    nodes: Vec<GrownNode>,
}

#[derive(Clone, Copy, Debug)]
enum GrownNode {
    Leaf {
        value: f64,
        /// Its rows: so many of those that the tree was grown on, from a place in their final order.
        rows: u32,
        from: u32,
    },
    Split {
        feature: u32,
        cut: Cut,
        left: u32,
        right: u32,
    },
}

impl Grown {
    /// The value of the leaf that a row of the bins ends in.
    pub fn value(&self, bins: &Bins, row: usize) -> f64 {
        let mut at = 0;
        loop {
            match self.nodes[at] {
                GrownNode::Leaf { value, .. } => return value,
                GrownNode::Split {
                    feature,
                    cut,
                    left,
                    right,
                } => {
                    let goes_left = cut.goes_left(bins.columns()[feature as usize].bins[row]);
                    at = if goes_left { left } else { right } as usize;
                }
            }
        }
    }

    /// Calls `add` with each leaf's rows, out of those that the tree was grown on as growth has left them, and its value.
    pub fn each_leaf(&self, grown_on: &[u32], mut add: impl FnMut(&[u32], f64)) {
        for node in &self.nodes {
            if let GrownNode::Leaf { value, rows, from } = *node {
                let from = from as usize;
                add(&grown_on[from..from + rows as usize], value);
            }
        }
    }

    /// The tree over values, with its leaves multiplied by `rate`.
    pub fn lower(&self, bins: &Bins, rate: f64) -> Tree {
        let lower = |node: &GrownNode| match *node {
            GrownNode::Leaf { value, rows, .. } => Node::leaf(rate * value, f64::from(rows)),
            GrownNode::Split {
                feature,
                cut,
                left,
                right,
            } => {
                let threshold = bins.columns()[feature as usize].threshold(cut);
                Node::split(feature, threshold, left, right).missing(cut.missing_left)
            }
        };
        Tree::new(self.nodes.iter().map(lower).collect())
    }
}

/// The best split of a node.
#[derive(Clone, Copy, Debug)]
struct Split {
    feature: u32,
    cut: Cut,
    gain: f64,
    left: Sums,
}

/// A leaf during growth.
struct Leaf {
    node: usize,
    /// Its rows, in the order of the growth.
    range: Range<usize>,
    depth: usize,
    sums: Sums,
    bounds: Bounds,
}

/// A leaf that may be split.
struct Open {
    leaf: Leaf,
    split: Split,
    histogram: Vec<Sums>,
}

impl PartialEq for Open {
    fn eq(&self, other: &Open) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Open {}

impl PartialOrd for Open {
    fn partial_cmp(&self, other: &Open) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Open {
    /// By gain; of equal ones the node that was made first is the greatest.
    fn cmp(&self, other: &Open) -> Ordering {
        let gain = self.split.gain.total_cmp(&other.split.gain);
        gain.then(other.leaf.node.cmp(&self.leaf.node))
    }
}

/// Memory that the trees of one fit share.
#[derive(Default)]
pub struct Scratch {
    histograms: Vec<Vec<Sums>>,
    right: Vec<u32>,
}

/// What a tree is grown on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    pub bins: &'a Bins,
    /// The derivatives of every row.
    pub slopes: &'a [Slope],
    pub scale: Scale,
    /// The features that may be split on, ascending.
    pub features: &'a [u32],
    /// The sample, for the orders that it keeps.
    pub sample: &'a Sample<'a>,
    pub rules: &'a Rules,
}

/// Grows a tree on `rows`, which it reorders.
pub fn grow(ground: Ground<'_>, rows: &mut [u32], scratch: &mut Scratch) -> Grown {
    let rules = ground.rules;
    let mut sums = Sums::default();
    rows.iter()
        .for_each(|row| sums += ground.slopes[*row as usize].sums(ground.scale));
    let mut growth = Growth {
        ground,
        rows,
        scratch,
        nodes: Vec::new(),
        open: BinaryHeap::new(),
    };
    let root = growth.leaf(0..growth.rows.len(), 0, sums, Bounds::NONE);
    if rules.leaves > 1 && rules.depth > 0 {
        let histogram = growth.histogram(root.range.clone(), sums);
        growth.consider(root, histogram);
    }
    let mut leaves = 1;
    while leaves < rules.leaves {
        let Some(open) = growth.open.pop() else { break };
        leaves += 1;
        growth.split(open, leaves < rules.leaves);
    }
    let Growth {
        nodes,
        open,
        scratch,
        ..
    } = growth;
    let unused = open.into_iter().map(|open| open.histogram);
    scratch.histograms.extend(unused);
    Grown { nodes }
}

struct Growth<'a> {
    ground: Ground<'a>,
    rows: &'a mut [u32],
    scratch: &'a mut Scratch,
    nodes: Vec<GrownNode>,
    open: BinaryHeap<Open>,
}

impl Growth<'_> {
    fn leaf(&mut self, range: Range<usize>, depth: usize, sums: Sums, bounds: Bounds) -> Leaf {
        self.nodes.push(GrownNode::Leaf {
            value: self.value(&sums, bounds),
            rows: sums.rows(self.ground.scale),
            from: range.start as u32,
        });
        Leaf {
            node: self.nodes.len() - 1,
            range,
            depth,
            sums,
            bounds,
        }
    }

    /// The best value for some rows within bounds.
    fn value(&self, sums: &Sums, bounds: Bounds) -> f64 {
        bounds.nearest(sums.value(self.ground.rules.lambda, self.ground.scale))
    }

    /// Splits a leaf; its children may be split further if `goes_on`.
    fn split(&mut self, open: Open, goes_on: bool) {
        let Open {
            leaf,
            split,
            mut histogram,
        } = open;
        let Leaf { range, depth, .. } = leaf;
        let middle = range.start + self.partition(range.clone(), &split);
        let (left_sums, right_sums) = (split.left, leaf.sums - split.left);
        let column = &self.ground.bins.columns()[split.feature as usize];
        let order = self.ground.sample.order(split.feature as usize);
        let (left_bounds, right_bounds) = leaf.bounds.divide(
            column.order(split.cut, order),
            self.value(&left_sums, leaf.bounds),
            self.value(&right_sums, leaf.bounds),
        );
        let left = self.leaf(range.start..middle, depth + 1, left_sums, left_bounds);
        let right = self.leaf(middle..range.end, depth + 1, right_sums, right_bounds);
        self.nodes[leaf.node] = GrownNode::Split {
            feature: split.feature,
            cut: split.cut,
            left: left.node as u32,
            right: right.node as u32,
        };
        let Ground { rules, scale, .. } = self.ground;
        let rows = |leaf: &Leaf| leaf.sums.rows(scale);
        let may = |leaf: &Leaf| goes_on && leaf.depth < rules.depth && rows(leaf) >= 2 * rules.rows;
        let (lesser, greater) = if rows(&left) <= rows(&right) {
            (left, right)
        } else {
            (right, left)
        };
        // If the greater child is too small, so is the lesser.
        if !may(&greater) {
            self.scratch.histograms.push(histogram);
            return;
        }
        let small = self.histogram(lesser.range.clone(), lesser.sums);
        histogram
            .iter_mut()
            .zip(&small)
            .for_each(|(sums, other)| *sums -= *other);
        self.consider(greater, histogram);
        if may(&lesser) {
            self.consider(lesser, small);
        } else {
            self.scratch.histograms.push(small);
        }
    }

    /// Moves the rows that go left to the front, in their order; returns their number.
    fn partition(&mut self, range: Range<usize>, split: &Split) -> usize {
        let bins = &self.ground.bins.columns()[split.feature as usize].bins;
        let rows = &mut self.rows[range];
        let right = &mut self.scratch.right;
        right.resize(rows.len().max(right.len()), 0);
        // Written to both sides, and counted on one: which side is as good as random to the processor.
        let (mut left, mut others) = (0, 0);
        for at in 0..rows.len() {
            let row = rows[at];
            let goes_left = split.cut.goes_left(bins[row as usize]);
            rows[left] = row;
            right[others] = row;
            left += usize::from(goes_left);
            others += usize::from(!goes_left);
        }
        rows[left..].copy_from_slice(&right[..others]);
        left
    }

    /// The sums of every bin over some rows, whose sum is `sums`.
    fn histogram(&mut self, range: Range<usize>, sums: Sums) -> Vec<Sums> {
        let Ground {
            bins,
            slopes,
            scale,
            features,
            ..
        } = self.ground;
        let mut histogram = self.scratch.histograms.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(bins.len(), Sums::default());
        let of = |row: u32| slopes[row as usize].sums(scale);
        bins.fill(&mut histogram, features, &self.rows[range], sums, of);
        histogram
    }

    /// Keeps a leaf for splitting, if there is a split that gains.
    fn consider(&mut self, leaf: Leaf, histogram: Vec<Sums>) {
        match self.best(&histogram, &leaf) {
            Some(split) => self.open.push(Open {
                leaf,
                split,
                histogram,
            }),
            None => self.scratch.histograms.push(histogram),
        }
    }

    fn best(&self, histogram: &[Sums], leaf: &Leaf) -> Option<Split> {
        let Ground {
            bins,
            features,
            sample,
            rules,
            scale,
            ..
        } = self.ground;
        let sums = leaf.sums;
        let is_bound = sample.is_bound();
        let gain_within = |sums: &Sums| match is_bound {
            true => sums.gain_at(self.value(sums, leaf.bounds), rules.lambda, scale),
            false => sums.gain(rules.lambda, scale),
        };
        let keeps_order = |left: &Sums, right: &Sums, order| {
            let [left, right] = [left, right].map(|side| self.value(side, leaf.bounds));
            in_order(order, left, right)
        };
        let whole = gain_within(&sums);
        let may = |side: &Sums| {
            side.rows(scale) >= rules.rows && side.curvature(scale) >= rules.curvature
        };
        let mut best: Option<Split> = None;
        for feature in features {
            let column = &bins.columns()[*feature as usize];
            let of_feature = &histogram[bins.range(*feature as usize)];
            let order = sample.order(*feature as usize);
            let missing = column.missing().map(|bin| of_feature[bin]);
            let missing = missing.filter(|missing| missing.rows(scale) > 0);
            let mut offer = |bin: usize, left: Sums, missing_left: Option<bool>| {
                let right = sums - left;
                if !may(&left) || !may(&right) {
                    return;
                }
                let gain = gain_within(&left) + gain_within(&right) - whole;
                if gain > best.as_ref().map_or(LEAST_GAIN, |split| split.gain) {
                    if is_bound
                        && !keeps_order(&left, &right, column.order(column.cut(bin, false), order))
                    {
                        return;
                    }
                    // Where no row of the node tells, a missing value goes with the most rows.
                    let missing_left = missing_left.unwrap_or(left.rows(scale) > right.rows(scale));
                    best = Some(Split {
                        feature: *feature,
                        cut: column.cut(bin, missing_left),
                        gain,
                        left,
                    });
                }
            };
            let mut left = Sums::default();
            let values = &of_feature[..column.values()];
            for (bin, of_bin) in values[..values.len() - 1].iter().enumerate() {
                left += *of_bin;
                if *of_bin == Sums::default() {
                    continue;
                }
                match missing {
                    None => offer(bin, left, None),
                    Some(missing) => {
                        offer(bin, left, Some(false));
                        left += missing;
                        offer(bin, left, Some(true));
                        left -= missing;
                    }
                }
            }
            if let Some(missing) = missing {
                offer(values.len() - 1, sums - missing, Some(false));
            }
        }
        best
    }
}
