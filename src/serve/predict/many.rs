//! Many rows: read all, then score all, then write all. Every row is answered by the model that was live at the beginning.

use std::time::Duration;

use tokio::time::Instant;

use super::asked::{self, Asked};
use super::{Reply, write};
use crate::live::Champion;
use crate::model::{Model, Workspace};
use crate::schema::row::Purpose;
use crate::schema::{Fault, Row, Table, Warning, own_id};
use crate::serve::admission::{Client, left};
use crate::serve::body::Format;
use crate::serve::predictor::{Made, Origin, Predictor};
use crate::serve::problem::{Entry, Faults, Problem, kind};
use crate::serve::row_reader::{RowReader, RowSink};
use crate::store::event::Batch;
use crate::store::feed::PredictionId;

/// Faults told of one partial answer: whoever asked for it wants to know of every row, within reason.
const MOST_PARTIAL: usize = 10_000;

/// Rows scored at once: their features stay in the cache.
const BLOCK: usize = 256;

/// How long a large body waits until its predictions are noted: the store writes a hundred thousand in less than one.
const PATIENCE: Duration = Duration::from_secs(2);

/// Where a body is answered.
#[derive(Clone, Copy, Debug)]
pub enum Thread<'a> {
    /// On one that serves others too: it must not wait.
    Serving,
    /// On one of its own, for a client that may leave before it is done.
    Apart(&'a Client),
}

impl Thread<'_> {
    /// An error once nobody waits for the answer any more.
    pub fn go_on(self) -> Result<(), Problem> {
        match self {
            Thread::Apart(client) if client.has_left() => Err(left()),
            _ => Ok(()),
        }
    }
}

/// The rows of a body, read and checked.
pub struct Rows {
    /// The good ones.
    pub table: Table,
    /// Warnings of the good ones that have any, by their place in the table.
    pub warnings: Vec<(usize, Vec<Warning>)>,
    /// Where each row read is in the table; none for a bad one.
    pub places: Vec<Option<usize>>,
    /// Faults of the bad ones.
    pub faults: Faults,
    /// The bad ones as a partial response in lines has them, in their order.
    pub bad: Option<Vec<Bad>>,
}

