//! What can be wrong with a kernel that came from a learner or out of a file.

/// The reason a kernel or calibration was refused. Nothing refused is ever scored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KernelFault {
    /// A kernel must read at least one feature.
    #[error("the kernel reads no feature at all")]
    NoFeatures,
    /// More features than a packed node can name.
    #[error(
        "{found} features, but a tree can tell at most {limit} apart: drop rare levels or columns"
    )]
    TooManyFeatures {
        found: usize,
        /// Features a packed node can name.
        limit: usize,
    },
    /// Two lengths that belong together differ.
    #[error("{what}: expected {expected} values, found {found}")]
    Length {
        /// The list that is too short or too long.
        what: &'static str,
        expected: usize,
        found: usize,
    },
    /// A number that must be finite is NaN or infinite.
    #[error("{what} is not a finite number")]
    NotFinite { what: &'static str },
    /// An ensemble without trees.
    #[error("the ensemble has no tree")]
    NoTrees,
    /// A mean over nothing.
    #[error("the mean has no member")]
    NoMembers,
    /// A mean inside a mean: flatten it.
    #[error("member {member} of the mean is itself a mean: flatten it")]
    NestedMean {
        /// Position in the outer mean.
        member: usize,
    },
    /// A member of a mean is faulty.
    #[error("member {member} of the mean: {fault}")]
    Member {
        /// Position in the mean.
        member: usize,
        /// What is wrong with it.
        fault: Box<KernelFault>,
    },
    /// A tree of the ensemble is faulty.
    #[error("tree {tree}: {fault}")]
    Tree {
        /// Position in the ensemble.
        tree: usize,
        /// What is wrong with it.
        fault: TreeFault,
    },
    /// A calibration curve breaks its own rule.
    #[error("calibration: {0}")]
    Calibration(&'static str),
}

/// The reason one tree was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeFault {
    /// No node, so no root.
    #[error("it has no node")]
    Empty,
    /// More nodes than packed offsets can span.
    #[error(
        "{found} nodes, at most {limit} are supported: raise the least number of rows in a leaf"
    )]
    TooLarge { found: usize, limit: usize },
    /// A path longer than explanations can follow.
    #[error("deeper than {limit} splits: limit the depth")]
    TooDeep {
        /// Splits supported on one path.
        limit: usize,
    },
    /// A child that does not come after its parent, lies outside the tree, or only one child.
    #[error("node {node} points at no valid child")]
    Child { node: usize },
    /// A node with no parent, or with several.
    #[error("node {node} has {parents} parents instead of one")]
    Parents {
        node: usize,
        /// How many nodes point at it.
        parents: u32,
    },
    /// A feature outside the row.
    #[error("node {node} reads feature {feature}, the row has {width}")]
    Feature {
        node: usize,
        /// The feature it reads.
        feature: u32,
        /// Features in a row.
        width: usize,
    },
    /// A threshold or leaf value that is NaN or infinite.
    #[error("node {node} holds a number that is not finite")]
    NotFinite { node: usize },
    /// A leaf whose cover is not above zero, not finite, or vanishes beside the tree's.
    #[error("leaf {node} has no cover that can be weighed")]
    Cover { node: usize },
    /// A stored tree that ends too early or goes on after its last leaf.
    #[error("its nodes do not add up to one tree")]
    Shape,
}

/// `Ok` if `value` is finite.
pub(super) fn finite(what: &'static str, value: f64) -> Result<(), KernelFault> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(KernelFault::NotFinite { what })
    }
}

/// `Ok` if a list is as long as it has to be.
pub(super) fn length(what: &'static str, expected: usize, found: usize) -> Result<(), KernelFault> {
    if expected == found {
        Ok(())
    } else {
        Err(KernelFault::Length {
            what,
            expected,
            found,
        })
    }
}
