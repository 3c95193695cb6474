//! Scores: compared with a plain walk of the unpacked trees, single rows with batches, stored trees with built ones.

use proptest::prelude::*;

use super::super::tree::lower;
use super::super::{Kernel, Link, Node, Tree, Trees};
use super::{WIDTH, boosted, forest, kernels, linear, rows, tree, trees};

fn leaf_mean(trees: &[Tree], x: &[f32]) -> f64 {
    trees
        .iter()
        .map(|tree| tree.nodes[tree.leaf_of(x)].value)
        .sum::<f64>()
        / trees.len() as f64
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn a_forest_is_the_mean_of_its_leaves(trees in trees(), rows in rows()) {
        let kernel = Kernel::Trees(forest(trees.clone()));
        for x in rows.chunks_exact(WIDTH) {
            prop_assert!((kernel.score(x) - leaf_mean(&trees, x)).abs() < 1e-12);
        }
    }

    #[test]
    fn a_batch_gives_the_bits_of_single_rows(trees in trees(), rows in rows()) {
        for kernel in kernels(trees) {
            let mut out = vec![f64::NAN; rows.len() / WIDTH];
            kernel.score_batch(&rows, &mut out);
            for (x, out) in rows.chunks_exact(WIDTH).zip(&out) {
                prop_assert_eq!(kernel.score(x).to_bits(), out.to_bits());
            }
        }
    }

    #[test]
    fn a_lowered_threshold_decides_as_the_given_one(
        threshold in prop::num::f64::NORMAL | prop::num::f64::SUBNORMAL | prop::num::f64::ZERO,
        x in prop::num::f32::ANY,
    ) {
        prop_assert_eq!(x <= lower(threshold), f64::from(x) <= threshold);
    }

    #[test]
    fn a_lowered_threshold_decides_on_its_neighbours(near in prop::num::f32::NORMAL, off in -3i64..=3) {
        let threshold = f64::from_bits((f64::from(near).to_bits() as i64 + off) as u64);
        for x in [near.next_down(), near, near.next_up()] {
            prop_assert_eq!(x <= lower(threshold), f64::from(x) <= threshold);
        }
    }

    #[test]
    fn storing_and_reading_gives_the_same_kernel_and_the_same_bytes(trees in trees()) {
        for kernel in kernels(trees) {
            let stored = serde_json::to_string(&kernel).unwrap();
            let read: Kernel = serde_json::from_str(&stored).unwrap();
            prop_assert_eq!(read.check(), Ok(()));
            prop_assert_eq!(serde_json::to_string(&read).unwrap(), stored);
            prop_assert_eq!(read, kernel);
        }
    }

    #[test]
    fn cover_counts_the_rows_that_pass(mut tree in tree(), rows in rows()) {
        tree.cover_from(&rows, WIDTH).unwrap();
        for (at, node) in tree.nodes.iter().enumerate() {
            let reach = rows.chunks_exact(WIDTH).filter(|x| tree.leaf_of(x) == at).count() as f64;
            let expected = match node.is_leaf() {
                true => if reach > 0.0 { reach } else { 0.5 },
                false => tree.nodes[node.left as usize].cover + tree.nodes[node.right as usize].cover,
            };
            prop_assert_eq!(node.cover, expected);
        }
    }

    #[test]
    fn nan_goes_as_the_split_says_and_infinities_where_they_belong(
        trees in trees(),
        odd in prop::sample::select(vec![f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY]),
        at in 0..WIDTH,
    ) {
        let mut x = vec![0.25; 3 * WIDTH];
        x[WIDTH + at] = odd;
        let kernel = Kernel::Trees(forest(trees.clone()));
        let mut out = [0.0; 3];
        kernel.score_batch(&x, &mut out);
        for (x, out) in x.chunks_exact(WIDTH).zip(out) {
            prop_assert_eq!(kernel.score(x).to_bits(), out.to_bits());
            prop_assert!((out - leaf_mean(&trees, x)).abs() < 1e-12);
        }
    }
}

