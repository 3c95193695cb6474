//! Properties of trees that hold on any table, tried on random ones.

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::boost::{Setting, Stopping, Then, boost};
use super::forest::{self, forest};
use super::grow::Rules;
use crate::kernel::{Kernel, Link, Trees};
use crate::schema::column::Monotone;
use crate::train::Learner;
use crate::train::Unwatched;
use crate::train::learner::Sample;
use crate::train::learners::logistic::Logistic;
use crate::train::learners::{boosted::Boosted, deep::Deep, forest::Forest};

const RULES: Rules = Rules {
    leaves: 12,
    depth: 6,
    rows: 4,
    curvature: 1e-3,
    lambda: 1.0,
};

const PLAIN: Setting = Setting {
    rounds: 30,
    rate: 0.2,
    rules: RULES,
    rows: 1.0,
    features: 1.0,
    stopping: None,
};

/// Rows of numbers, some of them missing, levels and constants, and labels that depend on some of them.
fn table(seed: u64, rows: usize, width: usize) -> (Vec<f32>, Vec<bool>) {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut x = Vec::with_capacity(rows * width);
    for _ in 0..rows {
        for j in 0..width {
            x.push(match j % 4 {
                0 if random.random::<f64>() < 0.15 => f32::NAN,
                0 => random.random_range(-1.0..1.0),
                1 => f32::from(random.random_range(0..3_u8)),
                2 => f32::from(u8::from(random.random::<f64>() < 0.1)),
                _ => 7.0,
            });
        }
    }
    let y = x.chunks_exact(width).map(|row| {
        let noise: f32 = random.random_range(-0.5..0.5);
        let first = if row[0].is_nan() { 0.8 } else { row[0] };
        first * (row[1] - 1.0) + 0.3 * row[2] + noise > 0.0
    });
    let y = y.collect();
    (x, y)
}

fn boosted(x: &[f32], width: usize, y: &[bool], setting: &Setting) -> Kernel {
    let boosted = boost(&Sample::new(x, width, y, 5), setting, &Unwatched).unwrap();
    boosted.lower(width).unwrap()
}

fn scores(kernel: &Kernel, x: &[f32], width: usize) -> Vec<f64> {
    x.chunks_exact(width).map(|row| kernel.score(row)).collect()
}

#[test]
fn the_order_of_rows_is_of_no_matter() {
    for seed in 0..10 {
        let (x, y) = table(seed, 300, 6);
        let mut order: Vec<usize> = (0..300).collect();
        order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed + 100));
        let shuffled: Vec<f32> = order
            .iter()
            .flat_map(|i| x[i * 6..i * 6 + 6].to_vec())
            .collect();
        let labels: Vec<bool> = order.iter().map(|i| y[*i]).collect();
        let one = boosted(&x, 6, &y, &PLAIN);
        let other = boosted(&shuffled, 6, &labels, &PLAIN);
        assert_eq!(scores(&one, &x, 6), scores(&other, &x, 6), "seed {seed}");
    }
}

#[test]
fn a_monotone_transform_of_a_column_changes_no_score_of_a_training_row() {
    for seed in 0..10 {
        let (x, y) = table(seed, 300, 6);
        let transform = |(at, value): (usize, &f32)| match at % 6 {
            0 => value.exp(),
            1 => value * 1000.0 - 5.0,
            _ => *value,
        };
        let transformed: Vec<f32> = x.iter().enumerate().map(transform).collect();
        let one = scores(&boosted(&x, 6, &y, &PLAIN), &x, 6);
        let other = scores(&boosted(&transformed, 6, &y, &PLAIN), &transformed, 6);
        assert_eq!(one, other, "seed {seed}");
    }
}

