//! Repeated stratified cross-validation: out-of-fold scores of every learner, all fitting inside the fold.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rand::SeedableRng;
use rand::rngs::Xoshiro256PlusPlus;
use rand::seq::SliceRandom;

use super::error::TrainError;
use super::fit;
use super::learner::{Learner, Sample};
use super::progress::Progress;
use super::splits;
use crate::features::{Fitted, Recipe, Scratch};
use crate::kernel::Kernel;
use crate::model::Spec;
use crate::schema::Table;

/// The folds of a cross-validation: for every repeat, the fold in which each row is tested.
#[derive(Clone, Debug)]
pub struct Plan {
    pub folds: usize,
    /// One list per repeat with the fold of every row; `None` for a row that is never tested.
    pub repeats: Vec<Vec<Option<usize>>>,
    /// If true, the model for a fold is fitted on earlier folds only.
    is_forward: bool,
    seed: u64,
}

/// How the rows of a table depend on each other, which decides how they may be split.
#[derive(Clone, Debug)]
pub enum Arrangement {
    Rows,
    /// The group of each row; a row with `None` is its own group. All rows of a group are tested in the same fold.
    Groups(Vec<Option<u64>>),
    /// The time of each row; rows with `None` come first. Each row is tested by a model fitted on earlier rows.
    Time(Vec<Option<f64>>),
}

impl Arrangement {
    /// About so many of the rows, ascending: of both labels in proportion, whole groups, or the latest.
    pub fn sample(&self, labels: &[bool], rows: usize, seed: u64) -> Vec<usize> {
        match self {
            Arrangement::Rows => splits::sample(labels, rows, seed),
            Arrangement::Groups(groups) => {
                const PARTS: usize = 100;
                let part_of = splits::grouped(groups, labels, PARTS, seed);
                let parts = (PARTS * rows / labels.len()).max(1);
                (0..labels.len())
                    .filter(|row| part_of[*row] < parts)
                    .collect()
            }
            Arrangement::Time(times) => splits::latest(times, rows),
        }
    }
}

impl Plan {
    /// A plan for this arrangement. Rows in time order are tested once, whatever the number of repeats.
    pub fn arranged(
        arrangement: &Arrangement,
        labels: &[bool],
        folds: usize,
        repeats: usize,
        seed: u64,
    ) -> Plan {
        match arrangement {
            Arrangement::Rows => Plan::new(labels, folds, repeats, seed),
            Arrangement::Groups(groups) => Plan::grouped(groups, labels, folds, repeats, seed),
            Arrangement::Time(times) => Plan::forward(times, folds, seed),
        }
    }

    /// A stratified plan; every repeat has its own splits.
    pub fn new(labels: &[bool], folds: usize, repeats: usize, seed: u64) -> Plan {
        Plan::repeated(folds, repeats, seed, |seed| {
            splits::stratified(labels, folds, seed)
        })
    }

    /// A plan that keeps all rows of a group in one fold and is otherwise as stratified as possible.
    pub fn grouped(
        groups: &[Option<u64>],
        labels: &[bool],
        folds: usize,
        repeats: usize,
        seed: u64,
    ) -> Plan {
        Plan::repeated(folds, repeats, seed, |seed| {
            splits::grouped(groups, labels, folds, seed)
        })
    }

    /// A plan of `folds` blocks in time order, each tested by a model fitted on everything before it.
    pub fn forward(times: &[Option<f64>], folds: usize, seed: u64) -> Plan {
        Plan {
            folds,
            repeats: vec![splits::forward(times, folds)],
            is_forward: true,
            seed,
        }
    }

    fn repeated(folds: usize, repeats: usize, seed: u64, of: impl Fn(u64) -> Vec<usize>) -> Plan {
        let of = |repeat: u64| {
            let fold_of = of(seed.wrapping_mul(0x9E37_79B9).wrapping_add(repeat));
            fold_of.into_iter().map(Some).collect()
        };
        Plan {
            folds,
            repeats: (0..repeats as u64).map(of).collect(),
            is_forward: false,
            seed,
        }
    }

