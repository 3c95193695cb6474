//! Infers a first spec for a table from all of its rows: column kinds, levels and ranges as observed, and a simple recipe.
//!
//! The spec is a starting point for manual editing. No column is dropped silently: each has a note with its inferred kind,
//! the reason, and whether a model will read it.

mod column;
mod error;
mod forms;
mod guess;
mod observed;
mod sample;
mod survey;
mod target;
mod write;

use std::path::Path;

use serde::Serialize;
use serde_saphyr::Spanned;

use super::{MAX_BAD, Source};
use crate::schema::Schema;
use crate::schema::column::Extra;
use crate::schema::dialect::Setting;
use crate::schema::fault::nearest;
use crate::schema::missing::USUAL;
use crate::schema::spec::{ColumnSpec, SpecError, TableSpec, TargetSpec, yaml};
use column::Column;
pub use error::InferError;
use guess::{Guess, Kind};
pub use observed::{Look, NO_LEVEL, Observed, ObservedColumn, ObservedTarget, Values, observed};
use survey::Survey;
use target::Labels;
use write::Draft;

/// What the caller specifies about the spec.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub target: &'a str,
    /// The target value that counts as positive.
    pub positive: Option<&'a str>,
    /// The name of the models.
    pub name: Option<&'a str>,
    /// Dialect settings that cannot be detected from the table; they are written into the spec.
    pub format: &'a [Setting],
}

/// An inferred spec, with notes on how it was inferred.
#[derive(Clone, Debug)]
pub struct Inferred {
    pub text: String,
    /// Every column of the table, in table order.
    pub columns: Vec<ColumnNote>,
    /// Notices for the user about the table.
    pub notices: Vec<String>,
}

/// The inferred kind of a column, and the reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnNote {
    pub name: String,
    /// `number`, `category`, `date`, `unused`, `id` or `target`.
    pub kind: &'static str,
    pub why: String,
    pub used: bool,
}

/// Infers the spec of a source.
pub fn spec(source: &Source, wanted: &Wanted<'_>) -> Result<Inferred, InferError> {
    let survey = surveyed(source)?;
    if survey.rows == 0 && survey.columns.is_empty() {
        return Err(InferError::NoRows {
            source_name: source.name().to_owned(),
            first: survey.first_unreadable,
        });
    }
    let target = find(&survey.columns, wanted.target)?;
    let labels = target::labels(target, survey.rows, wanted.positive)?;
    let guesses = guesses(&survey, Some(wanted.target));
    if guesses
        .columns
        .iter()
        .all(|(_, guess)| guess.kind == Kind::Unused)
    {
        let why = |(name, guess): &(&str, Guess)| format!("{name:?}: {}", guess.why);
        let all: Vec<String> = guesses.columns.iter().map(why).collect();
        return Err(InferError::NothingToLearnFrom {
            target: wanted.target.to_owned(),
            why: match all.is_empty() {
                true => "there is no other column".into(),
                false => all.join("; "),
            },
        });
    }
    let name = wanted
        .name
        .map_or_else(|| name_of(Path::new(source.name())), str::to_owned);
    let draft = Draft {
        name: &name,
        table: file_name(source),
        source: source.name(),
        rows: survey.rows,
        target: wanted.target,
        labels: &labels,
        id: guesses.id,
        columns: &guesses.columns,
        groups: guesses.groups.as_deref(),
        format: wanted.format,
    };
    let mut notices = survey.notices.clone();
    notices.extend(labels.notices.iter().cloned());
    if let Some(first) = &survey.first_unreadable {
        let lines = survey.unreadable;
        notices.push(format!(
            "{lines} lines without a row were passed over; the first: {first}"
        ));
    }
    Ok(Inferred {
        text: draft.text(),
        columns: survey
            .columns
            .iter()
            .map(|c| note(c, &guesses, Some((wanted.target, &labels))))
            .collect(),
        notices,
    })
}

/// What the columns beside the target are taken for.
struct Guesses<'s> {
    id: Option<&'s str>,
    columns: Vec<(&'s str, Guess)>,
    /// The column whose equal values an evaluation keeps in one fold.
    groups: Option<String>,
}

impl Guesses<'_> {
    /// The guess for a column; `None` for the id and the target.
    fn of(&self, name: &str) -> Option<&Guess> {
        let found = self.columns.iter().find(|(other, _)| *other == name);
        found.map(|(_, guess)| guess)
    }
}

fn guesses<'s>(survey: &'s Survey, target: Option<&str>) -> Guesses<'s> {
    let features = || {
        let columns = survey.columns.iter();
        columns.filter(|c| target != Some(c.name.as_str()))
    };
    let id = features().find(|c| guess::is_id(c, survey.rows));
    let mut columns: Vec<(&str, Guess)> = features()
        .filter(|c| id.is_none_or(|id| id.name != c.name))
        .map(|c| (c.name.as_str(), guess::guess(c, survey.rows)))
        .collect();
    let groups = one_group(&mut columns);
    Guesses {
        id: id.map(|id| id.name.as_str()),
        columns,
        groups,
    }
}

