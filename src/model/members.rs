//! What a kernel consists of, in the terms of the learners. The card names the chosen learner; which learners a blend averages
//! is known from the kernel, also in files of earlier releases.

use schemars::JsonSchema;
use serde::Serialize;

use crate::kernel::{Kernel, Link, Trees};

/// Depth of the trees that `boosted` grows; those of `deep` are deeper.
const SHALLOW: usize = 2;

/// A fitted learner within a model.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Member {
    /// Name of the learner.
    pub learner: String,
    /// Number of its trees; null for a learner without trees.
    pub trees: Option<usize>,
    /// Splits on the longest path of its trees.
    pub depth: Option<usize>,
}

impl Member {
    /// The members of a mean in its order, else the kernel itself.
    pub fn of(kernel: &Kernel) -> Vec<Member> {
        match kernel {
            Kernel::Linear(_) => vec![Member {
                learner: "logistic".into(),
                trees: None,
                depth: None,
            }],
            Kernel::Trees(trees) => vec![Member::of_trees(trees)],
            Kernel::Mean(members) => members.iter().flat_map(Member::of).collect(),
        }
    }

    fn of_trees(trees: &Trees) -> Member {
        let learner = match trees.link() {
            Link::Identity => "forest",
            Link::Logistic if trees.depth() <= SHALLOW => "boosted",
            Link::Logistic => "deep",
        };
        Member {
            learner: learner.into(),
            trees: Some(trees.count()),
            depth: Some(trees.depth()),
        }
    }

    fn text(&self) -> String {
        match (self.trees, self.depth) {
            (Some(1), Some(depth)) => format!("{} (one tree of depth {depth})", self.learner),
            (Some(trees), Some(depth)) => {
                format!("{} ({trees} trees of depth up to {depth})", self.learner)
            }
            _ => self.learner.clone(),
        }
    }
}

/// What the model of a learner consists of: `blend: the mean of logistic and forest (200 trees of depth up to 8)`.
pub fn text(learner: &str, members: &[Member]) -> String {
    let texts: Vec<String> = members.iter().map(Member::text).collect();
    match texts.split_last() {
        None => learner.to_owned(),
        Some((only, [])) if members[0].learner == learner => only.clone(),
        Some((only, [])) => format!("{learner}: {only} alone"),
        Some((last, others)) => {
            format!("{learner}: the mean of {} and {last}", others.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::Linear;

    #[test]
    fn a_mean_names_its_members_and_others_stand_for_themselves() {
        let linear = || {
            Kernel::Linear(Linear {
                intercept: 0.0,
                weights: vec![1.0],
                baseline: vec![0.0],
            })
        };
        let one = Member::of(&linear());
        assert_eq!(text("logistic", &one), "logistic");
        assert_eq!(text("blend", &one), "blend: logistic alone");
        let two = Member::of(&Kernel::Mean(vec![linear(), linear()]));
        assert_eq!(
            text("blend", &two),
            "blend: the mean of logistic and logistic"
        );
        let forest = Member {
            learner: "forest".into(),
            trees: Some(200),
            depth: Some(8),
        };
        assert_eq!(
            text("blend", &[one[0].clone(), forest.clone(), one[0].clone()]),
            "blend: the mean of logistic, forest (200 trees of depth up to 8) and logistic"
        );
        assert_eq!(
            text("forest", &[forest]),
            "forest (200 trees of depth up to 8)"
        );
    }
}
