//! Every kind of damage is rejected with its own error.

use super::super::error::TreeError;
use super::super::{
    Calibration, Kernel, KernelError, Link, MAX_DEPTH, MAX_FEATURES, MAX_NODES, Node, Tree, Trees,
};
use super::{WIDTH, forest, linear};

fn stump() -> Tree {
    Tree::new(vec![
        Node::split(0, 0.5, 1, 2),
        Node::leaf(0.0, 1.0),
        Node::leaf(1.0, 1.0),
    ])
}

fn spoilt(spoil: impl Fn(&mut Vec<Node>)) -> Result<Trees, KernelError> {
    let mut tree = stump();
    spoil(&mut tree.nodes);
    Trees::new(2, Link::Identity, 0.0, 0.5, vec![stump(), tree])
}

#[test]
fn faulty_trees() {
    type Spoil = fn(&mut Vec<Node>);
    let table: &[(Spoil, TreeError)] = &[
        (|n| n.clear(), TreeError::Empty),
        (|n| n[0].left = 0, TreeError::Child { node: 0 }),
        (|n| n[0].right = 3, TreeError::Child { node: 0 }),
        (|n| n[0].right = Node::NONE, TreeError::Child { node: 0 }),
        (
            |n| n[2] = Node::split(0, 0.5, 1, 0),
            TreeError::Child { node: 2 },
        ),
        (
            |n| n[0].right = 1,
            TreeError::Parents {
                node: 1,
                parents: 2,
            },
        ),
        (
            |n| n.push(Node::leaf(0.0, 1.0)),
            TreeError::Parents {
                node: 3,
                parents: 0,
            },
        ),
        (
            |n| n[0].feature = 2,
            TreeError::Feature {
                node: 0,
                feature: 2,
                width: 2,
            },
        ),
        (
            |n| n[0].threshold = f64::NAN,
            TreeError::NotFinite { node: 0 },
        ),
        (
            |n| n[0].threshold = f64::INFINITY,
            TreeError::NotFinite { node: 0 },
        ),
        (
            |n| n[1].value = f64::NEG_INFINITY,
            TreeError::NotFinite { node: 1 },
        ),
        (|n| n[1].cover = 0.0, TreeError::Cover { node: 1 }),
        (|n| n[2].cover = -1.0, TreeError::Cover { node: 2 }),
        (|n| n[2].cover = f64::NAN, TreeError::Cover { node: 1 }),
        (|n| n[2].cover = 1e-16, TreeError::Cover { node: 2 }),
    ];
    for (spoil, fault) in table {
        assert_eq!(
            spoilt(spoil),
            Err(KernelError::Tree {
                tree: 1,
                fault: *fault
            })
        );
    }
}

#[test]
fn trees_too_deep_or_too_large() {
    let chain = |depth: u32| {
        let pair = |at| {
            [
                Node::split(0, 0.5, 2 * at + 1, 2 * at + 2),
                Node::leaf(0.0, 1.0),
            ]
        };
        Tree::new(
            (0..depth)
                .flat_map(pair)
                .chain([Node::leaf(1.0, 1.0)])
                .collect(),
        )
    };
    let build =
        |tree| Trees::new(1, Link::Identity, 0.0, 1.0, vec![tree]).map(|trees| trees.depth());
    assert_eq!(build(chain(MAX_DEPTH as u32)), Ok(MAX_DEPTH));
    let fault = |fault| Err(KernelError::Tree { tree: 0, fault });
    assert_eq!(
        build(chain(MAX_DEPTH as u32 + 1)),
        fault(TreeError::TooDeep { limit: MAX_DEPTH })
    );
    let huge = Tree::new(vec![Node::leaf(0.0, 1.0); MAX_NODES + 1]);
    assert_eq!(
        build(huge),
        fault(TreeError::TooLarge {
            found: MAX_NODES + 1,
            limit: MAX_NODES
        })
    );
}

