//! Findings about pairs of columns that go together.

use super::found::Found;
use crate::report::explore::exploration::{Exploration, Severity};
use crate::report::explore::pairs::{Association, Measure};
use crate::report::explore::words::{fixed, short};

pub(super) fn associations(e: &Exploration, found: &mut Found) {
    let target = e.target.as_ref().map(|t| t.column.as_str());
    let (with, among): (Vec<&Association>, Vec<&Association>) = e
        .associations
        .iter()
        .partition(|a| Some(a.b.as_str()) == target);
    let is_told = |a: &&&Association| {
        a.low
            .is_none_or(|low| low > 0.0 || a.high.is_some_and(|h| h < 0.0))
    };
    let mut told: Vec<&str> = Vec::new();
    for found_one in with.iter().filter(is_told) {
        if !told.contains(&found_one.a.as_str()) && found_one.strength >= 0.1 {
            told.push(&found_one.a);
            if told.len() <= 3 {
                let text = format!(
                    "{} says {} about {}: {}.",
                    short(&found_one.a),
                    if told.len() == 1 { "most" } else { "much" },
                    short(&found_one.b),
                    measured(found_one)
                );
                found.add(
                    Severity::Low,
                    7.0 - told.len() as f64 / 10.0,
                    [&found_one.a],
                    text,
                );
            }
        }
    }
    if target.is_some() && told.is_empty() && e.columns.len() > 1 {
        let text = "No column alone says much about the target (all strengths below 0.1): expect a weak model.".to_owned();
        found.add(Severity::Medium, 1.5, [""; 0], text);
    }
    let is_equal = |a: &Association| {
        e.duplicates
            .equal_columns
            .iter()
            .any(|group| group.contains(&a.a) && group.contains(&a.b))
    };
    let close = among.iter().filter(|a| a.strength >= 0.9 && !is_equal(a));
    for pair in close.take(5) {
        let text = format!(
            "{} and {} say nearly the same: {}. Their importance would be split between them.",
            short(&pair.a),
            short(&pair.b),
            measured(pair)
        );
        found.add(Severity::Low, 2.0 + pair.strength, [&pair.a, &pair.b], text);
    }
}

/// The measure with its value and interval.
pub fn measured(a: &Association) -> String {
    let ends = match a.low.zip(a.high) {
        Some((low, high)) => format!(" ({} to {})", fixed(low), fixed(high)),
        None => String::new(),
    };
    format!("{} {}{ends}", a.measure.words(), fixed(a.value))
}

impl Measure {
    pub fn words(self) -> &'static str {
        match self {
            Measure::Spearman => "Spearman's ρ",
            Measure::CramersV => "Cramér's V",
            Measure::PointBiserial => "point-biserial r",
            Measure::MutualInformation => "mutual information (nats)",
        }
    }
}