fn note(column: &Column, guesses: &Guesses<'_>, target: Option<(&str, &Labels)>) -> ColumnNote {
    let name = column.name.clone();
    match (guesses.of(&name), target) {
        (Some(guess), _) => ColumnNote {
            name,
            kind: guess.kind.word(),
            why: guess.why.clone(),
            used: guess.kind != Kind::Unused,
        },
        (None, Some((target, labels))) if name == target => ColumnNote {
            name,
            kind: "target",
            why: labels.why.clone(),
            used: true,
        },
        (None, _) => ColumnNote {
            name,
            kind: "id",
            why: "it names the rows: another value in each".into(),
            used: false,
        },
    }
}

/// The schema of a table as observed, to compare other tables with it. No column is treated as the target.
pub fn schema(source: &Source) -> Result<Schema, InferError> {
    let survey = surveyed(source)?;
    let lines = survey.columns.iter().map(|c| {
        let guess = guess::watched(c, survey.rows);
        write::column(&c.name, &guess)
    });
    let lines: Vec<String> = lines.collect();
    // A target name that no column can have: a header that is read never contains a line break.
    const NONE: &str = r#""\n", positive: 1, negative: 0"#;
    let text = format!(
        "target: {{column: {NONE}}}\ncolumns:\n{}\n",
        lines.join("\n")
    );
    let unusable = |faults: Vec<SpecError>| InferError::NothingToCompare {
        source_name: source.name().to_owned(),
        why: faults
            .into_iter()
            .map(|f| f.problem)
            .collect::<Vec<_>>()
            .join("; "),
    };
    let typed: Typed = yaml::read(&text).map_err(|fault| unusable(vec![fault]))?;
    let table = TableSpec {
        columns: &typed.columns,
        target: Some(&typed.target),
        id: None,
        extra: Extra::Ignore,
        missing: None,
        usual: USUAL,
    };
    table.check().map_err(unusable)
}

/// Surveys all rows of a source, because a spec inferred from a sample might not fit the other rows. Fails if more than a
/// few lines are not rows.
fn surveyed(source: &Source) -> Result<Survey, InferError> {
    let mut survey = Survey::default();
    source.survey(&mut survey)?;
    check(&survey, source)?;
    Ok(survey)
}

fn check(survey: &Survey, source: &Source) -> Result<(), InferError> {
    let (unreadable, lines) = (survey.unreadable, survey.rows + survey.unreadable);
    match &survey.first_unreadable {
        Some(first) if survey.rows > 0 && unreadable as f64 > MAX_BAD * lines as f64 => {
            Err(InferError::TooManyUnreadable {
                source_name: source.name().to_owned(),
                unreadable,
                lines,
                first: first.clone(),
            })
        }
        _ => Ok(()),
    }
}

#[derive(serde::Deserialize)]
struct Typed {
    columns: Vec<Spanned<ColumnSpec>>,
    target: Spanned<TargetSpec>,
}

fn find<'c>(columns: &'c [Column], wanted: &str) -> Result<&'c Column, InferError> {
    columns.iter().find(|c| c.name == wanted).ok_or_else(|| {
        let names = || columns.iter().map(|c| c.name.as_str());
        let near = nearest(wanted, names());
        InferError::NoTarget {
            wanted: wanted.into(),
            suggestion: near.map_or_else(String::new, |n| format!(", did you mean {n:?}?")),
            columns: names().collect::<Vec<_>>().join(", "),
        }
    })
}

/// Keeps only the first group column, because an evaluation supports only one.
fn one_group(guesses: &mut [(&str, Guess)]) -> Option<String> {
    let mut groups = guesses.iter_mut().filter(|(_, guess)| guess.groups);
    let first = groups.next().map(|(name, _)| (*name).to_owned());
    for (_, guess) in groups {
        guess.groups = false;
    }
    first
}

impl Kind {
    fn word(&self) -> &'static str {
        match self {
            Kind::Number { .. } => "number",
            Kind::Levels(_) | Kind::Open => "category",
            Kind::Date { .. } => "date",
            Kind::Unused => "unused",
        }
    }
}

/// The file name of the source, if it is a file. A spec in the same folder can then name it as its training table.
fn file_name(source: &Source) -> Option<&str> {
    let path = Path::new(source.name());
    path.is_file().then(|| path.file_name()?.to_str())?
}

fn name_of(path: &Path) -> String {
    let file = path.file_name().unwrap_or_default().to_string_lossy();
    let stem = file.split('.').next().unwrap_or_default().to_lowercase();
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = stem
        .chars()
        .map(|c| if fits(c) { c } else { '_' })
        .collect();
    match name.is_empty() || path.as_os_str() == "standard input" {
        true => "model".into(),
        false => name,
    }
}

#[cfg(test)]
mod tests;
