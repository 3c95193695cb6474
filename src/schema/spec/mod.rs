//! The part of a spec that describes the table: its types as written by the user, and their check.

mod error;
mod needed;
mod typed;
pub mod without;
pub mod yaml;

use std::collections::HashSet;

use serde::Deserialize;
use serde_saphyr::Spanned;

use super::column::{Column, Extra, Kind, Label, Levels, Monotone, Parts, Policy, Schema, Target};
use super::date::DateForm;
use super::level::is_label;
use super::missing::Markers;
use super::number::NumberForm;
pub use error::{About, SpecError};
pub use needed::Needed;
pub use typed::{LevelsSpec, Word};

/// A column as written in the spec, unchecked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColumnSpec {
    #[serde(default)]
    name: Needed<Spanned<String>>,
    #[serde(default)]
    kind: Needed<KindWord>,
    #[serde(default)]
    unit: String,
    #[serde(default)]
    about: String,
    #[serde(default)]
    required: bool,
    /// `[minimum, maximum]`; null leaves an end open.
    range: Option<Spanned<(Option<f64>, Option<f64>)>>,
    levels: Option<Spanned<LevelsSpec>>,
    /// How an out-of-range number or an unknown level is handled.
    unexpected: Option<Spanned<Policy>>,
    /// Markers for missing values in this column, replacing those of the spec.
    missing: Option<Vec<Word>>,
    /// Number format of the column.
    number: Option<Spanned<NumberSpec>>,
    /// Pattern of the column's dates.
    format: Option<Spanned<String>>,
    /// The only way in which the probability may move with the number.
    monotone: Option<Spanned<Monotone>>,
}

/// The number format of a column as written in the spec, unchecked.
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

/// The target as written in the spec, unchecked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TargetSpec {
    #[serde(default)]
    column: Needed<Spanned<String>>,
    #[serde(default)]
    positive: Needed<Label>,
    #[serde(default)]
    negative: Needed<Spanned<Label>>,
}

/// Columns, target and id as written in the spec, unchecked.
#[derive(Clone, Debug)]
pub struct TableSpec<'a> {
    pub columns: &'a [Spanned<ColumnSpec>],
    /// The `target` section; `None` if the spec has none, which is reported elsewhere.
    pub target: Option<&'a Spanned<TargetSpec>>,
    pub id: Option<&'a Spanned<String>>,
    /// How a column that the spec does not name is handled.
    pub extra: Extra,
    /// Markers for missing values, if the spec lists them.
    pub missing: Option<&'a [Word]>,
    /// Default markers for a spec that does not list any.
    pub usual: &'a [&'a str],
}

