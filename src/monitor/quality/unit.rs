//! Detection of numbers that are in another unit than the reference.

use crate::stats::quantile::median;
use crate::stats::two_sample::ks::{fits, furthest};

/// P-value above which the converted numbers count as fitting the reference.
const FITS: f64 = 0.05;

/// Factors between units that are commonly confused, with the names of the units. Each is tried in both directions.
const FACTORS: &[(f64, &str)] = &[
    (10.0, ""),
    (100.0, ""),
    (1e3, ""),
    (1e4, ""),
    (1e6, ""),
    (1e9, ""),
    (60.0, " (minutes and seconds)"),
    (3600.0, " (hours and seconds)"),
    (24.0, " (days and hours)"),
    (7.0, " (weeks and days)"),
    (12.0, " (years and months, feet and inches)"),
    (1.609344, " (miles and kilometres)"),
    (2.54, " (inches and centimetres)"),
    (1.0 / 0.3048, " (metres and feet)"),
    (2.20462, " (kilograms and pounds)"),
    (3.78541, " (gallons and litres)"),
];

/// A factor below this could also be a genuine change, so it must fit more precisely.
const FAR: f64 = 7.0;

/// The unit conversion that makes the current numbers fit the reference, in words; `None` if no well-known unit does. Both
/// slices must be ascending and must not fit unconverted.
///
/// A fit alone is not enough: a few rows fit many factors, including meaningless ones. The data must also exclude the
/// neighbouring factors, so that a rise to 1.5 times the old numbers is not reported as "miles".
pub(super) fn of(reference: &[f64], current: &[f64]) -> Option<String> {
    let reference: Vec<f64> = reference.iter().copied().map(rounded).collect();
    let read = |convert: &dyn Fn(f64) -> f64| -> Vec<f64> {
        current.iter().map(|v| rounded(convert(*v))).collect()
    };
    let mut best: Option<(f64, String)> = None;
    for (factor, words) in FACTORS {
        let far = *factor >= FAR;
        // Large factors must be excluded at a fifth of their logarithm away; small ones at the distance between
        // 1.5 and 1.609 (miles).
        let near = if far { 0.22 * factor.ln() } else { 0.07 };
        let within: &[f64] = if far { &[] } else { &[0.3, 0.6, 1.0] };
        for (way, factor_of) in [("divided", 1.0 / factor), ("multiplied", *factor)] {
            let convert = |off: f64| read(&|v| v * factor_of * off.exp());
            if pinned(&reference, &convert, near, within) {
                let apart = furthest(&reference, &convert(0.0))?.statistic();
                if best.as_ref().is_none_or(|(least, _)| apart < *least) {
                    best = Some((apart, format!("{way} by {}{words}", short(*factor))));
                }
            }
        }
    }
    if let Some((_, words)) = best {
        return Some(words);
    }
    // Temperatures are shifted as well as scaled. If a factor alone explains the change, it is no temperature conversion.
    let plain = median(&reference)? / median(current)?;
    // The ratio of the medians gives the factor only roughly, so neighbouring factors are tried too.
    let about = |step: i32| plain * (0.05 * f64::from(step)).exp();
    let explains = |step| fits(&reference, &read(&|v| v * about(step)), FITS);
    if plain.is_finite() && plain > 0.0 && (-5..=5).any(explains) {
        return None;
    }
    let degrees: [(&dyn Fn(f64) -> f64, &str); 2] = [
        (&|v| (v - 32.0) / 1.8, "read as degrees Fahrenheit"),
        (&|v| v * 1.8 + 32.0, "read as degrees Celsius"),
    ];
    let found = degrees.iter().find(|(convert, _)| {
        let convert = |off: f64| read(&|v| convert(v) * off.exp());
        pinned(&reference, &convert, 0.3, &[])
    });
    found.map(|(_, words)| (*words).to_owned())
}

/// Whether the converted numbers fit, no longer fit with an additional factor of e^±`near`, and fit no better at the
/// fractions `within` of that distance.
fn pinned(reference: &[f64], convert: &dyn Fn(f64) -> Vec<f64>, near: f64, within: &[f64]) -> bool {
    let exactly = convert(0.0);
    let beside = [near, -near];
    if !fits(reference, &exactly, FITS)
        || beside
            .iter()
            .any(|off| fits(reference, &convert(*off), FITS))
    {
        return false;
    }
    let apart = |values: &[f64]| furthest(reference, values).map(|f| f.statistic());
    let best = apart(&exactly);
    let mut others = within
        .iter()
        .flat_map(|share| beside.map(|off| share * off));
    others.all(|off| best <= apart(&convert(off)))
}

/// Rounds to six significant digits, because a number converted there and back differs in its last digits.
fn rounded(value: f64) -> f64 {
    if value == 0.0 {
        return value;
    }
    let scale = 10f64.powi(5 - value.abs().log10().floor() as i32);
    let rounded = (value * scale).round() / scale;
    if rounded.is_finite() { rounded } else { value }
}

fn short(factor: f64) -> String {
    let text = format!("{factor:.4}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::of;

    /// Quantiles of an exponential distribution with mean 20, `n` of them.
    fn exponential(n: usize, factor: f64) -> Vec<f64> {
        let at = |i: usize| -(1.0 - (i as f64 + 0.5) / n as f64).ln() * 20.0;
        (0..n).map(|i| at(i) * factor).collect()
    }

    fn check(factor: f64, words: Option<&str>) {
        let found = of(&exponential(900, 1.0), &exponential(200, factor));
        assert_eq!(found.as_deref(), words, "{factor}");
    }

    #[test]
    fn well_known_factors_are_told() {
        check(100.0, Some("divided by 100"));
        check(0.001, Some("multiplied by 1000"));
        check(60.0, Some("divided by 60 (minutes and seconds)"));
        check(
            1.0 / 12.0,
            Some("multiplied by 12 (years and months, feet and inches)"),
        );
    }

    #[test]
    fn other_factors_are_a_change_of_the_world() {
        for factor in [1.2, 1.5, 2.0, 1.0 / 1.5, 4.5] {
            check(factor, None);
        }
    }

    #[test]
    fn degrees_are_told() {
        let celsius: Vec<f64> = (0..300).map(|i| -5.0 + 0.1 * f64::from(i)).collect();
        let fahrenheit: Vec<f64> = (0..100)
            .map(|i| (-5.0 + 0.3 * f64::from(i)) * 1.8 + 32.0)
            .collect();
        assert_eq!(
            of(&celsius, &fahrenheit).as_deref(),
            Some("read as degrees Fahrenheit")
        );
    }
}
