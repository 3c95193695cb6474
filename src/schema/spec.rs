//! The part of a spec that describes the table, as typed by a person, and its check.

mod typed;
pub mod without;
pub mod yaml;

use std::collections::HashSet;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::column::{Column, Extra, Kind, Label, Levels, Parts, Policy, Schema, Target};
use super::date::DateForm;
use super::level::is_label;
use super::missing::Markers;
use super::number::NumberForm;
pub use typed::{LevelsSpec, Word};

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
    levels: Option<Spanned<LevelsSpec>>,
    /// What an out-of-range number or an unknown level gets.
    unexpected: Option<Spanned<Policy>>,
    /// Words that mean missing in this column, in place of the spec's.
    missing: Option<Vec<Word>>,
    /// How its numbers are written.
    number: Option<Spanned<NumberSpec>>,
    /// Pattern of its dates.
    format: Option<Spanned<String>>,
}

/// How a column's numbers are written, as typed.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct NumberSpec {
    decimal: String,
    thousands: Option<String>,
    prefix: String,
    suffix: String,
}

impl Default for NumberSpec {
    fn default() -> NumberSpec {
        NumberSpec {
            decimal: ".".into(),
            thousands: None,
            prefix: String::new(),
            suffix: String::new(),
        }
    }
}

#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum KindWord {
    Number,
    Category,
    Text,
    Date,
    Unused,
}

impl KindWord {
    fn word(self) -> &'static str {
        match self {
            KindWord::Number => "number",
            KindWord::Category => "category",
            KindWord::Text => "text",
            KindWord::Date => "date",
            KindWord::Unused => "column that is not used",
        }
    }
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
    /// What an unknown column gets.
    pub extra: Extra,
    /// Words that mean missing, where the spec lists them.
    pub missing: Option<&'a [Word]>,
    /// Words that mean missing where it does not.
    pub usual: &'a [&'a str],
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
        let (positive, negative) = (&self.target.positive, &self.target.negative.value);
        if is_label(positive, negative, negative.value()) {
            let problem = "positive and negative are the same value";
            faults.push(SpecFault::at(
                &self.target.negative,
                problem,
                "name the two values of the target",
            ));
        }
        let unused = self.columns.iter().filter(|c| c.kind == KindWord::Unused);
        let unused: Vec<String> = unused.map(|c| c.name.value.clone()).collect();
        if self.columns.len() == unused.len() {
            let problem = "no columns: there is nothing to predict from";
            faults.push(SpecFault::at(
                &self.target.column,
                problem,
                "list the table's columns under columns",
            ));
        }
        let missing = match self.missing {
            Some(words) => Markers::new(words),
            None => Markers::new(self.usual),
        };
        let columns = self
            .columns
            .iter()
            .filter_map(|c| check_column(c, &missing, &mut faults))
            .collect();
        if !faults.is_empty() {
            return Err(faults);
        }
        let target = Target {
            column: self.target.column.value.clone(),
            positive: self.target.positive.clone(),
            negative: self.target.negative.value.clone(),
        };
        Ok(Schema::new(Parts {
            columns,
            unused,
            target,
            id: self.id.map(|id| id.value.clone()),
            extra: self.extra,
            missing,
        }))
    }
}

