//! What the exploration means for a model, in sentences, ranked by consequence.

use super::column::{Column, NumberStatistics, Statistics};
use super::exploration::{Exploration, Finding, Severity};
use super::pairs::{Association, Measure};
use super::views::Views;
use super::words::{fixed, list, of, p_value, percent, short};
use crate::report::chart::plain;
use crate::stats::association::contingency::{Contingency, MISSING};

/// Findings of one sort that are told one by one; further columns are told together.
const MOST_ALIKE: usize = 6;
/// Share of missing values from which a column says little.
const MOSTLY_MISSING: f64 = 0.5;
/// Share from which missing values are worth a finding.
const OFTEN_MISSING: f64 = 0.05;

/// Findings with their order within a severity: a larger weight first.
#[derive(Default)]
struct Found(Vec<(Severity, f64, Finding)>);

impl Found {
    fn add<T: Into<String>>(
        &mut self,
        severity: Severity,
        weight: f64,
        columns: impl IntoIterator<Item = T>,
        text: String,
    ) {
        let finding = Finding {
            severity,
            text,
            columns: columns.into_iter().map(Into::into).collect(),
        };
        self.0.push((severity, weight, finding));
    }

    /// Findings of one sort about a column each; those beyond the first few become one.
    fn each(&mut self, severity: Severity, mut all: Vec<(f64, &Column, String)>, rest: &str) {
        all.sort_by(|a, b| b.0.total_cmp(&a.0));
        let more = all.split_off(all.len().min(MOST_ALIKE));
        for (weight, column, text) in all {
            self.add(severity, weight, [&column.name], text);
        }
        if !more.is_empty() {
            let names: Vec<String> = more.iter().map(|(_, c, _)| c.name.clone()).collect();
            let text = format!("{} more columns {rest}: {}.", names.len(), list(&names));
            self.add(severity, 0.0, names, text);
        }
    }
}

/// The findings of an exploration, the most consequential first.
pub fn findings(e: &Exploration, views: &Views<'_>) -> Vec<Finding> {
    let mut found = Found::default();
    target(e, &mut found);
    leakage(e, &mut found);
    drift(e, &mut found);
    groups(e, &mut found);
    repeated(e, views, &mut found);
    missing(e, views, &mut found);
    values(e, &mut found);
    associations(e, &mut found);
    let mut all = found.0;
    all.sort_by(|a, b| a.0.cmp(&b.0).then(b.1.total_cmp(&a.1)));
    all.into_iter().map(|(_, _, finding)| finding).collect()
}

fn target(e: &Exploration, found: &mut Found) {
    if e.rows < 100 {
        let text = format!(
            "The table has {} only: a model of it cannot be judged, and every figure here is uncertain.",
            rows_word(e.rows)
        );
        found.add(Severity::High, 2.0, [""; 0], text);
    }
    let used = e
        .columns
        .iter()
        .filter(|c| c.used && c.kind != "target")
        .count() as u64;
    if e.rows < 5 * used && used > 1 {
        let severity = match e.rows < used {
            true => Severity::High,
            false => Severity::Medium,
        };
        let text = format!(
            "{} for {used} columns that a model would read: it will find patterns that are chance. Leave out what cannot matter.",
            rows_word(e.rows)
        );
        found.add(severity, 1.9, [""; 0], text);
    }
    let Some(target) = &e.target else { return };
    let (column, balance) = (&target.column, &target.rows);
    let rare = balance.positive.min(balance.negative);
    let labelled = balance.positive + balance.negative;
    let share = rare as f64 / labelled.max(1) as f64;
    let label = match balance.positive <= balance.negative {
        true => &target.positive,
        false => &target.negative,
    };
    if rare < 50 && labelled > 0 {
        let text = format!(
            "Only {rare} of {labelled} rows have {} = {label}: too few to tell a good model from a lucky one.",
            short(column)
        );
        found.add(Severity::High, 3.0, [column], text);
    } else if share < 0.1 {
        let severity = if share < 0.01 {
            Severity::High
        } else {
            Severity::Medium
        };
        let text = format!(
            "{} = {label} is rare, {rare} of {labelled} rows ({}): saying the other value always is right {} of the time, so compare models by log loss and set the threshold by costs.",
            short(column),
            percent(share),
            percent(1.0 - share)
        );
        found.add(severity, 2.0, [column], text);
    } else {
        let text = format!(
            "{} = {label} in {rare} of {labelled} rows ({}): no model is useful below {} right.",
            short(column),
            percent(share),
            percent(1.0 - share)
        );
        found.add(Severity::Low, 9.0, [column], text);
    }
    if balance.unlabelled > 0 {
        let text = format!(
            "{} of the rows ({}) have no value of {} and teach nothing.",
            balance.unlabelled,
            of(balance.unlabelled, balance.unlabelled + labelled),
            short(column)
        );
        found.add(Severity::Medium, 3.0, [column], text);
    }
}

fn rows_word(rows: u64) -> String {
    match rows {
        1 => "one row".into(),
        rows => format!("{rows} rows"),
    }
}

