//! An exponential histogram: many numbers in few buckets, which are finer towards the newest numbers (Datar, Gionis, Indyk
//! and Motwani, "Maintaining stream statistics over sliding windows", SIAM J. Computing 31, 2002). ADWIN stores its window
//! in this form.
//!
//! Buckets hold 1, 2, 4, … numbers, with a maximum number of buckets per size: when it is exceeded, the two oldest
//! of a size are merged into one of the next. Sums are taken in the same order as in River, because near a threshold
//! the last bit decides.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::detect::{Change, Part};

/// Consecutive numbers in buckets. For n numbers there are about log₂ n times the maximum of buckets per size.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Buckets {
    /// Buckets by the logarithm of their size; the oldest bucket of a size is in front.
    sizes: Vec<VecDeque<Bucket>>,
    count: u64,
    total: f64,
    squares: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Bucket {
    total: f64,
    /// Sum of squared deviations from the mean.
    squares: f64,
}

/// A border between two buckets, which splits the numbers into an older and a newer part.
#[derive(Clone, Copy, Debug)]
pub struct Border {
    /// Count of older numbers, ≥ 1.
    pub n0: f64,
    /// Count of newer numbers, ≥ 1.
    pub n1: f64,
    /// Mean of the older part minus mean of the newer part.
    pub apart: f64,
    total0: f64,
    total1: f64,
}

impl Buckets {
    /// Adds a number; at most `most` (≥ 2) buckets of each size are stored.
    pub fn push(&mut self, value: f64, most: usize) {
        let before = self.count as f64;
        self.count += 1;
        if self.count > 1 {
            let off = value - self.total / before;
            self.squares += before * off * off / self.count as f64;
        }
        self.total += value;
        let one = Bucket {
            total: value,
            squares: 0.0,
        };
        self.size(0).push_back(one);
        let mut size = 0;
        while self.sizes[size].len() > most {
            self.merge(size);
            size += 1;
        }
    }

    pub fn count(&self) -> u64 {
        self.count
    }

    /// Population variance of the numbers.
    pub fn variance(&self) -> f64 {
        self.squares / self.count as f64
    }

    /// All borders, oldest first.
    pub fn borders(&self) -> impl Iterator<Item = Border> + '_ {
        let (mut n0, mut total0) = (0.0, 0.0);
        let (mut n1, mut total1) = (self.count as f64, self.total);
        let sizes = self.sizes.iter().enumerate().rev();
        let buckets = sizes.flat_map(|(size, all)| all.iter().map(move |one| (numbers(size), one)));
        let borders = buckets.map(move |(n, bucket)| {
            n0 += n;
            n1 -= n;
            total0 += bucket.total;
            total1 -= bucket.total;
            Border {
                n0,
                n1,
                apart: total0 / n0 - total1 / n1,
                total0,
                total1,
            }
        });
        borders.filter(|border| border.n1 > 0.0)
    }

    /// The most likely change of the mean, in either direction or in one only (1.0: increase, −1.0: decrease). This is the
    /// border with the largest n₀·n₁·(mean₁ − mean₀)², which maximises the likelihood for numbers of equal variance
    /// (Hinkley, Biometrika 57, 1970). `None` for fewer than two numbers.
    pub fn parted(&self, direction: Option<f64>) -> Option<Change> {
        let evidence = |border: &Border| {
            let rise = -border.apart * (border.n0 * border.n1).sqrt();
            direction.map_or(rise.abs(), |direction| direction * rise)
        };
        let best = self
            .borders()
            .max_by(|a, b| evidence(a).total_cmp(&evidence(b)))?;
        Some(Change {
            before: Part::of(best.n0, best.total0),
            after: Part::of(best.n1, best.total1),
        })
    }

    /// Merges the two oldest buckets of a size into one of the next size.
    fn merge(&mut self, size: usize) {
        let n = numbers(size);
        let [Some(a), Some(b)] = [(); 2].map(|()| self.sizes[size].pop_front()) else {
            return; // more than two were there
        };
        let apart = a.total / n - b.total / n;
        let merged = Bucket {
            total: a.total + b.total,
            squares: a.squares + b.squares + n * 0.5 * apart * apart,
        };
        self.size(size + 1).push_back(merged);
    }

    fn size(&mut self, size: usize) -> &mut VecDeque<Bucket> {
        if self.sizes.len() <= size {
            self.sizes.resize(size + 1, VecDeque::new());
        }
        &mut self.sizes[size]
    }
}

/// Number of values in a bucket of the given size exponent.
fn numbers(size: usize) -> f64 {
    (1u64 << size) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn buckets(values: impl IntoIterator<Item = f64>) -> Buckets {
        let mut buckets = Buckets::default();
        values.into_iter().for_each(|value| buckets.push(value, 5));
        buckets
    }

    /// numpy 2.4.6: `np.var([3, 1, 4, 1.5, 9.25, 2, 6])`.
    #[test]
    fn the_variance_is_that_of_all_numbers() {
        let seven = buckets([3.0, 1.0, 4.0, 1.5, 9.25, 2.0, 6.0]);
        assert!((seven.variance() - 7.369897959183674).abs() < 1e-12);
        assert_eq!((seven.count(), seven.borders().count()), (7, 5)); // 3 and 1 are one bucket
    }

    #[test]
    fn a_step_is_found_where_it_is() {
        let step = buckets((0..1000).map(|i| f64::from(i >= 960)));
        let Change { before, after } = step.parted(None).unwrap();
        assert_eq!(
            (before.mean, after.mean, before.n, after.n),
            (0.0, 1.0, 960, 40)
        );
        assert_eq!(step.parted(Some(1.0)), step.parted(None));
        assert!(step.parted(Some(-1.0)).unwrap().before.mean <= 0.0);
        assert_eq!(buckets([1.0]).parted(None), None);
        assert_eq!(Buckets::default().parted(None), None);
    }
}
