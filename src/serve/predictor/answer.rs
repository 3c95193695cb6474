//! Writes a prediction as JSON directly into the response buffer. All routes use this one format.

use std::io::Write;

use serde::Serialize;

use crate::model::{Explanation, Model, Workspace};
use crate::schema::column::Label;
use crate::schema::json::write::write_value;
use crate::schema::{RowView, Schema, Warning};
use crate::store::feed::PredictionId;

/// Panic message: writing into memory cannot fail.
const MEMORY: &str = "a Vec takes every byte";

/// The prediction for one row.
#[derive(Debug)]
pub struct Answer<'a> {
    /// Id of the prediction; none for a trial.
    pub id: Option<&'a PredictionId>,
    pub label: &'a Label,
    /// Probability of the positive label.
    pub probability: f64,
    /// Name of the model version that made the prediction.
    pub model: &'a str,
    /// Warnings about the row's values.
    pub warnings: &'a [Warning],
    /// The explanation, if requested.
    pub why: Option<Why<'a>>,
}

/// An explanation with the row that it explains.
#[derive(Clone, Debug)]
pub struct Why<'a> {
    /// Base value and contributions.
    pub explanation: Explanation,
    /// Source of the column names.
    pub schema: &'a Schema,
    /// Source of the column values.
    pub row: RowView<'a>,
}

impl Answer<'_> {
    /// Writes the members of the JSON object, without the braces around them.
    pub fn write(&self, out: &mut Vec<u8>) {
        if let Some(id) = self.id {
            out.extend_from_slice(b"\"id\":");
            match id {
                PredictionId::Fresh(id) => {
                    let mut text = [0; uuid::fmt::Hyphenated::LENGTH];
                    out.push(b'"');
                    out.extend_from_slice(id.hyphenated().encode_lower(&mut text).as_bytes());
                    out.push(b'"');
                }
                PredictionId::Named(name) => json(&**name, out),
            }
            out.push(b',');
        }
        out.extend_from_slice(b"\"label\":");
        label(self.label, out);
        out.extend_from_slice(b",\"probability\":");
        json(&self.probability, out);
        out.extend_from_slice(b",\"model\":\"");
        out.extend_from_slice(self.model.as_bytes()); // names are letters, digits and `-_.@`
        out.extend_from_slice(b"\",\"warnings\":");
        match self.warnings {
            [] => out.extend_from_slice(b"[]"),
            some => json(&some, out),
        }
        if let Some(why) = &self.why {
            why.write(out);
        }
    }
}

impl<'a> Why<'a> {
    /// Explains the prediction of a row.
    pub fn of(model: &'a Model, row: RowView<'a>, work: &mut Workspace) -> Why<'a> {
        Why {
            explanation: model.explain(row, work),
            schema: model.schema(),
            row,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(b",\"explanation\":{\"base\":");
        json(&self.explanation.base, out);
        out.extend_from_slice(b",\"unit\":\"probability\",\"contributions\":[");
        for (n, part) in self.explanation.contributions.iter().enumerate() {
            let column = &self.schema.columns()[part.column];
            out.extend_from_slice(if n == 0 {
                b"{\"column\":"
            } else {
                b",{\"column\":"
            });
            json(&column.name, out);
            out.extend_from_slice(b",\"value\":");
            let cell = self.row.cells[part.column];
            write_value(column, cell, self.row.text, out);
            out.extend_from_slice(b",\"contribution\":");
            json(&part.probability, out);
            if let Some(log_odds) = part.log_odds {
                out.extend_from_slice(b",\"log_odds\":");
                json(&log_odds, out);
            }
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
}

fn label(label: &Label, out: &mut Vec<u8>) {
    match label {
        Label::Integer(v) => write!(out, "{v}").expect(MEMORY),
        Label::Number(v) => write!(out, "{v}").expect(MEMORY),
        Label::Flag(v) => write!(out, "{v}").expect(MEMORY),
        Label::Text(v) => json(v, out),
    }
}

fn json<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect(MEMORY);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::explain::Contribution;
    use crate::schema::fixture::wines;
    use crate::schema::row::Purpose;
    use crate::schema::{Problem, Row, json as rows};
    use crate::serve::views;

    fn written(answer: &Answer<'_>) -> String {
        let mut out = b"{".to_vec();
        answer.write(&mut out);
        out.push(b'}');
        String::from_utf8(out).unwrap()
    }

    /// The handwritten JSON must equal, byte for byte, the serialized struct that documents it.
    #[test]
    fn an_answer_is_written_as_its_struct_would_be() {
        let schema = wines();
        let mut row = Row::new(&schema, Purpose::Predict);
        rows::line(&schema, br#"{"colour": "red", "sugar": 12.5}"#, &mut row).unwrap();
        let contribution = |column, log_odds| Contribution {
            column,
            probability: 0.25,
            log_odds,
        };
        let explanation = Explanation {
            base: 0.5,
            contributions: vec![
                contribution(0, Some(1.5)),
                contribution(1, None), // of a missing value
                contribution(2, None),
            ],
        };
        let warning = Warning {
            column: "a\"b".into(),
            problem: Problem::OutOfRange,
            value: Label::Integer(7),
            quarantine: false,
        };
        let why = Why {
            explanation,
            schema: &schema,
            row: row.view(),
        };
        let (named, label) = (PredictionId::Named("mi\"ne".into()), Label::Flag(true));
        for (id, why) in [(None, None), (Some(&named), Some(why))] {
            let answer = Answer {
                id,
                label: &label,
                probability: 0.1,
                model: "wine@3",
                warnings: std::slice::from_ref(&warning),
                why,
            };
            let text = written(&answer);
            let read: views::Prediction = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&read).unwrap(), text);
            assert_eq!(read.explanation.is_some(), answer.why.is_some());
        }
    }

    #[test]
    fn an_answer_is_what_serde_would_read() {
        let warning = Warning {
            column: "a\"b".into(),
            problem: Problem::OutOfRange,
            value: Label::Integer(7),
            quarantine: false,
        };
        let answer = Answer {
            id: Some(&PredictionId::Named("mine".into())),
            label: &Label::Text("yes".into()),
            probability: 0.1,
            model: "wine@3",
            warnings: &[warning],
            why: None,
        };
        let text = written(&answer);
        let expected = r#""label":"yes","probability":0.1,"model":"wine@3","warnings":[{"column":"a\"b","problem":"out_of_range","value":7}]}"#;
        assert_eq!(text, format!(r#"{{"id":"mine",{expected}"#));
        let trial = written(&Answer { id: None, ..answer });
        assert_eq!(trial, format!("{{{expected}"), "a trial");
    }
}
