//! Compares the bound on the capital with the capital itself, and checks that the confidence bounds hold.

use proptest::prelude::*;
use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};

use super::{SHARES, Sequence};

fn of(lowest: f64, highest: f64, values: &[f64]) -> Sequence {
    let mut sequence = Sequence::over(lowest, highest);
    values.iter().for_each(|x| sequence.update(*x));
    sequence
}

/// Logarithm of the exact capital, computed bet by bet.
fn capital(lowest: f64, values: &[f64], m: f64) -> f64 {
    let won = |g: f64| {
        let bet = |x: &f64| 1.0 + g * (x - m) / (m - lowest);
        values.iter().map(bet).product::<f64>()
    };
    (SHARES.iter().map(|g| won(*g)).sum::<f64>() / SHARES.len() as f64).ln()
}

proptest! {
    #![proptest_config(crate::proptest_config())]
    #[test]
    fn the_bound_is_below_the_capital(
        values in prop::collection::vec(-2.0..3.0, 1..60),
        m in -1.9..2.9,
    ) {
        let bound = of(-2.0, 3.0, &values).log_capital(m);
        prop_assert!(bound <= capital(-2.0, &values, m) + 1e-6);
    }

    #[test]
    fn it_is_close_to_it_where_values_are_small_against_the_range(
        values in prop::collection::vec(-0.5..0.6, 1..60),
        m in -0.2..0.2,
    ) {
        let bound = of(-4.6, 4.6, &values).log_capital(m);
        prop_assert!((bound - capital(-4.6, &values, m)).abs() < 0.002 * values.len() as f64);
    }

    #[test]
    fn both_sides_are_treated_alike(values in prop::collection::vec(-1.0..1.0, 0..80)) {
        let mirror: Vec<f64> = values.iter().map(|x: &f64| -x).collect();
        let (there, back) = (of(-1.0, 1.0, &values).bounded(0.05), of(-1.0, 1.0, &mirror).bounded(0.05));
        prop_assert_eq!((there.low, there.high), (-back.high, -back.low));
    }

    #[test]
    fn the_bounds_say_what_the_tests_say(values in prop::collection::vec(-1.0..1.0, 20..200), lift in 0.0..0.5) {
        let values: Vec<f64> = values.iter().map(|x: &f64| f64::min(x + lift, 1.0)).collect();
        let sequence = of(-1.0, 1.0, &values);
        let bounded = sequence.bounded(0.1);
        let mean = bounded.mean.unwrap();
        prop_assert!(-1.0 <= bounded.low && bounded.low <= mean && mean <= bounded.high && bounded.high <= 1.0);
        prop_assert!(sequence.is_above(bounded.low - 1e-9, 0.1));
        prop_assert!(bounded.low == -1.0 || !sequence.is_above(bounded.low + 1e-6, 0.1));
    }
}

#[test]
fn without_values_nothing_is_known() {
    let bounded = of(0.0, 2.0, &[]).bounded(0.05);
    assert_eq!((bounded.mean, bounded.low, bounded.high), (None, 0.0, 2.0));
    assert!(!of(0.0, 2.0, &[]).is_above(0.0, 0.05) && of(0.0, 2.0, &[]).is_above(-0.1, 0.05));
}

#[test]
fn a_state_is_taken_up_where_it_was_left() {
    let half = of(0.0, 1.0, &[0.1, 0.7, 0.25]);
    let text = serde_json::to_string(&half).unwrap();
    let mut taken_up: Sequence = serde_json::from_str(&text).unwrap();
    taken_up.update(0.9);
    assert_eq!(taken_up, of(0.0, 1.0, &[0.1, 0.7, 0.25, 0.9]));
}

/// Looks after every value and counts a run as wrong if any look is, on biased coins, which are as skewed as
/// bounded values can be.
#[test]
fn looking_all_the_time_keeps_the_level() {
    let (runs, rows, level) = (500, 1000, 0.05);
    for share in [0.02, 0.2, 0.5, 0.9] {
        let mut dice = Xoshiro256PlusPlus::seed_from_u64(7);
        let (mut above, mut below) = (0, 0);
        for _ in 0..runs {
            let mut sequence = Sequence::over(0.0, 1.0);
            let (mut wrongly_above, mut wrongly_below) = (false, false);
            for _ in 0..rows {
                sequence.update(f64::from(u8::from(dice.random::<f64>() < share)));
                wrongly_above |= sequence.is_above(share, level);
                wrongly_below |= sequence.is_below(share, level);
            }
            above += u32::from(wrongly_above);
            below += u32::from(wrongly_below);
        }
        println!(
            "coin of {share}: wrong at any of {rows} looks in {above} (above) and {below} (below) of {runs} runs"
        );
        assert!(f64::from(above.max(below)) <= level * f64::from(runs));
    }
}