/// A column of one value, as a level that no row has, changes no prediction of any learner, wherever it stands.
#[test]
fn a_column_of_one_value_changes_nothing() {
    let learners: [&dyn Learner; 4] = [&Logistic, &Forest, &Boosted, &Deep];
    let (x, y) = table(1, 600, 5);
    for at in [0, 2, 5] {
        let wider: Vec<f32> = x
            .chunks_exact(5)
            .flat_map(|row| [&row[..at], &[3.0], &row[at..]].concat())
            .collect();
        for learner in learners {
            let one = learner.fit(&Sample::new(&x, 5, &y, 2), &Unwatched).unwrap();
            let other = learner
                .fit(&Sample::new(&wider, 6, &y, 2), &Unwatched)
                .unwrap();
            let pairs = scores(&one, &x, 5)
                .into_iter()
                .zip(scores(&other, &wider, 6));
            for (one, other) in pairs {
                // The library of the logistic regression may add its numbers in another order.
                assert!(
                    (one - other).abs() < 1e-6,
                    "{}: {one}, {other}",
                    learner.name()
                );
                assert!(one == other || learner.name() == "logistic");
            }
        }
    }
}

/// Tables that are as odd as tables get: every learner gives probabilities for all of their rows.
#[test]
fn learners_withstand_odd_tables() {
    type Cell = fn(usize, usize) -> f32;
    type Odd = (&'static str, usize, usize, Cell, fn(usize) -> bool);
    let noise: Cell = |i, j| ((i * 7919 + j * 104_729) % 1009) as f32;
    let tables: [Odd; 9] = [
        ("constant", 60, 3, |_, _| 1.0, |i| i % 3 == 0),
        ("duplicated", 200, 4, |i, _| (i % 17) as f32, |i| i % 17 < 5),
        ("all missing", 60, 2, |_, _| f32::NAN, |i| i % 2 == 0),
        (
            "huge",
            200,
            2,
            |i, j| match (i + j) % 3 {
                0 => f32::MAX,
                1 => f32::MIN,
                _ => 1e-30,
            },
            |i| i % 3 == 0,
        ),
        ("separated", 400, 1, |i, _| i as f32, |i| i >= 200),
        ("one positive in 10,000", 10_000, 3, noise, |i| i == 77),
        ("two rows of a label", 300, 3, noise, |i| i == 5 || i == 9),
        ("wide", 50, 1000, noise, |i| i % 2 == 0),
        ("two rows", 2, 2, noise, |i| i == 0),
    ];
    let learners: [&dyn Learner; 4] = [&Logistic, &Forest, &Boosted, &Deep];
    for (name, rows, width, cell, label) in tables {
        let x: Vec<f32> = (0..rows * width)
            .map(|at| cell(at / width, at % width))
            .collect();
        let y: Vec<bool> = (0..rows).map(label).collect();
        for learner in learners {
            let kernel = learner
                .fit(&Sample::new(&x, width, &y, 4), &Unwatched)
                .unwrap();
            let scores = scores(&kernel, &x, width);
            let is_probability = |p: &f64| (0.0..=1.0).contains(p);
            assert!(
                scores.iter().all(is_probability),
                "{name}, {}",
                learner.name()
            );
        }
    }
}

/// The signal is one that no sum over the columns carries; rows that the trees were not grown on are scored nearly as well.
#[test]
fn an_interaction_is_found_and_growth_ends_by_itself() {
    let (x, y) = table(3, 4000, 6);
    let (train, test) = (3000 * 6, 3000);
    let setting = Setting {
        rounds: 500,
        rows: 0.8,
        features: 0.7,
        stopping: Some(Stopping {
            parts: 5,
            patience: 20,
            then: Then::Keep,
            otherwise: 50,
        }),
        ..PLAIN
    };
    let sample = Sample::new(&x[..train], 6, &y[..test], 9);
    let found = boost(&sample, &setting, &Unwatched).unwrap();
    assert!(found.trees.len() < 200, "{} trees", found.trees.len());
    let kernel = boosted(&x[..train], 6, &y[..test], &setting);
    let wrong = x[train..].chunks_exact(6).zip(&y[test..]);
    let wrong = wrong
        .filter(|(row, label)| (kernel.score(row) > 0.5) != **label)
        .count();
    // The noise alone turns about a fifth of the labels.
    assert!(wrong < 280, "{wrong} of 1000 wrong");
}

#[test]
fn a_forest_has_the_share_of_positives_in_its_leaves() {
    let (x, y) = table(4, 600, 6);
    let setting = forest::Setting {
        trees: 50,
        depth: 8,
        rows: 5,
    };
    let sample = Sample::new(&x, 6, &y, 3);
    let trees = forest(&sample, &setting, &Unwatched).unwrap();
    let again = forest(&Sample::new(&x, 6, &y, 3), &setting, &Unwatched).unwrap();
    assert_eq!(trees, again);
    for tree in &trees {
        let leaves = tree.nodes.iter().filter(|node| node.is_leaf());
        let (mut rows, mut positives) = (0.0, 0.0);
        for leaf in leaves {
            assert!(leaf.cover >= 5.0 && (0.0..=1.0).contains(&leaf.value));
            rows += leaf.cover;
            positives += leaf.cover * leaf.value;
        }
        // As many rows as the table has are drawn, with about its share of positives.
        assert_eq!(rows, 600.0);
        let share = y.iter().filter(|y| **y).count() as f64 / 600.0;
        assert!((positives / rows - share).abs() < 0.1);
    }
    let kernel = Trees::new(6, Link::Identity, 0.0, 1.0 / 50.0, trees).unwrap();
    let kernel = Kernel::Trees(kernel);
    let right = x.chunks_exact(6).zip(&y);
    let right = right
        .filter(|(row, label)| (kernel.score(row) > 0.5) == **label)
        .count();
    assert!(right > 450, "{right} of 600");
}

/// Labels depend on whether a value is there, and where it is on its size: no value that stands for the missing ones could
/// say both. The kernel sends them where the trees were grown to.
#[test]
fn a_missing_value_goes_where_it_belongs() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(8);
    let x: Vec<f32> = (0..600)
        .map(|_| match random.random_range(0..4_u8) {
            0 => f32::NAN,
            _ => random.random_range(-1.0..1.0),
        })
        .collect();
    // A value that is missing counts as a high one, then as a low one, then as neither of both.
    let labels: [fn(f32) -> bool; 3] = [
        |x| x > 0.2 || x.is_nan(),
        |x| x > 0.2,
        |x| x.abs() < 0.5 || x.is_nan(),
    ];
    for label in labels {
        let y: Vec<bool> = x.iter().map(|x| label(*x)).collect();
        let sample = Sample::new(&x, 1, &y, 1);
        let setting = forest::Setting {
            trees: 30,
            depth: 4,
            rows: 5,
        };
        let trees = forest(&sample, &setting, &Unwatched).unwrap();
        let forest = Trees::new(1, Link::Identity, 0.0, 1.0 / 30.0, trees).unwrap();
        for kernel in [boosted(&x, 1, &y, &PLAIN), Kernel::Trees(forest)] {
            for (x, y) in x.iter().zip(&y) {
                let p = kernel.score(&[*x]);
                // Values next to a change may fall on its other side.
                let is_near = [-0.5, 0.2, 0.5].iter().any(|at| (x - at).abs() < 0.05);
                assert!(is_near || (p > 0.5) == *y, "{x}: {p}, {y}");
            }
        }
    }
}