    pub fn len(&self) -> usize {
        self.folds * self.repeats.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// n_test/n_train of a fold, on average.
    pub fn test_to_train(&self, rows: usize) -> f64 {
        let tested = (0..rows).filter(|row| self.is_tested(*row)).count();
        let test = tested as f64 / self.folds as f64;
        test / (rows as f64 - test)
    }

    /// Whether the row is tested in any fold.
    pub fn is_tested(&self, row: usize) -> bool {
        self.repeats
            .first()
            .is_some_and(|fold_of| fold_of[row].is_some())
    }

    /// Whether a model or calibration for fold `fold` may be fitted on a row of fold `other`.
    pub fn may_learn(&self, fold: usize, other: Option<usize>) -> bool {
        match (self.is_forward, other) {
            (true, Some(other)) => other < fold,
            (_, None) => true,
            (false, Some(other)) => other != fold,
        }
    }

    /// The test rows and the training rows of a fold within a repeat.
    pub fn split(&self, repeat: usize, fold: usize) -> (Vec<usize>, Vec<usize>) {
        let fold_of = &self.repeats[repeat];
        let rows = |keep: &dyn Fn(Option<usize>) -> bool| {
            (0..fold_of.len()).filter(|i| keep(fold_of[*i])).collect()
        };
        (
            rows(&|of| of == Some(fold)),
            rows(&|of| self.may_learn(fold, of)),
        )
    }
}

/// Which features a validation uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    All,
    /// Only features that are not derived from the labels of other rows.
    WithoutTarget,
}

/// Out-of-fold scores: `[learner][repeat][row]`, before calibration.
pub type Scores = Vec<Vec<Vec<f64>>>;

/// Number of rows that are transformed and scored at a time, between two checks for a cancellation.
const SCORED: usize = 10_000;

/// Test rows of a fold that are scored again with a column permuted, at most.
const PERMUTED_ROWS: usize = 1000;

/// Scores of one learner for test rows of a fold, before calibration: as they are, and with the values of one column dealt
/// to the wrong rows.
#[derive(Clone, Debug, Default)]
pub struct Permuted {
    pub rows: Vec<usize>,
    pub intact: Vec<f64>,
    /// Each column that the recipe reads, by its index in the schema.
    pub columns: Vec<(usize, Vec<f64>)>,
}

/// The result of a validation.
pub struct Validated {
    pub scores: Scores,
    /// `[learner][fold]` of the first repeat; empty where folds could not be fitted or features were left out.
    pub permuted: Vec<Vec<Permuted>>,
}

/// The result of one fold, by base learner.
struct FoldScores {
    rows: Vec<usize>,
    scores: Vec<Vec<f64>>,
    permuted: Vec<Permuted>,
}

/// Inputs of a cross-validation.
#[derive(Clone, Copy)]
pub struct Validation<'a> {
    pub spec: &'a Spec,
    pub table: &'a Table,
    pub labels: &'a [bool],
    /// The group of each row, if rows of a group must stay together.
    pub groups: Option<&'a [Option<u64>]>,
    /// Number of worker threads.
    pub threads: usize,
    /// The work after the cross-validation by the clock, in folds of it, for the forecast.
    pub after: f64,
    pub progress: &'a dyn Progress,
}

