//! Predicts a body of many rows in three phases: read all, score all, write all. One model, live at the start, predicts all.

use super::answered::{Answered, Rows};
use super::asked::{self, Asked};
use super::thread::Thread;
use super::write::{self, Reply};
use crate::model::Workspace;
use crate::schema::row::Purpose;
use crate::serve::body::Format;
use crate::serve::predictor::Predictor;
use crate::serve::problem::{Problem, kind};
use crate::serve::row_reader::RowReader;

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
    let request = &asked.request;
    let mut rows = Rows::new(&champion.model, asked.partial);
    rows.bad = (asked.partial && format != Format::Json).then(Vec::new);
    let reader = RowReader {
        schema: champion.model.schema(),
        purpose: Purpose::Predict,
        most,
    };
    let read = reader.read(format, body, &mut rows);
    // If the header of a table has faults, no row is read, and every row counts as rejected.
    if rows.places.is_empty() && !rows.faults.is_empty() {
        predictor.refuse(request, rows.faults.rows(), 0, &rows.faults);
    }
    read?;
    if request.id.is_some() {
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
        predictor.refuse(request, bad, unanswered, &faults);
    }
    if !faults.is_empty() && !asked.partial {
        return Err(faults.into_problem(read));
    }
    let mut work = Workspace::default();
    let valid = (rows.table, rows.warnings);
    let go_on = || thread.go_on();
    let predicted = predictor.predict_table(&champion, valid, request, &mut work, go_on)?;
    let answered = Answered {
        predicted,
        places: rows.places,
        bad: rows.bad,
        errors: faults.into_listed(),
    };
    let reply = write::answers(&answered, &champion, asked, (format, thread), &mut work)?;
    let may_wait = matches!(thread, Thread::Apart(_));
    predictor.record_table(&champion, &answered.predicted, request, may_wait);
    Ok(reply)
}
