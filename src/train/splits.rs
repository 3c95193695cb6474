//! Stratified folds: every fold has its share of both labels.

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

/// Fold of every row: rows of each label are shuffled and dealt to the folds in turn, the second label going on where the
/// first stopped, so that fold sizes differ by at most one.
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
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
}