impl TableSpec<'_> {
    /// Checks the table's part of the spec.
    ///
    /// # Errors
    /// Every error found, with line and remedy.
    pub fn check(&self) -> Result<Schema, Vec<SpecError>> {
        let mut faults = Vec::new();
        match self.schema(&mut faults) {
            Some(schema) if faults.is_empty() => Ok(schema),
            _ => Err(faults),
        }
    }

    /// Like [`TableSpec::check`], but appends the errors to `faults`. If the only errors are missing keys of the target, it
    /// still returns a schema, with which the rest of the spec can be checked; that schema must not be used otherwise.
    pub fn schema(&self, faults: &mut Vec<SpecError>) -> Option<Schema> {
        let mut found = Vec::new();
        self.check_names(&mut found);
        let target = self.check_target(&mut found);
        let unused = || {
            let columns = self.columns.iter();
            columns.filter(|c| c.value.kind.given() == Some(&KindWord::Unused))
        };
        if self.columns.len() == unused().count() {
            let problem = "no columns: there is nothing to predict from";
            let remedy = "list the table's columns under columns";
            let target = self.target.map(|target| match target.value.column.given() {
                Some(column) => SpecError::at(column, problem, remedy),
                None => SpecError::at(target, problem, remedy),
            });
            let first = self.columns.first();
            let place = target.or_else(|| first.map(|c| SpecError::at(c, problem, remedy)));
            found.extend(place.map(|fault| fault.about(About::Nothing)));
        }
        let unused = unused().filter_map(|c| c.value.name.given());
        let unused = unused.map(|name| name.value.clone()).collect();
        let missing = match self.missing {
            Some(words) => Markers::new(words),
            None => Markers::new(self.usual),
        };
        let lacks_keys = |fault: &SpecError| matches!(fault.about, About::MissingKey(_));
        let before_columns = found.len();
        let is_readable = found.iter().all(lacks_keys);
        let columns = self.columns.iter();
        let columns = columns
            .filter_map(|c| check_column(c, &missing, &mut found))
            .collect();
        let is_readable = is_readable && found.len() == before_columns;
        faults.append(&mut found);
        is_readable.then(|| {
            Schema::new(Parts {
                columns,
                unused,
                target,
                id: self.id.map(|id| id.value.clone()),
                extra: self.extra,
                missing,
            })
        })
    }

    fn check_names(&self, faults: &mut Vec<SpecError>) {
        let mut names = HashSet::new();
        let target = self.target.and_then(|target| target.value.column.given());
        let columns = self.columns.iter().filter_map(|c| c.value.name.given());
        for name in self.id.into_iter().chain(target).chain(columns) {
            if name.value.is_empty() {
                faults.push(SpecError::at(
                    name,
                    "a column without a name",
                    "name it as the table's header does",
                ));
            } else if !names.insert(name.value.as_str()) {
                let problem = format!("the column {:?} stands twice", name.value);
                faults.push(SpecError::at(
                    name,
                    problem,
                    "keep one; id and target are not listed under columns",
                ));
            }
        }
    }

    /// The checked target; placeholders stand for keys that are missing.
    fn check_target(&self, faults: &mut Vec<SpecError>) -> Target {
        let (mut column, mut values) = (None, (None, None));
        if let Some(target) = self.target {
            let TargetSpec {
                column: name,
                positive,
                negative,
            } = &target.value;
            column = name.of(target, "column", faults);
            values.0 = positive.of(target, "positive", faults);
            values.1 = negative.of(target, "negative", faults);
        }
        if let (Some(positive), Some(negative)) = values
            && is_label(positive, &negative.value, negative.value.value())
        {
            let problem = "positive and negative are the same value";
            faults.push(SpecError::at(
                negative,
                problem,
                "name the two values of the target",
            ));
        }
        let nameless = || Label::Text(String::new());
        Target {
            column: column.map_or_else(String::new, |name| name.value.clone()),
            positive: values.0.cloned().unwrap_or_else(nameless),
            negative: values.1.map_or_else(nameless, |l| l.value.clone()),
        }
    }
}

impl ColumnSpec {
    /// The kind that the column's other keys suggest, so that these can be checked when `kind` is missing.
    fn likely_kind(&self) -> KindWord {
        match self {
            ColumnSpec {
                levels: Some(_), ..
            } => KindWord::Category,
            ColumnSpec {
                format: Some(_), ..
            } => KindWord::Date,
            _ => KindWord::Number,
        }
    }

    /// The column in a message: `the column "age"`, or `a column` if it has no name.
    fn called(&self, what: &str) -> String {
        match self.name.given() {
            Some(name) => format!("the {what} {:?}", name.value),
            None => format!("a {what}"),
        }
    }

    /// An error at the column's name, or at the beginning of the column if it has none.
    fn at_name(&self, typed: &Spanned<ColumnSpec>, problem: String, remedy: &str) -> SpecError {
        match self.name.given() {
            Some(name) => SpecError::at(name, problem, remedy),
            None => SpecError::at(typed, problem, remedy),
        }
    }
}

