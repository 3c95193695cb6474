//! Rows in the form that monitoring compares: column by column, independent of their origin.
//!
//! Free text is left out: it only serves to derive features, and its values hardly ever repeat.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use crate::schema::column::Kind;
use crate::schema::{Cell, Table};
use crate::stats::profile::{self, CategoryProfile, NumberProfile, Profile};

/// Column name of the model's probabilities. The kind distinguishes it from a table column of the same name.
pub const SCORE: &str = "score";

/// A set of rows, column by column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sample {
    pub rows: u64,
    /// The columns, each with as many rows as `rows`.
    pub columns: Vec<Column>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub observed: Observed,
}

/// The values of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Observed {
    Number(Numbers),
    Category(Levels),
    /// The model's probabilities, monitored as a column.
    Score(Numbers),
}

/// The numbers of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Numbers {
    /// Rows without a finite value.
    pub missing: u64,
    /// Length of the longest missing-value run if the order of the rows is known, else 0.
    #[serde(default)]
    pub gap: u64,
    pub present: u64,
    /// The finite values in ascending order; if there are more than a profile stores, an evenly spaced selection.
    pub values: Vec<f64>,
}

/// The levels of a column.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Levels {
    /// Rows without a value.
    pub missing: u64,
    /// Length of the longest missing-value run if the order of the rows is known, else 0.
    #[serde(default)]
    pub gap: u64,
    /// Each level with its row count, including levels without rows, in the order of discovery: those of the spec first.
    pub counts: Vec<(String, u64)>,
    /// Rows whose level was not stored by name: a profile has no names for levels that its spec does not list.
    pub unnamed: u64,
}

impl Sample {
    /// The training rows of a model, as far as its profile stores them; the scores become a column.
    pub fn of_profile(profile: &Profile) -> Sample {
        let column = |name: &str, observed| Column {
            name: name.to_owned(),
            observed,
        };
        let mut columns: Vec<Column> = profile
            .columns
            .iter()
            .filter_map(|c| match &c.observed {
                profile::Observed::Number(n) => Some(column(&c.name, Observed::Number(n.into()))),
                profile::Observed::Category(l) => {
                    Some(column(&c.name, Observed::Category(l.into())))
                }
                profile::Observed::Text(_) => None,
            })
            .collect();
        let scores = profile.scores.as_ref();
        columns.extend(scores.map(|s| column(SCORE, Observed::Score(s.into()))));
        let rows = profile.columns.iter().map(|c| c.observed.rows()).max();
        Sample {
            rows: rows.unwrap_or(0),
            columns,
        }
    }

    /// The numeric and category columns of a table; levels that its schema does not list are included by name.
    pub fn of_table(table: &Table) -> Sample {
        let watched = table.schema().columns().iter().enumerate();
        let columns = watched.filter_map(|(i, column)| {
            let cells = || table.column(i);
            let observed = match &column.kind {
                Kind::Number { .. } => {
                    Observed::Number(Numbers::of(cells().map(|c| c.as_number())))
                }
                Kind::Category { levels } => {
                    Observed::Category(Levels::of(levels, cells(), table.text()))
                }
                Kind::Text | Kind::Date(_) => return None,
            };
            Some(Column {
                name: column.name.clone(),
                observed,
            })
        });
        Sample {
            rows: table.len() as u64,
            columns: columns.collect(),
        }
    }

    /// Adds the model's probabilities for these rows as a column.
    pub fn with_scores(mut self, scores: &[f64]) -> Sample {
        self.columns.push(Column {
            name: SCORE.to_owned(),
            observed: Observed::Score(Numbers::of(scores.iter().map(|p| Some(*p)))),
        });
        self
    }

    /// These rows and those of `other` as one sample, with the columns that both have.
    pub fn join(&self, other: &Sample) -> Sample {
        let columns = self.columns.iter().filter_map(|column| {
            let twin = other.columns.iter().find(|c| column.is_like(c))?;
            let observed = match (&column.observed, &twin.observed) {
                (Observed::Number(a), Observed::Number(b)) => Observed::Number(a.join(b)),
                (Observed::Score(a), Observed::Score(b)) => Observed::Score(a.join(b)),
                (Observed::Category(a), Observed::Category(b)) => Observed::Category(a.join(b)),
                _ => return None,
            };
            Some(Column {
                name: column.name.clone(),
                observed,
            })
        });
        Sample {
            rows: self.rows + other.rows,
            columns: columns.collect(),
        }
    }
}

