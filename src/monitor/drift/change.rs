//! Descriptions of what changed in a column.

use super::column::{Sides, Test};
use super::pair::{Pair, What};
use crate::monitor::sample::Numbers;
use crate::stats::quantile::median;
use crate::stats::two_sample::ks::furthest;

/// Maximum names that are listed; the rest is given as a count.
const LISTED: usize = 5;

/// Maximum characters of a name that are shown.
const LONGEST: usize = 40;

/// Describes the proven differences, and always reports levels never seen before and a column that has become blank.
pub(super) fn of(pair: &Pair<'_>, proven: &[Test]) -> Option<String> {
    let blank = pair.present.current == 0 && pair.missing.current > 0 && pair.present.reference > 0;
    let mut parts = Vec::new();
    if proven.iter().any(|test| *test != Test::FisherMissing) {
        parts.extend(match &pair.what {
            What::Numbers { sides, .. } => moved(sides),
            What::Levels(levels) => levels
                .moved_most()
                .map(|(name, before, now)| format!("{} {}", called(name), from_to(before, now))),
        });
    }
    if blank || proven.contains(&Test::FisherMissing) {
        let shares = pair.missing_shares();
        if let (Some(before), Some(now)) = (shares.reference, shares.current) {
            let gone = if blank { "gone blank: " } else { "" };
            parts.push(format!("{gone}missing {}", from_to(before, now)));
        }
    }
    if let What::Levels(levels) = &pair.what {
        let names: Vec<Option<&str>> = levels.unseen().map(|(name, _)| name).collect();
        let listed = names.iter().take(LISTED).map(|name| match name {
            Some(name) => format!("{:?}", shortened(name)),
            None => called(*name),
        });
        let mut listed: Vec<String> = listed.collect();
        if names.len() > LISTED {
            listed.push(format!("{} more", names.len() - LISTED));
        }
        if !listed.is_empty() {
            parts.push(format!("never seen before: {}", listed.join(", ")));
        }
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

/// The change of the median or, if it is unchanged, of the distribution at the point of largest distance.
fn moved(sides: &Sides<&Numbers>) -> Option<String> {
    let (a, b) = (&sides.reference.values, &sides.current.values);
    let (before, now) = (number(median(a)?), number(median(b)?));
    if before != now {
        return Some(format!("median {before} → {now}"));
    }
    let furthest = furthest(a, b)?;
    let (before, now) = (
        furthest.reference as f64 / a.len() as f64,
        furthest.current as f64 / b.len() as f64,
    );
    let at = number(furthest.at);
    Some(format!("at most {at}: {}", from_to(before, now)))
}

fn called(name: Option<&str>) -> String {
    name.map_or_else(|| "levels unknown to the spec".to_owned(), shortened)
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}

/// Formats `35 % → 64 %`, with one decimal if integers would hide the change.
fn from_to(before: f64, now: f64) -> String {
    let (before, now) = (100.0 * before, 100.0 * now);
    match (before - now).abs() < 2.0 {
        true => format!("{before:.1} % → {now:.1} %"),
        false => format!("{before:.0} % → {now:.0} %"),
    }
}

/// Formats a number with four significant digits and without trailing zeros.
pub(super) fn number(value: f64) -> String {
    if value != 0.0 && !(1e-3..1e7).contains(&value.abs()) {
        return format!("{value:.3e}");
    }
    let whole = value.abs().max(1e-300).log10().floor() as i32 + 1;
    let decimals = usize::try_from(4 - whole).unwrap_or(0).min(6);
    let text = format!("{value:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{from_to, number};

    #[test]
    fn numbers_have_four_digits() {
        let table = [
            (0.0, "0"),
            (14.4542, "14.45"),
            (28.5, "28.5"),
            (-0.123456, "-0.1235"),
            (123456.7, "123457"),
            (1e39, "1.000e39"),
            (-2.5e-7, "-2.500e-7"),
        ];
        for (value, text) in table {
            assert_eq!(number(value), text);
        }
    }

    #[test]
    fn shares_are_percent() {
        assert_eq!(from_to(0.3524, 0.64), "35 % → 64 %");
        assert_eq!(from_to(0.002, 0.0151), "0.2 % → 1.5 %");
    }
}
