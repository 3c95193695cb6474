//! Where the model is wrong.

use serde::Serialize;

use super::data::part;
use super::facts::Facts;
use super::words::{count, percent, three};
use crate::model::evaluation::{Evaluation, Group};
use crate::report::document::Section;
use crate::report::table::Table;
use crate::schema::Table as Rows;
use crate::schema::cell::Scalar;

/// Groups and rows that are listed.
const GROUPS: usize = 12;
const ROWS: usize = 10;
/// Columns of a row that are shown beside its probability.
const VALUES: usize = 6;

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Errors {
    /// Worst first.
    pub groups: Vec<Group>,
    /// Largest loss first.
    pub rows: Vec<Row>,
    /// Whether the values of the rows could be read from the training table.
    pub has_values: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Row {
    /// Its number among the rows of the training table, from 1.
    pub row: u64,
    pub id: Option<String>,
    pub probability: f64,
    pub is_positive: bool,
    /// Values of the columns that the model reads, the most important first; empty if the table cannot be read.
    pub values: Vec<Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Value {
    pub column: String,
    pub value: String,
}

impl Errors {
    pub fn of(facts: &Facts<'_>, evaluation: &Evaluation) -> Errors {
        let columns: Vec<&str> = evaluation
            .importance
            .iter()
            .map(|i| i.column.as_str())
            .take(VALUES)
            .collect();
        let table = facts.table.as_ref().ok();
        let rows = evaluation.hardest.iter().take(ROWS).map(|hard| Row {
            row: hard.row,
            id: hard.id.clone(),
            probability: hard.probability,
            is_positive: hard.is_positive,
            values: table
                .map(|table| values(table, hard.row, &columns))
                .unwrap_or_default(),
        });
        Errors {
            groups: evaluation.groups.iter().take(GROUPS).cloned().collect(),
            rows: rows.collect(),
            has_values: table.is_some(),
        }
    }

    pub fn section(&self, positive: &str) -> Section {
        let mut groups = Table::new(
            "Groups predicted worst",
            &[
                "column",
                "values",
                "rows#",
                "predicted#",
                "observed#",
                "log loss#",
                "of the base rate#",
            ],
        );
        for group in &self.groups {
            groups.row([
                group.column.clone(),
                group.values.clone(),
                count(group.rows),
                percent(group.predicted),
                percent(group.observed),
                three(group.log_loss),
                three(group.base_log_loss),
            ]);
        }
        let mut section = Section::new("errors", "Errors")
            .with(
                "Groups of rows by their out-of-fold log loss. Beside it stands the loss of always predicting the group's own \
                 share of positive rows: a group whose loss is close to that is hard for any model that knows no more, one whose \
                 loss is above it is predicted badly.",
            )
            .with(groups);
        if !self.rows.is_empty() {
            let text = match self.has_values {
                true => {
                    "The rows with the largest loss, with the values of the columns that matter most."
                }
                false => {
                    "The rows with the largest loss. Their values are not shown, because the training table cannot be read."
                }
            };
            section = section.with(part(
                "Rows",
                vec![text.into(), self.hardest(positive).into()],
            ));
        }
        section
    }

    fn hardest(&self, positive: &str) -> Table {
        let has_ids = self.rows.iter().any(|row| row.id.is_some());
        let mut headings = vec!["row#".to_owned()];
        headings.extend(has_ids.then(|| "id".to_owned()));
        headings.extend([format!("probability of {positive}#"), "outcome".into()]);
        let first = self
            .rows
            .first()
            .map(|row| row.values.as_slice())
            .unwrap_or_default();
        headings.extend(first.iter().map(|value| value.column.clone()));
        let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
        let mut table = Table::new("Rows predicted worst", &headings);
        for row in &self.rows {
            let mut cells = vec![count(row.row)];
            cells.extend(has_ids.then(|| row.id.clone().unwrap_or_default()));
            cells.push(percent(row.probability));
            cells.push(
                if row.is_positive {
                    "positive"
                } else {
                    "negative"
                }
                .into(),
            );
            cells.extend(row.values.iter().map(|value| value.value.clone()));
            table.row(cells);
        }
        table
    }
}

/// The values of a row, by its number from 1.
fn values(table: &Rows, number: u64, columns: &[&str]) -> Vec<Value> {
    let place = usize::try_from(number).ok().and_then(|n| n.checked_sub(1));
    let Some(place) = place.filter(|place| *place < table.len()) else {
        return Vec::new();
    };
    let value = |name: &&str| {
        let slot = table
            .schema()
            .columns()
            .iter()
            .position(|c| c.name == **name)?;
        let value =
            match table.schema().columns()[slot].scalar(table.cell(place, slot), table.text()) {
                Scalar::Missing => "missing".into(),
                value => value.to_string(),
            };
        Some(Value {
            column: (*name).to_owned(),
            value,
        })
    };
    columns.iter().filter_map(value).collect()
}
