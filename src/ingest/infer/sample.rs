//! A seeded sample of a table's rows, drawn while all of them are surveyed.

use rand::rngs::Xoshiro256PlusPlus;
use rand::{RngExt, SeedableRng};
use rustc_hash::FxHashSet;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::ControlFlow;

use super::survey::Survey;
use crate::ingest::rows::{Rows, SourceRow};
use crate::schema::level::number_of;
use crate::schema::row::raw::RawCell;
use crate::schema::value::Value;
use crate::schema::{Notice, Row};

/// Rows above which a sample is drawn: at 100,000 the standard error of a share is below 0.2 %.
pub const MOST_ROWS: usize = 100_000;
/// Values above which the sample has fewer rows, which bounds the memory of tables with many columns.
const MOST_CELLS: usize = 5_000_000;
/// Rows of which is known whether they occurred before.
const MOST_DISTINCT_ROWS: usize = 8_000_000;
/// Longest text that is kept whole, in bytes; longer ones keep their start and a digest.
const LONGEST: usize = 400;

/// A value as the source has it.
#[derive(Clone, Debug)]
pub enum Stored {
    Missing,
    Number(f64),
    Flag(bool),
    Text(Box<str>),
    Nested,
}

impl Stored {
    pub fn value(&self) -> Value<'_> {
        match self {
            Stored::Missing => Value::Missing,
            Stored::Number(v) => Value::Number(*v),
            Stored::Flag(v) => Value::Flag(*v),
            Stored::Text(text) => Value::Text(text),
            Stored::Nested => Value::Nested("a list or an object"),
        }
    }
}

/// Surveys all rows and keeps a sample of them.
pub struct Observer {
    pub survey: Survey,
    /// Sampled rows with their number, in any order until the end.
    pub sample: Vec<(u64, Vec<Stored>)>,
    rng: Xoshiro256PlusPlus,
    /// Digests of the rows so far.
    digests: FxHashSet<u64>,
    pub repeated_rows: u64,
}

impl Observer {
    pub fn new(seed: u64) -> Observer {
        Observer {
            survey: Survey::default(),
            sample: Vec::new(),
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            digests: FxHashSet::default(),
            repeated_rows: 0,
        }
    }

    /// Vitter's algorithm R: every row is in the sample with the same probability.
    fn keep(&mut self, row: &Row) {
        let Some(raw) = row.raw() else { return };
        let (number, text) = (self.survey.rows - 1, row.raw_text());
        self.count(row);
        let columns = self.survey.columns.len().max(1);
        let most = (MOST_CELLS / columns).clamp(1_000, MOST_ROWS);
        let place = match self.sample.len() < most {
            true => None,
            false => Some(self.rng.random_range(0..self.survey.rows)),
        };
        if place.is_some_and(|place| place >= self.sample.len() as u64) {
            return;
        }
        let mut cells = vec![Stored::Missing; columns];
        for (at, cell) in raw.cells() {
            cells[self.survey.place(*at)] = match cell {
                RawCell::Number(v) if v.is_nan() => Stored::Missing,
                RawCell::Number(v) => Stored::Number(*v),
                RawCell::Flag(v) => Stored::Flag(*v),
                RawCell::Text(span) => Stored::Text(shortened(span.get(text)).into()),
                RawCell::Nested => Stored::Nested,
            };
        }
        match place {
            None => self.sample.push((number, cells)),
            Some(place) => self.sample[place as usize] = (number, cells),
        }
    }

    /// Counts rows that occurred before. The digest is a sum over the cells, so that the order of keys in JSON is the same.
    fn count(&mut self, row: &Row) {
        let Some(raw) = row.raw() else { return };
        let text = row.raw_text();
        let digest = raw.cells().iter().fold(0_u64, |sum, (at, cell)| {
            let mut hasher = DefaultHasher::new();
            self.survey.place(*at).hash(&mut hasher);
            match cell {
                RawCell::Number(v) => (v + 0.0).to_bits().hash(&mut hasher),
                RawCell::Flag(v) => v.hash(&mut hasher),
                RawCell::Text(span) => match number_of(span.get(text)) {
                    Some(v) => (v + 0.0).to_bits().hash(&mut hasher),
                    None => span.get(text).trim().hash(&mut hasher),
                },
                RawCell::Nested => 0_u8.hash(&mut hasher),
            }
            sum.wrapping_add(hasher.finish())
        });
        match self.digests.len() < MOST_DISTINCT_ROWS {
            true => self.repeated_rows += u64::from(!self.digests.insert(digest)),
            false => self.repeated_rows += u64::from(self.digests.contains(&digest)),
        }
    }
}

/// A long text by its start and a digest of the whole, so that different texts stay different.
fn shortened(text: &str) -> String {
    let text = text.trim();
    if text.len() <= LONGEST {
        return text.to_owned();
    }
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    let start: String = text.chars().take(LONGEST / 4).collect();
    format!(
        "{start}… ({} bytes, {:08x})",
        text.len(),
        hasher.finish() >> 32
    )
}

impl Rows for Observer {
    fn begin(&mut self, name: &str) -> ControlFlow<()> {
        self.survey.begin(name)
    }

    fn notice(&mut self, notice: Notice) {
        self.survey.notice(notice);
    }

    fn skipped(&mut self, name: &str, why: &str) {
        self.survey.skipped(name, why);
    }

    fn row(&mut self, SourceRow { line, row }: SourceRow<'_>) -> ControlFlow<()> {
        match row {
            Ok(row) => {
                let before = self.survey.rows;
                let flow = self.survey.row(SourceRow { line, row: Ok(row) });
                if self.survey.rows > before {
                    self.keep(row);
                }
                flow
            }
            Err(fault) => self.survey.row(SourceRow {
                line,
                row: Err(fault),
            }),
        }
    }
}