/// Where no value was missing in training, a missing one goes with the most rows.
#[test]
fn a_value_missing_for_the_first_time_goes_with_the_most_rows() {
    let x: Vec<f32> = (0..100).map(|i| i as f32).collect();
    let y: Vec<bool> = x.iter().map(|x| *x > 79.0).collect();
    let kernel = boosted(&x, 1, &y, &PLAIN);
    assert!(kernel.score(&[f32::NAN]) < 0.1, "as the first 80");
    let y: Vec<bool> = x.iter().map(|x| *x > 19.0).collect();
    let kernel = boosted(&x, 1, &y, &PLAIN);
    assert!(kernel.score(&[f32::NAN]) > 0.9, "as the last 80");
}

/// On random rows, also ones unlike any of the training, no learner's probability falls when a column with `increasing` rises
/// or one with `decreasing` falls, whatever the labels say of them.
#[test]
fn probabilities_keep_the_order_of_columns_that_have_one() {
    let learners: [&dyn Learner; 4] = [&Logistic, &Forest, &Boosted, &Deep];
    let orders = [
        Some(Monotone::Increasing),
        None,
        None,
        None,
        Some(Monotone::Decreasing),
        Some(Monotone::Increasing),
    ];
    for seed in 0..3 {
        let (x, y) = table(seed, 700, 6);
        let mut random = Xoshiro256PlusPlus::seed_from_u64(seed + 50);
        let sample = Sample::new(&x, 6, &y, seed).in_order(orders.into_iter());
        for learner in learners {
            let kernel = learner.fit(&sample, &Unwatched).unwrap();
            let mut moved = 0;
            for _ in 0..300 {
                let at = random.random_range(0..700);
                let mut row = x[at * 6..at * 6 + 6].to_vec();
                for (j, order) in orders.iter().enumerate() {
                    let Some(order) = order else { continue };
                    let mut values: Vec<f32> =
                        (0..12).map(|_| random.random_range(-2.0..3.0)).collect();
                    values.sort_by(f32::total_cmp);
                    let before = row[j];
                    let scores: Vec<f64> = values
                        .iter()
                        .map(|value| {
                            row[j] = *value;
                            kernel.score(&row)
                        })
                        .collect();
                    row[j] = before;
                    for pair in scores.windows(2) {
                        let rise = match order {
                            Monotone::Increasing => pair[1] - pair[0],
                            Monotone::Decreasing => pair[0] - pair[1],
                        };
                        // The exponential function may err in the last digit.
                        assert!(rise >= -1e-12, "{}, column {j}: {rise}", learner.name());
                        moved += usize::from(rise > 1e-6);
                    }
                }
            }
            // Without an order the same learner does fall somewhere; with one it still says something.
            assert!(
                moved > 0 || learner.name() == "logistic",
                "{}",
                learner.name()
            );
        }
        let free = Deep.fit(&Sample::new(&x, 6, &y, seed), &Unwatched).unwrap();
        let falls = x.chunks_exact(6).filter(|row| {
            let mut higher = row.to_vec();
            higher[0] += 0.5;
            !row[0].is_nan() && free.score(&higher) < free.score(row)
        });
        assert!(
            falls.count() > 0,
            "the labels fall with the first column somewhere"
        );
    }
}

/// Orders that the labels have anyway cost nothing but the noise against them.
#[test]
fn an_order_that_holds_costs_little() {
    let mut random = Xoshiro256PlusPlus::seed_from_u64(9);
    let x: Vec<f32> = (0..4000).map(|_| random.random_range(-1.0..1.0)).collect();
    let y: Vec<bool> = x
        .iter()
        .map(|x| *x + random.random_range(-1.0..1.0) > 0.0)
        .collect();
    let free = Sample::new(&x[..2000], 1, &y[..2000], 1);
    let bound = Sample::new(&x[..2000], 1, &y[..2000], 1)
        .in_order([Some(Monotone::Increasing)].into_iter());
    let loss = |sample: &Sample<'_>| {
        let kernel = Deep.fit(sample, &Unwatched).unwrap();
        let rows = x[2000..].iter().zip(&y[2000..]);
        let losses = rows.map(|(x, y)| {
            let p = kernel.score(&[*x]);
            if *y { -p.ln() } else { -(1.0 - p).ln() }
        });
        losses.sum::<f64>() / 2000.0
    };
    let (free, bound) = (loss(&free), loss(&bound));
    assert!(bound < free + 0.003, "{bound}, without the order {free}");
}
