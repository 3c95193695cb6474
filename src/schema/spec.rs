//! The part of a spec that describes the table, as typed by a person, and its check.

pub mod without;
pub mod yaml;

use std::collections::HashSet;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::column::{Column, Kind, Label, Policy, Schema, Target};

/// A fault in a spec, with where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpecFault {
    /// Line in the file, from 1; 0 where it is not known.
    pub line: u64,
    /// Column in the line, from 1.
    pub column: u64,
    /// What is wrong.
    pub problem: String,
    /// What to do.
    pub remedy: String,
}

impl SpecFault {
    /// A fault at the place of a spanned value.
    pub fn at<T>(
        place: &Spanned<T>,
        problem: impl Into<String>,
        remedy: impl Into<String>,
    ) -> SpecFault {
        SpecFault {
            line: place.referenced.line(),
            column: place.referenced.column(),
            problem: problem.into(),
            remedy: remedy.into(),
        }
    }
}

impl std::fmt::Display for SpecFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.line > 0 {
            write!(f, "line {}, column {}: ", self.line, self.column)?;
        }
        f.write_str(&self.problem)?;
        if !self.remedy.is_empty() {
            write!(f, "; {}", self.remedy)?;
        }
        Ok(())
    }
}

/// A column as typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    name: Spanned<String>,
    kind: KindWord,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    required: bool,
    /// `[smallest, largest]`; null leaves an end open.
    range: Option<Spanned<(Option<f64>, Option<f64>)>>,
    levels: Option<Spanned<Vec<Label>>>,
    /// What an out-of-range number or an unknown level gets.
    unexpected: Option<Spanned<Policy>>,
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum KindWord {
    Number,
    Category,
    Text,
}

/// The target as typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    column: Spanned<String>,
    positive: Label,
    negative: Spanned<Label>,
}

/// Columns, target and id as typed.
#[derive(Clone, Debug)]
pub struct TableSpec<'a> {
    /// The `columns` list.
    pub columns: &'a [ColumnSpec],
    /// The `target` section.
    pub target: &'a TargetSpec,
    /// The `id` column.
    pub id: Option<&'a Spanned<String>>,
}

impl TableSpec<'_> {
    /// Checks all of it.
    ///
    /// # Errors
    /// Every fault found, with line and remedy.
    pub fn check(&self) -> Result<Schema, Vec<SpecFault>> {
        let mut faults = Vec::new();
        let mut names = HashSet::new();
        let ids = self.id.into_iter();
        for name in ids
            .chain([&self.target.column])
            .chain(self.columns.iter().map(|c| &c.name))
        {
            if name.value.is_empty() {
                faults.push(SpecFault::at(
                    name,
                    "a column without a name",
                    "name it as the table's header does",
                ));
            } else if !names.insert(name.value.as_str()) {
                let problem = format!("the column {:?} stands twice", name.value);
                faults.push(SpecFault::at(
                    name,
                    problem,
                    "keep one; id and target are not listed under columns",
                ));
            }
        }
        if self.target.positive.to_string() == self.target.negative.value.to_string() {
            let problem = "positive and negative are the same value";
            faults.push(SpecFault::at(
                &self.target.negative,
                problem,
                "name the two values of the target",
            ));
        }
        if self.columns.is_empty() {
            let problem = "no columns: there is nothing to predict from";
            faults.push(SpecFault::at(
                &self.target.column,
                problem,
                "list the table's columns under columns",
            ));
        }
        let columns = self
            .columns
            .iter()
            .filter_map(|c| check_column(c, &mut faults))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let target = Target {
            column: self.target.column.value.clone(),
            positive: self.target.positive.clone(),
            negative: self.target.negative.value.clone(),
        };
        Ok(Schema::new(
            columns,
            target,
            self.id.map(|id| id.value.clone()),
        ))
    }
}

fn check_column(spec: &ColumnSpec, faults: &mut Vec<SpecFault>) -> Option<Column> {
    let before = faults.len();
    let name = &spec.name;
    if let Some(levels) = spec
        .levels
        .as_ref()
        .filter(|_| spec.kind != KindWord::Category)
    {
        faults.push(SpecFault::at(
            levels,
            "only a category has levels",
            "remove them, or make it a category",
        ));
    }
    if let Some(range) = spec
        .range
        .as_ref()
        .filter(|_| spec.kind != KindWord::Number)
    {
        faults.push(SpecFault::at(
            range,
            "only a number has a range",
            "remove it, or make it a number",
        ));
    }
    if let Some(policy) = spec
        .unexpected
        .as_ref()
        .filter(|_| spec.kind == KindWord::Text)
    {
        faults.push(SpecFault::at(
            policy,
            "no text is unexpected",
            "remove it, or make it a category",
        ));
    }
    let kind = match spec.kind {
        KindWord::Number => check_range(spec, faults),
        KindWord::Category => check_levels(spec, faults),
        KindWord::Text => Kind::Text,
    };
    (faults.len() == before).then(|| Column {
        name: name.value.clone(),
        kind,
        required: spec.required,
        policy: spec
            .unexpected
            .as_ref()
            .map(|p| p.value)
            .unwrap_or_default(),
        unit: spec.unit.clone(),
        about: spec.about.clone(),
    })
}

fn check_range(spec: &ColumnSpec, faults: &mut Vec<SpecFault>) -> Kind {
    let (min, max) = spec.range.as_ref().map_or((None, None), |r| r.value);
    let (min, max) = (
        min.unwrap_or(f64::NEG_INFINITY),
        max.unwrap_or(f64::INFINITY),
    );
    if let Some(range) = spec
        .range
        .as_ref()
        .filter(|_| min.is_nan() || max.is_nan() || min > max)
    {
        faults.push(SpecFault::at(
            range,
            "the range is empty",
            "write [smallest, largest], null for an open end",
        ));
    }
    Kind::Number { min, max }
}

fn check_levels(spec: &ColumnSpec, faults: &mut Vec<SpecFault>) -> Kind {
    let Some(levels) = &spec.levels else {
        let problem = format!("the category {:?} has no levels", spec.name.value);
        faults.push(SpecFault::at(
            &spec.name,
            problem,
            "list them: levels: [a, b]",
        ));
        return Kind::Text;
    };
    let words: Vec<String> = levels.value.iter().map(ToString::to_string).collect();
    let mut seen = HashSet::new();
    for word in &words {
        if word.is_empty() || super::text::MISSING.contains(&word.as_str()) {
            let problem = format!("{word:?} means missing and cannot be a level");
            faults.push(SpecFault::at(levels, problem, "remove it"));
        } else if !seen.insert(word) {
            faults.push(SpecFault::at(
                levels,
                format!("the level {word:?} stands twice"),
                "keep one",
            ));
        }
    }
    if words.is_empty() {
        faults.push(SpecFault::at(
            levels,
            "no levels",
            "list them: levels: [a, b]",
        ));
    }
    Kind::Category { levels: words }
}

#[cfg(test)]
mod tests;
