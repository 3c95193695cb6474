//! Findings about the table as a whole: its target, leaks, drift, groups and repeated rows.

use super::found::{Found, MOST_ALIKE};
use crate::report::explore::exploration::{Exploration, Severity};
use crate::report::explore::views::Views;
use crate::report::explore::words::{counted_rows, list, of, p_value, percent, short};

pub(super) fn target(e: &Exploration, found: &mut Found) {
    if e.rows < 100 {
        let text = format!(
            "The table has {} only: a model of it cannot be judged, and every figure here is uncertain.",
            counted_rows(e.rows)
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
            counted_rows(e.rows)
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

pub(super) fn leakage(e: &Exploration, found: &mut Found) {
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

pub(super) fn drift(e: &Exploration, found: &mut Found) {
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

pub(super) fn groups(e: &Exploration, found: &mut Found) {
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

pub(super) fn repeated(e: &Exploration, views: &Views<'_>, found: &mut Found) {
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
