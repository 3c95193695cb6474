//! Numbers that are the old ones in another unit.

use crate::stats::two_sample::ks::fits;

/// Above this the converted numbers count as fitting the reference.
const FITS: f64 = 0.05;

/// Factors between units that people mix up, from the second to the first. Each is tried the other way round, too.
const FACTORS: &[(f64, &str)] = &[
    (10.0, "a tenth"),
    (100.0, "a hundredth"),
    (1e3, "a thousandth"),
    (1e4, "a ten-thousandth"),
    (1e6, "a millionth"),
    (1e9, "a billionth"),
    (60.0, "a sixtieth (minutes and seconds)"),
    (3600.0, "a 3600th (hours and seconds)"),
    (24.0, "a 24th (days and hours)"),
    (7.0, "a seventh (weeks and days)"),
    (12.0, "a twelfth (years and months, feet and inches)"),
    (1.609344, "miles and kilometres"),
    (2.54, "inches and centimetres"),
    (1.0 / 0.3048, "metres and feet"),
    (2.20462, "kilograms and pounds"),
    (3.78541, "gallons and litres"),
];

/// A factor that is this near to none could as well be a change of the world.
const FAR: f64 = 7.0;

/// How the later numbers have to be read for them to fit the reference, in words; none where no well-known unit does it. Both
/// ascending, and known not to fit as they are.
///
/// Fitting is not enough: few rows fit many factors, among them such as have no meaning. The data must also tell the factor
/// from its neighbours, so that with 1.5 times the old numbers nobody says "miles".
pub(super) fn of(reference: &[f64], current: &[f64]) -> Option<String> {
    let scaled = |factor: f64| -> Vec<f64> { current.iter().map(|v| v * factor).collect() };
    let pinned = |convert: &dyn Fn(f64) -> Vec<f64>, near: f64| {
        fits(reference, &convert(1.0), FITS)
            && !fits(reference, &convert(near.exp()), FITS)
            && !fits(reference, &convert((-near).exp()), FITS)
    };
    for (factor, words) in FACTORS {
        // Large factors may be a fifth of their logarithm off, small ones a tenth in all.
        let near = if *factor >= FAR {
            0.22 * factor.ln()
        } else {
            0.1
        };
        if pinned(&|near| scaled(near / factor), near) {
            return Some(format!("divided by {} ({words})", short(*factor)));
        }
        if pinned(&|near| scaled(near * factor), near) {
            return Some(format!("multiplied by {} ({words})", short(*factor)));
        }
    }
    let degrees: [(&dyn Fn(f64) -> f64, &str); 2] = [
        (&|v| (v - 32.0) / 1.8, "read as degrees Fahrenheit"),
        (&|v| v * 1.8 + 32.0, "read as degrees Celsius"),
    ];
    let found = degrees.iter().find(|(convert, _)| {
        let convert = |near: f64| current.iter().map(|v| convert(*v) * near).collect();
        pinned(&convert, 0.3)
    });
    found.map(|(_, words)| (*words).to_owned())
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
        check(100.0, Some("divided by 100 (a hundredth)"));
        check(0.001, Some("multiplied by 1000 (a thousandth)"));
        check(
            60.0,
            Some("divided by 60 (a sixtieth (minutes and seconds))"),
        );
        check(
            1.0 / 12.0,
            Some("multiplied by 12 (a twelfth (years and months, feet and inches))"),
        );
    }

    #[test]
    fn other_factors_are_a_change_of_the_world() {
        for factor in [1.2, 1.5, 2.0, 1.0 / 1.5, 4.5, 30.0, 35.0] {
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
