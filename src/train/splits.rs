//! Splits into folds: stratified by label, by whole groups, or in blocks by time.

use rustc_hash::FxHashMap;

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

/// The fold of every row. Rows of each label are shuffled and dealt to the folds in turn; the second label continues where
/// the first stopped, so fold sizes differ by at most one.
pub fn stratified(labels: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut fold_of = vec![0; labels.len()];
    let mut next = 0;
    for label in [true, false] {
        let mut rows: Vec<usize> = (0..labels.len()).filter(|i| labels[*i] == label).collect();
        rows.shuffle(&mut rng);
        for row in rows {
            fold_of[row] = next % folds;
            next += 1;
        }
    }
    fold_of
}

/// The fold of every row, with all rows of a group in one fold; a row without a group is its own group. Groups are dealt
/// largest first, each to the fold where the shares of both labels stay most even; ties go to the fold with the fewest rows.
/// The seed decides the order among groups of equal size.
pub fn grouped(groups: &[Option<u64>], labels: &[bool], folds: usize, seed: u64) -> Vec<usize> {
    let mut places: FxHashMap<u64, usize> = FxHashMap::default();
    let mut members: Vec<Vec<usize>> = Vec::new();
    for (row, group) in groups.iter().enumerate() {
        let next = members.len();
        let place = group.map_or(next, |group| *places.entry(group).or_insert(next));
        match place == next {
            true => members.push(vec![row]),
            false => members[place].push(row),
        }
    }
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    members.shuffle(&mut rng);
    members.sort_by_key(|rows| std::cmp::Reverse(rows.len())); // stable: shuffled within a size
    let positives = labels.iter().filter(|y| **y).count();
    let all = [positives as f64, (labels.len() - positives) as f64].map(|n| n.max(1.0));
    let mut counts = vec![[0.0_f64; 2]; folds];
    let mut fold_of = vec![0; groups.len()];
    for rows in &members {
        let yes = rows.iter().filter(|row| labels[**row]).count() as f64;
        let adds = [yes, rows.len() as f64 - yes];
        // The increase of the sum of squared label shares.
        let growth = |have: &[f64; 2]| -> f64 {
            (0..2)
                .map(|l| (2.0 * have[l] * adds[l] + adds[l] * adds[l]) / (all[l] * all[l]))
                .sum()
        };
        let rows_in = |have: &[f64; 2]| have[0] + have[1];
        let better = |a: &usize, b: &usize| {
            let (a, b) = (&counts[*a], &counts[*b]);
            growth(a)
                .total_cmp(&growth(b))
                .then(rows_in(a).total_cmp(&rows_in(b)))
        };
        let fold = (0..folds).min_by(better).unwrap_or(0);
        (0..2).for_each(|l| counts[fold][l] += adds[l]);
        rows.iter().for_each(|row| fold_of[*row] = fold);
    }
    fold_of
}

/// The fold of every row when rows are cut by time into `folds + 1` blocks of about equal size. The first block is only
/// trained on and has no fold; block i is fold i − 1. Rows without a time come before all others. Rows of equal time are in
/// one block, that of the first of them, so the blocks do not depend on the order of the rows.
pub fn forward(times: &[Option<f64>], folds: usize) -> Vec<Option<usize>> {
    let time = |row: usize| time_of(times[row]);
    let order = by_time(times);
    let mut fold_of = vec![None; times.len()];
    let mut first = 0;
    for (place, row) in order.iter().enumerate() {
        if place > 0 && time(*row) != time(order[place - 1]) {
            first = place;
        }
        fold_of[*row] = (first * (folds + 1) / times.len()).checked_sub(1);
    }
    fold_of
}

/// The rows in the order of their times; rows without one come first.
fn by_time(times: &[Option<f64>]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..times.len()).collect();
    order.sort_by(|a, b| time_of(times[*a]).total_cmp(&time_of(times[*b])));
    order
}

fn time_of(time: Option<f64>) -> f64 {
    time.filter(|time| !time.is_nan())
        .unwrap_or(f64::NEG_INFINITY)
}

/// The latest rows, ascending by their place.
pub fn latest(times: &[Option<f64>], rows: usize) -> Vec<usize> {
    let mut order = by_time(times);
    let mut latest = order.split_off(order.len().saturating_sub(rows));
    latest.sort_unstable();
    latest
}

