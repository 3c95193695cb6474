//! A table as observed, for exploration: what each column is taken for, and the values of a sample of its rows, typed by it.

use rustc_hash::{FxHashMap, FxHashSet};

use super::column::Column;
use super::guess::{Guess, Kind};
use super::sample::{Observer, Stored};
use super::survey::Survey;
use super::target::Labels;
use super::{ColumnNote, InferError, target};
use crate::ingest::Source;
use crate::schema::column::{Kind as SpecKind, Label};
use crate::schema::date::DateForm;
use crate::schema::level::{canonical, number_of, shortest};
use crate::schema::missing::{Markers, USUAL};
use crate::schema::{Dialect, NumberForm, Schema, Target};

/// Row without a value in [`Values::Levels`].
pub const NO_LEVEL: u32 = u32::MAX;

/// What is to be observed.
#[derive(Clone, Copy, Debug)]
pub struct Look<'a> {
    pub target: Option<&'a str>,
    /// The target value that counts as positive.
    pub positive: Option<&'a str>,
    /// A spec that says what the columns are; without one it is inferred.
    pub spec: Option<(&'a Schema, &'a Dialect)>,
    pub seed: u64,
}

/// A table as observed.
#[derive(Clone, Debug)]
pub struct Observed {
    pub source: String,
    pub rows: u64,
    /// Rows of the sample; `None` if it has all rows.
    pub sampled: Option<usize>,
    /// Every column, in the order of the table.
    pub columns: Vec<ObservedColumn>,
    pub target: Option<ObservedTarget>,
    /// Rows equal to an earlier one in every column.
    pub repeated_rows: u64,
    /// Lines that are no rows.
    pub unreadable: u64,
    pub notices: Vec<String>,
}

/// A column with the values of the sampled rows.
#[derive(Clone, Debug)]
pub struct ObservedColumn {
    /// What it is taken for, as `spec infer` says it.
    pub note: ColumnNote,
    /// What the inferred spec does with it, in words.
    pub treatment: String,
    /// Rows of the table without a value.
    pub missing: u64,
    /// Distinct values; at least as many if the rows are sampled.
    pub distinct: u64,
    /// Whether rows with the same value must stay together in an evaluation, by its name and its values.
    pub groups: bool,
    pub values: Values,
}

/// The binary target.
#[derive(Clone, Debug)]
pub struct ObservedTarget {
    /// Index of its column.
    pub column: usize,
    pub positive: Label,
    pub negative: Label,
    /// Whether the row is positive; `None` without a label.
    pub labels: Vec<Option<bool>>,
}

/// Values in the order of the rows.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// NaN where missing.
    Numbers(Vec<f64>),
    /// Seconds since 1970, NaN where missing.
    Dates(Vec<f64>),
    /// Codes of the names, the most frequent first; [`NO_LEVEL`] where missing.
    Levels { names: Vec<String>, codes: Vec<u32> },
}

impl Values {
    /// Whether each row has a value.
    pub fn present(&self) -> Vec<bool> {
        match self {
            Values::Numbers(values) | Values::Dates(values) => {
                values.iter().map(|v| v.is_finite()).collect()
            }
            Values::Levels { codes, .. } => codes.iter().map(|code| *code != NO_LEVEL).collect(),
        }
    }
}

