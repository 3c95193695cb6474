//! The tag tree: what the parts of the pages are, for screen readers and for text that flows anew.
//!
//! The tree is made with the layout, in reading order, before anything is drawn. A [`Leaf`] stands for content; its
//! identifiers come into being when a page is drawn.

use krilla::tagging::{Identifier, Node as TagNode, TagGroup, TagKind, TagTree};

/// A group in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Group(usize);

/// Content in the tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf(usize);

#[derive(Default)]
pub struct Tags {
    groups: Vec<(TagKind, Vec<Child>)>,
    top: Vec<Group>,
    leaves: Vec<Vec<Identifier>>,
}

enum Child {
    Group(Group),
    Leaf(Leaf),
}

impl Tags {
    /// Adds a group under another one, or at the top.
    pub fn group(&mut self, parent: Option<Group>, kind: impl Into<TagKind>) -> Group {
        let group = Group(self.groups.len());
        self.groups.push((kind.into(), Vec::new()));
        match parent {
            Some(parent) => self.groups[parent.0].1.push(Child::Group(group)),
            None => self.top.push(group),
        }
        group
    }

    pub fn leaf(&mut self, parent: Group) -> Leaf {
        let leaf = Leaf(self.leaves.len());
        self.leaves.push(Vec::new());
        self.groups[parent.0].1.push(Child::Leaf(leaf));
        leaf
    }

    /// Says which content of a page a leaf stands for.
    pub fn identify(&mut self, leaf: Leaf, identifier: Identifier) {
        self.leaves[leaf.0].push(identifier);
    }

    pub fn tree(&self) -> TagTree {
        let mut tree = TagTree::new().with_lang(Some("en".into()));
        for group in &self.top {
            tree.push(self.node(*group));
        }
        tree
    }

    fn node(&self, group: Group) -> TagGroup {
        let (kind, children) = &self.groups[group.0];
        let mut nodes: Vec<TagNode> = Vec::new();
        for child in children {
            match child {
                Child::Group(group) => nodes.push(self.node(*group).into()),
                Child::Leaf(leaf) => {
                    nodes.extend(self.leaves[leaf.0].iter().map(|id| TagNode::from(*id)));
                }
            }
        }
        TagGroup::with_children(kind.clone(), nodes)
    }
}
