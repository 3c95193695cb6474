//! One object, one answer: the short way.

use std::sync::Arc;

use super::answer::{Answer, Why};
use super::asked::Asked;
use super::named::{Known, Named, fingerprint};
use crate::control::champion::Champion;
use crate::model::Workspace;
use crate::schema::{Row, json};
use crate::serve::predictor::{Predictor, on_bench};
use crate::serve::problem::{Faults, Problem, kind};
use crate::store::Store;
use crate::store::feed::{Prediction, PredictionId};
use crate::telemetry::metrics::Door;

/// Room for an answer without an explanation.
const USUAL: usize = 256;

/// Answers a body that is one object.
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
        check(predictor, Door::Rest, row)?;
        predictor.count(Door::Rest, 1, row.warnings.len());
        let mut out = Vec::with_capacity(USUAL);
        match &asked.id {
            None => fresh(predictor, &champion, asked.explain, (row, work), &mut out),
            Some(id) => by_name(
                predictor,
                (named, store),
                &champion,
                asked.explain,
                id,
                (row, work),
                &mut out,
            )?,
        }
        Ok(out)
    })
}

/// A row that can be answered; one that cannot is counted.
pub fn check(predictor: &Predictor, door: Door, row: &Row) -> Result<(), Problem> {
    if row.faults.is_empty() {
        return Ok(());
    }
    let mut faults = Faults::default();
    faults.row(&row.faults, "", None);
    predictor.refuse(door, 1, 0, &faults);
    Err(faults.into_problem(1))
}

fn fresh(
    predictor: &Predictor,
    champion: &Champion,
    explain: bool,
    (row, work): (&Row, &mut Workspace),
    out: &mut Vec<u8>,
) {
    let model = &champion.model;
    let id = PredictionId::Fresh(predictor.fresh_id());
    let probability = model.probability(row.view(), work);
    let explanation = explain.then(|| model.explain(row.view(), work));
    let why = explanation.as_ref().map(|explanation| Why {
        explanation,
        schema: model.schema(),
        row: row.view(),
    });
    let label = model.label(probability);
    Answer {
        id: &id,
        label,
        probability,
        model: &champion.name,
        warnings: &row.warnings,
        why,
    }
    .write(out);
    predictor.note(predictor.prediction(id, champion, probability, row.view(), &row.warnings));
}

/// The same id and row again get the same answer, and nothing is noted twice.
fn by_name(
    predictor: &Predictor,
    (named, store): (&Named, &Store),
    champion: &Champion,
    explain: bool,
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
            let prediction = predictor.prediction(
                PredictionId::Named(id.clone()),
                champion,
                probability,
                row.view(),
                &row.warnings,
            );
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
    if explain && *name != champion.name {
        let detail =
            format!("{name} made this prediction and answers no more; ask without explain");
        return Err(Problem::new(&kind::CONFLICT, detail));
    }
    let explanation = explain.then(|| model.explain(row.view(), work));
    let why = explanation.as_ref().map(|explanation| Why {
        explanation,
        schema: model.schema(),
        row: row.view(),
    });
    Answer {
        id,
        label,
        probability: *probability,
        model: name,
        warnings,
        why,
    }
    .write(out);
    Ok(())
}
