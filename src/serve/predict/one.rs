//! Predicts a body that is a single JSON object, the fast path.

use std::sync::Arc;

use super::answer::{Answer, Why};
use super::asked::Asked;
use super::named::{Known, Named, fingerprint};
use crate::live::Champion;
use crate::model::Workspace;
use crate::schema::{Row, json, own_id};
use crate::serve::predictor::{Made, Origin, Predictor, on_bench};
use crate::serve::problem::{Faults, Problem, kind};
use crate::serve::shape;
use crate::store::Store;
use crate::store::feed::{Prediction, PredictionId};
use crate::telemetry::metrics::Transport;

/// Initial buffer capacity, in bytes, for a response without an explanation.
const USUAL: usize = 256;

/// Predicts a body that is a single JSON object.
pub fn answer(
    predictor: &Predictor,
    (named, store): (&Named, &Store),
    asked: &Asked,
    body: &[u8],
) -> Result<Vec<u8>, Problem> {
    let champion = predictor.champion()?;
    let schema = champion.model.schema();
    on_bench(schema, |row, work| {
        json::rows(schema, body, 1, row, &mut |_, _| {})?;
        if let Some(problem) = shape::other_than_a_row(body, row, schema) {
            predictor.refuse(asked.origin, 1, 0, &Faults::default());
            return Err(problem);
        }
        check(predictor, asked.origin, row)?;
        predictor.count(asked.origin, 1, row.warnings.len());
        let mut out = Vec::with_capacity(USUAL);
        match &asked.id {
            None => fresh(predictor, &champion, asked, (row, work), &mut out),
            Some(id) => by_name(
                predictor,
                (named, store),
                &champion,
                asked,
                id,
                (row, work),
                &mut out,
            )?,
        }
        Ok(out)
    })
}

/// Checks that a row has no faults; a row with faults is counted as rejected.
pub fn check(predictor: &Predictor, origin: Origin, row: &Row) -> Result<(), Problem> {
    if row.faults.is_empty() {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.row(&row.faults, "", None);
    predictor.refuse(origin, 1, 0, &faults);
    Err(faults.into_problem(1))
}

fn fresh(
    predictor: &Predictor,
    champion: &Champion,
    asked: &Asked,
    (row, work): (&Row, &mut Workspace),
    out: &mut Vec<u8>,
) {
    let model = &champion.model;
    let Origin { transport, trial } = asked.origin;
    let id = (!trial).then(|| PredictionId::Fresh(predictor.fresh_id()));
    let probability = model.probability(row.view(), work);
    let explanation = asked.explain.then(|| model.explain(row.view(), work));
    let why = explanation.as_ref().map(|explanation| Why {
        explanation,
        schema: model.schema(),
        row: row.view(),
    });
    let label = model.label(probability);
    Answer {
        id: id.as_ref(),
        label,
        probability,
        model: &champion.name,
        warnings: &row.warnings,
        why,
    }
    .write(out);
    if let Some(id) = id {
        predictor.note(predictor.prediction(champion, made(id, transport, probability, row)));
    }
}

fn made(id: PredictionId, transport: Transport, probability: f64, row: &Row) -> Made<'_> {
    Made {
        id,
        transport,
        probability,
        row: row.view(),
        own_id: own_id::key(row.id(), row.view().text),
        warnings: &row.warnings,
    }
}

/// Predicts a row under a client-chosen id. A repeated id with the same row gets the first prediction, which is stored once.
fn by_name(
    predictor: &Predictor,
    (named, store): (&Named, &Store),
    champion: &Champion,
    asked: &Asked,
    id: &Arc<str>,
    (row, work): (&Row, &mut Workspace),
    out: &mut Vec<u8>,
) -> Result<(), Problem> {
    let model = &champion.model;
    let fingerprint = fingerprint(model.schema(), row.view());
    let known = match named.get(id) {
        Some(known) => Some(known),
        None => Known::stored(store, id, model.schema(), &row.warnings)?,
    };
    let known = match known {
        Some(known) => known,
        None => {
            let probability = model.probability(row.view(), work);
            let named_as = PredictionId::Named(id.clone());
            let made = made(named_as, asked.origin.transport, probability, row);
            let prediction = predictor.prediction(champion, made);
            let known = Known {
                fingerprint,
                prediction,
            };
            let first = named.keep(id.clone(), known.clone());
            if first.is_none() {
                predictor.note(known.prediction.clone());
            }
            first.unwrap_or(known)
        }
    };
    if known.fingerprint != fingerprint {
        let detail =
            format!("the id {id:?} was given to another row; give this one an id of its own");
        return Err(Problem::new(&kind::CONFLICT, detail));
    }
    let Prediction {
        id,
        label,
        probability,
        model: name,
        warnings,
        ..
    } = &known.prediction;
    if asked.explain && *name != champion.name {
        let detail =
            format!("{name} made this prediction and is no longer live; send it without explain");
        return Err(Problem::new(&kind::CONFLICT, detail));
    }
    let explanation = asked.explain.then(|| model.explain(row.view(), work));
    let why = explanation.as_ref().map(|explanation| Why {
        explanation,
        schema: model.schema(),
        row: row.view(),
    });
    Answer {
        id: Some(id),
        label,
        probability: *probability,
        model: name,
        warnings,
        why,
    }
    .write(out);
    Ok(())
}
