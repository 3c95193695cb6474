//! The work of a training and the budget it may take.
//!
//! Work is counted in units, about a nanosecond of one core each, from what every learner says of its fits. A budget given as
//! a time is converted once. So no decision depends on a clock, on the number of threads or on what else the machine does: the
//! same budget leaves out the same.

use std::time::Duration;

use super::learner::Learner;

/// Units in a second of one core.
pub const PER_SECOND: u64 = 1_000_000_000;

/// Rows that a budget leaves in any case: fewer say too little about which learner is best.
const LEAST_ROWS: usize = 2_000;

/// Folds that a budget leaves in any case.
const LEAST_FOLDS: usize = 3;

/// The limits that a training is requested with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// Largest work, in units; `None` for that of [`usual`].
    pub budget: Option<u64>,
    /// Whether folds and repeats were asked for: a budget does not reduce them then.
    pub fixed_folds: bool,
    /// Longest time to score one row, in nanoseconds; `None` for any.
    pub latency: Option<u64>,
}

/// The budget of a training that is given none: a minute, and 10 µs for each value of the table.
pub fn usual(rows: usize, features: usize) -> u64 {
    60 * PER_SECOND + 10_000 * rows as u64 * features as u64
}

impl Limits {
    /// The units of a time of one core.
    pub fn units(time: Duration) -> u64 {
        u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
    }
}

/// What a training tries, and what that takes.
#[derive(Clone, Debug)]
pub(super) struct Effort {
    pub folds: usize,
    pub repeats: usize,
    pub rows: usize,
    /// The learners that are fitted; none is a blend.
    pub bases: Vec<&'static dyn Learner>,
    /// Number of features of a row.
    pub features: usize,
}

impl Effort {
    /// Units for the folds of all repeats, and for the fit on all rows.
    pub fn units(&self) -> u64 {
        let fits = |rows: usize| -> u64 {
            let of = |base: &&dyn Learner| base.work(rows, self.rows, self.features);
            self.bases.iter().map(of).fold(0, u64::saturating_add)
        };
        let folds = (self.folds * self.repeats) as u64;
        folds
            .saturating_mul(fits(self.rows - self.rows / self.folds))
            .saturating_add(fits(self.rows))
    }

    /// The time that the fits of all learners on all rows take, in folds of the cross-validation.
    pub fn final_fits(&self, threads: usize) -> f64 {
        let of = |rows: usize| {
            let work = move |base: &&dyn Learner| base.work(rows, self.rows, self.features);
            self.bases.iter().map(work)
        };
        let fold: u64 = of(self.rows - self.rows / self.folds).sum();
        let longest = of(self.rows).max().unwrap_or_default();
        let share = of(self.rows).sum::<u64>() / threads as u64;
        longest.max(share) as f64 / fold.max(1) as f64
    }

    /// Reduces the effort to the budget, first where least is lost: repeats, folds, rows, learners. Returns what was left out,
    /// in words.
    pub fn reduce(&mut self, limits: &Limits) -> Vec<String> {
        let budget = limits
            .budget
            .unwrap_or_else(|| usual(self.rows, self.features));
        let mut left_out = Vec::new();
        if limits.budget.is_some() && !limits.fixed_folds {
            let (folds, repeats) = (self.folds, self.repeats);
            self.shrink(budget, 1, |effort| &mut effort.repeats);
            self.shrink(budget, LEAST_FOLDS, |effort| &mut effort.folds);
            if (self.folds, self.repeats) != (folds, repeats) {
                left_out.push(format!(
                    "{} of {} fits of the cross-validation",
                    folds * repeats - self.folds * self.repeats,
                    folds * repeats
                ));
            }
        }
        let rows = self.rows;
        self.shrink(budget, LEAST_ROWS, |effort| &mut effort.rows);
        if self.rows < rows {
            left_out.push(format!("{} of {rows} rows", rows - self.rows));
        }
        while self.units() > budget && self.bases.len() > 1 {
            let work = |base: &&dyn Learner| base.work(self.rows, self.rows, self.features);
            let costly = self.bases.iter().enumerate().max_by_key(|(_, b)| work(b));
            let costly = costly.map_or(0, |(at, _)| at);
            let gone = self.bases.remove(costly);
            left_out.push(format!("the learner {}", gone.name()));
        }
        left_out
    }

