//! Sources of every kind, pulled from real files and servers.

mod api;
mod databases;
mod files;
mod http;
mod pulls;
mod sqlite;

use std::sync::Mutex;
use std::time::Duration;

use titanic_platform::ingest::source::{Options, Order};
use titanic_platform::ingest::{Batch, BatchCounts, SinkError, Source, Tally, World};
use titanic_platform::model::Spec;
use titanic_platform::schema::{Cell, Rejected};

/// A small table: an id, a number, a category, a text.
pub const PARCELS: &str = r#"
version: 1
name: parcels
target: {column: lost, positive: true, negative: false}
id: parcel
columns:
  - {name: weight, kind: number, range: [0, 50], unexpected: reject}
  - {name: service, kind: category, levels: [1, 2], unexpected: quarantine}
  - {name: postcode, kind: text}
recipe:
  steps:
    - impute: {of: weight, as: weight}
  features: [weight]
"#;

/// An environment without real waiting; it records the requested waits and the messages.
#[derive(Default)]
pub struct Calm {
    pub waits: Mutex<Vec<Duration>>,
    pub notes: Mutex<Vec<String>>,
}

impl World for Calm {
    fn wait(&self, time: Duration) {
        self.waits.lock().unwrap().push(time);
    }

    fn random(&self) -> f64 {
        1.0
    }

    fn say(&self, note: &str) {
        self.notes.lock().unwrap().push(note.into());
    }
}

/// Result of a pull.
#[derive(Debug)]
pub struct Pulled {
    pub outcome: Result<Tally, String>,
    /// Valid rows: id, target, weight, postcode.
    pub rows: Vec<String>,
    pub bad: Vec<Rejected>,
    /// Cursors of the batches.
    pub cursors: Vec<Option<String>>,
    pub waits: Vec<Duration>,
    pub notes: Vec<String>,
}

impl Pulled {
    /// Asserts that the pull succeeded.
    pub fn ok(self) -> Pulled {
        assert!(self.outcome.is_ok(), "{self:#?}");
        self
    }

    /// The error; asserts that the pull failed.
    pub fn said(&self) -> &str {
        self.outcome.as_ref().unwrap_err()
    }

    /// Cursor of the next pull.
    pub fn cursor(&self) -> Option<&str> {
        self.outcome.as_ref().unwrap().cursor.as_deref()
    }

    /// Ids of the valid rows.
    pub fn ids(&self) -> Vec<&str> {
        let id = |row: &'_ String| row.split(' ').next().unwrap().len();
        self.rows.iter().map(|row| &row[..id(row)]).collect()
    }
}

/// Pulls a source of parcels.
pub fn pull(from: &str, options: &Options, cursor: Option<&str>) -> Pulled {
    let spec = Spec::parse(PARCELS).unwrap();
    let world = Calm::default();
    let mut pulled = Pulled {
        outcome: Ok(Tally::default()),
        rows: Vec::new(),
        bad: Vec::new(),
        cursors: Vec::new(),
        waits: Vec::new(),
        notes: Vec::new(),
    };
    let source = match Source::open(from, options) {
        Ok(source) => source,
        Err(fault) => {
            pulled.outcome = Err(fault.to_string());
            return pulled;
        }
    };
    let order = Order {
        schema: &spec.schema,
        strict: false,
        cursor,
        world: &world,
    };
    let mut sink = |batch: Batch| -> Result<BatchCounts, SinkError> {
        assert!(batch.read() <= 4096);
        pulled.rows.extend(words(&batch));
        pulled.bad.extend(batch.bad.iter().cloned());
        pulled.cursors.push(batch.cursor.clone());
        Ok(BatchCounts {
            stored: batch.table.len() as u64,
            repeated: 0,
            quarantined: batch.bad.len() as u64,
        })
    };
    let outcome = source.ingest(&order, &mut sink);
    pulled.outcome = outcome.map_err(|fault| fault.to_string());
    pulled.waits = world.waits.into_inner().unwrap();
    pulled.notes = world.notes.into_inner().unwrap();
    pulled
}

fn words(batch: &Batch) -> Vec<String> {
    let table = &batch.table;
    let word = |cell: Cell| match cell {
        Cell::Text(span) => span.get(table.text()).to_owned(),
        Cell::Number(v) => v.to_string(),
        Cell::Level(level) => format!("#{level}"),
        Cell::Missing => "-".into(),
    };
    let row = |i: usize| {
        let cells: Vec<String> = (0..table.schema().columns().len())
            .map(|c| word(table.cell(i, c)))
            .collect();
        let target = table.target(i).map_or("-".into(), |t| t.to_string());
        format!("{} {target} {}", word(table.id(i)), cells.join("|"))
    };
    (0..table.len()).map(row).collect()
}