#[test]
fn thresholds_beyond_single_precision() {
    assert_eq!(lower(1e300), f32::MAX);
    assert_eq!(lower(-1e300), f32::NEG_INFINITY);
    assert_eq!(lower(-1e-300), -f32::from_bits(1));
    assert_eq!(lower(1e-300), 0.0);
    assert_eq!(lower(0.1), 0.1f32.next_down());
}

#[test]
fn links_and_constants_by_hand() {
    let stump = || {
        Tree::new(vec![
            Node::split(1, 0.5, 1, 2),
            Node::leaf(-2.0, 3.0),
            Node::leaf(3.0, 1.0),
        ])
    };
    let score = |link, base, scale, x1| {
        Kernel::Trees(Trees::new(2, link, base, scale, vec![stump(), stump()]).unwrap())
            .score(&[9.0, x1])
    };
    assert_eq!(score(Link::Identity, 0.1, 0.1, 0.6), 0.1 + 0.1 * 6.0);
    assert_eq!(score(Link::Identity, 0.0, 1.0, 0.5), 0.0);
    assert_eq!(score(Link::Identity, 0.0, 1.0, 0.6), 1.0);
    assert_eq!(
        score(Link::Logistic, 1.0, 0.5, 0.5),
        1.0 / (1.0 + 1f64.exp())
    );
    let z = -0.3 + 0.5 * 1.0 - 2.0 + 2.0 * 3.0 + 0.25 * 5.0;
    assert!(
        (Kernel::Linear(linear()).score(&[1.0, 2.0, 3.0, 4.0, 5.0]) - 1.0 / (1.0 + f64::exp(-z)))
            .abs()
            < 1e-15
    );
}

#[test]
fn a_missing_feature_of_a_linear_kernel_is_its_baseline() {
    let kernel = Kernel::Linear(linear());
    let full = kernel.score(&[0.1, 2.0, -0.3, 4.0, 5.0]);
    let missing = kernel.score(&[f32::NAN, 2.0, f32::NAN, 4.0, 5.0]);
    assert!((full - missing).abs() < 1e-7, "{full}, {missing}");
    let mut phi = [1.0; WIDTH];
    linear().log_odds(&[f32::NAN, 2.0, f32::NAN, 4.0, 5.0], &mut phi);
    assert_eq!((phi[0], phi[2]), (0.0, 0.0));
}

#[test]
fn scores_stay_probabilities_at_extremes() {
    let kernel = Kernel::Linear(linear());
    assert_eq!(kernel.score(&[0.0, 0.0, f32::MAX, 0.0, 0.0]), 1.0);
    assert_eq!(kernel.score(&[0.0, 0.0, -f32::MAX, 0.0, 0.0]), 0.0);
}

#[test]
fn trees_of_like_depth_are_stored_together() {
    let leaf = Tree::new(vec![Node::leaf(0.5, 1.0)]);
    let stump = Tree::new(vec![
        Node::split(0, 0.0, 1, 2),
        Node::leaf(0.0, 1.0),
        Node::leaf(1.0, 1.0),
    ]);
    let mixed = boosted(vec![stump.clone(), leaf.clone(), stump.clone()]);
    assert_eq!(mixed, boosted(vec![leaf, stump.clone(), stump]));
    assert_eq!((mixed.count(), mixed.depth(), mixed.width()), (3, 1, WIDTH));
}

#[test]
#[should_panic(expected = "features in a row")]
fn a_short_row_is_a_bug_of_the_caller() {
    Kernel::Trees(forest(vec![Tree::new(vec![Node::leaf(0.5, 1.0)])])).score(&[0.0; WIDTH - 1]);
}

#[test]
#[should_panic(expected = "features in the rows")]
fn a_ragged_batch_is_a_bug_of_the_caller() {
    Kernel::Trees(forest(vec![Tree::new(vec![Node::leaf(0.5, 1.0)])]))
        .score_batch(&[0.0; 9], &mut [0.0; 2]);
}
