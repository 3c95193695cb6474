//! The stored form of trees: each tree's nodes in preorder, which cannot express a cycle and needs half the bytes of the
//! nodes that a learner builds.

use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::error::{KernelError, TreeError};
use super::packed::Packed;
use super::tree::{MAX_NODES, Node, Tree};
use super::trees::{Link, Trees};

/// The stored form of [`Trees`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct WireTrees {
    width: u32,
    link: Link,
    base_score: f64,
    scale: f64,
    trees: Vec<Vec<WireNode>>,
}

/// One node; a split is followed by its left subtree, then its right one. Variants are stored by their position: new ones
/// come last. Up to revision 2 of the model file there was no `MissingLeft`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
enum WireNode {
    /// A split from which missing values go right.
    Split {
        feature: u32,
        threshold: f32,
    },
    Leaf {
        value: f64,
        cover: f64,
    },
    /// A split from which missing values go left.
    MissingLeft {
        feature: u32,
        threshold: f32,
    },
}

impl Serialize for Trees {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        WireTrees::from(self).serialize(serializer)
    }
}

/// Applies the same checks as [`Trees::new`].
impl<'de> Deserialize<'de> for Trees {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Trees, D::Error> {
        let wire = WireTrees::deserialize(deserializer)?;
        Trees::try_from(wire).map_err(D::Error::custom)
    }
}

impl From<&Trees> for WireTrees {
    fn from(trees: &Trees) -> WireTrees {
        WireTrees {
            width: trees.width() as u32, // at most MAX_FEATURES
            link: trees.link,
            base_score: trees.base_score,
            scale: trees.scale,
            trees: trees
                .packed
                .roots()
                .iter()
                .map(|root| preorder(&trees.packed, *root))
                .collect(),
        }
    }
}

impl TryFrom<WireTrees> for Trees {
    type Error = KernelError;

    fn try_from(wire: WireTrees) -> Result<Trees, KernelError> {
        let trees = wire.trees.iter().enumerate().map(|(at, nodes)| {
            let fault = |fault| KernelError::Tree { tree: at, fault };
            from_preorder(nodes).map_err(fault)
        });
        let trees = trees.collect::<Result<Vec<Tree>, KernelError>>()?;
        Trees::new(
            wire.width as usize,
            wire.link,
            wire.base_score,
            wire.scale,
            trees,
        )
    }
}

fn preorder(packed: &Packed, root: usize) -> Vec<WireNode> {
    let mut nodes = Vec::new();
    let mut open = vec![root];
    while let Some(at) = open.pop() {
        let node = packed.node(at);
        if node.is_leaf() {
            nodes.push(WireNode::Leaf {
                value: packed.value(at),
                cover: packed.cover(at),
            });
            continue;
        }
        let (feature, threshold) = (node.feature() as u32, node.threshold());
        nodes.push(match node.missing_left() {
            true => WireNode::MissingLeft { feature, threshold },
            false => WireNode::Split { feature, threshold },
        });
        let left = at + node.offset() as usize;
        open.extend([left + 1, left]);
    }
    nodes
}

/// Rebuilds the child indices. `waiting` holds the splits whose right child has not been read yet.
fn from_preorder(wire: &[WireNode]) -> Result<Tree, TreeError> {
    if wire.len() > MAX_NODES {
        return Err(TreeError::TooLarge {
            found: wire.len(),
            limit: MAX_NODES,
        });
    }
    let mut nodes: Vec<Node> = Vec::with_capacity(wire.len());
    let mut waiting: Vec<usize> = Vec::new();
    for (at, node) in wire.iter().enumerate() {
        if at > 0 && matches!(wire[at - 1], WireNode::Leaf { .. }) {
            let parent = waiting.pop().ok_or(TreeError::Shape)?;
            nodes[parent].right = at as u32;
        }
        match *node {
            WireNode::Leaf { value, cover } => nodes.push(Node::leaf(value, cover)),
            WireNode::Split { feature, threshold }
            | WireNode::MissingLeft { feature, threshold } => {
                waiting.push(at);
                let split = Node::split(feature, f64::from(threshold), at as u32 + 1, Node::NONE);
                nodes.push(split.missing(matches!(node, WireNode::MissingLeft { .. })));
            }
        }
    }
    if waiting.is_empty() {
        Ok(Tree::new(nodes))
    } else {
        Err(TreeError::Shape)
    }
}
