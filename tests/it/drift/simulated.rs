//! Error rates and detection delay of drift verdicts, by simulation: windows are drawn from the table, and so is the
//! reference. Seeds are fixed; every result is printed (`cargo test --test it drift::simulated -- --nocapture`).

use titanic_platform::monitor::drift::{LEVEL, compare};
use titanic_platform::monitor::looks::{glance, look};
use titanic_platform::monitor::sample::Sample;

use super::population::{Chance, Population, Shift};
use crate::case::TITANIC;

/// Shares in the table itself: 35 % women, 55 % in the third class.
const WOMEN: Shift = Shift::Share("Sex", "female", 0.65);
const CLASS: Shift = Shift::Share("Pclass", "3", 491.0 / 891.0 + 0.2);
const FARE: Shift = Shift::Times("Fare", 1.5);
const AGE: Shift = Shift::Blank("Age", 1.0 / 3.0);

/// Share of windows of `n` rows that raise an alarm.
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
        assert!(alarms(n, Shift::None, 1000, seed) <= 0.015, "{n}");
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

const WINDOW: usize = 100;

/// A live monitor over one reference; it tests one window after another, each drawn in two halves.
struct Monitor {
    population: Population,
    reference: Sample,
    before: Option<Sample>,
}

impl Monitor {
    fn new(chance: &mut Chance) -> Monitor {
        let population = Population::of(&TITANIC);
        let reference = population.draw(population.len(), Shift::None, chance);
        Monitor {
            population,
            reference,
            before: None,
        }
    }

    /// Fills a window whose rows are shifted from row `from` on; returns the row at which it raises an alarm, if any.
    fn window(&mut self, from: usize, shift: Shift, chance: &mut Chance) -> Option<usize> {
        const HALF: usize = WINDOW / 2;
        let mut window = self.population.window();
        let mut fill = |begin: usize| {
            let steady = from.clamp(begin, begin + HALF) - begin;
            self.population
                .draw_into(&mut window, steady, Shift::None, chance);
            self.population
                .draw_into(&mut window, HALF - steady, shift, chance);
            window.finish()
        };
        let half = fill(0);
        let whole = fill(HALF);
        let before = self.before.replace(whole.clone());
        let early = before
            .as_ref()
            .and_then(|before| glance(&self.reference, &half, before, LEVEL));
        if early.is_some() {
            return Some(HALF);
        }
        let full = look(&self.reference, &whole, before.as_ref(), LEVEL);
        full.drift.then_some(WINDOW)
    }
}

/// Median number of rows from a change, which begins somewhere in a window, to the alarm.
fn delay(shift: Shift, runs: usize, seed: u64) -> usize {
    let mut chance = Chance(seed);
    let mut delays: Vec<usize> = Vec::new();
    while delays.len() < runs {
        let mut monitor = Monitor::new(&mut chance);
        monitor.window(WINDOW, Shift::None, &mut chance);
        let steady = chance.below(WINDOW);
        let mut alarm = monitor.window(steady, shift, &mut chance);
        if alarm.is_some_and(|at| at <= steady) {
            continue; // a false one, before anything changed
        }
        let mut windows = 0;
        while alarm.is_none() && windows < 30 {
            windows += 1;
            alarm = monitor.window(0, shift, &mut chance);
        }
        delays.push(alarm.map_or(usize::MAX, |at| windows * WINDOW + at - steady));
    }
    delays.sort_unstable();
    let (median, late) = (delays[runs / 2], delays[runs * 9 / 10]);
    println!("{shift:?}: found after {median} rows in the median, {late} in nine of ten runs");
    median
}

#[test]
fn shifts_are_found_soon() {
    for (shift, most, seed) in [(WOMEN, 120, 8), (CLASS, 165, 9), (FARE, 110, 10)] {
        let median = delay(shift, 1000, seed);
        assert!(median <= most, "{shift:?}: {median}");
    }
}

/// An episode is a run of consecutive windows with an alarm.
#[test]
fn steady_traffic_hardly_ever_alarms() {
    const RUNS: usize = 120;
    let (mut chance, mut episodes) = (Chance(11), 0);
    for _ in 0..RUNS {
        let mut monitor = Monitor::new(&mut chance);
        let mut alarming = false;
        for _ in 0..10_000 / WINDOW {
            let now = monitor.window(WINDOW, Shift::None, &mut chance).is_some();
            episodes += usize::from(now && !alarming);
            alarming = now;
        }
    }
    let a_run = episodes as f64 / RUNS as f64;
    println!("{a_run} false alarms in 10,000 steady rows");
    assert!(a_run <= 0.5, "{a_run}");
}
