//! Explanations: comparison with brute force over all coalitions, and the sum of the parts.

use proptest::prelude::*;

use super::super::line;
use super::super::{AttributionScratch, Calibration, Kernel, Link, Node, Tree, Trees};
use super::{WIDTH, forest, kernels, row, tree, trees};

/// Expectation of a tree when the features in `known` (a bit set) are known; splits on other features are averaged by cover.
fn coalition(tree: &Tree, at: usize, x: &[f32], known: usize) -> f64 {
    let node = tree.nodes[at];
    if node.is_leaf() {
        return node.value;
    }
    let (left, right) = (node.left as usize, node.right as usize);
    if known >> node.feature & 1 == 1 {
        let value = x[node.feature as usize];
        let goes_left = match value.is_nan() {
            true => node.missing_left,
            false => f64::from(value) <= node.threshold,
        };
        return coalition(tree, if goes_left { left } else { right }, x, known);
    }
    let share = cover(tree, left) / cover(tree, at);
    share * coalition(tree, left, x, known) + (1.0 - share) * coalition(tree, right, x, known)
}

fn cover(tree: &Tree, at: usize) -> f64 {
    let node = tree.nodes[at];
    if node.is_leaf() {
        node.cover
    } else {
        cover(tree, node.left as usize) + cover(tree, node.right as usize)
    }
}

/// Base and Shapley values, computed from the definition.
fn brute(trees: &[Tree], x: &[f32]) -> (f64, [f64; WIDTH]) {
    let value = |known| {
        trees
            .iter()
            .map(|tree| coalition(tree, 0, x, known))
            .sum::<f64>()
            / trees.len() as f64
    };
    let values = (0..1 << WIDTH).map(value).collect::<Vec<f64>>();
    let factorial = |n: u32| (1..=n).map(f64::from).product::<f64>();
    let phi = std::array::from_fn(|i| {
        let others = (0usize..1 << WIDTH).filter(|known| known >> i & 1 == 0);
        let part = |known: usize| {
            let size = known.count_ones();
            let weight =
                factorial(size) * factorial(WIDTH as u32 - size - 1) / factorial(WIDTH as u32);
            weight * (values[known | 1 << i] - values[known])
        };
        others.map(part).sum()
    });
    (values[0], phi)
}

fn explain(kernel: &Kernel, x: &[f32]) -> (f64, Vec<f64>) {
    let mut phi = vec![f64::NAN; x.len()];
    let base = kernel.attribute(x, &mut phi, &mut AttributionScratch::default());
    (base, phi)
}

fn total((base, phi): &(f64, Vec<f64>)) -> f64 {
    base + phi.iter().sum::<f64>()
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn shapley_values_are_those_of_the_definition(trees in prop::collection::vec(tree(), 1..5), x in row()) {
        let (base, phi) = explain(&Kernel::Trees(forest(trees.clone())), &x);
        let (expected, values) = brute(&trees, &x);
        prop_assert!((base - expected).abs() < 1e-12);
        for (phi, value) in phi.iter().zip(values) {
            prop_assert!((phi - value).abs() < 1e-12, "{} is not {}", phi, value);
        }
    }

    #[test]
    fn an_explanation_sums_to_the_score(trees in trees(), x in row()) {
        let mut scratch = AttributionScratch::default();
        for kernel in kernels(trees) {
            let mut phi = vec![f64::NAN; WIDTH];
            let base = kernel.attribute(&x, &mut phi, &mut scratch);
            prop_assert!((base + phi.iter().sum::<f64>() - kernel.score(&x)).abs() < 1e-9);
        }
    }

    #[test]
    fn a_mean_is_explained_by_the_mean_of_its_members(trees in trees(), x in row()) {
        let kernels = kernels(trees);
        let (base, phi) = explain(&kernels[3], &x);
        let members = kernels[..3].iter().map(|kernel| explain(kernel, &x)).collect::<Vec<_>>();
        prop_assert!((base - members.iter().map(|m| m.0).sum::<f64>() / 3.0).abs() < 1e-12);
        for (i, phi) in phi.iter().enumerate() {
            prop_assert!((phi - members.iter().map(|m| m.1[i]).sum::<f64>() / 3.0).abs() < 1e-12);
        }
    }

    #[test]
    fn the_sum_goes_through_any_curve(
        base in 0.05..0.95,
        phi in prop::collection::vec(-0.2..0.2, 1..6),
        close in any::<bool>(),
    ) {
        let mut phi = phi;
        if close {
            let sum = phi.iter().sum::<f64>();
            phi.push(1e-8 - sum);
        }
        let end = base + phi.iter().sum::<f64>();
        prop_assume!((0.0..=1.0).contains(&end));
        for curve in [
            Calibration::None,
            Calibration::Platt { slope: 1.7, intercept: -0.4 },
            Calibration::Isotonic { x: vec![0.1, 0.5, 0.501, 0.9], y: vec![0.0, 0.2, 0.7, 0.8] },
        ] {
            let (mut to, mut parts) = (base, phi.clone());
            curve.attribute(&mut to, &mut parts);
            prop_assert!((to - curve.apply(base)).abs() < 1e-15);
            prop_assert!((to + parts.iter().sum::<f64>() - curve.apply(end)).abs() < 1e-9);
        }
    }
}