/// The offsets of the largest tree fit. The tree is complete, so that both subtrees of the root are as large as possible.
#[test]
fn the_largest_tree_packs() {
    let leaves = MAX_NODES as u32 / 2;
    let split = |at| Node::split(0, f64::from(at), 2 * at + 1, 2 * at + 2);
    let nodes = (0..leaves - 1)
        .map(split)
        .chain((0..leaves).map(|_| Node::leaf(0.25, 1.0)));
    let trees = Trees::new(
        1,
        Link::Identity,
        0.0,
        1.0,
        vec![Tree::new(nodes.collect())],
    )
    .unwrap();
    assert_eq!(Kernel::Trees(trees).score(&[70_000.5]), 0.25);
}

#[test]
fn faulty_ensembles() {
    let build = |width, base, scale, trees| {
        Trees::new(width, Link::Logistic, base, scale, trees).map(|_| ())
    };
    assert_eq!(build(1, 0.0, 1.0, vec![stump()]), Ok(()));
    assert_eq!(build(MAX_FEATURES, 0.0, 1.0, vec![stump()]), Ok(()));
    assert_eq!(
        build(0, 0.0, 1.0, vec![stump()]),
        Err(KernelError::NoFeatures)
    );
    let (found, limit) = (MAX_FEATURES + 1, MAX_FEATURES);
    assert_eq!(
        build(found, 0.0, 1.0, vec![stump()]),
        Err(KernelError::TooManyFeatures { found, limit })
    );
    assert_eq!(
        build(1, f64::NAN, 1.0, vec![stump()]),
        Err(KernelError::NotFinite {
            what: "the base score"
        })
    );
    assert_eq!(
        build(1, 0.0, f64::INFINITY, vec![stump()]),
        Err(KernelError::NotFinite { what: "the scale" })
    );
    assert_eq!(build(1, 0.0, 1.0, vec![]), Err(KernelError::NoTrees));
    let vast = || Tree::new(vec![Node::leaf(1e308, 1.0)]);
    let infinite = KernelError::NotFinite {
        what: "the largest score",
    };
    assert_eq!(build(1, 0.0, 0.5, vec![vast(), vast()]), Err(infinite));
}

#[test]
fn faulty_linear_kernels() {
    let spoilt = |spoil: fn(&mut super::Linear)| {
        let mut kernel = linear();
        spoil(&mut kernel);
        Kernel::Linear(kernel).check()
    };
    assert_eq!(spoilt(|_| ()), Ok(()));
    assert_eq!(spoilt(|l| l.weights.clear()), Err(KernelError::NoFeatures));
    let short = KernelError::Length {
        what: "the baseline",
        expected: WIDTH,
        found: WIDTH - 1,
    };
    assert_eq!(spoilt(|l| l.baseline.truncate(WIDTH - 1)), Err(short));
    assert_eq!(
        spoilt(|l| l.weights[1] = f64::NAN),
        Err(KernelError::NotFinite { what: "a weight" })
    );
    assert_eq!(
        spoilt(|l| l.intercept = f64::INFINITY),
        Err(KernelError::NotFinite {
            what: "the intercept"
        })
    );
    assert_eq!(
        spoilt(|l| l.weights[1] = f64::MAX),
        Err(KernelError::NotFinite {
            what: "the largest score"
        })
    );
    assert_eq!(
        spoilt(|l| l.baseline[0] = f64::NAN),
        Err(KernelError::NotFinite {
            what: "a baseline value"
        })
    );
}

