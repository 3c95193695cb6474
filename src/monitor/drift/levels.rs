//! The levels of a category on both sides of a comparison, aligned.

use rustc_hash::FxHashMap;

use crate::monitor::sample::Levels;

/// Levels of both sides with their row counts.
pub(super) struct Aligned<'a> {
    /// Names in the reference's order, then those only the current side has. If a side did not store all names, the last
    /// entry is `None`, which stands for the rest.
    pub names: Vec<Option<&'a str>>,
    /// Row counts of each level: reference, current.
    pub counts: Vec<(u64, u64)>,
    /// Whether the reference stored every name, so that any other name is a new level.
    complete: bool,
}

/// Aligns the levels of both sides. A side that did not store all names (such as a profile) may contain any level that it
/// does not list, so on both sides such levels are merged into one, "the rest".
pub(super) fn aligned<'a>(reference: &'a Levels, current: &'a Levels) -> Aligned<'a> {
    let mut places: FxHashMap<&str, usize> = FxHashMap::default();
    let (mut names, mut counts) = (Vec::new(), Vec::new());
    let mut rest = (reference.unnamed, current.unnamed);
    let listed: rustc_hash::FxHashSet<&str> = match current.unnamed {
        0 => Default::default(),
        _ => current
            .counts
            .iter()
            .map(|(name, _)| name.as_str())
            .collect(),
    };
    for (name, rows) in &reference.counts {
        if current.unnamed > 0 && !listed.contains(name.as_str()) {
            rest.0 += rows;
            continue;
        }
        places.insert(name, names.len());
        names.push(Some(name.as_str()));
        counts.push((*rows, 0));
    }
    for (name, rows) in &current.counts {
        match places.get(name.as_str()) {
            Some(place) => counts[*place].1 += rows,
            None if reference.unnamed > 0 => rest.1 += rows,
            None => {
                names.push(Some(name.as_str()));
                counts.push((0, *rows));
            }
        }
    }
    if rest != (0, 0) {
        names.push(None);
        counts.push(rest);
    }
    Aligned {
        names,
        counts,
        complete: reference.unnamed == 0,
    }
}

impl<'a> Aligned<'a> {
    /// Levels that only the current side has, with their row counts, the rest last. If the reference did not store every
    /// name, the rest does not count as new.
    pub fn unseen(&self) -> impl Iterator<Item = (Option<&'a str>, u64)> {
        let pairs = self.names.iter().zip(&self.counts);
        let new = |(name, (before, now)): &(&Option<&str>, &(u64, u64))| {
            *before == 0 && *now > 0 && (self.complete || name.is_some())
        };
        pairs.filter(new).map(|(name, (_, now))| (*name, *now))
    }

    /// Share of rows that would have to change level, in [0, 1]: half the sum of the absolute differences of the shares.
    /// `None` if either side is empty.
    pub fn moved(&self) -> Option<f64> {
        let differences = self.shares()?.map(|(_, before, now)| (before - now).abs());
        Some((differences.sum::<f64>() / 2.0).min(1.0))
    }

    /// The level whose share changed most, with its share in the reference and now.
    pub fn moved_most(&self) -> Option<(Option<&'a str>, f64, f64)> {
        let apart = |l: &(Option<&str>, f64, f64)| (l.1 - l.2).abs();
        // Ties go to the first level.
        self.shares()?.reduce(|most, l| {
            if apart(&l) > apart(&most) + 1e-12 {
                l
            } else {
                most
            }
        })
    }

    fn shares(&self) -> Option<impl Iterator<Item = (Option<&'a str>, f64, f64)>> {
        let (n, m) = self
            .counts
            .iter()
            .fold((0, 0), |(n, m), (a, b)| (n + a, m + b));
        let share = move |count: u64, rows: u64| count as f64 / rows as f64;
        let pairs = self.names.iter().zip(&self.counts);
        let each = pairs.map(move |(name, (a, b))| (*name, share(*a, n), share(*b, m)));
        (n > 0 && m > 0).then_some(each)
    }
}
