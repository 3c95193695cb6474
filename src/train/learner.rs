//! The interface of a learner: it is fitted on a matrix of features and lowered to a kernel.

use std::fmt::Debug;
use std::sync::{Mutex, OnceLock, PoisonError};

pub use super::fit_error::FitError;
use super::progress::Progress;
use super::trees::bins::Bins;
use crate::kernel::Kernel;
use crate::schema::column::Monotone;

/// The training data of a learner.
#[derive(Debug)]
pub struct Sample<'a> {
    /// Features, row-major: `y.len()` × `width` values, finite or NaN where missing.
    pub x: &'a [f32],
    pub width: usize,
    /// Labels; both values occur.
    pub y: &'a [bool],
    /// Seed of every random choice.
    pub seed: u64,
    /// Number of rows of the table that the sample is of. It decides what depends on size, so that the folds of a
    /// cross-validation try what is fitted on all rows afterwards.
    pub table: usize,
    /// Which way the score may move with each feature; empty if there is no bound on any.
    orders: Vec<Option<Monotone>>,
    /// The group of each row, if rows of a group must stay together; a row with `None` is its own group.
    groups: Option<Vec<Option<u64>>>,
    /// The features in bins, from the first learner on that needs them.
    bins: OnceLock<Bins>,
    cutting: Mutex<()>,
}

impl<'a> Sample<'a> {
    /// A sample of `y.len()` rows of `width` features.
    pub fn new(x: &'a [f32], width: usize, y: &'a [bool], seed: u64) -> Sample<'a> {
        Sample {
            x,
            width,
            y,
            seed,
            table: y.len(),
            orders: Vec::new(),
            groups: None,
            bins: OnceLock::new(),
            cutting: Mutex::default(),
        }
    }

    /// The sample as one of a table with so many rows.
    pub fn of_table(self, table: usize) -> Sample<'a> {
        Sample { table, ..self }
    }

    /// The sample, whose rows of a group stay together wherever it is divided.
    pub fn grouped(self, groups: Option<Vec<Option<u64>>>) -> Sample<'a> {
        Sample { groups, ..self }
    }

    pub fn groups(&self) -> Option<&[Option<u64>]> {
        self.groups.as_deref()
    }

    /// The sample, with which way the score may move with each feature.
    pub fn in_order(self, orders: impl Iterator<Item = Option<Monotone>>) -> Sample<'a> {
        let orders: Vec<_> = orders.collect();
        let orders = match orders.iter().any(Option::is_some) {
            true => orders,
            false => Vec::new(),
        };
        Sample { orders, ..self }
    }

    /// Whether the score may move with some feature in one way only.
    pub fn is_bound(&self) -> bool {
        !self.orders.is_empty()
    }

    /// Which way the score may move with a feature; `None`: either.
    pub fn order(&self, feature: usize) -> Option<Monotone> {
        self.orders.get(feature).copied().flatten()
    }

    /// The features in bins, which all learners of the sample share.
    ///
    /// # Errors
    /// [`FitError::Stopped`] after a cancellation.
    pub fn bins(&self, progress: &dyn Progress) -> Result<&Bins, FitError> {
        // Learners that are fitted beside each other wait for the one that cuts.
        let _one = self.cutting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bins) = self.bins.get() {
            return Ok(bins);
        }
        let bins = Bins::new(self.x, self.width, progress)?;
        Ok(self.bins.get_or_init(|| bins))
    }

    pub fn rows(&self) -> usize {
        self.y.len()
    }

    pub fn at(&self, i: usize, j: usize) -> f32 {
        self.x[i * self.width + j]
    }
}

/// An algorithm whose fit is converted into a kernel at once.
pub trait Learner: Debug + Sync {
    /// Name of the learner on the command line and in model cards.
    fn name(&self) -> &'static str;

    /// A one-sentence description for users.
    fn about(&self) -> &'static str;

    /// The number of rows from which on the learner is worth trying; a request by name is not bound to it.
    fn least_rows(&self) -> usize {
        0
    }

    /// Whether the learner is a mean of others, which are fitted in its place.
    fn is_blend(&self) -> bool {
        false
    }

    /// Units of work of a fit on so many rows of a table, whose number of rows decides the setting, see [`super::work`]; 0 for a
    /// blend, whose members are counted.
    fn work(&self, rows: usize, table: usize, features: usize) -> u64;

    /// Nanoseconds to score one row, at most, with a fit on a table of so many rows; 0 for a blend.
    fn latency(&self, rows: usize, features: usize) -> u64;

    /// Fits the learner and converts the result into a kernel, which keeps the orders of the sample. [`super::fit`] combines the
    /// members of a blend and does not call its `fit`. A fit may take minutes; it must end within 2 s after `progress` reports a cancellation.
    fn fit(&self, sample: &Sample<'_>, progress: &dyn Progress) -> Result<Kernel, FitError>;
}
