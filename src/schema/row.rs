//! One row: how a value is admitted into it, and how it is read.

mod met;
mod refused;

use super::cell::{Cell, Span};
use super::column::{Column, Kind, Label, Policy, Schema, Slot};
use super::fault::{Fault, Problem, Warning, excerpt, nearest};
pub use met::Met;
use refused::Refused;

/// What a row is read for: it decides how the target is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To be answered: a target is ignored, with a warning.
    Predict,
    /// To learn or evaluate from: a target is required.
    Learn,
    /// To be kept: a target may be there.
    Keep,
    /// To be compared with others, as it is: nothing is refused but what does not parse, unknown columns are passed over.
    Look,
}

/// A value as a typed source (JSON, Parquet) hands it over.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// Null.
    Missing,
    /// A number; may still be non-finite.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// Text.
    Text(&'a str),
    /// A list or an object.
    Nested(&'static str),
}

impl std::fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Value::Missing => f.write_str("null"),
            Value::Number(v) => v.fmt(f),
            Value::Flag(v) => v.fmt(f),
            Value::Text(v) => write!(f, "{:?}", excerpt(v)),
            Value::Nested(what) => f.write_str(what),
        }
    }
}

/// A row under construction and after it; reused from row to row, so that decoding allocates nothing once warm.
#[derive(Clone, Debug)]
pub struct Row {
    cells: Vec<Cell>,
    text: String,
    id: Cell,
    target: Option<bool>,
    purpose: Purpose,
    refused: Refused,
    /// Columns met since the row was made, in whatever rows went through it.
    seen: Vec<bool>,
    /// Kept of a row that is only looked at.
    met: Option<Box<Met>>,
    /// All that is wrong with it; a row with faults must not be used.
    pub faults: Vec<Fault>,
    /// What is odd about it.
    pub warnings: Vec<Warning>,
}

/// A checked row, borrowed: cells in the schema's order and the text they point into.
#[derive(Clone, Copy, Debug)]
pub struct RowView<'a> {
    /// One cell a feature column.
    pub cells: &'a [Cell],
    /// Text of the spans.
    pub text: &'a str,
}

impl Row {
    /// An empty row of `schema`.
    pub fn new(schema: &Schema, purpose: Purpose) -> Row {
        Row {
            cells: vec![Cell::Missing; schema.columns().len()],
            text: String::new(),
            id: Cell::Missing,
            target: None,
            purpose,
            refused: Refused::default(),
            seen: vec![false; schema.columns().len()],
            met: (purpose == Purpose::Look).then(|| Box::new(Met::new(schema))),
            faults: Vec::new(),
            warnings: Vec::new(),
        }
    }

    /// What it is read for.
    pub fn purpose(&self) -> Purpose {
        self.purpose
    }

    /// Makes it empty again.
    pub fn clear(&mut self) {
        self.cells.fill(Cell::Missing);
        self.text.clear();
        self.id = Cell::Missing;
        self.target = None;
        self.refused.clear();
        self.faults.clear();
        self.warnings.clear();
    }

