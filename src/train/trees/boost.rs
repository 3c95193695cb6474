//! Gradient boosting on the logistic loss.
//!
//! Newton boosting (Friedman 2001; gain and leaf values as in Chen & Guestrin 2016, equations 5–7, with γ = 0): with
//! gradient g = p − y and curvature h = p(1 − p), the value of a leaf is −G/(H + λ) and the gain of a split is G_L²/(H_L +
//! λ) + G_R²/(H_R + λ) − G²/(H + λ).

use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};

use super::bins::Bins;
use super::grow::{Ground, Grown, Rules, Scratch, grow};
use super::sums::{Scale, Slope};
use crate::kernel::{Kernel, KernelError, Link, Tree, Trees};
use crate::train::fit_error::FitError;
use crate::train::learner::Sample;
use crate::train::progress::Progress;
use crate::train::splits::{grouped, stratified};

/// How a table is boosted.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Maximum number of trees.
    pub rounds: usize,
    /// Factor of every leaf.
    pub rate: f64,
    pub rules: Rules,
    /// Share of the rows that each tree is grown on, and of the features that it may split on.
    pub rows: f64,
    pub features: f64,
    /// How the number of trees is found; `None`: it is `rounds`.
    pub stopping: Option<Stopping>,
}

/// Units for one value of one level of one tree: its share of histograms, splits and partitions. Fits of 200 trees of 31 leaves
/// on 100,000 rows of 20 numbers took 3, of few rows more.
const VALUE: f64 = 5.0;

impl Setting {
    /// Units of work of a fit: every level of a tree sums the derivatives of half of the rows by bin, as those of the other
    /// half are the difference.
    pub fn work(&self, rows: usize, features: usize) -> u64 {
        let trees = match self.stopping {
            None => self.rounds,
            Some(stopping) => {
                let found = 2 * stopping.otherwise + stopping.patience;
                let again = match stopping.then {
                    Then::Again => 2 * stopping.otherwise,
                    Then::Keep | Then::Average { .. } => 0,
                };
                stopping.then.turns() * found + again
            }
        };
        let levels = (self.rules.leaves as f64).log2();
        let values = self.rows * rows as f64 * self.features * features as f64;
        (trees as f64 * values * levels / 2.0 * VALUE) as u64
    }

    /// Nanoseconds to score one row, at most.
    pub fn latency(&self) -> u64 {
        let turns = self.stopping.map_or(1, |stopping| stopping.then.turns());
        (turns * self.rounds * self.rules.depth) as u64
    }
}

/// Early stopping: trees are grown on some of the rows until they no longer help on the others.
#[derive(Clone, Copy, Debug)]
pub struct Stopping {
    /// Number of parts that the rows are dealt to. One is set apart at a time.
    pub parts: usize,
    pub then: Then,
    /// Rounds without a lower loss on them after which the growth ends.
    pub patience: usize,
    /// Number of trees if too few rows of a label are set apart to judge by.
    pub otherwise: usize,
}

/// What is done once the best number of trees is known.
#[derive(Clone, Copy, Debug)]
pub enum Then {
    /// The trees are kept: the rows set apart are a small part of many.
    Keep,
    /// Trees are grown on all rows, some more of them.
    Again,
    /// Other parts are set apart in turn, other trees are grown each time, and the mean of the log odds counts. Where few rows
    /// judge, their number of trees is up to chance.
    Average { turns: usize },
}

impl Then {
    /// How many times rows are set apart.
    fn turns(self) -> usize {
        match self {
            Then::Keep | Then::Again => 1,
            Then::Average { turns } => turns,
        }
    }
}

/// Minimum number of rows of each label among those set apart.
const JUDGES: usize = 10;

/// A boosted ensemble: the log odds before the first tree, and the trees.
pub struct Boosted {
    pub base: f64,
    pub trees: Vec<Tree>,
    /// Factor of the sum of the trees.
    pub scale: f64,
}

