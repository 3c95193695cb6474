//! Growth of one tree on derivatives: the leaf whose split gains most is split next.

use std::cmp::Ordering;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::bins::{Bins, Cut};
use super::sums::{Slope, Sums};
use crate::kernel::{Node, Tree};

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
        rows: u32,
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

    /// The tree over values, with its leaves multiplied by `rate`.
    pub fn lower(&self, bins: &Bins, rate: f64) -> Tree {
        let lower = |node: &GrownNode| match *node {
            GrownNode::Leaf { value, rows } => Node::leaf(rate * value, f64::from(rows)),
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

/// A leaf that may be split.
struct Open {
    node: usize,
    /// Its rows, in the order of the growth.
    range: Range<usize>,
    depth: usize,
    sums: Sums,
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
        gain.then(other.node.cmp(&self.node))
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
    /// The features that may be split on, ascending.
    pub features: &'a [u32],
    pub rules: &'a Rules,
}

/// Grows a tree on `rows`, which it reorders.
pub fn grow(ground: Ground<'_>, rows: &mut [u32], scratch: &mut Scratch) -> Grown {
    let rules = ground.rules;
    let mut sums = Sums::default();
    rows.iter()
        .for_each(|row| sums += ground.slopes[*row as usize]);
    let mut growth = Growth {
        ground,
        rows,
        scratch,
        nodes: Vec::new(),
        open: BinaryHeap::new(),
    };
    growth.leaf(sums);
    if rules.leaves > 1 && rules.depth > 0 {
        let all = 0..growth.rows.len();
        let histogram = growth.histogram(all.clone(), sums);
        growth.consider(0, all, 0, sums, histogram);
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
    fn leaf(&mut self, sums: Sums) -> usize {
        self.nodes.push(GrownNode::Leaf {
            value: sums.value(self.ground.rules.lambda),
            rows: sums.rows,
        });
        self.nodes.len() - 1
    }

    /// Splits a leaf; its children may be split further if `goes_on`.
    fn split(&mut self, open: Open, goes_on: bool) {
        let Open {
            node,
            range,
            depth,
            sums,
            split,
            mut histogram,
        } = open;
        let middle = range.start + self.partition(range.clone(), &split);
        let (left_sums, right_sums) = (split.left, sums - split.left);
        let (left, right) = (self.leaf(left_sums), self.leaf(right_sums));
        self.nodes[node] = GrownNode::Split {
            feature: split.feature,
            cut: split.cut,
            left: left as u32,
            right: right as u32,
        };
        let rules = self.ground.rules;
        let may = |sums: &Sums| goes_on && depth + 1 < rules.depth && sums.rows >= 2 * rules.rows;
        let lesser = (left, range.start..middle, left_sums);
        let greater = (right, middle..range.end, right_sums);
        let (lesser, greater) = if left_sums.rows <= right_sums.rows {
            (lesser, greater)
        } else {
            (greater, lesser)
        };
        // If the greater child is too small, so is the lesser.
        if !may(&greater.2) {
            self.scratch.histograms.push(histogram);
            return;
        }
        let small = self.histogram(lesser.1.clone(), lesser.2);
        histogram
            .iter_mut()
            .zip(&small)
            .for_each(|(sums, other)| *sums -= *other);
        self.consider(greater.0, greater.1, depth + 1, greater.2, histogram);
        if may(&lesser.2) {
            self.consider(lesser.0, lesser.1, depth + 1, lesser.2, small);
        } else {
            self.scratch.histograms.push(small);
        }
    }

    /// Moves the rows that go left to the front, in their order; returns their number.
    fn partition(&mut self, range: Range<usize>, split: &Split) -> usize {
        let bins = &self.ground.bins.columns()[split.feature as usize].bins;
        let rows = &mut self.rows[range];
        let right = &mut self.scratch.right;
        right.clear();
        let mut left = 0;
        for at in 0..rows.len() {
            let row = rows[at];
            if split.cut.goes_left(bins[row as usize]) {
                rows[left] = row;
                left += 1;
            } else {
                right.push(row);
            }
        }
        rows[left..].copy_from_slice(right);
        left
    }

    /// The sums of every bin over some rows, whose sum is `sums`.
    fn histogram(&mut self, range: Range<usize>, sums: Sums) -> Vec<Sums> {
        let Ground { bins, slopes, .. } = self.ground;
        let mut histogram = self.scratch.histograms.pop().unwrap_or_default();
        histogram.clear();
        histogram.resize(bins.len(), Sums::default());
        bins.each_uncommon(&self.rows[range], |row, bin| {
            histogram[bin] += slopes[row as usize];
        });
        for column in 0..bins.columns().len() {
            let mut rest = sums;
            histogram[bins.range(column)]
                .iter()
                .for_each(|of_bin| rest -= *of_bin);
            histogram[bins.common(column)] = rest;
        }
        histogram
    }

    /// Keeps a leaf for splitting, if there is a split that gains.
    fn consider(
        &mut self,
        node: usize,
        range: Range<usize>,
        depth: usize,
        sums: Sums,
        histogram: Vec<Sums>,
    ) {
        match self.best(&histogram, sums) {
            Some(split) => self.open.push(Open {
                node,
                range,
                depth,
                sums,
                split,
                histogram,
            }),
            None => self.scratch.histograms.push(histogram),
        }
    }

    fn best(&self, histogram: &[Sums], sums: Sums) -> Option<Split> {
        let Ground {
            bins,
            features,
            rules,
            ..
        } = self.ground;
        let whole = sums.gain(rules.lambda);
        let may = |side: &Sums| side.rows >= rules.rows && side.curvature() >= rules.curvature;
        let mut best: Option<Split> = None;
        for feature in features {
            let column = &bins.columns()[*feature as usize];
            let of_feature = &histogram[bins.range(*feature as usize)];
            let missing = column.missing().map(|bin| of_feature[bin]);
            let missing = missing.filter(|missing| missing.rows > 0);
            let mut offer = |bin: usize, left: Sums, missing_left: Option<bool>| {
                let right = sums - left;
                if !may(&left) || !may(&right) {
                    return;
                }
                let gain = left.gain(rules.lambda) + right.gain(rules.lambda) - whole;
                if gain > best.as_ref().map_or(LEAST_GAIN, |split| split.gain) {
                    // Where no row of the node tells, a missing value goes with the most rows.
                    let missing_left = missing_left.unwrap_or(left.rows > right.rows);
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
                if of_bin.rows == 0 {
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
