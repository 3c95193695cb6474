//! A first spec for any table, read off all of its rows: kinds, levels and ranges as they look, a plain recipe.
//!
//! It is a start for a person to go on from. No column is left out without a word: each has a line that says what it was
//! taken for, why, and whether a model will read it.

mod column;
mod error;
mod forms;
mod guess;
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
use crate::schema::spec::{ColumnSpec, SpecFault, TableSpec, TargetSpec, yaml};
use column::Column;
pub use error::InferFault;
use guess::{Guess, Kind};
use survey::Survey;
use write::Draft;

/// What the person wants.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    pub target: &'a str,
    /// Its value that counts as yes.
    pub positive: Option<&'a str>,
    /// What models are called.
    pub name: Option<&'a str>,
    /// How the table is written, where that cannot be found out: it is written into the spec.
    pub format: &'a [Setting],
}

/// A spec, and how it came to be.
#[derive(Clone, Debug)]
pub struct Inferred {
    /// The spec as YAML.
    pub text: String,
    /// Every column of the table, in its order.
    pub columns: Vec<ColumnNote>,
    /// What is worth a word beside.
    pub notices: Vec<String>,
}

/// What a column was taken for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ColumnNote {
    pub name: String,
    /// `number`, `category`, `date`, `unused`, `id` or `target`.
    pub kind: &'static str,
    pub why: String,
    /// Whether a model reads it.
    pub used: bool,
}

/// The spec of a source.
pub fn spec(source: &Source, wanted: &Wanted<'_>) -> Result<Inferred, InferFault> {
    let survey = surveyed(source)?;
    if survey.rows == 0 && survey.columns.is_empty() {
        return Err(InferFault::NoRows {
            source_name: source.name().to_owned(),
            first: survey.first_unreadable,
        });
    }
    let target = find(&survey.columns, wanted.target)?;
    let labels = target::labels(target, survey.rows, wanted.positive)?;
    let features = || survey.columns.iter().filter(|c| c.name != wanted.target);
    let id = features().find(|c| guess::is_id(c, survey.rows));
    let mut guesses: Vec<(&str, Guess)> = features()
        .filter(|c| id.is_none_or(|id| id.name != c.name))
        .map(|c| (c.name.as_str(), guess::guess(c, survey.rows)))
        .collect();
    let groups = one_group(&mut guesses);
    if guesses.iter().all(|(_, guess)| guess.kind == Kind::Unused) {
        let why = |(name, guess): &(&str, Guess)| format!("{name:?}: {}", guess.why);
        let all: Vec<String> = guesses.iter().map(why).collect();
        return Err(InferFault::NothingToLearnFrom {
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
        id: id.map(|id| id.name.as_str()),
        columns: &guesses,
        groups: groups.as_deref(),
        format: wanted.format,
    };
    let note = |column: &Column| match &guesses.iter().find(|(name, _)| *name == column.name) {
        Some((name, guess)) => ColumnNote {
            name: (*name).to_owned(),
            kind: guess.kind.word(),
            why: guess.why.clone(),
            used: guess.kind != Kind::Unused,
        },
        None if column.name == wanted.target => ColumnNote {
            name: column.name.clone(),
            kind: "target",
            why: labels.why.clone(),
            used: true,
        },
        None => ColumnNote {
            name: column.name.clone(),
            kind: "id",
            why: "it names the rows: another value in each".into(),
            used: false,
        },
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
        columns: survey.columns.iter().map(note).collect(),
        notices,
    })
}

/// The columns of a table as they look, to compare other tables with it. None of them is the target.
pub fn schema(source: &Source) -> Result<Schema, InferFault> {
    let survey = surveyed(source)?;
    let lines = survey.columns.iter().map(|c| {
        let guess = guess::watched(c, survey.rows);
        write::column(&c.name, &guess)
    });
    let lines: Vec<String> = lines.collect();
    // A name that no column has: a line break stands in no header that is read.
    const NONE: &str = r#""\n", positive: 1, negative: 0"#;
    let text = format!(
        "target: {{column: {NONE}}}\ncolumns:\n{}\n",
        lines.join("\n")
    );
    let unusable = |faults: Vec<SpecFault>| InferFault::NothingToCompare {
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

/// All rows of a source, if nearly all of its lines are rows: what is inferred from some of them would not fit the others.
fn surveyed(source: &Source) -> Result<Survey, InferFault> {
    let mut survey = Survey::default();
    source.survey(&mut survey)?;
    let (unreadable, lines) = (survey.unreadable, survey.rows + survey.unreadable);
    match &survey.first_unreadable {
        Some(first) if survey.rows > 0 && unreadable as f64 > MAX_BAD * lines as f64 => {
            Err(InferFault::TooManyUnreadable {
                source_name: source.name().to_owned(),
                unreadable,
                lines,
                first: first.clone(),
            })
        }
        _ => Ok(survey),
    }
}

#[derive(serde::Deserialize)]
struct Typed {
    columns: Vec<Spanned<ColumnSpec>>,
    target: Spanned<TargetSpec>,
}

fn find<'c>(columns: &'c [Column], wanted: &str) -> Result<&'c Column, InferFault> {
    columns.iter().find(|c| c.name == wanted).ok_or_else(|| {
        let names = || columns.iter().map(|c| c.name.as_str());
        let near = nearest(wanted, names());
        InferFault::NoTarget {
            wanted: wanted.into(),
            suggestion: near.map_or_else(String::new, |n| format!(", did you mean {n:?}?")),
            columns: names().collect::<Vec<_>>().join(", "),
        }
    })
}

/// An evaluation goes by one column: the first whose rows belong together.
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

/// The name of the source's file, where it is one: a spec beside it can train from it.
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
