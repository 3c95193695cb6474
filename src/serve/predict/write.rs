//! Answers of many rows in the format they came in.

use serde_json::Value;

use super::answer::{Answer, Why};
use super::asked::Asked;
use super::many::Answered;
use crate::control::champion::Champion;
use crate::model::Workspace;
use crate::schema::{Cell, Warning, answer as table};
use crate::serve::body::Format;
use crate::serve::problem::Entry;

/// Room for a JSON answer.
const USUAL: usize = 160;

/// Writes all answers; bad rows are `null`, in a table of text a line without label and probability.
pub fn answers(
    answered: &Answered,
    champion: &Champion,
    asked: &Asked,
    format: Format,
    work: &mut Workspace,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(answered.rows.places.len() * USUAL);
    let mut pen = Pen {
        answered,
        champion,
        explain: asked.explain,
        work,
    };
    match format {
        Format::Csv => pen.csv(&mut out),
        Format::JsonLines | Format::Batch => pen.places(b"\n", &mut out),
        Format::Json => {
            out.extend_from_slice(b"{\"model\":\"");
            out.extend_from_slice(champion.name.as_bytes()); // letters, digits and `-_.@`
            out.extend_from_slice(b"\",\"predictions\":[");
            pen.places(b",", &mut out);
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
    out
}

struct Pen<'a> {
    answered: &'a Answered,
    champion: &'a Champion,
    explain: bool,
    work: &'a mut Workspace,
}

impl Pen<'_> {
    fn places(&mut self, between: &[u8], out: &mut Vec<u8>) {
        for (n, place) in self.answered.rows.places.iter().enumerate() {
            if n > 0 {
                out.extend_from_slice(between);
            }
            match place {
                Some(place) => self.json(*place, out),
                None => out.extend_from_slice(b"null"),
            }
        }
    }

    fn json(&mut self, place: usize, out: &mut Vec<u8>) {
        let model = &self.champion.model;
        let row = self.answered.rows.table.row(place);
        let explanation = self.explain.then(|| model.explain(row, self.work));
        let why = explanation.as_ref().map(|explanation| Why {
            explanation,
            schema: model.schema(),
            row,
        });
        let probability = self.answered.probabilities[place];
        let answer = Answer {
            id: self.answered.ids.get(place),
            label: model.label(probability),
            probability,
            model: &self.champion.name,
            warnings: self.answered.rows.warnings_of(place),
            why,
        };
        answer.write(out);
    }

    fn csv(&self, out: &mut Vec<u8>) {
        let (model, rows) = (&self.champion.model, &self.answered.rows);
        let schema = model.schema();
        let has_id = table::has_id(schema, rows.table.ids());
        let mut faults = self.faults_by_row();
        table::csv_header(schema, has_id, out);
        more(["prediction_id", "warnings"], out);
        for (n, place) in rows.places.iter().enumerate() {
            let said = |place: usize| {
                let probability = self.answered.probabilities[place];
                (model.label(probability), probability)
            };
            table::Answer {
                row: n + 1,
                id: has_id.then(|| place.map_or(Cell::Missing, |place| rows.table.id(place))),
                text: rows.table.text(),
                said: place.map(said),
            }
            .csv(out);
            let (id, noted) = match *place {
                Some(place) => {
                    let prediction = self.answered.ids.get(place);
                    let id = prediction.map_or_else(String::new, ToString::to_string);
                    (id, warnings(rows.warnings_of(place)))
                }
                None => (String::new(), faults.next().unwrap_or_default()),
            };
            more([&id, &noted], out);
        }
    }

    /// What is wrong with each bad row, in their order.
    fn faults_by_row(&self) -> impl Iterator<Item = String> + use<> {
        let row_of = |entry: &Entry| entry.cell.as_ref().map(|cell| cell.line);
        let rows = self.answered.errors.chunk_by(|a, b| row_of(a) == row_of(b));
        let texts: Vec<String> = rows
            .map(|entries| {
                let texts = entries.iter().map(|entry| {
                    let column = entry.cell.as_ref().and_then(|cell| cell.column.as_deref());
                    noted(column.unwrap_or_default(), &entry.problem, &entry.got)
                });
                texts.collect::<Vec<_>>().join("; ")
            })
            .collect();
        texts.into_iter()
    }
}

/// Appends cells to the line that was written last.
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
        let json = serde_json::json!(warning);
        let problem = json["problem"].as_str().unwrap_or_default();
        noted(&warning.column, problem, &json["value"])
    });
    texts.collect::<Vec<_>>().join("; ")
}

fn noted(column: &str, problem: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("{column}: {problem}"),
        value => format!("{column}: {problem} {value}"),
    }
}
