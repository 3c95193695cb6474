//! One decision tree as built by a learner: unchecked until it is packed.

use std::ops::Range;

use super::error::TreeError;

/// Maximum number of nodes in a tree. Packed child offsets stay at or below half of this plus one, which 17 bits hold.
pub const MAX_NODES: usize = 250_000;

/// Maximum number of splits on a path; bounds the recursion of explanations and its stack.
pub const MAX_DEPTH: usize = 128;

/// Minimum share of a tree's cover in one leaf: shares are multiplied and divided by, and must not underflow.
const LEAST_SHARE: f64 = 1e-15;

/// Cover of a leaf that no counted row reaches: explanations divide by cover, so that it must be positive, but it should be
/// less than that of a row.
const UNREACHED: f64 = 0.5;

/// One node: a split, or a leaf if both children are [`Node::NONE`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Node {
    /// Split: the feature compared, `0..width`. Leaf: ignored.
    pub feature: u32,
    /// Split: a row goes left if `x[feature] <= threshold`, and where the feature is missing as `missing_left` says. Leaf: ignored.
    pub threshold: f64,
    /// Split: whether a row whose feature is missing (NaN) goes left. Leaf: ignored.
    pub missing_left: bool,
    /// Index of the left child, greater than this node's own; [`Node::NONE`] in a leaf.
    pub left: u32,
    /// Index of the right child, greater than this node's own; [`Node::NONE`] in a leaf.
    pub right: u32,
    /// Leaf: the tree's output. Split: ignored.
    pub value: f64,
    /// Leaf: weight of the training rows that end here, `> 0`. Split: ignored; the sum over the leaves below is used.
    pub cover: f64,
}

impl Node {
    /// Marks an absent child.
    pub const NONE: u32 = u32::MAX;

    pub fn leaf(value: f64, cover: f64) -> Node {
        Node {
            feature: 0,
            threshold: 0.0,
            missing_left: false,
            left: Self::NONE,
            right: Self::NONE,
            value,
            cover,
        }
    }

    /// A split from which missing values go right; `left` and `right` index the tree's nodes.
    pub fn split(feature: u32, threshold: f64, left: u32, right: u32) -> Node {
        Node {
            feature,
            threshold,
            missing_left: false,
            left,
            right,
            value: 0.0,
            cover: 0.0,
        }
    }

    pub fn is_leaf(&self) -> bool {
        self.left == Self::NONE && self.right == Self::NONE
    }

    /// The same split, from which missing values go left if `left` is set.
    pub fn missing(self, left: bool) -> Node {
        Node {
            missing_left: left,
            ..self
        }
    }

    /// The child that a feature value leads to.
    fn child(&self, value: f32) -> u32 {
        if self.goes_left(value) {
            self.left
        } else {
            self.right
        }
    }

    fn goes_left(&self, value: f32) -> bool {
        match value.is_nan() {
            true => self.missing_left,
            false => f64::from(value) <= self.threshold,
        }
    }
}

/// A binary tree; the root is node 0 and children come after their parents.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Tree {
    pub nodes: Vec<Node>,
}

impl Tree {
    pub fn new(nodes: Vec<Node>) -> Tree {
        Tree { nodes }
    }

    /// Verifies everything that scoring and explaining rely on, for rows of `width` features, and returns the depth (0
    /// for a single leaf).
    /// The error is the first in node order.
    pub fn check(&self, width: usize) -> Result<usize, TreeError> {
        self.check_shape(width)?;
        let total = self
            .nodes
            .iter()
            .filter(|n| n.is_leaf())
            .map(|n| n.cover)
            .sum::<f64>();
        let weighs = |cover: f64| total.is_finite() && cover > 0.0 && cover >= total * LEAST_SHARE;
        match self
            .nodes
            .iter()
            .position(|n| n.is_leaf() && !weighs(n.cover))
        {
            Some(node) => Err(TreeError::Cover { node }),
            None => self.depth(),
        }
    }

