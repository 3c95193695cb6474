//! Puts values into a row one by one, and records faults and warnings of those that the schema does not allow.

use super::reason::{allowed_labels, unknown_column, wrong_type_remedy};
use super::{Purpose, Row, Value, refused};
use crate::schema::cell::{Cell, Span};
use crate::schema::column::{Column, Extra, Kind, Label, Order, Policy, Schema, Slot};
use crate::schema::date::DateForm;
use crate::schema::fault::{Fault, Problem, nearest};
use crate::schema::level::{self, Levels, as_it_came, plain, shortest};
use crate::schema::missing::is_blank;
use crate::schema::number::NumberForm;
use crate::schema::row::raw::RawCell;
use crate::schema::warnings::Warning;

impl Row {
    /// Reports missing required values; to be called after the last value of the row.
    pub fn finish(&mut self, schema: &Schema) {
        if matches!(self.purpose, Purpose::Look | Purpose::Infer) {
            return;
        }
        for (column, cell) in schema.columns().iter().zip(&self.cells) {
            let named = |f: &Fault| f.column == column.name;
            if column.required && cell.is_missing() && !self.faults.iter().any(named) {
                self.faults.push(Fault {
                    column: column.name.clone(),
                    problem: Problem::Missing,
                    got: String::new(),
                    typed: false,
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
                typed: false,
                allowed: allowed_labels(schema),
                remedy: "a row without it cannot be trained on".into(),
            });
        }
    }

    /// Checks a typed value and puts it into the row.
    pub fn put(&mut self, schema: &Schema, slot: Slot, value: Value<'_>) {
        let value = match value {
            Value::Text(text) if is_blank(text) => Value::Missing,
            other => other,
        };
        if self.put_raw(slot, value) {
            return;
        }
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
            Slot::Unused(_) | Slot::Other => {}
        }
        if let Some(by) = schema.by().filter(|by| by.slot == slot) {
            let (form, is_missing) = match slot {
                Slot::Column(i) => match &schema.columns()[i].kind {
                    Kind::Date(form) => (Some(form), self.cells[i].is_missing()),
                    _ => (None, self.cells[i].is_missing()),
                },
                _ => (None, stands_for_missing(schema, value)),
            };
            // A missing-value marker must not become a group: the rows that have it are unrelated.
            let value = if is_missing { Value::Missing } else { value };
            self.by = self.order(by.what, value, form);
        }
        if self.faults.len() > before {
            self.refused.add(schema.name(slot), refused::json(value));
        }
    }

    /// Records the fault of a text that is not a number.
    pub(in crate::schema) fn put_no_number(&mut self, column: &Column, text: &str, remedy: &str) {
        let got = format!("{text:?}");
        self.fault(column, Problem::WrongType, got, remedy.into());
        self.refused
            .add(&column.name, refused::json(Value::Text(text)));
        if let Some(met) = &mut self.met {
            met.column(&column.name);
        }
    }

    /// Records a column that the schema does not have. `value` is its value as JSON, `None` for a list or an object.
    pub fn put_unknown(&mut self, schema: &Schema, name: &str, value: Option<String>) {
        if self.met.is_some() {
            return self.meet_other(name);
        }
        if schema.extra() == Extra::Ignore {
            return;
        }
        self.faults.push(unknown_column(schema, name, ""));
        self.refused.add(name, value);
    }

    /// The cell of the group or time column: text for a group, a number for a time, missing for anything else. `form` is the
    /// date format if the column is one of dates.
    fn order(&mut self, what: Order, value: Value<'_>, form: Option<&DateForm>) -> Cell {
        match (what, value) {
            (_, Value::Missing | Value::Nested(_)) => Cell::Missing,
            (Order::Groups, Value::Text(text)) => self.keep(&level::canonical(text)),
            (Order::Groups, Value::Number(v)) => self.keep(&shortest(v)),
            (Order::Groups, Value::Flag(v)) => self.keep(&v.to_string()),
            (Order::Time, Value::Number(v)) => Cell::number(v),
            (Order::Time, Value::Text(text)) => {
                let time = match form {
                    Some(form) => form.read(text),
                    None => NumberForm::default()
                        .parse(text)
                        .or_else(|| DateForm::default().read(text)),
                };
                time.map_or(Cell::Missing, Cell::Number)
            }
            (Order::Time, Value::Flag(_)) => Cell::Missing,
        }
    }