    /// The checked cells.
    pub fn view(&self) -> RowView<'_> {
        RowView {
            cells: &self.cells,
            text: &self.text,
        }
    }

    /// The id's value: missing, a number or text.
    pub fn id(&self) -> Cell {
        self.id
    }

    /// The id as text, if there is one.
    pub fn id_text(&self) -> Option<String> {
        match self.id {
            Cell::Number(v) => Some(v.to_string()),
            Cell::Text(span) => Some(span.get(&self.text).to_owned()),
            _ => None,
        }
    }

    /// The target, where the row's purpose admits one.
    pub fn target(&self) -> Option<bool> {
        self.target
    }

    /// Which of the schema's columns it has met since it was made, also where their cells are empty.
    pub fn seen(&self) -> &[bool] {
        &self.seen
    }

    /// Checks what can be checked only at the end: that nothing required is missing.
    pub fn finish(&mut self, schema: &Schema) {
        if self.purpose == Purpose::Look {
            return;
        }
        for (column, cell) in schema.columns().iter().zip(&self.cells) {
            let named = |f: &Fault| f.column == column.name;
            if column.required && cell.is_missing() && !self.faults.iter().any(named) {
                self.faults.push(Fault {
                    column: column.name.clone(),
                    problem: Problem::Missing,
                    got: String::new(),
                    allowed: column.allowed(),
                    remedy: "the column is required".into(),
                });
            }
        }
        let target = &schema.target().column;
        if self.purpose == Purpose::Learn
            && self.target.is_none()
            && !self.faults.iter().any(|f| f.column == *target)
        {
            self.faults.push(Fault {
                column: target.clone(),
                problem: Problem::Missing,
                got: String::new(),
                allowed: allowed_labels(schema),
                remedy: "a row without the target cannot be learnt from".into(),
            });
        }
    }

    /// Admits a typed value.
    pub fn put(&mut self, schema: &Schema, slot: Slot, value: Value<'_>) {
        let value = match value {
            Value::Text("") => Value::Missing,
            other => other,
        };
        let before = self.faults.len();
        if let Some(met) = &mut self.met {
            met.slot(schema, slot);
        }
        match slot {
            Slot::Column(i) => {
                self.seen[i] = true;
                self.put_column(schema, i, value)
            }
            Slot::Id => self.put_id(schema, value),
            Slot::Target => self.put_target(schema, value),
            Slot::Other => {}
        }
        if self.faults.len() > before {
            self.refused.add(schema.name(slot), refused::json(value));
        }
    }

    /// Notes a text that is no number.
    pub(super) fn put_no_number(&mut self, column: &Column, text: &str, remedy: &str) {
        let got = format!("{text:?}");
        self.fault(column, Problem::WrongType, got, remedy.into());
        self.refused
            .add(&column.name, refused::json(Value::Text(text)));
        if let Some(met) = &mut self.met {
            met.column(&column.name);
        }
    }

    /// Notes a column the schema does not have, with its value as JSON; none where it is a list or an object.
    pub fn put_unknown(&mut self, schema: &Schema, name: &str, value: Option<String>) {
        if self.met.is_some() {
            return self.meet_other(name);
        }
        self.faults.push(unknown_column(schema, name, ""));
        self.refused.add(name, value);
    }

    fn put_column(&mut self, schema: &Schema, i: usize, value: Value<'_>) {
        let column = &schema.columns()[i];
        match (&column.kind, value) {
            (_, Value::Missing) => self.cells[i] = Cell::Missing,
            (Kind::Number { min, max }, Value::Number(v)) => {
                self.put_number(column, i, v, (*min, *max))
            }
            (Kind::Category { .. }, Value::Text(level)) => self.put_level(schema, i, level),
            (Kind::Category { .. }, Value::Number(v)) => {
                let level = v.to_string(); // 3 and 3.0 are one JSON number: both print "3"
                self.put_level(schema, i, &level);
            }
            (Kind::Text, Value::Text(text)) => self.cells[i] = self.keep(text),
            (_, other) => {
                let remedy = wrong_type_remedy(column, other);
                self.fault(column, Problem::WrongType, other.to_string(), remedy);
            }
        }
    }

    fn put_number(&mut self, column: &Column, i: usize, value: f64, (min, max): (f64, f64)) {
        if !value.is_finite() {
            let remedy = "leave the value out where it is not known".into();
            self.fault(column, Problem::WrongType, value.to_string(), remedy);
        } else if value < min || value > max {
            self.unexpected(
                column,
                i,
                Problem::OutOfRange,
                value.to_string(),
                Cell::Number(value),
                String::new(),
            );
        } else {
            self.cells[i] = Cell::Number(value);
        }
    }

    fn put_level(&mut self, schema: &Schema, i: usize, level: &str) {
        match schema.level(i, level) {
            Some(code) => self.cells[i] = Cell::Level(code),
            None => {
                let column = &schema.columns()[i];
                let near = nearest(level, column.levels().iter().map(String::as_str));
                let remedy = near.map_or_else(String::new, |n| format!("did you mean {n:?}?"));
                let cell = self.keep(level);
                self.unexpected(
                    column,
                    i,
                    Problem::UnknownLevel,
                    excerpt(level),
                    cell,
                    remedy,
                );
            }
        }
    }

    fn put_id(&mut self, schema: &Schema, value: Value<'_>) {
        self.id = match value {
            Value::Missing => Cell::Missing,
            Value::Number(v) if v.is_finite() => Cell::Number(v),
            Value::Text(text) => self.keep(text),
            other => {
                self.faults.push(Fault {
                    column: schema.name(Slot::Id).to_owned(),
                    problem: Problem::WrongType,
                    got: other.to_string(),
                    allowed: "a number or text".into(),
                    remedy: String::new(),
                });
                Cell::Missing
            }
        }
    }

    fn put_target(&mut self, schema: &Schema, value: Value<'_>) {
        if matches!(value, Value::Missing) || self.purpose == Purpose::Look {
            return;
        }
        let target = schema.target();
        if self.purpose == Purpose::Predict {
            self.warnings.push(Warning {
                column: target.column.clone(),
                problem: Problem::TargetIgnored,
                value: plain(value),
                quarantine: false,
            });
            return;
        }
        self.target = target.read(value);
        if self.target.is_none() {
            self.faults.push(Fault {
                column: target.column.clone(),
                problem: Problem::UnknownLevel,
                got: value.to_string(),
                allowed: allowed_labels(schema),
                remedy: String::new(),
            });
        }
    }

    /// Turns warnings of values that the spec wants set apart into faults: such a row is not kept until somebody has looked at
    /// it.
    pub fn set_apart(&mut self, schema: &Schema) {
        for warning in self.warnings.iter().filter(|w| w.quarantine) {
            let column = schema.columns().iter().find(|c| c.name == warning.column);
            self.faults.push(Fault {
                column: warning.column.clone(),
                problem: warning.problem,
                got: warning.value.clone(),
                allowed: column.map_or_else(String::new, |c| c.allowed()),
                remedy: "the spec sets such rows apart".into(),
            });
        }
    }

    fn keep(&mut self, text: &str) -> Cell {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Cell::Text(Span {
            start,
            end: self.text.len() as u32,
        })
    }

    fn unexpected(
        &mut self,
        column: &Column,
        i: usize,
        problem: Problem,
        got: String,
        cell: Cell,
        remedy: String,
    ) {
        if column.policy == Policy::Reject && self.purpose != Purpose::Look {
            self.fault(column, problem, got, remedy);
        } else {
            self.cells[i] = cell;
            self.warnings.push(Warning {
                column: column.name.clone(),
                problem,
                value: got,
                quarantine: column.policy == Policy::Quarantine,
            });
        }
    }

    fn fault(&mut self, column: &Column, problem: Problem, got: String, remedy: String) {
        self.faults.push(Fault {
            column: column.name.clone(),
            problem,
            got,
            allowed: column.allowed(),
            remedy,
        });
    }
}