impl Boosted {
    /// The ensemble whose log odds are the mean of those of others, at least one.
    fn mean(ensembles: Vec<Boosted>) -> Boosted {
        let share = 1.0 / ensembles.len() as f64;
        Boosted {
            base: ensembles.iter().map(|one| one.base).sum::<f64>() * share,
            trees: ensembles.into_iter().flat_map(|one| one.trees).collect(),
            scale: share,
        }
    }

    /// The kernel for rows of `width` features.
    pub fn lower(self, width: usize) -> Result<Kernel, KernelError> {
        Trees::new(width, Link::Logistic, self.base, self.scale, self.trees).map(Kernel::Trees)
    }
}

/// Boosts a sample.
///
/// # Errors
/// [`FitError::Stopped`] soon after a cancellation.
pub fn boost(
    sample: &Sample<'_>,
    setting: &Setting,
    progress: &dyn Progress,
) -> Result<Boosted, FitError> {
    let bins = sample.bins(progress)?;
    let all: Vec<u32> = (0..sample.rows() as u32).collect();
    let run = |rows: &[u32], apart: &[u32], rounds: usize, turn: usize| {
        Run {
            bins,
            sample,
            setting,
            progress,
            random: Xoshiro256PlusPlus::seed_from_u64(sample.seed.wrapping_add(turn as u64)),
        }
        .rounds(rows, apart, rounds)
    };
    let Some(stopping) = &setting.stopping else {
        return Ok(run(&all, &[], setting.rounds, 0)?.boosted);
    };
    let part_of = dealt(sample, stopping.parts);
    let splits: Vec<(Vec<u32>, Vec<u32>)> = (0..stopping.then.turns())
        .map(|turn| all.iter().partition(|row| part_of[**row as usize] != turn))
        .collect();
    let can_judge = |apart: &Vec<u32>| {
        let positives = apart.iter().filter(|row| sample.y[**row as usize]).count();
        positives.min(apart.len() - positives) >= JUDGES
    };
    if !splits.iter().all(|(_, apart)| can_judge(apart)) {
        return Ok(run(&all, &[], stopping.otherwise, 0)?.boosted);
    }
    let splits = splits.iter().enumerate();
    let ran = splits.map(|(turn, (rows, apart))| run(rows, apart, setting.rounds, turn));
    let ran = ran.collect::<Result<Vec<Ran>, FitError>>()?;
    match stopping.then {
        Then::Keep | Then::Average { .. } => {
            Ok(Boosted::mean(ran.into_iter().map(Ran::cut).collect()))
        }
        Then::Again => {
            // More rows carry a few more trees.
            let more = ran[0].best as f64 / (1.0 - 1.0 / stopping.parts as f64);
            Ok(run(&all, &[], more.round() as usize, 0)?.boosted)
        }
    }
}

/// The part of each row, with the same share of positives in every part. Rows of a group stay together: the growth would end
/// too late if it were judged by rows that it nearly knows.
fn dealt(sample: &Sample<'_>, parts: usize) -> Vec<usize> {
    let seed = sample.seed ^ 0x5e7a_9a27;
    match sample.groups() {
        Some(groups) => grouped(groups, sample.y, parts, seed),
        None => stratified(sample.y, parts, seed),
    }
}

struct Run<'a> {
    bins: &'a Bins,
    sample: &'a Sample<'a>,
    setting: &'a Setting,
    progress: &'a dyn Progress,
    random: Xoshiro256PlusPlus,
}

/// What the rounds came to.
struct Ran {
    boosted: Boosted,
    /// The number of trees that is best on the rows set apart.
    best: usize,
    /// The score of each row in log odds, by all trees.
    #[cfg(test)]
    scores: Vec<f64>,
}

impl Ran {
    /// The trees up to the best number.
    fn cut(mut self) -> Boosted {
        self.boosted.trees.truncate(self.best);
        self.boosted
    }
}