    fn put_column(&mut self, schema: &Schema, i: usize, value: Value<'_>) {
        let column = &schema.columns()[i];
        let value = match self.purpose {
            Purpose::Look => alike(column, value),
            _ => value,
        };
        match (&column.kind, value) {
            (_, Value::Missing) => self.cells[i] = Cell::Missing,
            (Kind::Number { min, max }, Value::Number(v)) => {
                self.put_number(column, i, v, (*min, *max))
            }
            (Kind::Number { min, max }, Value::Text(text)) if column.number.is_some() => {
                let form = column.number.as_ref().expect("the arm's guard");
                match form.parse(text) {
                    Some(v) => self.put_number(column, i, v, (*min, *max)),
                    None if column.missing.has(text) => self.cells[i] = Cell::Missing,
                    None => self.wrong_type(column, value),
                }
            }
            (Kind::Category { levels }, _) if !matches!(value, Value::Nested(_)) => {
                self.put_level(column, i, levels, value);
            }
            (Kind::Text, Value::Text(text)) => {
                self.cells[i] = match column.missing.has(text) {
                    true => Cell::Missing,
                    false => self.keep(text),
                }
            }
            (Kind::Date(form), Value::Text(text)) => match form.read(text) {
                Some(seconds) => self.cells[i] = Cell::Number(seconds),
                None if column.missing.has(text) => self.cells[i] = Cell::Missing,
                None => self.wrong_type(column, value),
            },
            _ => self.wrong_type(column, value),
        }
    }

    fn wrong_type(&mut self, column: &Column, value: Value<'_>) {
        let remedy = wrong_type_remedy(column, value);
        self.fault(column, Problem::WrongType, value.to_string(), remedy);
    }

    fn put_number(&mut self, column: &Column, i: usize, value: f64, (min, max): (f64, f64)) {
        if column.missing.has_number(value) {
            self.cells[i] = Cell::Missing;
        } else if !value.is_finite() {
            let remedy = "leave the value out where it is not known".into();
            self.fault(column, Problem::WrongType, value.to_string(), remedy);
        } else if value < min || value > max {
            self.unexpected(
                column,
                i,
                Problem::OutOfRange,
                Value::Number(value),
                Cell::Number(value),
                String::new(),
            );
        } else {
            self.cells[i] = Cell::Number(value);
        }
    }

    fn put_level(&mut self, column: &Column, i: usize, levels: &Levels, value: Value<'_>) {
        if let Some(code) = levels.find(value) {
            self.cells[i] = Cell::Level(code);
            return;
        }
        let missing = match value {
            Value::Text(text) => column.missing.has(text),
            Value::Number(v) if v.is_finite() => column.missing.has_number(v),
            Value::Number(_) => return self.wrong_type(column, value),
            _ => false,
        };
        if missing {
            self.cells[i] = Cell::Missing;
            return;
        }
        let level = match value {
            Value::Text(text) => level::canonical(text),
            other => plain(other).into(),
        };
        let value = match value {
            Value::Text(_) => Value::Text(&level),
            other => other,
        };
        let cell = self.keep(&level);
        if levels.is_open() {
            self.cells[i] = cell;
            return;
        }
        let near = nearest(&level, levels.iter().map(String::as_str));
        let remedy = near.map_or_else(String::new, |n| format!("did you mean {n:?}?"));
        self.unexpected(column, i, Problem::UnknownLevel, value, cell, remedy);
    }