/// The fault of a column that `schema` does not have.
pub fn unknown_column(schema: &Schema, name: &str, value: &str) -> Fault {
    let remedy = match nearest(name, schema.names()) {
        Some(near) => format!("did you mean {near:?}?"),
        None => "leave the column out".into(),
    };
    Fault {
        column: name.to_owned(),
        problem: Problem::UnknownColumn,
        got: excerpt(value),
        allowed: schema.names().collect::<Vec<_>>().join(", "),
        remedy,
    }
}

fn wrong_type_remedy(column: &Column, value: Value<'_>) -> String {
    match (&column.kind, value) {
        (Kind::Number { .. }, Value::Text(t))
            if t.trim().parse::<f64>().is_ok_and(f64::is_finite) =>
        {
            format!("write {} without quotes", t.trim())
        }
        (Kind::Text, Value::Number(v)) => format!("write \"{v}\" in quotes"),
        _ => String::new(),
    }
}

impl Label {
    /// Whether a value is this label.
    pub fn is(&self, value: Value<'_>) -> bool {
        match (self, value) {
            (Label::Flag(l), Value::Flag(v)) => *l == v,
            (Label::Integer(l), Value::Number(v)) => *l as f64 == v,
            // Many tools write True.
            (Label::Flag(l), Value::Text(v)) => v.eq_ignore_ascii_case(&l.to_string()),
            (label, Value::Text(v)) => label.to_string() == v,
            (Label::Text(l), other) => *l == plain(other),
            _ => false,
        }
    }
}

/// The two values the target can take, for messages.
pub fn allowed_labels(schema: &Schema) -> String {
    let target = schema.target();
    format!("{} or {}", target.negative, target.positive)
}

fn plain(value: Value<'_>) -> String {
    match value {
        Value::Text(text) => excerpt(text),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