/// A bad row of a response that has a line for each.
pub struct Bad {
    /// Its own id, if it has one.
    pub id: Option<String>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// Rows with their answers.
pub struct Answered {
    /// The rows.
    pub rows: Rows,
    /// Probabilities of the good ones.
    pub probabilities: Vec<f64>,
    /// Ids of the good ones; none of a trial.
    pub ids: Vec<PredictionId>,
    /// Faults by row, where the answer is partial.
    pub errors: Vec<Entry>,
}

/// Answers a body of rows.
pub fn answer(
    predictor: &Predictor,
    asked: &Asked,
    format: Format,
    most: usize,
    thread: Thread<'_>,
    body: &[u8],
) -> Result<Reply, Problem> {
    let champion = predictor.champion()?;
    let model = &champion.model;
    let mut rows = Rows::new(&champion.model, asked.partial);
    rows.bad = (asked.partial && format != Format::Json).then(Vec::new);
    let reader = RowReader {
        schema: model.schema(),
        purpose: Purpose::Predict,
        most,
    };
    let read = reader.read(format, body, &mut rows);
    // Of a table whose header has faults no row is read, and each one is counted.
    if rows.places.is_empty() && !rows.faults.is_empty() {
        predictor.refuse(asked.origin, rows.faults.rows(), 0, &rows.faults);
    }
    read?;
    if asked.id.is_some() {
        return Err(asked::only_one());
    }
    let read = rows.places.len();
    if read == 0 {
        return Err(Problem::new(
            &kind::INVALID,
            "there is no row in it; send at least one",
        ));
    }
    let faults = std::mem::take(&mut rows.faults);
    if !faults.is_empty() {
        let (bad, good) = (faults.rows(), rows.table.len());
        let unanswered = if asked.partial { 0 } else { good };
        predictor.refuse(asked.origin, bad, unanswered, &faults);
    }
    if !faults.is_empty() && !asked.partial {
        return Err(faults.into_problem(read));
    }
    let mut work = Workspace::default();
    let mut probabilities = vec![0.0; rows.table.len()];
    for (n, block) in probabilities.chunks_mut(BLOCK).enumerate() {
        thread.go_on()?;
        model.probabilities(&rows.table, n * BLOCK, block, &mut work);
    }
    let stored = if asked.origin.trial {
        0
    } else {
        probabilities.len()
    };
    let ids = (0..stored)
        .map(|_| PredictionId::Fresh(predictor.fresh_id()))
        .collect();
    let answered = Answered {
        rows,
        probabilities,
        ids,
        errors: faults.into_listed(),
    };
    let bytes = write::answers(&answered, &champion, asked, (format, thread), &mut work)?;
    note(predictor, asked.origin, &champion, thread, answered);
    let model = (format == Format::Csv).then(|| champion.name.clone());
    Ok(Reply { bytes, model })
}

fn note(
    predictor: &Predictor,
    origin: Origin,
    champion: &Champion,
    thread: Thread<'_>,
    answered: Answered,
) {
    let Answered {
        rows,
        probabilities,
        ids,
        ..
    } = answered;
    let warned = rows
        .warnings
        .iter()
        .map(|(_, warnings)| warnings.len())
        .sum();
    predictor.count(origin, probabilities.len(), warned);
    let until = Instant::now() + PATIENCE;
    let batch = batch(predictor, &ids);
    for (n, (id, probability)) in ids.into_iter().zip(&probabilities).enumerate() {
        let made = Made {
            id,
            transport: origin.transport,
            probability: *probability,
            row: rows.table.row(n),
            own_id: own_id::key(rows.table.id(n), rows.table.text()),
            warnings: rows.warnings_of(n),
        };
        let mut made = predictor.prediction(champion, made);
        made.batch = batch.map(|batch| Batch {
            row: n as u64,
            ..batch
        });
        match thread {
            Thread::Serving => predictor.note(made),
            Thread::Apart(_) => predictor.recorder.note_by(until, made),
        }
    }
}

/// The mark of a request with so many rows that the monitor judges it as a whole; none of any other.
fn batch(predictor: &Predictor, ids: &[PredictionId]) -> Option<Batch> {
    let rows = ids.len() as u64;
    match ids.first() {
        Some(PredictionId::Fresh(first)) if rows >= predictor.batch => Some(Batch {
            // The lowest bits of an id are random.
            id: first.as_u128() as u32,
            row: 0,
            rows,
        }),
        _ => None,
    }
}

impl Rows {
    fn new(model: &Model, partial: bool) -> Rows {
        Rows {
            table: Table::new(model.schema().clone()),
            warnings: Vec::new(),
            places: Vec::new(),
            faults: if partial {
                Faults::listing(MOST_PARTIAL)
            } else {
                Faults::default()
            },
            bad: None,
        }
    }

    /// Warnings of a good row.
    pub fn warnings_of(&self, place: usize) -> &[Warning] {
        match self
            .warnings
            .binary_search_by_key(&place, |(place, _)| *place)
        {
            Ok(at) => &self.warnings[at].1,
            Err(_) => &[],
        }
    }
}

impl RowSink for Rows {
    fn row(&mut self, row: &mut Row, line: Option<u64>) {
        if !row.faults.is_empty() {
            let pointer = format!("/{}", self.places.len());
            self.faults.row(&row.faults, &pointer, line);
            if let Some(bad) = &mut self.bad {
                bad.push(Bad {
                    id: row.id_text(),
                    faults: std::mem::take(&mut row.faults),
                });
            }
            return self.places.push(None);
        }
        let place = self.table.len();
        self.table
            .push(row)
            .expect("a body is far smaller than the text a table takes");
        if !row.warnings.is_empty() {
            self.warnings
                .push((place, std::mem::take(&mut row.warnings)));
        }
        self.places.push(Some(place));
    }

    fn header(&mut self, faults: &[Fault], rows: usize) {
        self.faults = Faults::listing(0);
        (0..rows).for_each(|_| self.faults.row(faults, "", None));
    }
}
