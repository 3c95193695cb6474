//! Round values along an axis, and how they are written.

use jiff::Timestamp;

use super::axis::{Axis, Range, Scale};

/// A marked value of an axis.
#[derive(Clone, Debug, PartialEq)]
pub struct Tick {
    pub at: f64,
    pub text: String,
}

/// Marks at most about `most` round values of an axis. A categorical axis marks each of its names, or every k-th if they
/// are more.
pub fn ticks(axis: &Axis, range: Range, most: usize) -> Vec<Tick> {
    match &axis.scale {
        Scale::Names(names) => {
            let each = names.len().div_ceil(most.max(1)).max(1);
            let named = |(i, name): (usize, &String)| Tick {
                at: i as f64,
                text: name.clone(),
            };
            names.iter().enumerate().step_by(each).map(named).collect()
        }
        Scale::Share => {
            let percent = |at: f64| Tick {
                at,
                text: format!("{:.0} %", at * 100.0),
            };
            let step = round_step(1.0 / most.max(1) as f64);
            multiples(range, step).into_iter().map(percent).collect()
        }
        Scale::Number { is_whole, .. } => {
            let least = if *is_whole { 1.0 } else { 0.0 };
            let step = round_step((range.high - range.low) / most.max(1) as f64).max(least);
            let number = |at: f64| Tick {
                at,
                text: number(at, step),
            };
            multiples(range, step).into_iter().map(number).collect()
        }
        Scale::Time => times(range, most),
    }
}

/// The smallest of 1, 2, 5 times a power of ten that is at least this step.
fn round_step(step: f64) -> f64 {
    let power = 10f64.powf(step.log10().floor());
    let of = |factor: f64| factor * power;
    let is_enough = |candidate: &f64| *candidate >= step * (1.0 - 1e-9);
    [1.0, 2.0, 5.0]
        .map(of)
        .into_iter()
        .find(is_enough)
        .unwrap_or(10.0 * power)
}

/// Multiples of a step within a range.
fn multiples(range: Range, step: f64) -> Vec<f64> {
    let slack = step * 1e-9;
    let first = ((range.low - slack) / step).ceil();
    let last = ((range.high + slack) / step).floor();
    let count = (last - first + 1.0).clamp(0.0, 1000.0) as usize;
    (0..count).map(|i| (first + i as f64) * step).collect()
}

/// A number with as many digits as its step needs; thousands are set apart, very large and very small ones by a power of ten.
fn number(value: f64, step: f64) -> String {
    if value.abs() < step / 2.0 {
        return "0".into();
    }
    let digits = (-step.log10().floor()).max(0.0) as usize;
    if digits > 6 || value.abs() >= 1e9 {
        return format!("{value:.1e}");
    }
    grouped(&format!("{value:.digits$}"))
}

/// Sets the thousands of a number apart by narrow spaces.
pub fn grouped(number: &str) -> String {
    let (sign, rest) = match number.strip_prefix('-') {
        Some(rest) => ("\u{2212}", rest),
        None => ("", number),
    };
    let (whole, part) = rest.split_at(rest.find('.').unwrap_or(rest.len()));
    let mut text = String::from(sign);
    for (i, digit) in whole.chars().enumerate() {
        if i > 0 && whole.len() > 4 && (whole.len() - i) % 3 == 0 {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text + part
}

const MINUTE: f64 = 60.0;
const HOUR: f64 = 60.0 * MINUTE;
const DAY: f64 = 24.0 * HOUR;
/// Steps of a time axis in seconds, and how a time is written at each.
const STEPS: [(f64, &str); 18] = [
    (1.0, "%H:%M:%S"),
    (5.0, "%H:%M:%S"),
    (15.0, "%H:%M:%S"),
    (30.0, "%H:%M:%S"),
    (MINUTE, "%H:%M"),
    (5.0 * MINUTE, "%H:%M"),
    (15.0 * MINUTE, "%H:%M"),
    (30.0 * MINUTE, "%H:%M"),
    (HOUR, "%H:%M"),
    (3.0 * HOUR, "%d %b %H:%M"),
    (6.0 * HOUR, "%d %b %H:%M"),
    (12.0 * HOUR, "%d %b %H:%M"),
    (DAY, "%d %b"),
    (2.0 * DAY, "%d %b"),
    (7.0 * DAY, "%d %b"),
    (30.0 * DAY, "%d %b %Y"),
    (90.0 * DAY, "%d %b %Y"),
    (365.0 * DAY, "%b %Y"),
];

/// The step of at most about `most` times within a range, and how they are written.
pub(super) fn time_step(range: Range, most: usize) -> (f64, &'static str) {
    let least = (range.high - range.low) / most.max(1) as f64;
    let found = STEPS.iter().find(|(step, _)| *step >= least);
    found
        .copied()
        .unwrap_or((round_step(least / DAY) * DAY, "%Y"))
}

fn times(range: Range, most: usize) -> Vec<Tick> {
    let (step, form) = time_step(range, most);
    let time = |at: f64| {
        let time = Timestamp::from_second(at as i64).ok()?;
        let text = time.strftime(form).to_string();
        Some(Tick { at, text })
    };
    multiples(range, step)
        .into_iter()
        .filter_map(time)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(axis: &Axis, low: f64, high: f64, most: usize) -> Vec<String> {
        let ticks = ticks(axis, Range { low, high }, most);
        ticks.into_iter().map(|tick| tick.text).collect()
    }

    #[test]
    fn ticks_are_round_numbers_within_the_range() {
        let axis = Axis::number("x");
        assert_eq!(texts(&axis, 0.0, 80.0, 5), ["0", "20", "40", "60", "80"]);
        assert_eq!(
            texts(&axis, -0.13, 0.31, 5),
            ["\u{2212}0.1", "0", "0.1", "0.2", "0.3"]
        );
        assert_eq!(
            texts(&axis, 0.0, 30_000.0, 4),
            ["0", "10\u{202f}000", "20\u{202f}000", "30\u{202f}000"]
        );
        assert_eq!(
            texts(&axis, 9_990.0, 10_000.0, 2),
            ["9990", "9995", "10\u{202f}000"]
        );
        assert_eq!(texts(&axis, 0.0, 2e-9, 2), ["0", "1.0e-9", "2.0e-9"]);
        assert_eq!(
            texts(&Axis::share("s"), 0.0, 1.0, 4),
            ["0 %", "50 %", "100 %"]
        );
    }

    #[test]
    fn times_are_written_as_finely_as_their_step() {
        let axis = Axis::time("time");
        let day = 1_700_006_400.0; // 15 November 2023, 00:00 UTC
        assert_eq!(
            texts(&axis, day, day + 3.0 * HOUR, 4),
            ["00:00", "01:00", "02:00", "03:00"]
        );
        assert_eq!(
            texts(&axis, day, day + 2.0 * DAY, 3),
            ["15 Nov", "16 Nov", "17 Nov"]
        );
    }

    #[test]
    fn names_are_thinned_out() {
        let names = (0..9).map(|i| format!("n{i}")).collect();
        let axis = Axis::names("name", names);
        assert_eq!(texts(&axis, -0.5, 8.5, 3), ["n0", "n3", "n6"]);
    }
}