    fn put_id(&mut self, schema: &Schema, value: Value<'_>) {
        self.id = match value {
            Value::Missing => Cell::Missing,
            marker if stands_for_missing(schema, marker) => Cell::Missing,
            Value::Number(v) if v.is_finite() => Cell::Number(v),
            Value::Text(text) => self.keep(&level::canonical(text)),
            other => {
                self.faults.push(Fault {
                    column: schema.name(Slot::Id).to_owned(),
                    problem: Problem::WrongType,
                    got: other.to_string(),
                    typed: false,
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
                value: as_it_came(value),
                quarantine: false,
            });
            return;
        }
        self.target = target.read(value);
        if let (Some(positive), Value::Text(text)) = (self.target, value)
            && let Label::Text(label) = target.label(positive)
            && label != text
        {
            self.warnings.push(Warning {
                column: target.column.clone(),
                problem: Problem::OtherSpelling,
                value: as_it_came(value),
                quarantine: false,
            });
        }
        let missing = matches!(value, Value::Text(text) if schema.missing().has(text));
        if self.target.is_none() && !missing {
            self.faults.push(Fault {
                column: target.column.clone(),
                problem: Problem::UnknownLevel,
                got: value.to_string(),
                typed: is_typed(value),
                allowed: allowed_labels(schema),
                remedy: String::new(),
            });
        }
    }

    /// Turns warnings whose column has the policy `quarantine` into faults, so that the row is quarantined for review.
    pub fn set_apart(&mut self, schema: &Schema) {
        for warning in self.warnings.iter().filter(|w| w.quarantine) {
            let column = schema.columns().iter().find(|c| c.name == warning.column);
            self.faults.push(Fault {
                column: warning.column.clone(),
                problem: warning.problem,
                got: warning.value.to_string(),
                typed: !matches!(warning.value, Label::Text(_)),
                allowed: column.map_or_else(String::new, |c| c.allowed()),
                remedy: "the spec sets such rows apart".into(),
            });
        }
    }

    pub(in crate::schema) fn meet_other(&mut self, name: &str) {
        self.raw_slot(name);
        if let Some(met) = &mut self.met {
            met.other(name);
        }
    }

    /// The slot of a column of a table that has no spec yet.
    pub(in crate::schema) fn raw_slot(&mut self, name: &str) -> Option<Slot> {
        self.raw.as_mut().map(|raw| raw.slot(name))
    }

    /// Stores a value unchanged if the table has no spec yet; otherwise returns false.
    pub(in crate::schema) fn put_raw(&mut self, slot: Slot, value: Value<'_>) -> bool {
        if self.raw.is_none() {
            return false;
        }
        let cell = match value {
            Value::Missing => return true,
            Value::Number(v) => RawCell::Number(v),
            Value::Flag(v) => RawCell::Flag(v),
            Value::Nested(_) => RawCell::Nested,
            Value::Text(text) => RawCell::Text(self.keep_span(text)),
        };
        if let (Some(raw), Slot::Unused(place)) = (&mut self.raw, slot) {
            raw.push(place, cell);
        }
        true
    }

    fn keep(&mut self, text: &str) -> Cell {
        Cell::Text(self.keep_span(text))
    }

    fn keep_span(&mut self, text: &str) -> Span {
        let start = self.text.len() as u32;
        self.text.push_str(text);
        Span {
            start,
            end: self.text.len() as u32,
        }
    }

    fn unexpected(
        &mut self,
        column: &Column,
        i: usize,
        problem: Problem,
        value: Value<'_>,
        cell: Cell,
        remedy: String,
    ) {
        if column.policy == Policy::Reject && self.purpose != Purpose::Look {
            self.fault(column, problem, plain(value), remedy);
            if let Some(fault) = self.faults.last_mut() {
                fault.typed = is_typed(value);
            }
        } else {
            self.cells[i] = cell;
            self.warnings.push(Warning {
                column: column.name.clone(),
                problem,
                value: as_it_came(value),
                quarantine: column.policy == Policy::Quarantine,
            });
        }
    }

    fn fault(&mut self, column: &Column, problem: Problem, got: String, remedy: String) {
        self.faults.push(Fault {
            column: column.name.clone(),
            problem,
            got,
            typed: false,
            allowed: column.allowed(),
            remedy,
        });
    }
}

fn is_typed(value: Value<'_>) -> bool {
    matches!(value, Value::Number(_) | Value::Flag(_))
}

/// Whether a value of the id, the target or an unused column stands for a missing one.
fn stands_for_missing(schema: &Schema, value: Value<'_>) -> bool {
    match value {
        Value::Text(text) => schema.missing().has(text),
        Value::Number(number) => schema.missing().has_number(number),
        _ => false,
    }
}

/// Converts a boolean to 0 or 1 for a number column, and 0 or 1 to a boolean for a category of booleans. When files are
/// compared, one of them may write such a column as booleans and the other as numbers.
fn alike<'v>(column: &Column, value: Value<'v>) -> Value<'v> {
    let is_flag = |level: &Label| matches!(level, Label::Flag(_));
    match (&column.kind, value) {
        (Kind::Number { .. }, Value::Flag(v)) => Value::Number(f64::from(u8::from(v))),
        (Kind::Category { levels }, Value::Number(v @ (0.0 | 1.0)))
            if levels.scalars().iter().all(is_flag) && !levels.is_open() =>
        {
            Value::Flag(v == 1.0)
        }
        _ => value,
    }
}
