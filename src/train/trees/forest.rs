//! A probability forest: the leaves hold the share of their rows that are positive, so the mean over the trees is a
//! probability (Malley et al. 2012, "Probability machines").
//!
//! Breiman 2001: each tree is grown on rows drawn with replacement, each split is the best among some features drawn anew.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::bins::{Bins, Cut, MOST};
use super::bounds::{Bounds, in_order};
use crate::kernel::{Node, Tree};
use crate::train::fit_error::FitError;
use crate::train::learner::Sample;
use crate::train::progress::Progress;

/// How a forest is grown.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub trees: usize,
    /// Maximum number of splits on a path.
    pub depth: usize,
    /// Minimum number of rows in a leaf. With single rows the shares are 0 and 1, and the forest is over-confident.
    pub rows: u32,
}

/// Rows are counted into the bins of a column, unless the column has more than this many times as many bins: then they are
/// sorted by bin.
const SORTED: usize = 4;

/// Grows a forest.
///
/// # Errors
/// [`FitError::Stopped`] soon after a cancellation.
pub fn forest(
    sample: &Sample<'_>,
    setting: &Setting,
    progress: &dyn Progress,
) -> Result<Vec<Tree>, FitError> {
    let bins = sample.bins(progress)?;
    let divisible = bins.divisible();
    let mut random = Xoshiro256PlusPlus::seed_from_u64(sample.seed);
    let mut times = vec![0_u32; sample.rows()];
    let mut trees = Vec::with_capacity(setting.trees);
    for _ in 0..setting.trees {
        if progress.stopped() {
            return Err(FitError::Stopped);
        }
        times.fill(0);
        for _ in 0..sample.rows() {
            times[random.random_range(0..sample.rows())] += 1;
        }
        let drawn = |row: u32| {
            let row = row as usize;
            let n = times[row];
            let p = if sample.y[row] { n } else { 0 };
            (n > 0).then_some(Drawn {
                row: row as u32,
                count: Count { n, p },
            })
        };
        let mut rows: Vec<Drawn> = (0..sample.rows() as u32).filter_map(drawn).collect();
        let mut growth = Growth {
            bins,
            sample,
            setting,
            tried: ((divisible.len() as f64).sqrt() as usize).max(1),
            random: &mut random,
            features: divisible.clone(),
            nodes: Vec::new(),
            right: Vec::new(),
            few: Vec::new(),
            counts: vec![Count::default(); MOST],
        };
        let all = growth.sum(&rows);
        growth.grow(&mut rows, all, 0, Bounds::NONE);
        trees.push(Tree::new(growth.nodes));
    }
    Ok(trees)
}

/// Rows and positives among them.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    n: u32,
    p: u32,
}

impl Count {
    fn add(&mut self, other: Count) {
        self.n += other.n;
        self.p += other.p;
    }

    fn minus(self, other: Count) -> Count {
        Count {
            n: self.n - other.n,
            p: self.p - other.p,
        }
    }

    /// The share of positives.
    fn share(self) -> f64 {
        f64::from(self.p) / f64::from(self.n)
    }

    /// p²/n, or what comes of it with the value `share` in place of p/n.
    fn gain_at(self, share: f64) -> f64 {
        share * (2.0 * f64::from(self.p) - f64::from(self.n) * share)
    }

    /// p²/n: the sum over both sides is the largest where the variance within them is the least.
    fn gain(self) -> f64 {
        f64::from(self.p) * f64::from(self.p) / f64::from(self.n)
    }
}

/// A row of a tree, with how often it was drawn.
#[derive(Clone, Copy, Debug)]
struct Drawn {
    row: u32,
    count: Count,
}

#[derive(Clone, Copy, Debug)]
struct Split {
    feature: u32,
    cut: Cut,
    gain: f64,
    left: Count,
}

struct Growth<'a> {
    bins: &'a Bins,
    /// The sample, for the orders that it keeps.
    sample: &'a Sample<'a>,
    setting: &'a Setting,
    /// Number of features among which a split is chosen.
    tried: usize,
    random: &'a mut Xoshiro256PlusPlus,
    /// All features, in the order of the last draw.
    features: Vec<u32>,
    nodes: Vec<Node>,
    right: Vec<Drawn>,
    few: Vec<(u8, Count)>,
    counts: Vec<Count>,
}

