//! Numbers that are the old ones in another unit.

use crate::stats::quantile::median;
use crate::stats::two_sample::ks::{fits, furthest};

/// Above this the converted numbers count as fitting the reference.
const FITS: f64 = 0.05;

/// Factors between units that people mix up, with what they may be. Each is tried both ways.
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

/// A factor nearer to 1 than this could as well be a change of the world.
const FAR: f64 = 7.0;

/// How the later numbers have to be read for them to fit the reference, in words; none where no well-known unit does it. Both
/// ascending, and known not to fit as they are.
///
/// Fitting is not enough: few rows fit many factors, among them such as have no meaning. The data must also tell the factor
/// from its neighbours, so that with 1.5 times the old numbers nobody says "miles".
pub(super) fn of(reference: &[f64], current: &[f64]) -> Option<String> {
    let reference: Vec<f64> = reference.iter().copied().map(rounded).collect();
    let read = |convert: &dyn Fn(f64) -> f64| -> Vec<f64> {
        current.iter().map(|v| rounded(convert(*v))).collect()
    };
    let mut best: Option<(f64, String)> = None;
    for (factor, words) in FACTORS {
        let far = *factor >= FAR;
        // Large factors may be a fifth of their logarithm off; small ones no more than lies between 1.5 and a mile.
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
    // Degrees shift as well as scale. What a factor alone explains is no matter of degrees.
    let plain = median(&reference)? / median(current)?;
    // The medians tell it only roughly.
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

/// Whether the numbers fit as converted, fit no more with a factor of e^±near beside it, and fit no better at these shares of the
/// way there.
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

/// To six digits: converted there and back, a number differs in its last.
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
