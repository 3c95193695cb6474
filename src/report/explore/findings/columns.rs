//! Findings about single columns: what they lack, and how their values lie.

use super::found::Found;
use crate::report::chart::plain;
use crate::report::explore::column::{Column, NumberStatistics, Statistics};
use crate::report::explore::exploration::{Exploration, Severity};
use crate::report::explore::views::{View, Views};
use crate::report::explore::words::{counted_rows, list, of, percent, short};
use crate::stats::association::contingency::{Contingency, MISSING};

/// Share of missing values from which a column says little.
const MOSTLY_MISSING: f64 = 0.5;
/// Share from which missing values are worth a finding.
const OFTEN_MISSING: f64 = 0.05;

pub(super) fn missing(e: &Exploration, views: &Views<'_>, found: &mut Found) {
    let share = |column: &Column| column.missing as f64 / e.rows.max(1) as f64;
    let is_target = |c: &Column| e.target.as_ref().is_some_and(|t| t.column == c.name);
    let (mut empty, mut most, mut often) = (Vec::new(), Vec::new(), Vec::new());
    for (column, view) in e.columns.iter().zip(&views.columns) {
        let share = share(column);
        let name = short(&column.name);
        if view.known == 0 {
            empty.push((1.0, column, format!("{name} has no values.")));
            continue;
        }
        if share < OFTEN_MISSING || is_target(column) {
            continue;
        }
        let tells = views
            .target
            .as_ref()
            .and_then(|t| missing_tells(view, t.labels));
        let text = format!(
            "{name} is missing in {} of {} rows ({}){}.",
            column.missing,
            e.rows,
            percent(share),
            tells.as_deref().unwrap_or_default()
        );
        match share >= MOSTLY_MISSING {
            true => most.push((1.0 + share, column, text)),
            false => often.push((share + f64::from(u8::from(tells.is_some())), column, text)),
        }
    }
    found.each(Severity::Medium, empty, "have no values");
    found.each(
        Severity::Medium,
        most,
        "are missing in at least half of the rows",
    );
    found.each(Severity::Low, often, "are often missing");
    let together: Vec<_> = e
        .missing_patterns
        .iter()
        .filter(|p| p.columns.len() > 1 && p.rows * 20 >= views.rows as u64)
        .collect();
    if let Some(pattern) = together.first() {
        let text = format!(
            "{} ({}) lack {} at once: the gaps may have one cause.",
            counted_rows(pattern.rows),
            of(pattern.rows, views.rows as u64),
            list(&pattern.columns)
        );
        found.add(Severity::Low, 0.5, &pattern.columns, text);
    }
}

/// How the target differs where a column is missing, if it clearly does.
fn missing_tells(view: &View<'_>, labels: &[Option<bool>]) -> Option<String> {
    let codes: Vec<u32> = labels
        .iter()
        .map(|y| y.map_or(MISSING, u32::from))
        .collect();
    let present: Vec<u32> = view.present.iter().map(|p| u32::from(*p)).collect();
    let interval = Contingency::of(&present, &codes)
        .cramers_v()?
        .corrected
        .interval?;
    if interval.low <= 0.02 {
        return None;
    }
    let rate = |present: bool| {
        let rows = view
            .present
            .iter()
            .zip(labels)
            .filter(|(p, _)| **p == present);
        let known: Vec<bool> = rows.filter_map(|(_, y)| *y).collect();
        let positive = known.iter().filter(|y| **y).count();
        positive as f64 / known.len().max(1) as f64
    };
    Some(format!(
        ", which tells something: {} of them are positive, {} of the others",
        percent(rate(false)),
        percent(rate(true))
    ))
}

pub(super) fn values(e: &Exploration, found: &mut Found) {
    let is_target = |c: &&Column| e.target.as_ref().is_none_or(|t| t.column != c.name);
    let (mut constant, mut text, mut marked) = (Vec::new(), Vec::new(), Vec::new());
    let (mut far, mut skewed) = (Vec::new(), Vec::new());
    for column in e.columns.iter().filter(is_target) {
        let name = short(&column.name);
        if column.distinct == 1 && column.missing < e.rows {
            let rows = if column.missing == 0 { "" } else { ", or none" };
            constant.push((
                1.0,
                column,
                format!("{name} has one value in all rows{rows}."),
            ));
            continue;
        }
        if column.why.contains("taken for missing") {
            marked.push((1.0, column, format!("{name}: {}.", column.why)));
        }
        match &column.statistics {
            Statistics::Number(n) if column.used => {
                far.extend(
                    far_out(n).map(|(weight, said)| (weight, column, format!("{name} {said}."))),
                );
                skewed.extend(
                    skew(n).map(|(weight, said)| (weight, column, format!("{name} {said}."))),
                );
            }
            Statistics::Level { .. } if !column.used && column.kind == "unused" => {
                text.push((
                    1.0,
                    column,
                    format!("No model reads {name}: {}.", column.why),
                ));
            }
            _ => {}
        }
    }
    found.each(Severity::Low, constant, "have one value");
    found.each(Severity::Low, marked, "have marks of missing values");
    found.each(Severity::Low, text, "are not read by a model");
    found.each(Severity::Low, far, "have outliers");
    found.each(Severity::Low, skewed, "are skewed");
}

/// Outliers that are few, or far beyond the rest.
fn far_out(n: &NumberStatistics) -> Option<(f64, String)> {
    let outliers = &n.outliers;
    let range = n.q75 - n.q25;
    if outliers.rows == 0 || range <= 0.0 {
        return None;
    }
    let reach = f64::max((n.max - n.q75) / range, (n.q25 - n.min) / range);
    let end = match n.max - n.q75 >= n.q25 - n.min {
        true => format!("reaches up to {}", plain(n.max)),
        false => format!("reaches down to {}", plain(n.min)),
    };
    let text = format!(
        "{end}, and {} of {} values ({}) are outliers, outside {} to {} (1.5 interquartile ranges)",
        outliers.rows,
        n.present,
        of(outliers.rows, n.present),
        plain(outliers.low),
        plain(outliers.high)
    );
    Some((1.0 - 1.0 / (1.0 + reach), text))
}

fn skew(n: &NumberStatistics) -> Option<(f64, String)> {
    let skewness = n.skewness.filter(|s| s.abs() >= 2.0)?;
    let remedy = match n.min >= 0.0 && skewness > 0.0 {
        true => "; a linear model reads its logarithm (log1p) better",
        false => "",
    };
    let text = format!("is skewed (skewness {}){remedy}", plain(skewness));
    Some((0.3 + 0.001 * skewness.abs().min(100.0), text))
}
