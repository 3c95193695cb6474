//! Findings as they are collected, with their order.

use crate::report::explore::column::Column;
use crate::report::explore::exploration::{Finding, Severity};
use crate::report::explore::words::list;

/// Findings of one sort that are told one by one; further columns are told together.
pub(super) const MOST_ALIKE: usize = 6;

/// Findings with their order within a severity: a larger weight first.
#[derive(Default)]
pub(super) struct Found(pub(super) Vec<(Severity, f64, Finding)>);

impl Found {
    pub(super) fn add<T: Into<String>>(
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
    pub(super) fn each(
        &mut self,
        severity: Severity,
        mut all: Vec<(f64, &Column, String)>,
        rest: &str,
    ) {
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
