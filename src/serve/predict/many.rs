//! Predicts a body of many rows in three phases: read all, score all, write all. One model, live at the start, predicts all.

use std::time::Duration;

use tokio::time::Instant;

use super::answered::{Answered, Rows};
use super::asked::{self, Asked};
use super::thread::Thread;
use super::write::{self, Reply};
use crate::live::Champion;
use crate::model::Workspace;
use crate::schema::own_id;
use crate::schema::row::Purpose;
use crate::serve::body::Format;
use crate::serve::predictor::{Made, Origin, Predictor};
use crate::serve::problem::{Problem, kind};
use crate::serve::row_reader::RowReader;
use crate::store::event::Batch;
use crate::store::feed::PredictionId;

/// Rows scored per block, small enough that their features stay in the CPU cache.
const BLOCK: usize = 256;

/// How long a large body waits for room in the store's queue. The store writes 100,000 predictions in less than a second.
const PATIENCE: Duration = Duration::from_secs(2);

/// Predicts a body of rows.
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
    // If the header of a table has faults, no row is read, and every row counts as rejected.
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
    let reply = write::answers(&answered, &champion, asked, (format, thread), &mut work)?;
    note(predictor, asked.origin, &champion, thread, answered);
    Ok(reply)
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

/// The batch mark of a request with enough rows for the monitor to evaluate them as one batch; none for fewer rows.
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