impl Validation<'_> {
    /// Scores every row by models that were not fitted on it, unless a fit fails or the caller cancels. None of the learners
    /// is a blend.
    pub fn run(
        &self,
        plan: &Plan,
        bases: &[&'static dyn Learner],
        features: Features,
    ) -> Result<Validated, TrainError> {
        let next = AtomicUsize::new(0);
        let failure: Mutex<Option<(usize, TrainError)>> = Mutex::new(None);
        let blank = vec![vec![vec![0.0; self.labels.len()]; plan.repeats.len()]; bases.len()];
        let permuted = vec![vec![Permuted::default(); plan.folds]; bases.len()];
        let found = Mutex::new((blank, permuted, 0));
        let work = || {
            loop {
                let task = next.fetch_add(1, Ordering::Relaxed);
                if task >= plan.len() || self.progress.stopped() {
                    return;
                }
                let (repeat, fold) = (task / plan.folds, task % plan.folds);
                match self.one_fold(plan, repeat, fold, bases, features) {
                    Ok(of_fold) => {
                        let mut found = found
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner);
                        let (scores, permuted, done) = &mut *found;
                        for (all, column) in scores.iter_mut().zip(of_fold.scores) {
                            let rows = of_fold.rows.iter().zip(column);
                            rows.for_each(|(i, p)| all[repeat][*i] = p);
                        }
                        for (all, one) in permuted.iter_mut().zip(of_fold.permuted) {
                            all[fold] = one;
                        }
                        *done += 1;
                        if features == Features::All {
                            self.forecast(*done, plan.len());
                        }
                    }
                    Err(fault) => {
                        next.store(plan.len(), Ordering::Relaxed);
                        let mut failure = failure
                            .lock()
                            .unwrap_or_else(std::sync::PoisonError::into_inner);
                        failure.get_or_insert((task, fault));
                        return;
                    }
                }
            }
        };
        std::thread::scope(|scope| {
            // The calling thread is the first worker, so one thread spawns nothing.
            for _ in 1..self.threads.min(plan.len()) {
                scope.spawn(work);
            }
            work();
        });
        if let Some((_, fault)) = failure
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
        {
            return Err(fault);
        }
        if self.progress.stopped() {
            return Err(TrainError::Stopped);
        }
        let (scores, permuted, _) = found
            .into_inner()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        Ok(Validated { scores, permuted })
    }

    /// Reports how long all will take, after the first fold and after a fifth of them: one fold per thread is fitted at a time.
    fn forecast(&self, done: usize, folds: usize) {
        if done == 1 || done == folds.div_ceil(5) {
            let rounds = |folds: usize| folds.div_ceil(self.threads.max(1)) as f64;
            let times = (rounds(folds) + self.after) / rounds(done);
            self.progress.forecast(times);
        }
    }

    /// Fits the base learners for one fold and scores its test rows.
    fn one_fold(
        &self,
        plan: &Plan,
        repeat: usize,
        fold: usize,
        bases: &[&'static dyn Learner],
        features: Features,
    ) -> Result<FoldScores, TrainError> {
        let (test, train) = plan.split(repeat, fold);
        let y: Vec<bool> = train.iter().map(|i| self.labels[*i]).collect();
        let positives = y.iter().filter(|y| **y).count();
        if test.is_empty() || positives == 0 || positives == y.len() {
            let steps = if features == Features::All {
                bases.len()
            } else {
                1
            };
            for _ in 0..steps {
                self.progress
                    .advance(&format!("fold {}, nothing to fit", fold + 1));
            }
            // If the split leaves one label in the training rows, no learner can be fitted; the smoothed share of positives
            // is the score.
            let share = (positives as f64 + 0.5) / (y.len() as f64 + 1.0);
            let column = vec![share; test.len()];
            return Ok(FoldScores {
                rows: test,
                scores: vec![column; bases.len()],
                permuted: Vec::new(),
            });
        }
        let fitted = self
            .spec
            .recipe
            .fit(self.table, &train, &y)
            .map_err(TrainError::Recipe)?;
        let Fitted { recipe, matrix, .. } = fitted;
        let kept = kept_columns(&recipe, features);
        let x = keep(matrix, recipe.width(), &kept);
        let seed = plan
            .seed
            .wrapping_add((repeat * plan.folds + fold) as u64 + 1);
        let groups = self.groups;
        let orders = kept.iter().map(|j| recipe.features()[*j].monotone);
        let sample = Sample::new(&x, kept.len(), &y, seed)
            .of_table(self.labels.len())
            .in_order(orders)
            .grouped(groups.map(|groups| train.iter().map(|i| groups[*i]).collect()));
        let mut kernels: Vec<Kernel> = Vec::with_capacity(bases.len());
        for base in bases {
            kernels.push(fit::fit(*base, &sample, self.progress)?);
            let (repeat, fold, name) = (repeat + 1, fold + 1, base.name());
            if features == Features::All {
                self.progress
                    .advance(&format!("repeat {repeat}, fold {fold}, {name}"));
            }
        }
        drop(sample);
        drop(x);
        let scores = self.score(&recipe, &kept, &kernels, &test)?;
        if features == Features::WithoutTarget {
            // How many learners that takes was not known when the steps were counted: a fold is one.
            let fold = fold + 1;
            self.progress
                .advance(&format!("fold {fold}, without features of other rows"));
        }
        let permuted = match (repeat, features) {
            (0, Features::All) => self.permute(&recipe, &test, seed, &kernels, &scores)?,
            _ => Vec::new(),
        };
        Ok(FoldScores {
            rows: test,
            scores,
            permuted,
        })
    }

    /// Scores of rows that the recipe was not fitted on, by the `kept` of its features: a list for each kernel.
    fn score(
        &self,
        recipe: &Recipe,
        kept: &[usize],
        kernels: &[Kernel],
        rows: &[usize],
    ) -> Result<Vec<Vec<f64>>, TrainError> {
        let mut scratch = Scratch::default();
        let mut scores = vec![Vec::with_capacity(rows.len()); kernels.len()];
        for rows in rows.chunks(SCORED) {
            let mut x = vec![0.0; rows.len() * recipe.width()];
            let features = x.chunks_exact_mut(recipe.width());
            for (i, features) in rows.iter().zip(features) {
                recipe.transform_row(self.table, *i, &mut scratch, features);
            }
            let x = keep(x, recipe.width(), kept);
            for (kernel, scores) in kernels.iter().zip(&mut scores) {
                if self.progress.stopped() {
                    return Err(TrainError::Stopped);
                }
                let from = scores.len();
                scores.resize(from + rows.len(), 0.0);
                kernel.score_batch(&x, &mut scores[from..]);
            }
        }
        Ok(scores)
    }

    /// Scores the first test rows by each kernel with the values of each column in turn dealt to other rows among them.
    fn permute(
        &self,
        recipe: &Recipe,
        test: &[usize],
        seed: u64,
        kernels: &[Kernel],
        scores: &[Vec<f64>],
    ) -> Result<Vec<Permuted>, TrainError> {
        let rows = &test[..test.len().min(PERMUTED_ROWS)];
        let intact = |scores: &Vec<f64>| Permuted {
            rows: rows.to_vec(),
            intact: scores[..rows.len()].to_vec(),
            columns: Vec::new(),
        };
        let mut permuted: Vec<Permuted> = scores.iter().map(intact).collect();
        let mut scratch = Scratch::default();
        let mut cells = Vec::new();
        let mut x = vec![0.0; rows.len() * recipe.width()];
        for column in recipe.columns_read() {
            if self.progress.stopped() {
                return Err(TrainError::Stopped);
            }
            let mut dealt = rows.to_vec();
            let seed = seed.wrapping_mul(31).wrapping_add(column as u64);
            dealt.shuffle(&mut Xoshiro256PlusPlus::seed_from_u64(seed));
            let features = x.chunks_exact_mut(recipe.width());
            for ((row, other), features) in rows.iter().zip(&dealt).zip(features) {
                let cell = self.table.cell(*other, column);
                let row = self.table.row_with(*row, (column, cell), &mut cells);
                recipe.transform(row, &mut scratch, features);
            }
            for (kernel, permuted) in kernels.iter().zip(&mut permuted) {
                let mut out = vec![0.0; rows.len()];
                kernel.score_batch(&x, &mut out);
                permuted.columns.push((column, out));
            }
        }
        Ok(permuted)
    }
}

