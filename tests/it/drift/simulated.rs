//! How often verdicts are wrong and how soon they come, simulated: windows drawn from the table, beside a reference that is
//! itself drawn from it. Seeds are fixed; every figure is printed (`cargo test --test it drift::simulated -- --nocapture`).

use titanic_platform::monitor::drift::compare;
use titanic_platform::monitor::looks::look;

use super::population::{Chance, Population, Shift};
use crate::case::TITANIC;

const LEVEL: f64 = 0.01;

/// The table's own shares: 35 % women, 55 % in the third class.
const WOMEN: Shift = Shift::Share("Sex", "female", 0.65);
const CLASS: Shift = Shift::Share("Pclass", "3", 491.0 / 891.0 + 0.2);
const FARE: Shift = Shift::Times("Fare", 1.5);
const AGE: Shift = Shift::Blank("Age", 1.0 / 3.0);

/// Share of windows of `n` rows that alarm.
fn alarms(n: usize, shift: Shift, windows: usize, seed: u64) -> f64 {
    let (population, mut chance) = (Population::of(&TITANIC), Chance(seed));
    let alarming = (0..windows).filter(|_| {
        let reference = population.draw(population.len(), Shift::None, &mut chance);
        let window = population.draw(n, shift, &mut chance);
        compare(&reference, &window, LEVEL).drift
    });
    let share = alarming.count() as f64 / windows as f64;
    println!("{shift:?}, {n} rows: {share:.4} of {windows} windows alarm");
    share
}

#[test]
fn windows_without_drift_rarely_alarm() {
    for (n, seed) in [(50, 1), (100, 2), (500, 3)] {
        assert!(alarms(n, Shift::None, 2000, seed) <= 0.015, "{n}");
    }
}

#[test]
fn shifts_are_found() {
    for (shift, n, seed) in [
        (WOMEN, 100, 4),
        (CLASS, 200, 5),
        (FARE, 50, 6),
        (AGE, 100, 7),
    ] {
        assert!(alarms(n, shift, 1000, seed) >= 0.95, "{shift:?}");
    }
}

/// Median rows from the begin of a change, somewhere in a window, to the verdict at the end of one.
fn delay(shift: Shift, runs: usize, seed: u64) -> usize {
    const WINDOW: usize = 100;
    let (population, mut chance) = (Population::of(&TITANIC), Chance(seed));
    let mut delays: Vec<usize> = (0..runs)
        .map(|_| {
            let reference = population.draw(population.len(), Shift::None, &mut chance);
            let steady = chance.below(WINDOW);
            let mut before = population.draw(WINDOW, Shift::None, &mut chance);
            let mut window = population.window();
            population.draw_into(&mut window, steady, Shift::None, &mut chance);
            population.draw_into(&mut window, WINDOW - steady, shift, &mut chance);
            let mut window = window.finish();
            for looks in 1..=30 {
                if look(&reference, &window, Some(&before), LEVEL).drift {
                    return looks * WINDOW - steady;
                }
                before = window;
                window = population.draw(WINDOW, shift, &mut chance);
            }
            usize::MAX
        })
        .collect();
    delays.sort_unstable();
    let (median, late) = (delays[runs / 2], delays[runs * 9 / 10]);
    println!("{shift:?}: found after {median} rows in the median, {late} in nine of ten runs");
    median
}

#[test]
fn shifts_are_found_soon() {
    for (shift, most, seed) in [(WOMEN, 120, 8), (CLASS, 165, 9), (FARE, 110, 10)] {
        let median = delay(shift, 4000, seed);
        assert!(median <= most, "{shift:?}: {median}");
    }
}

/// An episode is a run of alarming windows.
#[test]
fn steady_traffic_hardly_ever_alarms() {
    const RUNS: usize = 200;
    let (population, mut chance) = (Population::of(&TITANIC), Chance(11));
    let (mut episodes, mut tumbling) = (0, 0);
    for _ in 0..RUNS {
        let reference = population.draw(population.len(), Shift::None, &mut chance);
        let (mut before, mut alarming, mut alone) = (None, false, false);
        for _ in 0..100 {
            let window = population.draw(100, Shift::None, &mut chance);
            let now = look(&reference, &window, before.as_ref(), LEVEL).drift;
            episodes += usize::from(now && !alarming);
            let single = compare(&reference, &window, LEVEL).drift;
            tumbling += usize::from(single && !alone);
            (alarming, alone) = (now, single);
            before = Some(window);
        }
    }
    let a_run = |count: usize| count as f64 / RUNS as f64;
    println!(
        "{} false alarms in 10,000 steady rows; {} with the level spent on the window alone",
        a_run(episodes),
        a_run(tumbling)
    );
    assert!(a_run(episodes) <= 0.5, "{}", a_run(episodes));
}
