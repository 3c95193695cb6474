//! Warnings: unusual values that do not invalidate their row. Over many rows there is one entry per column and problem.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::fault::{Problem, excerpt};
use super::level::Label;

/// Maximum number of distinct example values per entry.
const EXAMPLES: usize = 3;

/// An unusual value that did not prevent a prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    pub column: String,
    pub problem: Problem,
    /// The original value: a number, a boolean, or shortened text.
    pub value: Label,
    /// Whether the row is to be quarantined for review, by the column's policy.
    pub quarantine: bool,
}

impl std::fmt::Display for Warning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let problem = self.problem.code().replace('_', " ");
        write!(f, "{}: {problem}", excerpt(&self.column))?;
        match &self.value {
            Label::Text(value) if value.is_empty() => Ok(()),
            value => write!(f, ", got {value}"),
        }
    }
}

impl Serialize for Warning {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut fields = to.serialize_struct("Warning", 3)?;
        fields.serialize_field("column", &self.column)?;
        fields.serialize_field("problem", &self.problem)?;
        fields.serialize_field("value", &self.value)?;
        fields.end()
    }
}

/// One kind of problem in one column, over many rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub struct ColumnWarning {
    /// The column's name; empty if the problem does not concern a single column.
    pub column: String,
    pub problem: Problem,
    /// Number of rows with the problem.
    pub rows: u64,
    /// Some of the values, each with its rows, the first seen first.
    #[schemars(with = "Vec<String>")]
    /// Example values, each with its number of rows, in the order of their first occurrence.
    pub examples: Vec<Example>,
    /// Message in one sentence, if the problem's name does not say everything.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// An example value with its number of rows. Serialized as the value alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Example {
    pub value: String,
    /// Number of rows with the value; 0 if unknown (after deserialization).
    pub rows: u64,
}

impl From<String> for Example {
    fn from(value: String) -> Example {
        Example { value, rows: 0 }
    }
}

impl From<Example> for String {
    fn from(example: Example) -> String {
        example.value
    }
}

impl std::fmt::Display for ColumnWarning {
    /// Formats as in `plan: 38 unknown levels ("Gold" 38)`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if !self.column.is_empty() {
            write!(f, "{}: ", self.column)?;
        }
        if self.detail.is_empty() {
            f.write_str(&self.problem.counted(self.rows))?;
        } else {
            f.write_str(&self.detail)?;
        }
        if !self.examples.is_empty() {
            let shown = |e: &Example| match e.rows {
                0 => format!("{:?}", e.value),
                rows => format!("{:?} {rows}", e.value),
            };
            let shown: Vec<String> = self.examples.iter().map(shown).collect();
            write!(f, " ({})", shown.join(", "))?;
        }
        Ok(())
    }
}

/// Accumulates warnings over rows. Its size is bounded: one entry per column and problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarningSummary(IndexMap<(String, Problem), ColumnWarning>);

impl WarningSummary {
    /// Counts the warnings of one row.
    pub fn add(&mut self, warnings: &[Warning]) {
        for warning in warnings {
            self.note(
                &warning.column,
                warning.problem,
                1,
                &warning.value.to_string(),
            );
        }
    }

    /// Counts rows under a column and a problem; an empty `example` means none.
    pub fn note(&mut self, column: &str, problem: Problem, rows: u64, example: &str) {
        let entry = self.entry(column, problem);
        entry.rows += rows;
        if example.is_empty() {
            return;
        }
        if let Some(known) = entry.examples.iter_mut().find(|e| e.value == example) {
            known.rows += rows;
            return;
        }
        let value = excerpt(example);
        if let Some(known) = entry.examples.iter_mut().find(|e| e.value == value) {
            known.rows += rows;
        } else if entry.examples.len() < EXAMPLES {
            entry.examples.push(Example { value, rows });
        }
    }

    /// Adds rows with a message of its own to a column, or, with an empty name, to the table as a whole.
    pub fn say(&mut self, column: &str, problem: Problem, rows: u64, detail: String) {
        let entry = self.entry(column, problem);
        entry.rows += rows;
        entry.detail = detail;
    }

    pub fn merge(&mut self, other: &WarningSummary) {
        for theirs in other.0.values() {
            let counted: u64 = theirs.examples.iter().map(|e| e.rows).sum();
            for example in &theirs.examples {
                self.note(&theirs.column, theirs.problem, example.rows, &example.value);
            }
            let entry = self.entry(&theirs.column, theirs.problem);
            entry.rows += theirs.rows.saturating_sub(counted);
            if entry.detail.is_empty() {
                entry.detail.clone_from(&theirs.detail);
            }
        }
    }

    /// The entries, in the order of their first occurrence.
    pub fn entries(&self) -> impl Iterator<Item = &ColumnWarning> {
        self.0.values()
    }

    pub fn to_list(&self) -> Vec<ColumnWarning> {
        self.0.values().cloned().collect()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn entry(&mut self, column: &str, problem: Problem) -> &mut ColumnWarning {
        // Every row of a table may cause a warning, so that an existing entry is found without copying the name.
        if let Some(place) = self.0.get_index_of(&Key(column, problem)) {
            return &mut self.0[place];
        }
        let entry = self.0.entry((column.to_owned(), problem));
        entry.or_insert_with(|| ColumnWarning {
            column: column.to_owned(),
            problem,
            rows: 0,
            examples: Vec::new(),
            detail: String::new(),
        })
    }
}

/// A borrowed key of an entry, which hashes like the tuple it stands for.
#[derive(Hash)]
struct Key<'a>(&'a str, Problem);

impl indexmap::Equivalent<(String, Problem)> for Key<'_> {
    fn equivalent(&self, (column, problem): &(String, Problem)) -> bool {
        self.0 == column && self.1 == *problem
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_entry_a_column_and_problem() {
        let warning = |column: &str, value: &str| Warning {
            column: column.into(),
            problem: Problem::UnknownLevel,
            value: crate::schema::column::Label::Text(value.into()),
            quarantine: false,
        };
        let mut summary = WarningSummary::default();
        for value in ["Gold", "Gold", "a", "b", "c"] {
            summary.add(&[warning("plan", value)]);
        }
        summary.note("age", Problem::OutOfRange, 120, "");
        let mut other = WarningSummary::default();
        other.add(&[warning("plan", "Gold"), warning("city", "X")]);
        summary.merge(&other);
        let lines: Vec<String> = summary.entries().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "plan: 6 unknown levels (\"Gold\" 3, \"a\" 1, \"b\" 1)",
                "age: 120 out of range",
                "city: 1 unknown level (\"X\" 1)",
            ]
        );
    }
}
