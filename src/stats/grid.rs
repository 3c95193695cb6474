//! Quantiles of any number of differences in bounded memory: each is rounded to a grid, on which only counts are held.

use super::quantile::between;

/// Steps of the grid from 0 to 1. A quantile is within half a step, 5·10⁻⁷, of that of the numbers themselves.
const STEPS: usize = 1 << 20;

/// Accumulator of numbers in [−1, 1]. It takes 8 MiB.
#[derive(Clone, Debug)]
pub struct Grid {
    counts: Vec<u32>,
    all: u64,
}

impl Default for Grid {
    fn default() -> Grid {
        Grid {
            counts: vec![0; 2 * STEPS + 1],
            all: 0,
        }
    }
}

impl Grid {
    /// Adds a number. One beyond the grid counts as its end.
    pub fn update(&mut self, value: f64) {
        let at = (value.clamp(-1.0, 1.0) + 1.0) * STEPS as f64;
        let count = &mut self.counts[at.round() as usize];
        *count = count.saturating_add(1);
        self.all += 1;
    }

    /// Quantile `q` by linear interpolation, as [`super::quantile::quantile`]; `None` without numbers.
    pub fn quantile(&self, q: f64) -> Option<f64> {
        let last = self.all.checked_sub(1)?;
        let at = q.clamp(0.0, 1.0) * last as f64;
        let below = at.floor() as u64;
        let (low, high) = (self.value(below), self.value(last.min(below + 1)));
        Some(between(low, high, at - below as f64))
    }

    /// The number of rank `rank`, from 0.
    fn value(&self, rank: u64) -> f64 {
        let mut before = 0;
        let has_it = |count: &u32| {
            before += u64::from(*count);
            before > rank
        };
        let at = self.counts.iter().position(has_it).unwrap_or(STEPS);
        (at as f64 - STEPS as f64) / STEPS as f64
    }
}

#[cfg(test)]
mod tests {
    use super::Grid;
    use crate::stats::quantile::quantile;
    use proptest::prelude::*;

    fn grid(values: &[f64]) -> Grid {
        let mut grid = Grid::default();
        values.iter().for_each(|value| grid.update(*value));
        grid
    }

    #[test]
    fn ends() {
        assert_eq!(grid(&[]).quantile(0.5), None);
        assert_eq!(grid(&[0.0]).quantile(0.5), Some(0.0));
        let ends = grid(&[-1.0, 1.0]);
        let quantiles = [0.0, 0.5, 1.0].map(|q| ends.quantile(q));
        assert_eq!(quantiles, [Some(-1.0), Some(0.0), Some(1.0)]);
    }

    proptest! {
        #![proptest_config(proptest::test_runner::Config { cases: 16, ..crate::proptest_config() })]
        #[test]
        fn within_half_a_step_of_the_exact_quantile(
            mut values in prop::collection::vec(-1.0..1.0, 1..60),
            q in 0.0..1.0,
        ) {
            let near = grid(&values).quantile(q).unwrap();
            values.sort_by(f64::total_cmp);
            let exact = quantile(&values, q).unwrap();
            prop_assert!((near - exact).abs() <= 5e-7, "{near} {exact}");
        }
    }
}