    /// Lowers one number, but not below `least`, to the largest with which the work is within the budget.
    fn shrink(&mut self, budget: u64, least: usize, number: impl Fn(&mut Effort) -> &mut usize) {
        if self.units() <= budget {
            return;
        }
        let (mut fits, mut exceeds) = (least.min(*number(self)), *number(self));
        while exceeds - fits > 1 {
            let middle = fits + (exceeds - fits) / 2;
            *number(self) = middle;
            match self.units() <= budget {
                true => fits = middle,
                false => exceeds = middle,
            }
        }
        *number(self) = fits;
    }
}

/// A time in words: `40 ns`, `3.2 µs`, `1.5 s`, `4 min`.
pub fn in_words(nanoseconds: u64) -> String {
    let number = nanoseconds as f64;
    match nanoseconds {
        0..1_000 => format!("{nanoseconds} ns"),
        1_000..1_000_000 => format!("{:.1} µs", number / 1e3),
        1_000_000..1_000_000_000 => format!("{:.0} ms", number / 1e6),
        1_000_000_000..120_000_000_000 => format!("{:.1} s", number / 1e9),
        _ => format!("{:.0} min", number / 60e9),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::train::learners::{LEARNERS, bases};

    fn effort(rows: usize) -> Effort {
        let (folds, repeats) = crate::train::usual(rows);
        Effort {
            folds,
            repeats,
            rows,
            bases: bases(LEARNERS, rows),
            features: 20,
        }
    }

    fn budget(units: u64) -> Limits {
        Limits {
            budget: Some(units),
            ..Limits::default()
        }
    }

    #[test]
    fn the_usual_budget_leaves_ordinary_tables_whole() {
        for rows in [50, 891, 2_000, 20_000, 100_000] {
            let mut effort = effort(rows);
            assert_eq!(effort.reduce(&Limits::default()), [""; 0], "{rows}");
            assert_eq!(
                (effort.rows, effort.bases.len()),
                (rows, bases(LEARNERS, rows).len())
            );
        }
    }

    /// Every smaller budget is kept, leaves no more than a larger one, and says what it left out.
    #[test]
    fn a_smaller_budget_takes_less_work() {
        let all = effort(10_000).units();
        let mut before = u64::MAX;
        for parts in [1, 2, 3, 5, 10, 20, 50] {
            let mut effort = effort(10_000);
            let left_out = effort.reduce(&budget(all / parts));
            assert!(effort.units() <= all / parts, "1/{parts}");
            assert!(effort.units() <= before);
            assert_eq!(left_out.is_empty(), parts == 1, "{left_out:?}");
            before = effort.units();
        }
    }

    /// The learners are fitted one after the other by one thread, and beside each other by many.
    #[test]
    fn the_last_fits_take_as_long_as_the_longest_or_a_share_of_all() {
        let effort = effort(10_000);
        let of = |rows: usize| {
            let work = move |base: &&dyn Learner| base.work(rows, 10_000, 20);
            effort.bases.iter().map(work)
        };
        let fold = of(8_000).sum::<u64>() as f64;
        let close = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
        assert!(close(
            effort.final_fits(1),
            of(10_000).sum::<u64>() as f64 / fold
        ));
        assert!(close(
            effort.final_fits(9),
            of(10_000).max().unwrap() as f64 / fold
        ));
        assert!(effort.final_fits(9) < effort.final_fits(1));
    }

    #[test]
    fn repeats_go_before_folds_and_folds_before_rows() {
        let whole = effort(891);
        let mut half = whole.clone();
        assert_eq!(
            half.reduce(&budget(whole.units() / 2)),
            ["30 of 50 fits of the cross-validation"]
        );
        assert_eq!((half.folds, half.repeats, half.rows), (10, 2, 891));
        let mut fixed = whole.clone();
        let limits = Limits {
            fixed_folds: true,
            ..budget(whole.units() / 2)
        };
        assert_eq!(fixed.reduce(&limits), ["the learner deep"]);
        assert_eq!((fixed.folds, fixed.repeats), (10, 5));
        let mut tiny = effort(100_000);
        tiny.reduce(&budget(1));
        assert_eq!((tiny.folds, tiny.repeats, tiny.rows), (3, 1, LEAST_ROWS));
        assert_eq!(tiny.bases.len(), 1, "something is always fitted");
    }
}
