//! Tests of the kernels, and the random ensembles that they use.

mod attribution;
mod damage;
mod score;

use proptest::prelude::*;

use super::{Kernel, Linear, Link, Node, Tree, Trees};

/// Number of features of the random kernels: few, so that paths repeat them and brute force over coalitions stays possible.
const WIDTH: usize = 5;

/// A coarse grid of values, so that rows often lie exactly on a threshold.
fn grid() -> impl Strategy<Value = f64> {
    (-4i32..=4).prop_map(|n| f64::from(n) * 0.25)
}

/// A feature, which is missing in one of twelve cases: of rows of five, some have one and some have none.
fn feature() -> impl Strategy<Value = f32> {
    prop_oneof![11 => grid().prop_map(|x| x as f32), 1 => Just(f32::NAN)]
}

fn rows() -> impl Strategy<Value = Vec<f32>> {
    (1usize..150).prop_flat_map(|n| prop::collection::vec(feature(), n * WIDTH))
}

fn row() -> impl Strategy<Value = Vec<f32>> {
    prop::collection::vec(feature(), WIDTH)
}

/// A tree before its nodes are numbered.
#[derive(Debug, Clone)]
enum Sketch {
    Leaf(f64, f64),
    /// Feature, threshold, whether missing values go left.
    Split(u32, f64, bool, Box<[Sketch; 2]>),
}

fn sketch() -> impl Strategy<Value = Sketch> {
    let leaf = (0.0..1.0, 0.5..9.0).prop_map(|(value, cover)| Sketch::Leaf(value, cover));
    leaf.prop_recursive(7, 60, 2, |below| {
        (0..WIDTH as u32, grid(), any::<bool>(), below.clone(), below)
            .prop_map(|(f, t, missing, l, r)| Sketch::Split(f, t, missing, Box::new([l, r])))
    })
}

fn number(sketch: &Sketch, nodes: &mut Vec<Node>) -> u32 {
    let at = nodes.len();
    match sketch {
        Sketch::Leaf(value, cover) => nodes.push(Node::leaf(*value, *cover)),
        Sketch::Split(feature, threshold, missing, below) => {
            nodes.push(Node::split(*feature, *threshold, 0, 0).missing(*missing));
            nodes[at].left = number(&below[0], nodes);
            nodes[at].right = number(&below[1], nodes);
        }
    }
    at as u32
}

fn tree() -> impl Strategy<Value = Tree> {
    sketch().prop_map(|sketch| {
        let mut tree = Tree::default();
        number(&sketch, &mut tree.nodes);
        tree
    })
}

fn trees() -> impl Strategy<Value = Vec<Tree>> {
    prop::collection::vec(tree(), 1..40)
}

fn forest(trees: Vec<Tree>) -> Trees {
    let scale = 1.0 / trees.len() as f64;
    Trees::new(WIDTH, Link::Identity, 0.0, scale, trees).expect("sketches are sound")
}

fn boosted(trees: Vec<Tree>) -> Trees {
    Trees::new(WIDTH, Link::Logistic, -1.5, 0.3, trees).expect("sketches are sound")
}

fn linear() -> Linear {
    Linear {
        weights: vec![0.5, -1.0, 2.0, 0.0, 0.25],
        intercept: -0.3,
        baseline: vec![0.1, 0.2, -0.3, 0.4, 0.0],
    }
}

fn mean(trees: Vec<Tree>) -> Kernel {
    Kernel::Mean(vec![
        Kernel::Linear(linear()),
        Kernel::Trees(forest(trees.clone())),
        Kernel::Trees(boosted(trees)),
    ])
}

/// One kernel of every kind.
fn kernels(trees: Vec<Tree>) -> Vec<Kernel> {
    vec![
        Kernel::Linear(linear()),
        Kernel::Trees(forest(trees.clone())),
        Kernel::Trees(boosted(trees.clone())),
        mean(trees),
    ]
}
