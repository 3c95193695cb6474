//! Drift of the rows that the model predicted, and alerts.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::words::{count, none, percent, plain_or_none, three, time};
use crate::clock::rfc3339;
use crate::monitor::drift::ColumnDrift;
use crate::monitor::verdict::Verdict;
use crate::report::document::Section;
use crate::report::table::Table;

/// Events that are listed, the newest.
const LISTED: usize = 30;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Windows that were checked.
    pub windows: u64,
    /// Windows in which a column drifted.
    pub drifted: u64,
    /// The newest check of all rows.
    pub newest: Option<Check>,
    /// Drifts, newest first.
    pub drifts: Vec<Found>,
    /// Changes of alerts, newest first.
    pub alerts: Vec<Alert>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Check {
    pub time: String,
    pub drift: bool,
    pub rows: u64,
    pub reference_rows: u64,
    pub level: f64,
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Column {
    pub name: String,
    pub drift: bool,
    pub change: Option<String>,
    pub p_adjusted: Option<f64>,
    pub psi: Option<f64>,
    pub wasserstein: Option<f64>,
    pub missing: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Found {
    pub time: String,
    /// The slice of the rows; null for all rows.
    pub slice: Option<String>,
    pub change: String,
    /// What follows: whether a training was requested, and why.
    pub training: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alert {
    pub time: String,
    pub rule: String,
    pub subject: String,
    pub state: String,
    pub summary: String,
}

impl Drift {
    pub fn of(facts: &Facts<'_>) -> Drift {
        let verdicts = &facts.live.verdicts;
        let newest = verdicts.iter().rev().find(|v| v.slice.is_none());
        let drifts = verdicts.iter().rev().filter_map(found).take(LISTED);
        let alert = |alert: &super::Alert| Alert {
            time: rfc3339(alert.time),
            rule: alert.rule.clone(),
            subject: alert.subject.clone(),
            state: alert.state.clone(),
            summary: alert.summary.clone(),
        };
        Drift {
            windows: verdicts.len() as u64,
            drifted: verdicts.iter().filter(|v| v.drift.drift).count() as u64,
            newest: newest.map(Check::of),
            drifts: drifts.collect(),
            alerts: facts
                .live
                .alerts
                .iter()
                .rev()
                .take(LISTED)
                .map(alert)
                .collect(),
        }
    }

    pub fn section(&self) -> Section {
        let mut section = Section::new("drift", "Drift and alerts");
        section = match &self.newest {
            None => section.with("No window of predictions of this model has been checked for drift yet."),
            Some(check) => section
                .with(format!(
                    "{} of {} windows showed a drift. In a window without drift, the chance of an alarm is at most {}.",
                    count(self.drifted),
                    count(self.windows),
                    percent(check.level)
                ))
                .with(part("The newest window", vec![check.sentence().into(), check.table().into()])),
        };
        if !self.drifts.is_empty() {
            let mut table = Table::new(
                "Drifts, newest first",
                &["time (UTC)", "change", "slice", "training"],
            );
            for found in &self.drifts {
                table.row([
                    time(&found.time),
                    found.change.clone(),
                    found
                        .slice
                        .clone()
                        .unwrap_or_else(|| "all\u{a0}rows".into()),
                    found.training.clone().unwrap_or_else(none),
                ]);
            }
            section = section.with(part("Drifts", vec![table.into()]));
        }
        if self.alerts.is_empty() {
            return section.with("There has been no alert about this model.");
        }
        let mut table = Table::new(
            "Alerts, newest first",
            &["time (UTC)", "rule", "state", "subject", "summary"],
        );
        for alert in &self.alerts {
            let texts = [&alert.rule, &alert.state, &alert.subject, &alert.summary];
            table.row(
                [time(&alert.time)]
                    .into_iter()
                    .chain(texts.map(String::clone)),
            );
        }
        section.with(part("Alerts", vec![table.into()]))
    }
}

fn found(verdict: &Verdict) -> Option<Found> {
    let training = verdict.retrain.as_ref().map(|retrain| match retrain.asked {
        true => "requested".to_owned(),
        false => format!("not requested: {}", retrain.why),
    });
    Some(Found {
        time: rfc3339(verdict.time),
        slice: verdict.slice.as_ref().map(ToString::to_string),
        change: verdict.change()?,
        training,
    })
}

impl Check {
    fn of(verdict: &Verdict) -> Check {
        let column = |column: &ColumnDrift| Column {
            name: column.name.clone(),
            drift: column.drift,
            change: column.change.clone(),
            p_adjusted: column.p_adjusted,
            psi: column.psi,
            wasserstein: column.wasserstein,
            missing: column.missing.current,
        };
        Check {
            time: rfc3339(verdict.time),
            drift: verdict.drift.drift,
            rows: verdict.drift.rows.current,
            reference_rows: verdict.drift.rows.reference,
            level: verdict.drift.level,
            columns: verdict.drift.columns.iter().map(column).collect(),
        }
    }

    fn sentence(&self) -> String {
        let drift = if self.drift { "Drift" } else { "No drift" };
        format!(
            "{drift} in the window that ended at {} UTC: {} rows compared with {} training rows.",
            time(&self.time),
            count(self.rows),
            count(self.reference_rows)
        )
    }

    fn table(&self) -> Table {
        let headings = [
            "column",
            "drift",
            "change",
            "p adjusted#",
            "PSI#",
            "Wasserstein#",
            "missing#",
        ];
        let mut table = Table::new("Columns of the newest window", &headings);
        for column in &self.columns {
            table.row([
                column.name.clone(),
                if column.drift { "yes" } else { "no" }.into(),
                column.change.clone().unwrap_or_else(none),
                plain_or_none(column.p_adjusted),
                column.psi.map_or_else(none, three),
                column.wasserstein.map_or_else(none, three),
                column.missing.map_or_else(none, percent),
            ]);
        }
        table
    }
}
