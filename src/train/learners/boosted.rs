//! `boosted`: gradient-boosted trees on the logistic loss, with histograms.
//!
//! Newton boosting (Friedman 2001; gain and leaf values as in Chen & Guestrin 2016, equations 5–7, with γ = 0): with
//! gradient g = p − y and curvature h = p(1 − p), the value of a leaf is −G/(H + λ) and the gain of a split is G_L²/(H_L +
//! λ) + G_R²/(H_R + λ) − G²/(H + λ). Features are cut into at most 255 bins once, before the first tree.

use crate::kernel::{Kernel, Link, Node, Tree, Trees};
use crate::train::learner::{FitError, Learner, Sample};
use crate::train::progress::Progress;

/// Trees are shallow because deeper ones fit noise on tables of hundreds of rows.
const DEPTH: usize = 2;
const ROUNDS: usize = 250;
const RATE: f64 = 0.05;
const LEAF: u32 = 10;
const LAMBDA: f64 = 1.0;
const BINS: usize = 255;

#[derive(Debug)]
pub struct Boosted;

impl Learner for Boosted {
    fn name(&self) -> &'static str {
        "boosted"
    }

    fn about(&self) -> &'static str {
        "250 gradient-boosted trees of depth 2"
    }

    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError> {
        let (trees, base, _) = boost(sample, progress)?;
        let trees = Trees::new(sample.width, Link::Logistic, base, 1.0, trees)
            .map_err(|e| FitError::Failed(e.to_string()))?;
        Ok(Kernel::Trees(trees))
    }
}

/// The trees, the initial score, and the final score of each training row.
fn boost(
    sample: &Sample<'_>,
    progress: &dyn Progress,
) -> Result<(Vec<Tree>, f64, Vec<f64>), FitError> {
    let binned = Binned::new(sample, progress)?;
    let positives = sample.y.iter().filter(|y| **y).count() as f64;
    let base = (positives / (sample.rows() as f64 - positives)).ln();
    let mut scores = vec![base; sample.rows()];
    let mut slopes = vec![Slope::default(); sample.rows()];
    let mut trees = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        if progress.stopped() {
            return Err(FitError::Stopped);
        }
        for ((slope, score), y) in slopes.iter_mut().zip(&scores).zip(sample.y) {
            let p = 1.0 / (1.0 + (-score).exp());
            *slope = Slope {
                gradient: p - f64::from(u8::from(*y)),
                curvature: p * (1.0 - p),
                rows: 1,
            };
        }
        let mut growth = Growth {
            binned: &binned,
            slopes: &slopes,
            nodes: Vec::new(),
            scores: &mut scores,
        };
        growth.grow((0..sample.rows() as u32).collect(), DEPTH);
        let mut tree = Tree {
            nodes: growth.nodes,
        };
        tree.cover_from(sample.x, sample.width)
            .expect("grown here: its children are in place");
        trees.push(tree);
    }
    Ok((trees, base, scores))
}

/// First and second derivatives of the loss, summed over rows.
#[derive(Clone, Copy, Debug, Default)]
struct Slope {
    gradient: f64,
    curvature: f64,
    rows: u32,
}

impl Slope {
    fn add(&mut self, other: Slope) {
        self.gradient += other.gradient;
        self.curvature += other.curvature;
        self.rows += other.rows;
    }

    fn minus(self, other: Slope) -> Slope {
        Slope {
            gradient: self.gradient - other.gradient,
            curvature: self.curvature - other.curvature,
            rows: self.rows - other.rows,
        }
    }

    fn gain(self) -> f64 {
        self.gradient * self.gradient / (self.curvature + LAMBDA)
    }
}

/// Features as bin numbers, column by column, and the thresholds between bins.
struct Binned {
    bins: Vec<Vec<u8>>,
    thresholds: Vec<Vec<f64>>,
}

impl Binned {
    fn new(sample: &Sample<'_>, progress: &dyn Progress) -> Result<Binned, FitError> {
        let columns = (0..sample.width).map(|j| {
            if progress.stopped() {
                return Err(FitError::Stopped);
            }
            let values: Vec<f32> = (0..sample.rows()).map(|i| sample.at(i, j)).collect();
            let thresholds = thresholds(&values);
            let bin = |v: &f32| thresholds.partition_point(|t| f64::from(*v) > *t) as u8;
            let bins = values.iter().map(bin).collect();
            Ok((bins, thresholds))
        });
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let (bins, thresholds) = columns.into_iter().unzip();
        Ok(Binned { bins, thresholds })
    }
}

