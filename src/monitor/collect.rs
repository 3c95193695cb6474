//! Collects the rows of a live window into a sample. The state can be persisted over a restart.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::sample::{Column, Levels, Numbers, Observed, SCORE, Sample};
use crate::schema::column::Kind;
use crate::schema::{Cell, RowView, Schema};

/// Maximum bytes of an unknown level that are stored, so that clients cannot make a window grow.
const LONGEST_LEVEL: usize = 256;

/// Collects rows of one schema. Until [`Collector::finish`], a number takes eight bytes per row and a level none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collector {
    rows: u64,
    columns: Vec<Gathered>,
    scores: Option<Values>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Gathered {
    name: String,
    /// Position of the column in a row.
    place: usize,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Number(Values),
    Category(Counts),
}

/// Counts of rows without a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Missing {
    rows: u64,
    /// Length of the current missing-value run.
    run: u64,
    /// Length of the longest missing-value run.
    gap: u64,
}

/// Values in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Values {
    missing: Missing,
    values: Vec<f64>,
}

/// Counts of levels: those of the schema by position, others by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    missing: Missing,
    known: Vec<(String, u64)>,
    /// Levels that the schema does not have, in order of arrival.
    others: Vec<(String, u64)>,
    /// Index of each name in `others`.
    #[serde(skip)]
    places: FxHashMap<String, usize>,
}

impl Collector {
    /// An empty collector for rows of `schema`; with `scores`, it also collects the model's probabilities.
    pub fn new(schema: &Schema, scores: bool) -> Collector {
        let columns = schema.columns().iter().enumerate();
        let columns = columns.filter_map(|(place, column)| {
            let what = match &column.kind {
                Kind::Number { .. } => What::Number(Values::default()),
                Kind::Category { levels } => What::Category(Counts {
                    known: levels.iter().map(|name| (name.clone(), 0)).collect(),
                    ..Counts::default()
                }),
                Kind::Text | Kind::Date(_) => return None,
            };
            Some(Gathered {
                name: column.name.clone(),
                place,
                what,
            })
        });
        Collector {
            rows: 0,
            columns: columns.collect(),
            scores: scores.then(Values::default),
        }
    }

    /// Adds a row with the model's probability for it.
    pub fn push(&mut self, row: RowView<'_>, score: Option<f64>) {
        self.rows += 1;
        for column in &mut self.columns {
            let cell = row.cells.get(column.place).copied().unwrap_or_default();
            match &mut column.what {
                What::Number(values) => values.push(cell.as_number()),
                What::Category(counts) => counts.push(cell, row.text),
            }
        }
        if let Some(scores) = &mut self.scores {
            scores.push(score);
        }
    }

    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The collected rows as a sample.
    pub fn finish(&self) -> Sample {
        let columns = self.columns.iter().map(|column| Column {
            name: column.name.clone(),
            observed: match &column.what {
                What::Number(values) => Observed::Number(values.finish()),
                What::Category(counts) => Observed::Category(counts.finish()),
            },
        });
        let scores = self.scores.iter().map(|scores| Column {
            name: SCORE.to_owned(),
            observed: Observed::Score(scores.finish()),
        });
        Sample {
            rows: self.rows,
            columns: columns.chain(scores).collect(),
        }
    }
}

impl Missing {
    fn note(&mut self, is_missing: bool) {
        self.run = if is_missing { self.run + 1 } else { 0 };
        self.rows += u64::from(is_missing);
        self.gap = self.gap.max(self.run);
    }
}

impl Values {
    fn push(&mut self, value: Option<f64>) {
        let value = value.filter(|v| v.is_finite());
        self.missing.note(value.is_none());
        self.values.extend(value);
    }

    fn finish(&self) -> Numbers {
        Numbers {
            missing: self.missing.rows,
            gap: self.missing.gap,
            ..Numbers::of(self.values.iter().copied().map(Some))
        }
    }
}

impl Counts {
    fn push(&mut self, cell: Cell, text: &str) {
        let place = match cell {
            Cell::Level(level) => self.known.get_mut(level as usize),
            _ => None,
        };
        let other = match cell {
            Cell::Text(span) => Some(short(span.get(text))),
            _ => None,
        };
        self.missing.note(place.is_none() && other.is_none());
        if let Some((_, rows)) = place {
            *rows += 1;
        }
        if let Some(name) = other {
            self.other(name);
        }
    }

    fn other(&mut self, name: &str) {
        if self.places.len() < self.others.len() {
            let names = self.others.iter().map(|(name, _)| name.clone());
            self.places = names.zip(0..).collect();
        }
        match self.places.get(name) {
            Some(place) => self.others[*place].1 += 1,
            None => {
                self.places.insert(name.to_owned(), self.others.len());
                self.others.push((name.to_owned(), 1));
            }
        }
    }

    fn finish(&self) -> Levels {
        Levels {
            missing: self.missing.rows,
            gap: self.missing.gap,
            counts: [&self.known[..], &self.others[..]].concat(),
            unnamed: 0,
        }
    }
}

/// A prefix of the level of at most [`LONGEST_LEVEL`] bytes.
fn short(level: &str) -> &str {
    &level[..level.floor_char_boundary(LONGEST_LEVEL)]
}
