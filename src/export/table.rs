//! Events of one kind as a Parquet table, with a column for every key of their bodies and `row.NAME` for every
//! column of their rows.
//!
//! A first pass determines the columns, each with the narrowest type that holds all of its values; a second pass writes them.

use std::collections::BTreeMap;
use std::io::Write;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::{Events, ExportError, Filter};
use crate::clock;
use crate::ingest::write::column::Column;
use crate::ingest::write::columns::ColumnFile;
use crate::store::event::Record;
use crate::store::kind::{self, Kind};

/// Rows per row group of the file, which is the number of rows held in memory.
const GROUP: usize = 1 << 14;

/// The body key whose members become separate columns.
const ROW: &str = "row";

/// The type of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Type {
    Whole,
    /// Integers that a floating-point number cannot represent exactly.
    Long,
    Number,
    Boolean,
    /// Text; also lists, objects and mixed values, as JSON.
    Text,
}

impl Type {
    /// The narrowest type of a value; `None` for null.
    fn of(value: &Value) -> Option<Type> {
        match value {
            Value::Null => None,
            Value::Bool(_) => Some(Type::Boolean),
            Value::Number(number) => Some(match number.as_i64() {
                Some(whole) if whole as f64 as i64 == whole && whole != i64::MAX => Type::Whole,
                Some(_) => Type::Long,
                None if number.is_u64() => Type::Text,
                None => Type::Number,
            }),
            _ => Some(Type::Text),
        }
    }

    /// The narrowest type that holds both.
    fn with(self, other: Type) -> Type {
        match (self, other) {
            (one, other) if one == other => one,
            (Type::Whole | Type::Long, Type::Whole | Type::Long) => Type::Long,
            (Type::Whole | Type::Number, Type::Whole | Type::Number) => Type::Number,
            // A floating-point column would round these integers, so the column becomes text with all digits.
            _ => Type::Text,
        }
    }

    fn column(self) -> Column {
        match self {
            Type::Whole | Type::Long => Column::Whole(Vec::new()),
            Type::Number => Column::Number(Vec::new()),
            Type::Boolean => Column::Boolean(Vec::new()),
            Type::Text => Column::Text(Vec::new()),
        }
    }
}

/// The columns of the tables, by kind of event.
#[derive(Debug, Default)]
pub struct Layouts {
    kinds: BTreeMap<usize, IndexMap<String, Option<Type>>>,
    last: u64,
}

impl Layouts {
    pub fn find(events: &dyn Events, filter: &Filter) -> Result<Layouts, ExportError> {
        let mut layouts = Layouts::default();
        events.each(filter, &mut |event| {
            layouts.last = layouts.last.max(event.seq);
            let columns = layouts.kinds.entry(place(event.kind())).or_default();
            cells(event, &mut |name, value| {
                let found = Type::of(&value);
                let known = columns.entry(name).or_default();
                *known = match (*known, found) {
                    (Some(known), Some(found)) => Some(known.with(found)),
                    (known, found) => known.or(found),
                };
            });
            Ok(())
        })?;
        Ok(layouts)
    }

    /// Writes the table of a kind; returns its number of rows. Events that arrived after the columns
    /// were determined are excluded.
    pub fn write(
        &self,
        kind: Kind,
        events: &dyn Events,
        filter: &Filter,
        to: &mut dyn Write,
    ) -> Result<u64, ExportError> {
        let filter = Filter {
            kind: Some(kind),
            last: Some(self.last),
            ..*filter
        };
        let columns = self.kinds.get(&place(kind));
        let mut table = Table::new(columns.unwrap_or(&IndexMap::new()), to)?;
        if columns.is_some() {
            events.each(&filter, &mut |event| table.put(event))?;
        }
        table.finish()
    }
}

fn place(kind: Kind) -> usize {
    let name = kind::name(kind);
    let place = kind::all().position(|other| kind::name(other) == name);
    place.expect("every kind is among them all")
}