impl Growth<'_> {
    fn sum(&self, rows: &[Drawn]) -> Count {
        let mut sum = Count::default();
        rows.iter().for_each(|row| sum.add(row.count));
        sum
    }

    /// Grows the node of these rows and those below it; returns its index.
    fn grow(&mut self, rows: &mut [Drawn], all: Count, depth: usize, bounds: Bounds) -> u32 {
        let at = self.nodes.len();
        let share = bounds.nearest(all.share());
        self.nodes.push(Node::leaf(share, f64::from(all.n)));
        let is_pure = all.p == 0 || all.p == all.n;
        if is_pure || depth == self.setting.depth || all.n < 2 * self.setting.rows {
            return at as u32;
        }
        let Some(split) = self.best(rows, all, bounds) else {
            return at as u32;
        };
        let Split { feature, cut, .. } = split;
        let column = &self.bins.columns()[feature as usize];
        let middle = partition(rows, &mut self.right, |row| {
            cut.goes_left(column.bins[row.row as usize])
        });
        let (left, right) = (split.left, all.minus(split.left));
        let [left_share, right_share] = [left, right].map(|side| bounds.nearest(side.share()));
        let order = column.order(cut, self.sample.order(feature as usize));
        let (left_bounds, right_bounds) = bounds.divide(order, left_share, right_share);
        let (left_rows, right_rows) = rows.split_at_mut(middle);
        let left = self.grow(left_rows, left, depth + 1, left_bounds);
        let right = self.grow(right_rows, right, depth + 1, right_bounds);
        let node = Node::split(feature, column.threshold(cut), left, right);
        self.nodes[at] = node.missing(cut.missing_left);
        at as u32
    }

    /// The best split among as many features as are tried; more are, until one can be split.
    fn best(&mut self, rows: &[Drawn], all: Count, bounds: Bounds) -> Option<Split> {
        let mut best = None;
        for at in 0..self.features.len() {
            if at >= self.tried && best.is_some() {
                break;
            }
            let other = self.random.random_range(at..self.features.len());
            self.features.swap(at, other);
            self.of_feature(self.features[at], rows, (all, bounds), &mut best);
        }
        best
    }

    fn of_feature(
        &mut self,
        feature: u32,
        rows: &[Drawn],
        (all, bounds): (Count, Bounds),
        best: &mut Option<Split>,
    ) {
        let is_bound = self.sample.is_bound();
        let order = self.sample.order(feature as usize);
        let gain_within = |count: Count| match is_bound {
            true => count.gain_at(bounds.nearest(count.share())),
            false => count.gain(),
        };
        let whole = gain_within(all);
        let column = &self.bins.columns()[feature as usize];
        let least = self.setting.rows;
        let mut offer = |bin: usize, left: Count, missing_left: Option<bool>| {
            let right = all.minus(left);
            if left.n < least || right.n < least {
                return;
            }
            let gain = gain_within(left) + gain_within(right) - whole;
            if gain > best.as_ref().map_or(1e-9, |split| split.gain) {
                let order = column.order(column.cut(bin, false), order);
                let [low, high] = [left, right].map(|side| bounds.nearest(side.share()));
                if is_bound && !in_order(order, low, high) {
                    return;
                }
                // Where no row of the node tells, a missing value goes with the most rows.
                let missing_left = missing_left.unwrap_or(left.n > right.n);
                *best = Some(Split {
                    feature,
                    cut: column.cut(bin, missing_left),
                    gain,
                    left,
                });
            }
        };
        let mut left = Count::default();
        if column.len() > SORTED * rows.len() {
            let few = &mut self.few;
            few.clear();
            few.extend(rows.iter().map(|r| (column.bins[r.row as usize], r.count)));
            few.sort_unstable_by_key(|(bin, _)| *bin);
            // The missing values come last.
            let mut missing = Count::default();
            let without = column.missing().map_or(few.len(), |missing| {
                few.partition_point(|(bin, _)| usize::from(*bin) < missing)
            });
            few[without..].iter().for_each(|(_, of)| missing.add(*of));
            for (at, (bin, count)) in few[..without].iter().enumerate() {
                left.add(*count);
                let next = few[..without].get(at + 1);
                if next.is_some_and(|(next, _)| next > bin) {
                    both_ways(usize::from(*bin), left, missing, &mut offer);
                }
            }
            if missing.n > 0 && without > 0 {
                offer(column.values() - 1, left, Some(false));
            }
            return;
        }
        let counts = &mut self.counts[..column.len()];
        counts.fill(Count::default());
        for row in rows {
            counts[usize::from(column.bins[row.row as usize])].add(row.count);
        }
        let missing = column.missing().map_or(Count::default(), |bin| counts[bin]);
        let values = &counts[..column.values()];
        for (bin, count) in values[..values.len() - 1].iter().enumerate() {
            left.add(*count);
            if count.n > 0 {
                both_ways(bin, left, missing, &mut offer);
            }
        }
        if missing.n > 0 {
            offer(values.len() - 1, all.minus(missing), Some(false));
        }
    }
}

/// Offers a cut with the missing values on either side, if there are any.
fn both_ways(
    bin: usize,
    left: Count,
    missing: Count,
    offer: &mut impl FnMut(usize, Count, Option<bool>),
) {
    if missing.n == 0 {
        return offer(bin, left, None);
    }
    offer(bin, left, Some(false));
    let mut with = left;
    with.add(missing);
    offer(bin, with, Some(true));
}

/// Moves the rows that go left to the front, in their order; returns their number.
fn partition(
    rows: &mut [Drawn],
    right: &mut Vec<Drawn>,
    goes_left: impl Fn(&Drawn) -> bool,
) -> usize {
    right.clear();
    let mut left = 0;
    for at in 0..rows.len() {
        let row = rows[at];
        if goes_left(&row) {
            rows[left] = row;
            left += 1;
        } else {
            right.push(row);
        }
    }
    rows[left..].copy_from_slice(right);
    left
}