fn leakage(e: &Exploration, found: &mut Found) {
    for leak in e.leakage.iter().take(MOST_ALIKE) {
        let severity = if leak.auc > 0.98 {
            Severity::High
        } else {
            Severity::Medium
        };
        let text = format!(
            "{} may leak the target: {} (AUC {:.3}). Leave it out unless it is known before the outcome.",
            short(&leak.column),
            leak.reason,
            leak.auc
        );
        found.add(severity, 10.0 + leak.auc, [&leak.column], text);
    }
}

fn drift(e: &Exploration, found: &mut Found) {
    let Some(drift) = &e.against else { return };
    let drifted = drift.columns.iter().filter(|c| c.drift);
    for column in drifted.clone().take(MOST_ALIKE) {
        let change = column
            .change
            .as_deref()
            .unwrap_or("its distribution differs");
        let text = format!(
            "{} differs from the reference: {change} (p {}, adjusted over all tests).",
            short(&column.name),
            column.p_adjusted.map_or_else(|| "unknown".into(), p_value)
        );
        found.add(
            Severity::High,
            5.0 + column.effect.unwrap_or(0.0),
            [&column.name],
            text,
        );
    }
    let more: Vec<String> = drifted.skip(MOST_ALIKE).map(|c| c.name.clone()).collect();
    if !more.is_empty() {
        let text = format!(
            "{} more columns differ from the reference: {}.",
            more.len(),
            list(&more)
        );
        found.add(Severity::High, 5.0, more, text);
    }
    if !drift.drift {
        let text = format!(
            "No drift: at a false alarm rate of {}, none of {} columns differs from the reference ({} and {} rows).",
            percent(drift.level),
            drift.columns.len(),
            drift.rows.reference,
            drift.rows.current
        );
        found.add(Severity::Low, 8.0, [""; 0], text);
    }
}

fn groups(e: &Exploration, found: &mut Found) {
    for group in e.groups.iter().take(3) {
        let names: Vec<String> = group.key.iter().map(|name| short(name)).collect();
        let key = names.join(" with ");
        let agree = format!(
            "they have the same {} in {} of pairs, {} by chance",
            short(&group.agrees_in),
            percent(group.agreement),
            percent(group.by_chance)
        );
        let begin = format!(
            "{} rows share their {key} with another ({} groups of up to {})",
            group.rows, group.groups, group.largest
        );
        // Twice the standard error of the share.
        let tells = group.target.filter(|t| {
            let error = (t.by_chance * (1.0 - t.by_chance) / t.pairs.max(1) as f64).sqrt();
            t.within - t.by_chance > 2.0 * error
        });
        let keep = "keep them in one fold (evaluation: groups)";
        match tells {
            Some(target) => found.add(
                Severity::High,
                4.0,
                &group.key,
                format!(
                    "{begin}; {agree}, and the same target in {} of pairs, {} by chance. A random split would be too kind to a model: {keep}.",
                    percent(target.within),
                    percent(target.by_chance)
                ),
            ),
            None => found.add(
                Severity::Medium,
                4.0,
                &group.key,
                format!("{begin}; {agree}. If they belong together, {keep}."),
            ),
        }
    }
}

fn repeated(e: &Exploration, views: &Views<'_>, found: &mut Found) {
    // How many different rows there could be: few columns of few values repeat by chance.
    let others = views.columns.iter().filter(|view| !view.names_rows());
    let room: f64 = others.map(|view| view.distinct.max(1) as f64).product();
    let is_likely = room < 10.0 * e.rows as f64;
    let repeated = |rows: u64, of_rows: u64, what: &str, found: &mut Found| {
        let share = rows as f64 / of_rows.max(1) as f64;
        let severity = match share {
            _ if is_likely => Severity::Low,
            s if s >= 0.1 => Severity::High,
            s if s >= 0.01 => Severity::Medium,
            _ => Severity::Low,
        };
        let why = match is_likely {
            true => "columns of so few values repeat by chance",
            false => "in a random split the same row is learnt and tested",
        };
        let text = format!(
            "{rows} of {of_rows} rows ({}) repeat an earlier row{what}: {why}.",
            percent(share)
        );
        found.add(severity, 3.5, [""; 0], text);
    };
    if e.duplicates.rows > 0 {
        repeated(e.duplicates.rows, e.rows, "", found);
    }
    match e.duplicates.rows_without_ids {
        Some(rows) if rows > e.duplicates.rows && !is_likely => {
            repeated(
                rows,
                views.rows as u64,
                " but for what names the rows",
                found,
            );
        }
        _ => {}
    }
    for equal in e.duplicates.equal_columns.iter().take(MOST_ALIKE) {
        let text = format!(
            "The columns {} are equal: one of them is enough.",
            list(equal)
        );
        found.add(Severity::Medium, 2.5, equal, text);
    }
}

fn missing(e: &Exploration, views: &Views<'_>, found: &mut Found) {
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
            rows_word(pattern.rows),
            of(pattern.rows, views.rows as u64),
            list(&pattern.columns)
        );
        found.add(Severity::Low, 0.5, &pattern.columns, text);
    }
}

/// How the target differs where a column is missing, if it clearly does.
fn missing_tells(view: &super::views::View<'_>, labels: &[Option<bool>]) -> Option<String> {
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

fn values(e: &Exploration, found: &mut Found) {
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

fn associations(e: &Exploration, found: &mut Found) {
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