/// The cells of an event, other than its number, time and id.
fn cells(event: &Record<'_>, each: &mut dyn FnMut(String, Value)) {
    let body: Map<String, Value> =
        serde_json::from_str(&event.json()).expect("an event is written as an object");
    for (key, value) in body {
        match value {
            Value::Object(row) if key == ROW => {
                for (column, value) in row {
                    each(format!("{ROW}.{column}"), value);
                }
            }
            value => each(key, value),
        }
    }
}

/// A table that is being written.
struct Table<'w> {
    file: ColumnFile<'w>,
    types: IndexMap<String, Type>,
    begin: [Column; 3],
    columns: Vec<Column>,
    waiting: usize,
    rows: u64,
}

impl<'w> Table<'w> {
    fn new(
        layout: &IndexMap<String, Option<Type>>,
        to: &'w mut dyn Write,
    ) -> Result<Table<'w>, ExportError> {
        let types = layout.iter();
        // A column with only missing values is written as text, since it needs some type.
        let types = types.map(|(name, found)| (name.clone(), found.unwrap_or(Type::Text)));
        let mut table = Table {
            file: ColumnFile::new(to),
            types: types.collect(),
            begin: [Type::Whole, Type::Text, Type::Text].map(Type::column),
            columns: Vec::new(),
            waiting: 0,
            rows: 0,
        };
        table.columns = table.types.values().map(|of| of.column()).collect();
        table.group()?; // a table without rows still has its columns
        Ok(table)
    }

    fn put(&mut self, event: &Record<'_>) -> Result<(), ExportError> {
        let begin = [
            event.seq.into(),
            clock::rfc3339(event.time).into(),
            event.id.to_string().into(),
        ];
        for (column, value) in self.begin.iter_mut().zip(begin) {
            push(column, value);
        }
        cells(event, &mut |name, value| {
            // A key that occurs twice in a row retains its first value; a second value would shift the column.
            if let Some(at) = self.types.get_index_of(&name)
                && length(&self.columns[at]) == self.waiting
            {
                push(&mut self.columns[at], value);
            }
        });
        self.waiting += 1;
        self.rows += 1;
        for column in &mut self.columns {
            if length(column) < self.waiting {
                push(column, Value::Null);
            }
        }
        if self.waiting == GROUP {
            self.group()?;
        }
        Ok(())
    }

    fn group(&mut self) -> Result<(), ExportError> {
        let names = ["seq", "time", "id"].map(String::from).into_iter();
        let names = names.chain(self.types.keys().cloned());
        let columns = self.begin.iter_mut().chain(&mut self.columns);
        let taken = columns.map(|column| {
            let empty = match column {
                Column::Whole(_) => Type::Whole,
                Column::Number(_) => Type::Number,
                Column::Boolean(_) => Type::Boolean,
                Column::Text(_) => Type::Text,
            };
            std::mem::replace(column, empty.column())
        });
        let group = names.zip(taken).collect();
        self.waiting = 0;
        Ok(self.file.group(group)?)
    }

    fn finish(mut self) -> Result<u64, ExportError> {
        if self.waiting > 0 {
            self.group()?;
        }
        self.file.finish()?;
        Ok(self.rows)
    }
}

fn length(column: &Column) -> usize {
    match column {
        Column::Whole(values) => values.len(),
        Column::Number(values) => values.len(),
        Column::Boolean(values) => values.len(),
        Column::Text(values) => values.len(),
    }
}

fn push(column: &mut Column, value: Value) {
    match column {
        Column::Whole(values) => values.push(value.as_i64()),
        Column::Number(values) => values.push(value.as_f64()),
        Column::Boolean(values) => values.push(value.as_bool()),
        Column::Text(values) => values.push(match value {
            Value::Null => None,
            Value::String(text) => Some(text),
            other => Some(other.to_string()),
        }),
    }
}