impl Run<'_> {
    /// Grows up to `most` trees on `rows`, as long as they help on the rows set `apart`.
    fn rounds(mut self, rows: &[u32], apart: &[u32], most: usize) -> Result<Ran, FitError> {
        let Setting { rate, rules, .. } = self.setting;
        let positives = rows
            .iter()
            .filter(|row| self.sample.y[**row as usize])
            .count() as f64;
        let base = (positives / (rows.len() as f64 - positives)).ln();
        let mut scores = vec![base; self.sample.y.len()];
        let mut slopes = vec![Slope::default(); self.sample.y.len()];
        let scale = Scale::of(rows.len());
        let mut trees = Vec::new();
        let mut scratch = Scratch::default();
        let (mut best, mut least) = (1, f64::INFINITY);
        let patience = self.setting.stopping.map_or(0, |s| s.patience);
        for round in 1..=most.max(1) {
            if self.progress.stopped() {
                return Err(FitError::Stopped);
            }
            for row in rows {
                let row = *row as usize;
                let p = 1.0 / (1.0 + (-scores[row]).exp());
                let gradient = p - f64::from(u8::from(self.sample.y[row]));
                slopes[row] = Slope::new(gradient, p * (1.0 - p), scale);
            }
            let (mut drawn, left_out) = self.draw(rows);
            let ground = Ground {
                bins: self.bins,
                slopes: &slopes,
                scale,
                features: &self.features(),
                sample: self.sample,
                rules,
            };
            let tree = grow(ground, &mut drawn, &mut scratch);
            tree.each_leaf(&drawn, |rows, value| {
                for row in rows {
                    scores[*row as usize] += rate * value;
                }
            });
            self.add(&tree, &left_out, &mut scores);
            self.add(&tree, apart, &mut scores);
            trees.push(tree.lower(self.bins, *rate));
            if !apart.is_empty() {
                let loss = self.loss(apart, &scores);
                if loss < least {
                    (best, least) = (round, loss);
                } else if round - best >= patience {
                    break;
                }
            }
        }
        Ok(Ran {
            boosted: Boosted {
                base,
                trees,
                scale: 1.0,
            },
            best,
            #[cfg(test)]
            scores,
        })
    }

    /// The rows that the next tree is grown on, and the others.
    fn draw(&mut self, rows: &[u32]) -> (Vec<u32>, Vec<u32>) {
        if self.setting.rows >= 1.0 {
            return (rows.to_vec(), Vec::new());
        }
        let share = self.setting.rows;
        let random = &mut self.random;
        let (drawn, others): (Vec<u32>, Vec<u32>) =
            rows.iter().partition(|_| random.random::<f64>() < share);
        match drawn.is_empty() {
            true => (others, drawn), // of very few rows
            false => (drawn, others),
        }
    }

    /// The features that the next tree may split on, ascending.
    fn features(&mut self) -> Vec<u32> {
        let mut features = self.bins.divisible();
        let n = (features.len() as f64 * self.setting.features).ceil() as usize;
        if n < features.len() {
            features.shuffle(&mut self.random);
            features.truncate(n);
            features.sort_unstable();
        }
        features
    }

    fn add(&self, tree: &Grown, rows: &[u32], scores: &mut [f64]) {
        for row in rows {
            let row = *row as usize;
            scores[row] += self.setting.rate * tree.value(self.bins, row);
        }
    }

    /// The logistic loss of some rows.
    fn loss(&self, rows: &[u32], scores: &[f64]) -> f64 {
        let of_row = |row: &u32| {
            let row = *row as usize;
            let against = if self.sample.y[row] {
                -scores[row]
            } else {
                scores[row]
            };
            // ln(1 + e^a) without overflow.
            against.max(0.0) + (-against.abs()).exp().ln_1p()
        };
        rows.iter().map(of_row).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::Unwatched;
    use crate::train::learners::fixture;

    const SETTING: Setting = Setting {
        rounds: 60,
        rate: 0.1,
        rules: Rules {
            leaves: 15,
            depth: 6,
            rows: 5,
            curvature: 1e-3,
            lambda: 1.0,
        },
        rows: 0.8,
        features: 0.7,
        stopping: None,
    };

    fn run(
        sample: &Sample<'_>,
        setting: &Setting,
        (rows, apart): (&[u32], &[u32]),
        seed: u64,
    ) -> Ran {
        let bins = sample.bins(&Unwatched).unwrap();
        let run = Run {
            bins,
            sample,
            setting,
            progress: &Unwatched,
            random: Xoshiro256PlusPlus::seed_from_u64(seed),
        };
        run.rounds(rows, apart, setting.rounds).unwrap()
    }

    /// For every row of the table, also one that no tree was grown on, the kernel reproduces the score that boosting computed.
    #[test]
    fn lowered_is_what_was_boosted() {
        fixture::with_sample(|sample| {
            check_lowered(sample);
            // The same table with a tenth of its values missing.
            let mut x = sample.x.to_vec();
            x.iter_mut().step_by(10).for_each(|x| *x = f32::NAN);
            check_lowered(&Sample::new(&x, sample.width, sample.y, 3));
        });
    }

    fn check_lowered(sample: &Sample<'_>) {
        let part_of = dealt(sample, 5);
        let (rows, apart): (Vec<u32>, Vec<u32>) =
            (0..sample.rows() as u32).partition(|row| part_of[*row as usize] > 0);
        assert_eq!(apart.len(), sample.rows().div_ceil(5));
        let Ran {
            boosted, scores, ..
        } = run(sample, &SETTING, (&rows, &apart), 1);
        let kernel = boosted.lower(sample.width).unwrap();
        for (row, score) in sample.x.chunks_exact(sample.width).zip(scores) {
            let (lowered, boosted) = (kernel.score(row), 1.0 / (1.0 + (-score).exp()));
            assert!(
                (lowered - boosted).abs() < 1e-9,
                "{lowered}, boosted {boosted}"
            );
        }
    }

    #[test]
    fn rows_of_a_group_are_in_one_part() {
        fixture::with_sample(|sample| {
            let groups: Vec<Option<u64>> = (0..sample.rows() as u64)
                .map(|row| (row % 5 > 0).then_some(row / 10))
                .collect();
            let sample = Sample::new(sample.x, sample.width, sample.y, 3).grouped(Some(groups));
            let part_of = dealt(&sample, 7);
            for part in 0..7 {
                let share = part_of.iter().filter(|p| **p == part).count() as f64;
                let share = share / sample.rows() as f64;
                assert!((share - 1.0 / 7.0).abs() < 0.02, "{share}");
            }
            let mut of_group = std::collections::HashMap::new();
            for (group, part) in sample.groups().unwrap().iter().zip(&part_of) {
                if let Some(group) = group {
                    assert_eq!(of_group.entry(*group).or_insert(*part), part);
                }
            }
        });
    }

    /// The log odds are the mean of those of ensembles that are each judged by another part.
    #[test]
    fn turns_are_averaged() {
        fixture::with_sample(|sample| {
            let stopping = Stopping {
                parts: 5,
                then: Then::Average { turns: 5 },
                patience: 10,
                otherwise: 7,
            };
            let setting = Setting {
                stopping: Some(stopping),
                ..SETTING
            };
            let log_odds = |kernel: &Kernel, row: &[f32]| {
                let p = kernel.score(row);
                (p / (1.0 - p)).ln()
            };
            let kernel = |boosted: Boosted| boosted.lower(sample.width).unwrap();
            let part_of = dealt(sample, 5);
            let alone: Vec<Kernel> = (0..5)
                .map(|turn| {
                    let (rows, apart): (Vec<u32>, Vec<u32>) =
                        (0..sample.rows() as u32).partition(|row| part_of[*row as usize] != turn);
                    let seed = sample.seed + turn as u64;
                    kernel(run(sample, &setting, (&rows, &apart), seed).cut())
                })
                .collect();
            let together = kernel(boost(sample, &setting, &Unwatched).unwrap());
            for row in sample.x.chunks_exact(sample.width).take(50) {
                let mean = alone.iter().map(|one| log_odds(one, row)).sum::<f64>() / 5.0;
                assert!((log_odds(&together, row) - mean).abs() < 1e-9);
            }
        });
    }
}
