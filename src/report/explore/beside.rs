//! The distributions of two tables over the same bins or levels.

use serde::Serialize;

use super::column::rounded;
use crate::monitor::drift::{ColumnDrift, Drift};
use crate::monitor::sample::{Levels, Numbers, Observed, Sample};
use crate::schema::level::shortest;
use crate::stats::quantile::quantile;

/// Columns whose distributions are compared: those that differ most.
const COLUMNS: usize = 12;
const BINS: usize = 16;
const LEVELS: usize = 8;
/// Whole numbers that are levels.
const FEW: usize = 10;

/// A comparison with a reference.
pub struct Against {
    pub drift: Drift,
    /// Name and rows of the reference.
    pub reference: (String, Sample),
    pub current: Sample,
}

/// The columns that differ most, in both tables.
#[derive(Clone, Debug, Serialize)]
pub struct Beside {
    /// Name of the reference.
    pub reference: String,
    pub columns: Vec<BesideColumn>,
}

/// The shares of the rows with a value, in both tables.
#[derive(Clone, Debug, Serialize)]
pub struct BesideColumn {
    pub name: String,
    #[serde(flatten)]
    pub places: Places,
    pub reference: Vec<f64>,
    pub current: Vec<f64>,
}

/// What the shares belong to.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Places {
    /// One edge more than there are bins.
    Edges(Vec<f64>),
    Levels(Vec<String>),
}

/// Compares the distributions.
pub fn beside(against: &Against) -> Beside {
    let column = |drift: &ColumnDrift| {
        let of = |sample: &Sample| {
            let found = sample.columns.iter().find(|c| c.name == drift.name);
            found.map(|c| c.observed.clone())
        };
        let (places, [reference, current]) =
            match (of(&against.reference.1)?, of(&against.current)?) {
                (Observed::Number(a), Observed::Number(b)) => numbers(&a, &b)?,
                (Observed::Category(a), Observed::Category(b)) => levels(&a, &b),
                _ => return None,
            };
        Some(BesideColumn {
            name: drift.name.clone(),
            places,
            reference,
            current,
        })
    };
    Beside {
        reference: against.reference.0.clone(),
        columns: by_effect(&against.drift)
            .into_iter()
            .take(COLUMNS)
            .filter_map(column)
            .collect(),
    }
}

/// The compared columns: those that drifted first, then by how much they differ.
pub fn by_effect(drift: &Drift) -> Vec<&ColumnDrift> {
    let mut order: Vec<&ColumnDrift> = drift.columns.iter().collect();
    let effect = |c: &ColumnDrift| c.effect.unwrap_or(0.0);
    order.sort_by(|a, b| {
        let by_effect = || effect(b).total_cmp(&effect(a));
        b.drift.cmp(&a.drift).then_with(by_effect)
    });
    order
}

type Shares = (Places, [Vec<f64>; 2]);

fn numbers(reference: &Numbers, current: &Numbers) -> Option<Shares> {
    let sides = [reference, current];
    let share = |rows: usize, side: &Numbers| rows as f64 / side.values.len().max(1) as f64;
    if let Some(values) = few(reference, current) {
        let of = |side: &Numbers| -> Vec<f64> {
            let rows = |value: &f64| side.values.iter().filter(|v| *v == value).count();
            values
                .iter()
                .map(|value| share(rows(value), side))
                .collect()
        };
        let names = values.iter().map(|value| shortest(*value)).collect();
        return Some((Places::Levels(names), sides.map(of)));
    }
    // Far values would leave one bin for the rest.
    let ends = |q: f64| {
        sides
            .into_iter()
            .filter_map(move |side| quantile(&side.values, q))
    };
    let low = ends(0.005).fold(f64::INFINITY, f64::min);
    let high = ends(0.995).fold(f64::NEG_INFINITY, f64::max);
    if !(high - low).is_finite() || high <= low {
        return None;
    }
    let edges = rounded(low, high, BINS);
    let last = edges.len() - 1;
    let of = |side: &Numbers| -> Vec<f64> {
        // The last edge belongs to the last bin.
        let up_to = |i: usize| {
            let is_below = |v: &f64| *v < edges[i] || (i == last && *v == edges[i]);
            side.values.partition_point(is_below)
        };
        (0..last)
            .map(|i| share(up_to(i + 1) - up_to(i), side))
            .collect()
    };
    let shares = sides.map(of);
    Some((Places::Edges(edges), shares))
}

/// The values of both sides if they are a few whole numbers.
fn few(reference: &Numbers, current: &Numbers) -> Option<Vec<f64>> {
    let mut values = [reference.values.as_slice(), &current.values].concat();
    values.sort_unstable_by(f64::total_cmp);
    values.dedup();
    let is_whole = values.iter().all(|v| v.fract() == 0.0);
    (values.len() <= FEW && is_whole).then_some(values)
}

fn levels(reference: &Levels, current: &Levels) -> Shares {
    let share = |side: &Levels, name: &str| {
        let rows: u64 = side.counts.iter().map(|(_, n)| n).sum();
        let of = side.counts.iter().find(|(level, _)| level == name);
        of.map_or(0.0, |(_, n)| *n as f64 / rows.max(1) as f64)
    };
    let all = reference.counts.iter().chain(&current.counts);
    let mut names: Vec<String> = all.map(|(level, _)| level.clone()).collect();
    names.sort();
    names.dedup();
    let most = |name: &String| f64::max(share(reference, name), share(current, name));
    names.sort_by(|a, b| most(b).total_cmp(&most(a)));
    names.truncate(LEVELS);
    let of = |side: &Levels| -> Vec<f64> { names.iter().map(|name| share(side, name)).collect() };
    let shares = [reference, current].map(of);
    (Places::Levels(names), shares)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn side(values: &[f64]) -> Numbers {
        Numbers {
            present: values.len() as u64,
            values: values.to_vec(),
            ..Numbers::default()
        }
    }

    #[test]
    fn few_whole_numbers_are_levels_and_many_are_bins() {
        let (places, shares) = numbers(&side(&[0.0, 0.0, 1.0, 3.0]), &side(&[1.0])).unwrap();
        assert!(matches!(places, Places::Levels(names) if names == ["0", "1", "3"]));
        assert_eq!(shares, [vec![0.5, 0.25, 0.25], vec![0.0, 1.0, 0.0]]);
        let many: Vec<f64> = (0..=100).map(f64::from).collect();
        let (places, [reference, _]) = numbers(&side(&many), &side(&many)).unwrap();
        assert!(matches!(places, Places::Edges(edges) if edges.len() == reference.len() + 1));
        assert!((reference.iter().sum::<f64>() - 1.0).abs() < 1e-9);
    }
}