/// Random rows, ascending: of each label its share, rounded up.
pub fn sample(labels: &[bool], rows: usize, seed: u64) -> Vec<usize> {
    let mut rng = Xoshiro256PlusPlus::seed_from_u64(seed);
    let mut some = Vec::with_capacity(rows + 1);
    for label in [true, false] {
        let mut of: Vec<usize> = (0..labels.len()).filter(|i| labels[*i] == label).collect();
        of.shuffle(&mut rng);
        of.truncate((of.len() * rows).div_ceil(labels.len()));
        some.append(&mut of);
    }
    some.sort_unstable();
    some
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_sample_has_the_share_of_each_label() {
        let labels: Vec<bool> = (0..1000).map(|row| row % 10 == 0).collect();
        let some = sample(&labels, 100, 3);
        assert!(some.is_sorted_by(|a, b| a < b));
        assert_eq!(some.iter().filter(|row| labels[**row]).count(), 10);
        assert_eq!(some.len(), 100);
        assert_ne!(some, sample(&labels, 100, 4));
    }

    #[test]
    fn the_latest_rows_are_those_of_the_last_times() {
        let times = [Some(3.0), None, Some(1.0), Some(2.0), Some(f64::NAN)];
        assert_eq!(latest(&times, 2), [0, 3]);
        assert_eq!(latest(&times, 9), [0, 1, 2, 3, 4]);
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn folds_share_rows_and_labels(labels in proptest::collection::vec(any::<bool>(), 4..200), folds in 2usize..5, seed: u64) {
            let fold_of = stratified(&labels, folds, seed);
            let count = |f: usize, keep: &dyn Fn(usize) -> bool| (0..labels.len()).filter(|i| fold_of[*i] == f && keep(*i)).count();
            let spread = |keep: &dyn Fn(usize) -> bool| {
                let counts: Vec<usize> = (0..folds).map(|f| count(f, keep)).collect();
                counts.iter().max().unwrap() - counts.iter().min().unwrap()
            };
            prop_assert!(spread(&|_| true) <= 1);
            prop_assert!(spread(&|i| labels[i]) <= 1);
            prop_assert_eq!(fold_of, stratified(&labels, folds, seed));
        }
    }

    proptest! {
        #![proptest_config(crate::proptest_config())]
        #[test]
        fn groups_stay_whole_and_folds_even(sizes in proptest::collection::vec(1usize..6, 12..60), folds in 2usize..5, seed: u64) {
            let groups: Vec<Option<u64>> = sizes.iter().enumerate()
                .flat_map(|(g, size)| std::iter::repeat_n((g % 7 != 0).then_some(g as u64), *size)).collect();
            let labels: Vec<bool> = (0..groups.len()).map(|i| (i * 7919 + 3) % 5 < 2).collect();
            let fold_of = grouped(&groups, &labels, folds, seed);
            for (i, group) in groups.iter().enumerate().filter(|(_, g)| g.is_some()) {
                prop_assert!((0..i).all(|j| groups[j] != *group || fold_of[j] == fold_of[i]));
            }
            let count = |f: usize, label: bool| (0..labels.len()).filter(|i| fold_of[*i] == f && labels[*i] == label).count();
            for label in [true, false] {
                let counts: Vec<usize> = (0..folds).map(|f| count(f, label)).collect();
                prop_assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 6, "{:?}", counts);
            }
            prop_assert_eq!(fold_of, grouped(&groups, &labels, folds, seed));
        }

        #[test]
        fn blocks_go_forward_in_time(times in proptest::collection::vec(proptest::option::of(-5.0..5.0f64), 12..80), folds in 2usize..5) {
            let fold_of = forward(&times, folds);
            let time = |i: usize| times[i].unwrap_or(f64::NEG_INFINITY);
            for i in 0..times.len() {
                prop_assert!((0..times.len()).all(|j| fold_of[j] >= fold_of[i] || time(j) <= time(i)));
            }
        }

        #[test]
        fn rows_of_one_time_stand_in_one_block_whatever_their_order(
            times in proptest::collection::vec(proptest::option::of((0..9).prop_map(f64::from)), 12..80),
            folds in 2usize..5,
            seed: u64,
        ) {
            let fold_of = forward(&times, folds);
            let mut order: Vec<usize> = (0..times.len()).collect();
            order.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let shuffled: Vec<Option<f64>> = order.iter().map(|i| times[*i]).collect();
            let again = forward(&shuffled, folds);
            for (place, row) in order.into_iter().enumerate() {
                prop_assert_eq!(again[place], fold_of[row]);
                prop_assert!((0..times.len()).all(|j| times[j] != times[row] || fold_of[j] == fold_of[row]));
            }
        }

        #[test]
        fn blocks_of_different_times_have_equal_rows(rows in 12usize..80, folds in 2usize..5) {
            let times: Vec<Option<f64>> = (0..rows).map(|i| Some(((i * 7919) % rows) as f64 + i as f64 * 1e-3)).collect();
            let fold_of = forward(&times, folds);
            let size = |f: Option<usize>| fold_of.iter().filter(|of| **of == f).count();
            let sizes: Vec<usize> = std::iter::once(None).chain((0..folds).map(Some)).map(size).collect();
            prop_assert!(sizes.iter().max().unwrap() - sizes.iter().min().unwrap() <= 1, "{:?}", sizes);
        }
    }

    /// Rows without a group are dealt to the folds one by one.
    #[test]
    fn rows_without_a_group_are_groups_of_their_own() {
        let labels: Vec<bool> = (0..40).map(|i| i % 2 == 0).collect();
        let fold_of = grouped(&vec![None; 40], &labels, 4, 1);
        for fold in 0..4 {
            assert_eq!(fold_of.iter().filter(|f| **f == fold).count(), 10);
        }
    }
}
