//! One column on both sides of a comparison: its statistics and its tests.

use super::column::{Kind, Sides, Test};
use super::levels::{self, Aligned};
use crate::monitor::sample::{Column, Numbers, Observed, missing_share};
use crate::stats::two_sample::bins::{self, Shares, Side};
use crate::stats::two_sample::chi2::{Chi2, chi2, merged};
use crate::stats::two_sample::divergence::{jensen_shannon, psi};
use crate::stats::two_sample::fisher::fisher;
use crate::stats::two_sample::ks::{Ks, ks};
use crate::stats::two_sample::wasserstein::wasserstein;

/// A column on both sides of a comparison.
pub(super) struct Pair<'a> {
    pub name: &'a str,
    pub kind: Kind,
    /// Rows without a value.
    pub missing: Sides<u64>,
    pub present: Sides<u64>,
    pub what: What<'a>,
}

/// The values of both sides.
pub(super) enum What<'a> {
    Numbers {
        sides: Sides<&'a Numbers>,
        ks: Option<Ks>,
    },
    Levels(Aligned<'a>),
}

/// The outcome of a test before adjustment.
pub(super) struct Measured {
    pub test: Test,
    pub p_value: f64,
    /// Effect size as a share of rows, in [0, 1].
    pub effect: f64,
    /// χ² of the same table, if the test is one of counts.
    pub chi2: Option<Chi2>,
}

/// The statistics of a column.
pub(super) struct Figures {
    pub ks: Option<Ks>,
    pub chi2: Option<Chi2>,
    pub psi: Option<f64>,
    pub js: Option<f64>,
    pub wasserstein: Option<f64>,
}

impl<'a> Pair<'a> {
    /// Pairs two columns of the same name; `None` if their kinds differ.
    pub fn new(reference: &'a Column, current: &'a Column) -> Option<Pair<'a>> {
        let numbers = |reference: &'a Numbers, current: &'a Numbers| What::Numbers {
            sides: Sides { reference, current },
            ks: ks(&reference.values, &current.values),
        };
        let (kind, what) = match (&reference.observed, &current.observed) {
            (Observed::Number(a), Observed::Number(b)) => (Kind::Number, numbers(a, b)),
            (Observed::Score(a), Observed::Score(b)) => (Kind::Score, numbers(a, b)),
            (Observed::Category(a), Observed::Category(b)) => {
                (Kind::Category, What::Levels(levels::aligned(a, b)))
            }
            _ => return None,
        };
        let sides = |of: fn(&Observed) -> u64| Sides {
            reference: of(&reference.observed),
            current: of(&current.observed),
        };
        Some(Pair {
            name: &reference.name,
            kind,
            missing: sides(Observed::missing),
            present: sides(Observed::present),
            what,
        })
    }

    /// Share of rows without a value; `None` if there are no rows.
    pub fn missing_shares(&self) -> Sides<Option<f64>> {
        Sides {
            reference: missing_share(self.missing.reference, self.present.reference),
            current: missing_share(self.missing.current, self.present.current),
        }
    }

    /// The tests of the verdict. A category, or a missing-value flag, with one value on both sides is not tested and so does
    /// not count in the adjustment.
    pub fn tests(&self) -> Vec<Measured> {
        let values = match &self.what {
            What::Numbers { ks, .. } => ks.map(|ks| Measured {
                test: Test::Ks,
                p_value: ks.p_value,
                effect: ks.statistic,
                chi2: None,
            }),
            What::Levels(levels) => tested(levels),
        };
        values.into_iter().chain(self.missing_flag()).collect()
    }

    fn missing_flag(&self) -> Option<Measured> {
        let (missing, present) = (&self.missing, &self.present);
        let table = [
            (missing.reference, missing.current),
            (present.reference, present.current),
        ];
        let chi2 = chi2(&table)?;
        let shares = self.missing_shares();
        Some(Measured {
            test: Test::FisherMissing,
            p_value: fisher(table[0], table[1]),
            effect: (shares.reference? - shares.current?).abs(),
            chi2: Some(chi2),
        })
    }

    pub fn figures(&self) -> Figures {
        let shares = self.shares();
        let (ks, chi2, wasserstein) = match &self.what {
            What::Numbers { sides, ks } => (
                *ks,
                None,
                wasserstein(&sides.reference.values, &sides.current.values),
            ),
            What::Levels(levels) => (None, chi2(&levels.counts), None),
        };
        Figures {
            ks,
            chi2,
            psi: shares.as_ref().map(psi),
            js: shares.as_ref().map(jensen_shannon),
            wasserstein,
        }
    }

    fn shares(&self) -> Option<Shares> {
        let side = |numbers: &'a Numbers| Side {
            values: &numbers.values,
            present: numbers.present,
            missing: numbers.missing,
        };
        match &self.what {
            What::Numbers { sides, .. } => {
                bins::of_numbers(side(sides.reference), side(sides.current))
            }
            What::Levels(levels) => {
                let missing = (self.missing.reference, self.missing.current);
                bins::of_counts(&[&levels.counts[..], &[missing]].concat())
            }
        }
    }
}

/// Fisher's test of two levels or Pearson's of more; `None` if only one level remains.
fn tested(levels: &Aligned<'_>) -> Option<Measured> {
    let occurring = |c: &&(u64, u64)| c.0 + c.1 > 0;
    let found: Vec<_> = levels.counts.iter().filter(occurring).copied().collect();
    let effect = levels.moved()?;
    if let [one, other] = found[..] {
        return Some(Measured {
            test: Test::Fisher,
            p_value: fisher(one, other),
            effect,
            chi2: Some(chi2(&found)?),
        });
    }
    let chi2 = chi2(&merged(&found))?;
    Some(Measured {
        test: Test::Chi2,
        p_value: chi2.p_value,
        effect,
        chi2: Some(chi2),
    })
}
