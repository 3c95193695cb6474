//! Predicts a body that is a single JSON object, the fast path.

use super::asked::Asked;
use crate::schema::json;
use crate::serve::predictor::{Predictor, on_scratch};
use crate::serve::problem::{Faults, Problem};
use crate::serve::shape;

/// Initial buffer capacity, in bytes, for a response without an explanation.
const USUAL: usize = 256;

/// Predicts a body that is a single JSON object.
pub fn answer(predictor: &Predictor, asked: &Asked, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let champion = predictor.champion()?;
    let schema = champion.model.schema();
    on_scratch(schema, |row, work| {
        json::rows(schema, body, 1, row, &mut |_, _| {})?;
        if let Some(problem) = shape::other_than_a_row(body, row, schema) {
            predictor.refuse(&asked.request, 1, 0, &Faults::default());
            return Err(problem);
        }
        let mut out = Vec::with_capacity(USUAL);
        out.push(b'{');
        predictor.predict(&champion, row, &asked.request, work, &mut out)?;
        out.push(b'}');
        Ok(out)
    })
}
