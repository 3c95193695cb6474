//! A live window: rows come one at a time, and a sample comes out. Its state can be kept over a restart.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::sample::{Column, Levels, Numbers, Observed, SCORE, Sample};
use crate::schema::column::Kind;
use crate::schema::{Cell, RowView, Schema};

/// Bytes of an unknown level that are kept; a window must not grow with what a caller writes.
const LONGEST_LEVEL: usize = 256;

/// Gathers rows of one schema. A number costs eight bytes a row until [`Collector::finish`], a level none.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Collector {
    rows: u64,
    columns: Vec<Gathered>,
    scores: Option<Values>,
}

/// A watched column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Gathered {
    name: String,
    /// Its place in a row.
    place: usize,
    what: What,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum What {
    Number(Values),
    Category(Counts),
}

/// Values as they came.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Values {
    missing: u64,
    values: Vec<f64>,
}

/// Levels counted: those of the schema by their place, others by name.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Counts {
    missing: u64,
    known: Vec<(String, u64)>,
    /// Which others there were, in the order they came.
    others: Vec<(String, u64)>,
    /// Where each of them stands.
    #[serde(skip)]
    places: FxHashMap<String, usize>,
}

impl Collector {
    /// An empty one for rows of `schema`; with `scores` it watches the model's probabilities as well.
    pub fn new(schema: &Schema, scores: bool) -> Collector {
        let columns = schema.columns().iter().enumerate();
        let columns = columns.filter_map(|(place, column)| {
            let what = match &column.kind {
                Kind::Number { .. } => What::Number(Values::default()),
                Kind::Category { levels } => What::Category(Counts {
                    known: levels.iter().map(|name| (name.clone(), 0)).collect(),
                    ..Counts::default()
                }),
                Kind::Text => return None,
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

    /// Takes a row in, with the model's probability for it.
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

    /// Rows taken in.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// The sample they make.
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

impl Values {
    fn push(&mut self, value: Option<f64>) {
        match value.filter(|v| v.is_finite()) {
            Some(value) => self.values.push(value),
            None => self.missing += 1,
        }
    }

    fn finish(&self) -> Numbers {
        let missing = std::iter::repeat_n(None, usize::try_from(self.missing).unwrap_or(0));
        Numbers::of(self.values.iter().copied().map(Some).chain(missing))
    }
}

impl Counts {
    fn push(&mut self, cell: Cell, text: &str) {
        match cell {
            Cell::Level(level) => match self.known.get_mut(level as usize) {
                Some((_, rows)) => *rows += 1,
                None => self.missing += 1,
            },
            Cell::Text(span) => self.other(short(span.get(text))),
            _ => self.missing += 1,
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
            missing: self.missing,
            counts: [&self.known[..], &self.others[..]].concat(),
            unnamed: 0,
        }
    }
}

/// The begin of a long level.
fn short(level: &str) -> &str {
    &level[..level.floor_char_boundary(LONGEST_LEVEL)]
}