/// The checked column; `None` if it is unused or has errors.
fn check_column(
    typed: &Spanned<ColumnSpec>,
    missing: &Markers,
    faults: &mut Vec<SpecError>,
) -> Option<Column> {
    let before = faults.len();
    let spec = &typed.value;
    let name = spec.name.of(typed, "name", faults);
    let kind = spec.kind.of(typed, "kind", faults).copied();
    let kind = kind.unwrap_or_else(|| spec.likely_kind());
    let mut only = |given: Option<SpecError>, of: KindWord, what: &str| {
        let Some(place) = given.filter(|_| kind != of) else {
            return;
        };
        let of = of.word();
        faults.push(SpecError {
            problem: format!("only a {of} has {what}"),
            remedy: format!("remove it, or make it a {of}"),
            ..place
        });
    };
    only(place(&spec.levels), KindWord::Category, "levels");
    only(place(&spec.range), KindWord::Number, "a range");
    only(place(&spec.number), KindWord::Number, "a form of numbers");
    only(place(&spec.format), KindWord::Date, "a pattern of dates");
    only(place(&spec.monotone), KindWord::Number, "monotone");
    if let Some(policy) = spec
        .unexpected
        .as_ref()
        .filter(|_| !matches!(kind, KindWord::Number | KindWord::Category))
    {
        let problem = format!("no value of a {} is unexpected", kind.word());
        faults.push(SpecError::at(
            policy,
            problem,
            "remove it, or make it a number or a category",
        ));
    }
    if kind == KindWord::Unused && spec.required {
        let problem = format!("{} is required and not used", spec.called("column"));
        faults.push(spec.at_name(typed, problem, "remove required, or give it another kind"));
    }
    let checked = match kind {
        KindWord::Number => check_range(spec, faults),
        KindWord::Category => check_levels(typed, faults),
        KindWord::Text | KindWord::Unused => Kind::Text,
        KindWord::Date => check_pattern(spec, faults),
    };
    let number = spec.number.as_ref().and_then(|n| check_form(n, faults));
    let name = name.filter(|_| faults.len() == before && kind != KindWord::Unused)?;
    Some(Column {
        name: name.value.clone(),
        kind: checked,
        required: spec.required,
        monotone: spec.monotone.as_ref().map(|m| m.value),
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

/// The position of an optional key, as an error without a message.
fn place<T>(spanned: &Option<Spanned<T>>) -> Option<SpecError> {
    spanned.as_ref().map(|s| SpecError::at(s, "", ""))
}

fn check_pattern(spec: &ColumnSpec, faults: &mut Vec<SpecError>) -> Kind {
    let Some(pattern) = &spec.format else {
        return Kind::Date(DateForm::default());
    };
    let form = DateForm::new(Some(pattern.value.clone())).unwrap_or_else(|problem| {
        let remedy = "write a strftime pattern, or leave format out for dates such as 2024-01-31";
        faults.push(SpecError::at(pattern, problem.to_string(), remedy));
        DateForm::default()
    });
    Kind::Date(form)
}

fn check_form(spec: &Spanned<NumberSpec>, faults: &mut Vec<SpecError>) -> Option<NumberForm> {
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
            faults.push(SpecError::at(
                spec,
                "no numbers are written like this",
                "decimal is \".\" or \",\", thousands another sign or null",
            ));
            None
        }
    }
}

fn check_range(spec: &ColumnSpec, faults: &mut Vec<SpecError>) -> Kind {
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
        faults.push(SpecError::at(
            range,
            "the range is empty",
            "write [smallest, largest], null for an open end",
        ));
    }
    Kind::Number { min, max }
}

fn check_levels(typed: &Spanned<ColumnSpec>, faults: &mut Vec<SpecError>) -> Kind {
    let spec = &typed.value;
    let Some(levels) = &spec.levels else {
        let problem = format!("{} has no levels", spec.called("category"));
        let remedy = "list them: levels: [a, b], or write levels: any";
        faults.push(spec.at_name(typed, problem, remedy));
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
            faults.push(SpecError::at(levels, problem, "remove it"));
        } else if list.find(scalar.value()) != Some(i as u32) {
            faults.push(SpecError::at(
                levels,
                format!("the level {word:?} stands twice"),
                "keep one",
            ));
        }
    }
    if scalars.is_empty() {
        faults.push(SpecError::at(
            levels,
            "no levels",
            "list them: levels: [a, b], or write levels: any",
        ));
    }
    Kind::Category { levels: list }
}

#[cfg(test)]
mod tests;