#[test]
fn parts_keep_their_shares_through_the_link() {
    let (mut base, mut phi) = (0.0, [1.0, 3.0, -2.0]);
    line::carry(|z| 1.0 / (1.0 + f64::exp(-z)), &mut base, &mut phi);
    let rise = 1.0 / (1.0 + f64::exp(-2.0)) - 0.5;
    assert_eq!(base, 0.5);
    for (phi, share) in phi.iter().zip([0.5, 1.5, -1.0]) {
        assert!((phi - share * rise).abs() < 1e-15);
    }
}

#[test]
fn parts_that_cancel_are_scaled_by_the_slope() {
    let (mut base, mut phi) = (0.0, [1.0, -1.0, 0.0]);
    line::carry(|z| 1.0 / (1.0 + f64::exp(-z)), &mut base, &mut phi);
    assert_eq!(base, 0.5);
    assert!((phi[0] - 0.25).abs() < 1e-9 && (phi[1] + 0.25).abs() < 1e-9 && phi[2] == 0.0);
}

#[test]
fn a_clamped_score_is_explained_as_clamped() {
    let stump = Tree::new(vec![
        Node::split(0, 0.0, 1, 2),
        Node::leaf(0.2, 1.0),
        Node::leaf(2.0, 3.0),
    ]);
    let kernel = Kernel::Trees(Trees::new(2, Link::Identity, 0.0, 1.0, vec![stump]).unwrap());
    let explained = explain(&kernel, &[-1.0, 0.0]);
    assert_eq!(explained.0, 1.0);
    assert!((total(&explained) - 0.2).abs() < 1e-12);
}

#[test]
fn a_linear_part_is_weight_times_distance_from_the_baseline() {
    let x = [1.0, 2.0, -0.5, 3.0, 2.0];
    let kernel = super::linear();
    let (base, phi) = explain(&Kernel::Linear(kernel.clone()), &x);
    let distance = |i: usize| kernel.weights[i] * (f64::from(x[i]) - kernel.baseline[i]);
    let rise = Kernel::Linear(kernel.clone()).score(&x) - base;
    let share = rise / (0..WIDTH).map(distance).sum::<f64>();
    for (i, phi) in phi.iter().enumerate() {
        assert!((phi - share * distance(i)).abs() < 1e-15);
    }
    // Log odds of the baseline row: -0.3 + 0.05 - 0.2 - 0.6.
    assert!((base - 1.0 / (1.0 + f64::exp(1.05))).abs() < 1e-15);
}

/// Maximum depth with a new feature at every split: the worst case for the weights of Algorithm 2.
#[test]
fn the_deepest_paths_sum_as_well() {
    for depth in [9usize, 17, 33, 65, 128] {
        let mut nodes = Vec::new();
        for at in 0..depth as u32 {
            nodes.push(Node::split(at, 0.5, 2 * at + 1, 2 * at + 2));
            nodes.push(Node::leaf(f64::from(at % 7) / 7.0, 1.0 + f64::from(at % 3)));
        }
        nodes.push(Node::leaf(0.9, 2.0));
        let tree = Tree::new(nodes);
        let kernel =
            Kernel::Trees(Trees::new(depth, Link::Identity, 0.0, 1.0, vec![tree]).unwrap());
        let x = (0..depth)
            .map(|i| if i % 11 == 10 { 0.0 } else { 1.0 })
            .collect::<Vec<f32>>();
        assert!(
            (total(&explain(&kernel, &x)) - kernel.score(&x)).abs() < 1e-12,
            "depth {depth}"
        );
        let x = vec![1.0; depth];
        assert!(
            (total(&explain(&kernel, &x)) - kernel.score(&x)).abs() < 1e-12,
            "depth {depth}"
        );
    }
}