/// Observes a source in one pass over all its rows.
///
/// # Errors
/// When the source cannot be read or has no rows, or when the target is not a binary column of it.
pub fn observed(source: &Source, look: &Look<'_>) -> Result<Observed, InferError> {
    let mut observer = Observer::new(look.seed);
    source.survey(&mut observer)?;
    let Observer {
        survey,
        sample,
        repeated_rows,
        ..
    } = observer;
    super::check(&survey, source)?;
    if survey.rows == 0 {
        return Err(InferError::NoRows {
            source_name: source.name().to_owned(),
            first: survey.first_unreadable,
        });
    }
    let mut notices = survey.notices.clone();
    let readings = match look.spec {
        Some((schema, format)) => by_spec(&survey, schema, format),
        None => by_guess(&survey, look, &mut notices)?,
    };
    let wanted = match look.spec {
        Some((schema, _)) => {
            let target = schema.target();
            let has = survey.columns.iter().any(|c| c.name == target.column);
            has.then(|| target.clone())
        }
        None => match look.target {
            None => None,
            Some(name) => {
                let found = super::find(&survey.columns, name)?;
                let labels = target::labels(found, survey.rows, look.positive)?;
                Some(Target {
                    column: name.to_owned(),
                    positive: labels.positive,
                    negative: labels.negative,
                })
            }
        },
    };
    let place = |target: &Target| {
        let mut columns = survey.columns.iter();
        columns.position(|c| c.name == target.column)
    };
    let target = wanted.and_then(|target| {
        let column = place(&target)?;
        let labels = sample.iter().map(|(_, row)| row.get(column));
        Some(ObservedTarget {
            column,
            labels: labels
                .map(|cell| target.read(cell.unwrap_or(&Stored::Missing).value()))
                .collect(),
            positive: target.positive.clone(),
            negative: target.negative.clone(),
        })
    });
    let sampled = (sample.len() as u64) < survey.rows;
    let columns: Vec<ObservedColumn> = survey
        .columns
        .iter()
        .zip(readings)
        .enumerate()
        .map(|(i, (column, reading))| {
            let cells = sample.iter().map(|(_, row)| row.get(i));
            let cells = cells.map(|cell| cell.unwrap_or(&Stored::Missing));
            let (values, distinct) = reading.form.typed(cells, &reading.missing);
            let blank = values.present().iter().filter(|p| !**p).count() as u64;
            ObservedColumn {
                missing: match sampled {
                    true => reading.count_missing(column, survey.rows),
                    false => blank,
                },
                distinct: match sampled {
                    true => distinct.max(column.distinct()),
                    false => distinct,
                },
                note: reading.note,
                treatment: reading.treatment,
                groups: reading.groups,
                values,
            }
        })
        .collect();
    Ok(Observed {
        source: source.name().to_owned(),
        rows: survey.rows,
        sampled: sampled.then_some(sample.len()),
        columns,
        target,
        repeated_rows,
        unreadable: survey.unreadable,
        notices,
    })
}

/// How the values of a column are read, and what is said of it.
struct Reading {
    note: ColumnNote,
    treatment: String,
    groups: bool,
    form: Form,
    missing: Markers,
}

enum Form {
    Number(NumberForm),
    Date(DateForm),
    Text,
}

fn by_guess(
    survey: &Survey,
    look: &Look<'_>,
    notices: &mut Vec<String>,
) -> Result<Vec<Reading>, InferError> {
    let labels = match look.target {
        None => None,
        Some(name) => {
            let labels = target::labels(
                super::find(&survey.columns, name)?,
                survey.rows,
                look.positive,
            )?;
            notices.extend(labels.notices.iter().cloned());
            Some(labels)
        }
    };
    let guesses = super::guesses(survey, look.target);
    let reading = |column: &Column| {
        let note = super::note(column, &guesses, look.target.zip(labels.as_ref()));
        let guess = guesses.of(&column.name);
        Reading {
            treatment: treatment(&note, guess, survey.rows, labels.as_ref()),
            groups: guess.is_some_and(|g| g.groups),
            form: form(column, guess),
            missing: {
                let marks = guess.map_or(&[][..], |g| &g.marks);
                let marks = marks.iter().map(|(word, _)| word.as_str());
                Markers::new(marks.chain(USUAL.iter().copied()))
            },
            note,
        }
    };
    Ok(survey.columns.iter().map(reading).collect())
}

fn form(column: &Column, guess: Option<&Guess>) -> Form {
    match guess.map(|g| &g.kind) {
        Some(Kind::Number { form, .. }) => Form::Number(form.clone().unwrap_or_default()),
        Some(Kind::Date { pattern, .. }) => {
            let form = DateForm::new(pattern.map(str::to_owned));
            form.map_or(Form::Text, Form::Date)
        }
        Some(Kind::Levels(_) | Kind::Open) => Form::Text,
        // An id or an unused column: a number if all its values are.
        None | Some(Kind::Unused) => {
            let plain = column.numbers.rows > 0 && column.numbers.rows == column.known();
            match plain {
                true => Form::Number(NumberForm::default()),
                false => Form::Text,
            }
        }
    }
}

