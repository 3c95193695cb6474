//! What is odd about a value without stopping its row; over many rows one entry a column and problem, however many there are.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeStruct, Serializer};

use super::fault::{Problem, excerpt};
use super::level::Label;

/// Different values that are shown of one entry.
const EXAMPLES: usize = 3;

/// Something odd about a value that did not stop the answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Warning {
    pub column: String,
    pub problem: Problem,
    /// The value as it came: a number, a boolean, or text, shortened.
    pub value: Label,
    /// Whether the spec wants the row set apart for somebody to look at.
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

/// One column's trouble of one kind, over many rows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize, JsonSchema)]
pub struct ColumnWarning {
    /// The column; empty where none is to blame.
    pub column: String,
    pub problem: Problem,
    /// Rows it was seen in.
    pub rows: u64,
    /// Some of the values, each with its rows, the first seen first.
    #[schemars(with = "Vec<String>")]
    pub examples: Vec<Example>,
    /// A sentence for people, where the problem's name alone does not say it all.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
}

/// A value that was odd, and in how many rows. Written as the value alone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, serde::Deserialize)]
#[serde(from = "String", into = "String")]
pub struct Example {
    pub value: String,
    /// Rows that have it; 0 where that is no longer known.
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
    /// `plan: 38 unknown levels ("Gold" 38)`.
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

/// Collects the warnings of rows as they come. Bounded: it holds one entry a column and problem.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WarningSummary(IndexMap<(String, Problem), ColumnWarning>);

impl WarningSummary {
    /// Counts a row's warnings.
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

    /// Counts rows under a column and a problem; an empty `example` is none.
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

    /// Says something about a column (or, with an empty name, about the whole) in words.
    pub fn say(&mut self, column: &str, problem: Problem, rows: u64, detail: String) {
        let entry = self.entry(column, problem);
        entry.rows += rows;
        entry.detail = detail;
    }

    /// Adds another summary to this one.
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

    /// The entries, the first seen first.
    pub fn entries(&self) -> impl Iterator<Item = &ColumnWarning> {
        self.0.values()
    }

    /// The entries as a list.
    pub fn to_list(&self) -> Vec<ColumnWarning> {
        self.0.values().cloned().collect()
    }

    /// Whether nothing was odd.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn entry(&mut self, column: &str, problem: Problem) -> &mut ColumnWarning {
        // A table may have a warning in each of its rows: an entry that is there is found without a copy of the name.
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

/// The key of an entry, borrowed; it hashes as the tuple does.
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