#[test]
fn faulty_means() {
    let member = || Kernel::Linear(linear());
    let check = |members| Kernel::Mean(members).check();
    assert_eq!(
        check(vec![member(), Kernel::Trees(forest(vec![stump()]))]),
        Ok(())
    );
    assert_eq!(check(vec![]), Err(KernelError::NoMembers));
    let nested = Kernel::Mean(vec![member()]);
    assert_eq!(
        check(vec![member(), nested.clone()]),
        Err(KernelError::NestedMean { member: 1 })
    );
    let narrow = Trees::new(1, Link::Identity, 0.0, 1.0, vec![stump()]).unwrap();
    let differ = KernelError::Length {
        what: "features of a member of the mean",
        expected: WIDTH,
        found: 1,
    };
    assert_eq!(check(vec![member(), Kernel::Trees(narrow)]), Err(differ));
    let mut bad = linear();
    bad.weights[0] = f64::NAN;
    let fault = Box::new(KernelError::NotFinite { what: "a weight" });
    assert_eq!(
        check(vec![Kernel::Linear(bad)]),
        Err(KernelError::Member { member: 0, fault })
    );
    assert!(serde_json::to_string(&Kernel::Mean(vec![nested])).is_err());
}

fn read(json: &str) -> Result<Kernel, String> {
    serde_json::from_str(json).map_err(|e| e.to_string())
}

#[test]
fn faulty_files() {
    let file = |nodes: &str| {
        format!(
            r#"{{"Trees":{{"width":1,"link":"Identity","base_score":0.0,"scale":1.0,"trees":[[{nodes}]]}}}}"#
        )
    };
    let split = r#"{"Split":{"feature":0,"threshold":0.5}}"#;
    let leaf = r#"{"Leaf":{"value":0.5,"cover":1.0}}"#;
    assert!(read(&file(&format!("{split},{leaf},{leaf}"))).is_ok());
    let refused = |nodes: &str, words: &str| {
        let message = read(&file(nodes)).unwrap_err();
        assert!(message.contains(words), "{message}");
    };
    refused("", "tree 0: it has no node");
    refused(&format!("{split},{leaf}"), "do not add up");
    refused(&format!("{split},{split},{leaf},{leaf}"), "do not add up");
    refused(&format!("{leaf},{leaf}"), "do not add up");
    refused(&format!("{split},{leaf},{leaf},{leaf}"), "do not add up");
    refused(
        &format!("{},{leaf},{leaf}", split.replace(":0,", ":1,")),
        "reads feature 1",
    );
    refused(&leaf.replace("1.0", "0.0"), "no cover");
    let nested = format!(r#"{{"Mean":[{{"Mean":[{}]}}]}}"#, file(leaf));
    assert!(
        read(&nested)
            .unwrap_err()
            .contains("unknown variant `Mean`")
    );
}

#[test]
fn faulty_calibrations() {
    let isotonic = |x: &[f64], y: &[f64]| {
        Calibration::Isotonic {
            x: x.to_vec(),
            y: y.to_vec(),
        }
        .check()
    };
    assert_eq!(isotonic(&[0.1, 0.2, 0.3], &[0.0, 0.5, 0.5]), Ok(()));
    assert_eq!(Calibration::None.check(), Ok(()));
    assert_eq!(
        Calibration::Platt {
            slope: 1.0,
            intercept: 0.0
        }
        .check(),
        Ok(())
    );
    assert!(
        Calibration::Platt {
            slope: f64::NAN,
            intercept: 0.0
        }
        .check()
        .is_err()
    );
    assert!(
        Calibration::Platt {
            slope: 0.0,
            intercept: f64::INFINITY
        }
        .check()
        .is_err()
    );
    for (x, y) in [
        (&[][..], &[][..]),
        (&[0.1], &[0.1, 0.2]),
        (&[0.1, 0.1], &[0.1, 0.2]),
        (&[0.2, 0.1], &[0.1, 0.2]),
        (&[f64::NAN], &[0.1]),
        (&[f64::NEG_INFINITY, 0.0], &[0.1, 0.2]),
        (&[0.1, 0.2], &[0.2, 0.1]),
        (&[0.1, 0.2], &[0.2, f64::NAN]),
        (&[0.1, 0.2], &[-0.1, 0.5]),
        (&[0.1, 0.2], &[0.1, 1.5]),
    ] {
        assert!(isotonic(x, y).is_err(), "{x:?} {y:?}");
    }
}