fn treatment(
    note: &ColumnNote,
    guess: Option<&Guess>,
    rows: u64,
    labels: Option<&Labels>,
) -> String {
    let Some(guess) = guess else {
        return match labels {
            Some(_) if note.kind == "target" => "predicted".into(),
            _ => "names the rows; no feature".into(),
        };
    };
    let mut parts: Vec<String> = Vec::new();
    match &guess.kind {
        Kind::Number { range, .. } => {
            let range = range.map(|(low, high)| format!("warns outside {low} to {high}"));
            parts.extend(range);
            if guess.missing > 0 {
                parts.push("fills in the median".into());
            }
        }
        Kind::Levels(levels) => parts.push(format!("one-hot over {} levels", levels.len())),
        Kind::Open => parts.push("frequent levels one-hot, mean outcome by level".into()),
        Kind::Date { parts: of, .. } if !of.is_empty() => parts.push(of.join(", ")),
        Kind::Date { .. } => parts.push("read, not a feature".into()),
        Kind::Unused => return "passed over".into(),
    }
    let is_often = guess.missing as f64 >= 0.05 * rows as f64;
    match guess.missing {
        0 => parts.push("required".into()),
        _ if is_often && !matches!(guess.kind, Kind::Levels(_) | Kind::Open) => {
            parts.push("flags what is missing".into());
        }
        _ => {}
    }
    parts.join("; ")
}

fn by_spec(survey: &Survey, schema: &Schema, format: &Dialect) -> Vec<Reading> {
    let reading = |column: &Column| {
        let name = column.name.as_str();
        let found = schema.columns().iter().find(|c| c.name == name);
        let (kind, form) = match found {
            Some(c) => {
                let number = || c.number.clone().unwrap_or_else(|| format.number_form());
                let form = match &c.kind {
                    SpecKind::Number { .. } => Form::Number(number()),
                    SpecKind::Date(form) => Form::Date(form.clone()),
                    SpecKind::Category { .. } | SpecKind::Text => Form::Text,
                };
                (c.kind.word(), form)
            }
            None if schema.target().column == name => ("target", Form::Text),
            None if schema.id() == Some(name) => ("id", form(column, None)),
            None => ("unused", form(column, None)),
        };
        let is_known = schema.names().any(|known| known == name);
        let why = match is_known {
            true => "as the spec says",
            false => "the spec does not name it",
        };
        let used = found.is_some() || kind == "target";
        Reading {
            note: ColumnNote {
                name: name.to_owned(),
                kind,
                why: why.into(),
                used,
            },
            treatment: match (found, kind) {
                (Some(c), _) => format!("admits {}", c.allowed()),
                (None, "target") => "predicted".into(),
                (None, "id") => "names the rows; no feature".into(),
                _ => "passed over".into(),
            },
            groups: false,
            form,
            missing: found.map_or_else(|| Markers::new(USUAL), |c| c.missing.clone()),
        }
    };
    survey.columns.iter().map(reading).collect()
}

impl Reading {
    /// Rows of the whole table without a value, from the statistics of the survey.
    fn count_missing(&self, column: &Column, rows: u64) -> u64 {
        let marked = |(word, count): (&String, &u64)| self.missing.has(word).then_some(*count);
        let all = column.words.iter().chain(&column.values);
        rows - column.present + all.filter_map(marked).sum::<u64>()
    }
}

impl Form {
    /// The typed values, and how many are distinct.
    fn typed<'a>(
        &self,
        cells: impl Iterator<Item = &'a Stored>,
        missing: &Markers,
    ) -> (Values, u64) {
        match self {
            Form::Number(form) => {
                let number = |cell: &Stored| match cell {
                    Stored::Number(v) if !missing.has_number(*v) => *v,
                    Stored::Flag(v) => f64::from(u8::from(*v)),
                    Stored::Text(text) if !missing.has(text) => {
                        form.parse(text).unwrap_or(f64::NAN)
                    }
                    _ => f64::NAN,
                };
                let values: Vec<f64> = cells.map(number).map(finite).collect();
                let distinct = distinct(&values);
                (Values::Numbers(values), distinct)
            }
            Form::Date(form) => {
                let date = |cell: &Stored| match cell {
                    Stored::Text(text) if !missing.has(text) => form.read(text).unwrap_or(f64::NAN),
                    _ => f64::NAN,
                };
                let values: Vec<f64> = cells.map(date).map(finite).collect();
                let distinct = distinct(&values);
                (Values::Dates(values), distinct)
            }
            Form::Text => {
                let mut names: Vec<(String, u64)> = Vec::new();
                let mut known: FxHashMap<String, u32> = FxHashMap::default();
                let code = |cell: &Stored| {
                    let name = match cell {
                        Stored::Missing => return NO_LEVEL,
                        Stored::Number(v) => shortest(*v),
                        Stored::Flag(v) => v.to_string(),
                        Stored::Text(text) if missing.has(text) => return NO_LEVEL,
                        Stored::Text(text) => canonical(text).into_owned(),
                        Stored::Nested => "a list or an object".into(),
                    };
                    let code = *known.entry(name).or_insert_with_key(|name| {
                        names.push((name.clone(), 0));
                        names.len() as u32 - 1
                    });
                    names[code as usize].1 += 1;
                    code
                };
                let codes: Vec<u32> = cells.map(code).collect();
                let distinct = names.len() as u64;
                (by_frequency(names, codes), distinct)
            }
        }
    }
}