/// Midpoints between neighbouring distinct values; if they exceed the bins, only those at equal steps of the sorted rows.
fn thresholds(values: &[f32]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let middle = |a: f32, b: f32| f64::midpoint(f64::from(a), f64::from(b));
    let mut cuts: Vec<f64> = sorted
        .windows(2)
        .filter(|w| w[0] < w[1])
        .map(|w| middle(w[0], w[1]))
        .collect();
    if cuts.len() >= BINS {
        let at = |k: usize| (k * sorted.len() / BINS).max(1);
        cuts = (1..BINS)
            .map(at)
            .filter(|i| sorted[i - 1] < sorted[*i])
            .map(|i| middle(sorted[i - 1], sorted[i]))
            .collect();
        cuts.dedup();
    }
    cuts
}

struct Split {
    feature: usize,
    bin: u8,
    gain: f64,
}

/// A tree under construction.
struct Growth<'a> {
    binned: &'a Binned,
    slopes: &'a [Slope],
    nodes: Vec<Node>,
    scores: &'a mut [f64],
}

impl Growth<'_> {
    /// Grows the node for `rows` and its descendants, and returns its index. Leaves update the scores of their rows.
    fn grow(&mut self, rows: Vec<u32>, depth: usize) -> u32 {
        let at = self.nodes.len();
        let mut total = Slope::default();
        rows.iter()
            .for_each(|i| total.add(self.slopes[*i as usize]));
        let value = -RATE * total.gradient / (total.curvature + LAMBDA);
        self.nodes.push(Node::leaf(value, 0.0));
        match if depth > 0 {
            self.best_split(&rows, total)
        } else {
            None
        } {
            None => rows.iter().for_each(|i| self.scores[*i as usize] += value),
            Some(Split { feature, bin, .. }) => {
                let bins = &self.binned.bins[feature];
                let (left, right) = rows.into_iter().partition(|i| bins[*i as usize] <= bin);
                let left = self.grow(left, depth - 1);
                let right = self.grow(right, depth - 1);
                let threshold = self.binned.thresholds[feature][usize::from(bin)];
                self.nodes[at] = Node::split(feature as u32, threshold, left, right);
            }
        }
        at as u32
    }

    fn best_split(&self, rows: &[u32], total: Slope) -> Option<Split> {
        let mut best: Option<Split> = None;
        for feature in 0..self.binned.bins.len() {
            let bins = &self.binned.bins[feature];
            let mut histogram = [Slope::default(); BINS + 1];
            for i in rows {
                histogram[usize::from(bins[*i as usize])].add(self.slopes[*i as usize]);
            }
            let mut left = Slope::default();
            for (bin, here) in histogram[..self.binned.thresholds[feature].len()]
                .iter()
                .enumerate()
            {
                left.add(*here);
                let right = total.minus(left);
                if here.rows == 0 || left.rows < LEAF || right.rows < LEAF {
                    continue;
                }
                let gain = left.gain() + right.gain() - total.gain();
                if gain > best.as_ref().map_or(1e-12, |b| b.gain) {
                    best = Some(Split {
                        feature,
                        bin: bin as u8,
                        gain,
                    });
                }
            }
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Unwatched;
    use crate::train::learners::fixture;

    /// For every row of the table, the kernel reproduces the score that boosting computed.
    #[test]
    fn lowered_is_what_was_boosted() {
        fixture::with_sample(|sample| {
            let (_, _, scores) = boost(sample, &Unwatched).unwrap();
            let kernel = Boosted.fit(sample, &Unwatched).unwrap();
            for (row, score) in sample.x.chunks_exact(sample.width).zip(scores) {
                let (lowered, boosted) = (kernel.score(row), 1.0 / (1.0 + (-score).exp()));
                assert!(
                    (lowered - boosted).abs() < 1e-9,
                    "{lowered}, boosted {boosted}"
                );
            }
        });
    }

    /// With few rows there is a cut between every two neighbouring values; with many, there are at most 255
    /// cuts, in ascending order.
    #[test]
    fn cuts_stand_between_values() {
        assert_eq!(thresholds(&[2.0, 1.0, 2.0, 4.0]), [1.5, 3.0]);
        assert_eq!(thresholds(&[3.0, 3.0]), [0.0; 0]);
        let many: Vec<f32> = (0..10_000).map(|i| ((i * 7919) % 10_000) as f32).collect();
        let cuts = thresholds(&many);
        assert!(
            cuts.len() < BINS && cuts.len() > 200 && cuts.is_sorted_by(|a, b| a < b),
            "{}",
            cuts.len()
        );
    }
}