/// The checked column; none where it is not used or has faults.
fn check_column(
    spec: &ColumnSpec,
    missing: &Markers,
    faults: &mut Vec<SpecFault>,
) -> Option<Column> {
    let before = faults.len();
    let name = &spec.name;
    let kind = spec.kind;
    let mut only = |given: Option<SpecFault>, of: KindWord, what: &str| {
        let Some(place) = given.filter(|_| kind != of) else {
            return;
        };
        let of = of.word();
        faults.push(SpecFault {
            problem: format!("only a {of} has {what}"),
            remedy: format!("remove it, or make it a {of}"),
            ..place
        });
    };
    only(place(&spec.levels), KindWord::Category, "levels");
    only(place(&spec.range), KindWord::Number, "a range");
    only(place(&spec.number), KindWord::Number, "a form of numbers");
    only(place(&spec.format), KindWord::Date, "a pattern of dates");
    if let Some(policy) = spec
        .unexpected
        .as_ref()
        .filter(|_| !matches!(kind, KindWord::Number | KindWord::Category))
    {
        let problem = format!("no value of a {} is unexpected", kind.word());
        faults.push(SpecFault::at(
            policy,
            problem,
            "remove it, or make it a number or a category",
        ));
    }
    if kind == KindWord::Unused && spec.required {
        faults.push(SpecFault::at(
            name,
            format!("the column {:?} is required and not used", name.value),
            "remove required, or give it another kind",
        ));
    }
    let kind = match kind {
        KindWord::Number => check_range(spec, faults),
        KindWord::Category => check_levels(spec, faults),
        KindWord::Text | KindWord::Unused => Kind::Text,
        KindWord::Date => check_pattern(spec, faults),
    };
    let number = spec.number.as_ref().and_then(|n| check_form(n, faults));
    (faults.len() == before && spec.kind != KindWord::Unused).then(|| Column {
        name: name.value.clone(),
        kind,
        required: spec.required,
        policy: spec
            .unexpected
            .as_ref()
            .map(|p| p.value)
            .unwrap_or_default(),
        missing: match &spec.missing {
            Some(words) => Markers::new(words),
            None => missing.clone(),
        },
        number,
        unit: spec.unit.clone(),
        about: spec.about.clone(),
    })
}

/// Where an optional key stands, for a fault.
fn place<T>(spanned: &Option<Spanned<T>>) -> Option<SpecFault> {
    spanned.as_ref().map(|s| SpecFault::at(s, "", ""))
}

fn check_pattern(spec: &ColumnSpec, faults: &mut Vec<SpecFault>) -> Kind {
    let pattern = spec.format.as_ref();
    match DateForm::new(pattern.map(|p| p.value.clone())) {
        Ok(form) => Kind::Date(form),
        Err(problem) => {
            let place = pattern.map_or(&spec.name, |p| p);
            faults.push(SpecFault::at(
                place,
                problem,
                "write it as strftime does, or leave it out for 2024-01-31",
            ));
            Kind::Date(DateForm::default())
        }
    }
}

fn check_form(spec: &Spanned<NumberSpec>, faults: &mut Vec<SpecFault>) -> Option<NumberForm> {
    let one = |text: &str| {
        let mut chars = text.chars();
        chars.next().filter(|_| chars.next().is_none())
    };
    let NumberSpec {
        decimal,
        thousands,
        prefix,
        suffix,
    } = &spec.value;
    let decimal = one(decimal).filter(|c| matches!(c, '.' | ','));
    let thousands = match thousands {
        None => Some(None),
        Some(text) => one(text)
            .filter(|c| !c.is_alphanumeric() && Some(*c) != decimal && !matches!(c, '-' | '+'))
            .map(Some),
    };
    match (decimal, thousands) {
        (Some(decimal), Some(thousands)) => Some(NumberForm {
            decimal,
            thousands,
            prefix: prefix.clone(),
            suffix: suffix.clone(),
        }),
        _ => {
            faults.push(SpecFault::at(
                spec,
                "no numbers are written like this",
                "decimal is \".\" or \",\", thousands another sign or null",
            ));
            None
        }
    }
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
            "list them: levels: [a, b], or write levels: any",
        ));
        return Kind::Text;
    };
    let LevelsSpec::List(scalars) = &levels.value else {
        return Kind::Category {
            levels: Levels::any(),
        };
    };
    let list = Levels::new(scalars.clone());
    for (i, scalar) in scalars.iter().enumerate() {
        let word = &list[i];
        if word.trim().is_empty() {
            let problem = format!("{word:?} means missing and cannot be a level");
            faults.push(SpecFault::at(levels, problem, "remove it"));
        } else if list.find(scalar.value()) != Some(i as u32) {
            faults.push(SpecFault::at(
                levels,
                format!("the level {word:?} stands twice"),
                "keep one",
            ));
        }
    }
    if scalars.is_empty() {
        faults.push(SpecFault::at(
            levels,
            "no levels",
            "list them: levels: [a, b], or write levels: any",
        ));
    }
    Kind::Category { levels: list }
}

#[cfg(test)]
mod tests;