fn finite(value: f64) -> f64 {
    match value.is_finite() {
        true => value + 0.0, // -0 becomes 0
        false => f64::NAN,
    }
}

fn distinct(values: &[f64]) -> u64 {
    let known = values.iter().filter(|v| v.is_finite());
    let set: FxHashSet<u64> = known.map(|v| v.to_bits()).collect();
    set.len() as u64
}

/// Renumbers levels by their rows, the most frequent first; equally frequent ones by number or name.
fn by_frequency(names: Vec<(String, u64)>, codes: Vec<u32>) -> Values {
    let mut order: Vec<usize> = (0..names.len()).collect();
    order.sort_by(|a, b| {
        let ((x, n), (y, m)) = (&names[*a], &names[*b]);
        let numbers = number_of(x).zip(number_of(y));
        m.cmp(n).then_with(|| match numbers {
            Some((x, y)) => x.total_cmp(&y),
            None => x.cmp(y),
        })
    });
    let mut place = vec![0; names.len()];
    for (new, old) in order.iter().enumerate() {
        place[*old] = new as u32;
    }
    let code = |code: u32| match code {
        NO_LEVEL => NO_LEVEL,
        code => place[code as usize],
    };
    Values::Levels {
        codes: codes.into_iter().map(code).collect(),
        names: order.into_iter().map(|old| names[old].0.clone()).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::MOST_ROWS;
    use super::*;

    fn look(content: &str, look: &Look<'_>) -> Observed {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("t.csv");
        std::fs::write(&path, content).unwrap();
        observed(&Source::parse(path.to_str().unwrap()).unwrap(), look).unwrap()
    }

    const PLAIN: Look<'_> = Look {
        target: None,
        positive: None,
        spec: None,
        seed: 0,
    };

    #[test]
    fn values_are_typed_by_what_the_column_is_taken_for() {
        let content = "n,c,d,e\n1,a,2024-01-01,\n2,b,2024-01-02,\nNA,b,2024-01-03,\n4,,2024-01-05,\n1,b,2024-01-06,\n";
        let found = look(content, &PLAIN);
        let kinds: Vec<_> = found.columns.iter().map(|c| c.note.kind).collect();
        assert_eq!(kinds, ["number", "category", "date", "unused"]);
        let missing: Vec<_> = found.columns.iter().map(|c| c.missing).collect();
        assert_eq!(missing, [1, 1, 0, 5]);
        assert_eq!(
            found.columns[1].values,
            Values::Levels {
                names: vec!["b".into(), "a".into()],
                codes: vec![1, 0, 0, NO_LEVEL, 0],
            }
        );
        let Values::Numbers(numbers) = &found.columns[0].values else {
            panic!("{:?}", found.columns[0])
        };
        assert_eq!((numbers[1], numbers[2].is_nan()), (2.0, true));
    }

    #[test]
    fn a_large_table_is_sampled_and_counted_in_full() {
        let mut content = String::from("n,y\n");
        for i in 0..MOST_ROWS + 5_000 {
            let n = if i % 10 == 0 { "" } else { "7" };
            content += &format!("{n},{}\n", i % 2);
        }
        let wanted = Look {
            target: Some("y"),
            ..PLAIN
        };
        let (a, b) = (look(&content, &wanted), look(&content, &wanted));
        assert_eq!(
            (a.rows, a.sampled),
            (MOST_ROWS as u64 + 5_000, Some(MOST_ROWS))
        );
        assert_eq!(a.columns[0].missing, a.rows / 10);
        assert_eq!(a.repeated_rows, a.rows - 3);
        assert_eq!(
            a.target.unwrap().labels,
            b.target.unwrap().labels,
            "one seed, one sample"
        );
    }
}