/// The mean of some learners' scores.
pub fn blend(members: &[&Vec<Vec<f64>>]) -> Vec<Vec<f64>> {
    let repeat = |r: usize| mean(members.iter().map(|member| &member[r][..]));
    (0..members[0].len()).map(repeat).collect()
}

/// The mean of some learners' scores for permuted rows.
pub fn blend_permuted(members: &[&Vec<Permuted>]) -> Vec<Permuted> {
    let fold = |f: usize| {
        let first = &members[0][f];
        let column = |(c, (index, _)): (usize, &(usize, Vec<f64>))| {
            let scores = members.iter().map(|member| &member[f].columns[c].1[..]);
            (*index, mean(scores))
        };
        Permuted {
            rows: first.rows.clone(),
            intact: mean(members.iter().map(|member| &member[f].intact[..])),
            columns: first.columns.iter().enumerate().map(column).collect(),
        }
    };
    (0..members[0].len()).map(fold).collect()
}

/// The mean of several lists, place by place.
fn mean<'a>(lists: impl Iterator<Item = &'a [f64]> + Clone) -> Vec<f64> {
    let n = lists.clone().count() as f64;
    let rows = lists.clone().next().map_or(0, <[f64]>::len);
    let at = |i: usize| lists.clone().map(|list| list[i]).sum::<f64>() / n;
    (0..rows).map(at).collect()
}

fn kept_columns(recipe: &Recipe, features: Features) -> Vec<usize> {
    let keep = |f: &crate::features::recipe::Feature| features == Features::All || !f.from_target;
    recipe
        .features()
        .iter()
        .enumerate()
        .filter(|(_, f)| keep(f))
        .map(|(j, _)| j)
        .collect()
}

fn keep(matrix: Vec<f32>, width: usize, kept: &[usize]) -> Vec<f32> {
    if kept.len() == width {
        return matrix;
    }
    matrix
        .chunks_exact(width)
        .flat_map(|row| kept.iter().map(|j| row[*j]))
        .collect()
}
