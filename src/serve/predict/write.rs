//! Writes the predictions of many rows in the format in which the rows came.

use std::sync::Arc;

use serde_json::{Value, json};

use super::answered::Answered;
use super::asked::Asked;
use super::thread::Thread;
use crate::live::Champion;
use crate::model::Workspace;
use crate::schema::{Cell, Fault, LeftOut, Warning, answer as table};
use crate::serve::body::Format;
use crate::serve::problem::{Entry, Problem};

/// Initial buffer capacity, in bytes, per JSON prediction.
const USUAL: usize = 160;

/// The written predictions, with the model's name where the format has no field for it.
pub struct Reply {
    pub bytes: Vec<u8>,
    pub model: Option<Arc<str>>,
}

/// Writes all predictions. An invalid row is `null` in a JSON list. In formats with one line per row, its line has no label
/// and no probability and lists its faults.
///
/// # Errors
/// When the client leaves before all predictions are written.
pub fn answers(
    answered: &Answered,
    champion: &Champion,
    asked: &Asked,
    (format, thread): (Format, Thread<'_>),
    work: &mut Workspace,
) -> Result<Reply, Problem> {
    let mut out = Vec::with_capacity(answered.places.len() * USUAL);
    let mut pen = Pen {
        answered,
        champion,
        explain: asked.request.explain,
        thread,
        work,
        cells: Vec::new(),
    };
    match format {
        Format::Csv => pen.csv(&mut out),
        Format::JsonLines | Format::Batch => pen.places(b"\n", &mut out)?,
        Format::Json => {
            out.extend_from_slice(b"{\"model\":\"");
            out.extend_from_slice(champion.name.as_bytes()); // letters, digits and `-_.@`
            out.extend_from_slice(b"\",\"predictions\":[");
            pen.places(b",", &mut out)?;
            out.push(b']');
            if asked.partial {
                out.extend_from_slice(b",\"errors\":");
                serde_json::to_writer(&mut out, &answered.errors).expect("a Vec takes every byte");
            }
            out.push(b'}');
        }
    }
    if format == Format::JsonLines {
        out.push(b'\n');
    }
    let model = (format == Format::Csv).then(|| champion.name.clone());
    Ok(Reply { bytes: out, model })
}

struct Pen<'a> {
    answered: &'a Answered,
    champion: &'a Champion,
    explain: bool,
    thread: Thread<'a>,
    work: &'a mut Workspace,
    /// Buffer for the cells of a row.
    cells: Vec<Cell>,
}

impl Pen<'_> {
    fn places(&mut self, between: &[u8], out: &mut Vec<u8>) -> Result<(), Problem> {
        let answered = self.answered;
        let mut bad = answered.bad.iter().flatten();
        for (n, place) in self.answered.places.iter().enumerate() {
            if n > 0 {
                out.extend_from_slice(between);
            }
            match place {
                Some(place) => {
                    self.thread.go_on()?;
                    self.json(*place, out);
                }
                None => match bad.next() {
                    Some(bad) => self.bad(bad, out),
                    None => out.extend_from_slice(b"null"),
                },
            }
        }
        Ok(())
    }

    /// Writes the line of an invalid row, with the same keys as the line of a trial.
    fn bad(&self, bad: &LeftOut, out: &mut Vec<u8>) {
        let warning = |fault: &Fault| {
            let entry = Entry::of(fault, "", None);
            json!({"column": fault.column, "problem": entry.problem, "value": entry.got})
        };
        let warnings: Vec<Value> = bad.faults.iter().map(warning).collect();
        let line = json!({"label": null, "probability": null, "model": &*self.champion.name, "warnings": warnings});
        serde_json::to_writer(out, &line).expect("a Vec takes every byte");
    }

    fn json(&mut self, place: usize, out: &mut Vec<u8>) {
        let predicted = &self.answered.predicted;
        let id = predicted.id(place);
        let row = predicted.row(place, &mut self.cells);
        out.push(b'{');
        row.write(id.as_ref(), self.champion, self.explain, self.work, out);
        out.push(b'}');
    }

    fn csv(&self, out: &mut Vec<u8>) {
        let (schema, answered) = (self.champion.model.schema(), self.answered);
        let bad = answered.bad.as_deref().unwrap_or_default();
        let has_id = table::has_id(schema, answered.predicted.table.ids())
            || bad.iter().any(|bad| bad.id.is_some());
        let mut bad = bad.iter();
        table::csv_header(schema, has_id, out);
        more(["prediction_id", "warnings"], out);
        for (n, place) in answered.places.iter().enumerate() {
            let line = match *place {
                Some(place) => self.line(n, place),
                None => bad_line(n, bad.next().expect("a row without a place is listed")),
            };
            let answer = table::Answer {
                id: line.answer.id.filter(|_| has_id),
                ..line.answer
            };
            answer.csv(out);
            more([&line.prediction, &line.warnings], out);
        }
    }

    fn line(&self, n: usize, place: usize) -> Line<'_> {
        let predicted = &self.answered.predicted;
        let probability = predicted.probability(place);
        let label = self.champion.model.label(probability);
        Line {
            answer: table::Answer {
                row: n + 1,
                id: Some(predicted.table.id(place)),
                text: predicted.table.text(),
                said: Some((label, probability)),
            },
            prediction: predicted
                .id(place)
                .map_or_else(String::new, |id| id.to_string()),
            warnings: warnings(predicted.warnings(place)),
        }
    }
}

/// One line of a CSV response.
struct Line<'a> {
    answer: table::Answer<'a>,
    prediction: String,
    warnings: String,
}

/// The CSV line of an invalid row: its id, no label or probability, and its faults.
fn bad_line(n: usize, bad: &LeftOut) -> Line<'_> {
    Line {
        answer: bad.answer(n + 1),
        prediction: String::new(),
        warnings: faults(&bad.faults),
    }
}

/// Appends two cells to the line that was written last.
fn more(cells: [&str; 2], out: &mut Vec<u8>) {
    out.pop(); // the end of the line
    for cell in cells {
        out.push(b',');
        table::csv_cell(cell, out);
    }
    out.push(b'\n');
}

/// Warnings as one cell: `plan: unknown_level "Gold"; age: out_of_range 130`.
fn warnings(warnings: &[Warning]) -> String {
    let texts = warnings.iter().map(|warning| {
        let value = serde_json::json!(warning.value);
        noted(&warning.column, warning.problem.code(), &value)
    });
    texts.collect::<Vec<_>>().join("; ")
}

/// Faults as one cell, in the format of [`warnings`].
fn faults(faults: &[Fault]) -> String {
    let texts = faults.iter().map(|fault| {
        let entry = Entry::of(fault, "", None);
        noted(&fault.column, &entry.problem, &entry.got)
    });
    texts.collect::<Vec<_>>().join("; ")
}

fn noted(column: &str, problem: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{column}: {problem}"),
        value => format!("{column}: {problem} {value}"),
    }
}
