//! Errors of a kernel that was built by a learner or read from a file.

/// Why a kernel or calibration was rejected. A rejected one is never used for scoring.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum KernelError {
    /// The kernel reads no feature.
    #[error("the kernel reads no feature at all")]
    NoFeatures,
    /// There are more features than a packed node can address.
    #[error(
        "{found} features, but a tree can distinguish at most {limit}: drop rare levels or columns"
    )]
    TooManyFeatures {
        found: usize,
        /// Maximum number of features that a packed node can address.
        limit: usize,
    },
    /// Two lists that must have the same length differ in length.
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
    /// The ensemble has no trees.
    #[error("the ensemble has no tree")]
    NoTrees,
    /// The mean has no members.
    #[error("the mean of models has no member")]
    NoMembers,
    /// A member of a mean is itself a mean; it must be flattened.
    #[error("member {member} of the mean is itself a mean: flatten it")]
    NestedMean {
        /// Position in the outer mean.
        member: usize,
    },
    /// A member of a mean is invalid.
    #[error("member {member} of the mean: {fault}")]
    Member {
        /// Position in the mean.
        member: usize,
        /// The error of the member.
        fault: Box<KernelError>,
    },
    /// A tree of the ensemble is invalid.
    #[error("tree {tree}: {fault}")]
    Tree {
        /// Position in the ensemble.
        tree: usize,
        /// The error of the tree.
        fault: TreeError,
    },
    /// A calibration curve violates one of its rules.
    #[error("calibration: {0}")]
    Calibration(&'static str),
}

/// Why a single tree was rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    /// The tree has no node.
    #[error("it has no node")]
    Empty,
    /// The tree has more nodes than packed offsets can span.
    #[error(
        "{found} nodes, at most {limit} are supported: raise the least number of rows in a leaf"
    )]
    TooLarge { found: usize, limit: usize },
    /// A path is longer than explanations support.
    #[error("deeper than {limit} splits: limit the depth")]
    TooDeep {
        /// Maximum number of splits on one path.
        limit: usize,
    },
    /// A child does not come after its parent or lies outside the tree, or a split has only one child.
    #[error("node {node} points at no valid child")]
    Child { node: usize },
    /// A node has no parent or several.
    #[error("node {node} has {parents} parents instead of one")]
    Parents {
        node: usize,
        /// Number of nodes that have this node as a child.
        parents: u32,
    },
    /// A split reads a feature that the row does not have.
    #[error("node {node} reads feature {feature}, the row has {width}")]
    Feature {
        node: usize,
        /// Index of the feature.
        feature: u32,
        /// Number of features in a row.
        width: usize,
    },
    /// A threshold or a leaf value is NaN or infinite.
    #[error("node {node} holds a number that is not finite")]
    NotFinite { node: usize },
    /// A leaf's cover is not above zero, not finite, or negligible beside the tree's.
    #[error("leaf {node} has no cover that can be weighed")]
    Cover { node: usize },
    /// The node list of a stored tree ends too early or continues after the last leaf.
    #[error("its nodes do not add up to one tree")]
    Shape,
}

pub(super) fn finite(what: &'static str, value: f64) -> Result<(), KernelError> {
    if value.is_finite() {
        Ok(())
    } else {
        Err(KernelError::NotFinite { what })
    }
}

pub(super) fn length(what: &'static str, expected: usize, found: usize) -> Result<(), KernelError> {
    if expected == found {
        Ok(())
    } else {
        Err(KernelError::Length {
            what,
            expected,
            found,
        })
    }
}