    /// Sets every leaf's cover to the number of `rows` (row-major, `width` features each) that reach it, or to half a row if
    /// none does. Splits get the sum of their leaves.
    /// Fails on an invalid tree, whose old covers are not checked; panics if `rows` is not whole rows of `width` features.
    pub fn cover_from(&mut self, rows: &[f32], width: usize) -> Result<(), TreeError> {
        self.check_shape(width)?;
        assert_eq!(rows.len() % width, 0, "rows of {width} features");
        // All rows descend together, node by node, so that no step waits for the previous one, as it would in the walk
        // of a single row.
        let mut order: Vec<u32> = (0..(rows.len() / width) as u32).collect();
        let mut ranges = vec![0..0; self.nodes.len()];
        ranges[0] = 0..order.len();
        for at in 0..self.nodes.len() {
            let (node, range): (&mut Node, Range<usize>) =
                (&mut self.nodes[at], ranges[at].clone());
            if node.is_leaf() {
                node.cover = range.len() as f64;
                continue;
            }
            let mut middle = range.start;
            for i in range.clone() {
                let row = order[i];
                let goes_left = node.goes_left(rows[row as usize * width + node.feature as usize]);
                order[i] = order[middle];
                order[middle] = row;
                middle += usize::from(goes_left);
            }
            ranges[node.left as usize] = range.start..middle;
            ranges[node.right as usize] = middle..range.end;
        }
        for leaf in self
            .nodes
            .iter_mut()
            .filter(|n| n.is_leaf() && n.cover == 0.0)
        {
            leaf.cover = UNREACHED;
        }
        self.sum_covers();
        Ok(())
    }

    /// Index of the leaf that `row` ends in.
    ///
    /// # Panics
    /// If the tree is invalid or the row too short.
    pub fn leaf_of(&self, row: &[f32]) -> usize {
        let mut at = 0;
        while !self.nodes[at].is_leaf() {
            at = self.nodes[at].child(row[self.nodes[at].feature as usize]) as usize;
        }
        at
    }

    /// Number of nodes in the subtree of each node, including itself. The tree must be checked.
    pub(super) fn sizes(&self) -> Vec<u32> {
        let mut sizes = vec![1; self.nodes.len()];
        for (at, node) in self
            .nodes
            .iter()
            .enumerate()
            .rev()
            .filter(|(_, n)| !n.is_leaf())
        {
            sizes[at] += sizes[node.left as usize] + sizes[node.right as usize];
        }
        sizes
    }

    /// Sets every split's cover to the sum over its leaves. Children come after parents, so that one backward pass is enough.
    pub(super) fn sum_covers(&mut self) {
        for at in (0..self.nodes.len()).rev() {
            let node = self.nodes[at];
            if !node.is_leaf() {
                self.nodes[at].cover =
                    self.nodes[node.left as usize].cover + self.nodes[node.right as usize].cover;
            }
        }
    }

    fn check_shape(&self, width: usize) -> Result<(), TreeError> {
        match self.nodes.len() {
            0 => return Err(TreeError::Empty),
            found if found > MAX_NODES => {
                return Err(TreeError::TooLarge {
                    found,
                    limit: MAX_NODES,
                });
            }
            _ => {}
        }
        let mut parents = vec![0u32; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate() {
            self.check_node(at, node, width)?;
            if !node.is_leaf() {
                parents[node.left as usize] += 1;
                parents[node.right as usize] += 1;
            }
        }
        // As children come after parents, exactly one parent per node rules out cycles, shared nodes and unreachable nodes.
        match parents
            .iter()
            .enumerate()
            .skip(1)
            .find(|(_, count)| **count != 1)
        {
            Some((node, parents)) => Err(TreeError::Parents {
                node,
                parents: *parents,
            }),
            None => Ok(()),
        }
    }

    fn check_node(&self, at: usize, node: &Node, width: usize) -> Result<(), TreeError> {
        if node.is_leaf() {
            return if node.value.is_finite() {
                Ok(())
            } else {
                Err(TreeError::NotFinite { node: at })
            };
        }
        let below = |child: u32| (child as usize) > at && (child as usize) < self.nodes.len();
        if !below(node.left) || !below(node.right) {
            return Err(TreeError::Child { node: at });
        }
        if node.feature as usize >= width {
            return Err(TreeError::Feature {
                node: at,
                feature: node.feature,
                width,
            });
        }
        if !node.threshold.is_finite() {
            return Err(TreeError::NotFinite { node: at });
        }
        Ok(())
    }

    fn depth(&self) -> Result<usize, TreeError> {
        let mut depths = vec![0usize; self.nodes.len()];
        for (at, node) in self.nodes.iter().enumerate().filter(|(_, n)| !n.is_leaf()) {
            depths[node.left as usize] = depths[at] + 1;
            depths[node.right as usize] = depths[at] + 1;
        }
        match depths.into_iter().max().unwrap_or(0) {
            deep if deep > MAX_DEPTH => Err(TreeError::TooDeep { limit: MAX_DEPTH }),
            depth => Ok(depth),
        }
    }
}

/// The largest `f32` that is `<= threshold`. For every `f32` x, `x <= lower(t)` iff `x as f64 <= t`, so that comparing in
/// single precision is exact.
pub(super) fn lower(threshold: f64) -> f32 {
    let nearest = threshold as f32;
    if f64::from(nearest) > threshold {
        nearest.next_down()
    } else {
        nearest
    }
}