impl Column {
    /// Whether the other column has the same name and kind.
    pub fn is_like(&self, other: &Column) -> bool {
        let kind = std::mem::discriminant(&self.observed);
        self.name == other.name && kind == std::mem::discriminant(&other.observed)
    }
}

impl Observed {
    /// Rows without a value.
    pub fn missing(&self) -> u64 {
        match self {
            Observed::Number(numbers) | Observed::Score(numbers) => numbers.missing,
            Observed::Category(levels) => levels.missing,
        }
    }

    /// Share of rows without a value; `None` if there are no rows.
    pub fn missing_share(&self) -> Option<f64> {
        missing_share(self.missing(), self.present())
    }

    /// Length of the longest missing-value run if the order of the rows is known, else 0.
    pub fn gap(&self) -> u64 {
        match self {
            Observed::Number(numbers) | Observed::Score(numbers) => numbers.gap,
            Observed::Category(levels) => levels.gap,
        }
    }

    pub fn present(&self) -> u64 {
        match self {
            Observed::Number(numbers) | Observed::Score(numbers) => numbers.present,
            Observed::Category(levels) => levels.present(),
        }
    }
}

/// Share of rows without a value; `None` if there are no rows.
pub(super) fn missing_share(missing: u64, present: u64) -> Option<f64> {
    let rows = missing + present;
    (rows > 0).then(|| missing as f64 / rows as f64)
}

impl Numbers {
    /// A column of these values, with `None` for missing; NaN and infinities count as missing. The order does not matter.
    pub fn of(values: impl IntoIterator<Item = Option<f64>>) -> Numbers {
        let mut numbers = Numbers::default();
        for value in values {
            match value.filter(|v| v.is_finite()) {
                Some(value) => numbers.values.push(value),
                None => numbers.missing += 1,
            }
        }
        numbers.values.sort_unstable_by(f64::total_cmp);
        numbers.present = numbers.values.len() as u64;
        numbers
    }

    fn join(&self, other: &Numbers) -> Numbers {
        let mut values = [&self.values[..], &other.values[..]].concat();
        values.sort_unstable_by(f64::total_cmp);
        Numbers {
            missing: self.missing + other.missing,
            gap: self.gap.max(other.gap),
            present: self.present + other.present,
            values,
        }
    }
}

impl From<&NumberProfile> for Numbers {
    fn from(profile: &NumberProfile) -> Numbers {
        Numbers {
            missing: profile.missing,
            gap: 0,
            present: profile.present(),
            values: profile.sample.clone(),
        }
    }
}

impl Levels {
    fn of(known: &[String], cells: impl Iterator<Item = Cell>, text: &str) -> Levels {
        let mut levels = Levels {
            counts: known.iter().map(|name| (name.clone(), 0)).collect(),
            ..Levels::default()
        };
        let mut unknown: FxHashMap<&str, usize> = FxHashMap::default();
        for cell in cells {
            let place = match cell {
                Cell::Level(level) => level as usize,
                Cell::Text(span) => {
                    let name = span.get(text);
                    *unknown.entry(name).or_insert_with(|| {
                        levels.counts.push((name.to_owned(), 0));
                        levels.counts.len() - 1
                    })
                }
                _ => {
                    levels.missing += 1;
                    continue;
                }
            };
            levels.counts[place].1 += 1;
        }
        levels
    }

    /// Rows with a value.
    pub fn present(&self) -> u64 {
        self.unnamed + self.counts.iter().map(|(_, rows)| rows).sum::<u64>()
    }

    fn join(&self, other: &Levels) -> Levels {
        let mut joined = self.clone();
        let mut places: FxHashMap<&str, usize> = FxHashMap::default();
        places.extend(self.counts.iter().map(|(name, _)| name.as_str()).zip(0..));
        for (name, rows) in &other.counts {
            match places.get(name.as_str()) {
                Some(place) => joined.counts[*place].1 += rows,
                None => joined.counts.push((name.clone(), *rows)),
            }
        }
        joined.missing += other.missing;
        joined.gap = joined.gap.max(other.gap);
        joined.unnamed += other.unnamed;
        joined
    }
}

impl From<&CategoryProfile> for Levels {
    fn from(profile: &CategoryProfile) -> Levels {
        let count = |level: &profile::Level| (level.name.clone(), level.count);
        Levels {
            missing: profile.missing,
            gap: 0,
            counts: profile.levels.iter().map(count).collect(),
            unnamed: profile.unseen,
        }
    }
}
