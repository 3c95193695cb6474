//! Writes validated rows to a file, batch by batch.

use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use super::error::WriteError;
use crate::ingest::batch::{Batch, BatchCounts, Sink};
use crate::ingest::error::SinkError;
use crate::ingest::parquet;
use crate::schema::answer::{csv_cell, csv_label};
use crate::schema::column::By;
use crate::schema::{Cell, Column, Kind, Schema, Slot, Table};

/// Rows of one row group of a Parquet file; larger groups compress no better and take more memory.
const GROUP: usize = 1 << 16;

/// Writing into memory cannot fail.
const MEMORY: &str = "a Vec takes every byte";

/// Formats in which tables can be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableFormat {
    /// Columns id (if the table has it), target and features; a missing value is an empty cell.
    Csv,
    /// The same columns, typed.
    Parquet,
}

impl TableFormat {
    /// # Errors
    /// When the ending is not known.
    pub fn of(path: &Path) -> Result<TableFormat, WriteError> {
        let ending = path.extension().map(|e| e.to_string_lossy().to_lowercase());
        match ending.as_deref() {
            Some("csv") => Ok(TableFormat::Csv),
            Some("parquet") => Ok(TableFormat::Parquet),
            _ => Err(WriteError::TableFormat(path.display().to_string())),
        }
    }
}

/// A table file under construction, which consumes batches.
pub struct TableFile<'w>(Form<'w>);

#[expect(clippy::large_enum_variant, reason = "there is one")]
enum Form<'w> {
    Csv {
        to: &'w mut dyn Write,
        line: Vec<u8>,
    },
    Parquet {
        writer: parquet::write::TableWriter<'w>,
        group: Table,
    },
}

impl<'w> TableFile<'w> {
    pub fn new(
        format: TableFormat,
        schema: &Arc<Schema>,
        to: &'w mut dyn Write,
    ) -> Result<TableFile<'w>, WriteError> {
        Ok(TableFile(match format {
            TableFormat::Parquet => Form::Parquet {
                writer: parquet::write::TableWriter::new(to),
                group: Table::new(schema.clone()),
            },
            TableFormat::Csv => {
                let mut line = Vec::new();
                header(schema, &mut line);
                to.write_all(&line).map_err(WriteError::output)?;
                Form::Csv { to, line }
            }
        }))
    }

    fn write(&mut self, table: &Table) -> Result<(), WriteError> {
        match &mut self.0 {
            Form::Csv { to, line } => {
                line.clear();
                (0..table.len()).for_each(|i| csv_line(table, i, line));
                to.write_all(line).map_err(WriteError::output)
            }
            Form::Parquet { writer, group } => {
                group.append(table)?;
                if group.len() >= GROUP {
                    writer.group(group)?;
                    *group = Table::new(group.schema().clone());
                }
                Ok(())
            }
        }
    }

    pub fn finish(self) -> Result<(), WriteError> {
        match self.0 {
            Form::Csv { to, .. } => to.flush().map_err(WriteError::output),
            Form::Parquet { writer, group } => writer.finish(&group),
        }
    }
}

impl Sink for TableFile<'_> {
    fn take(&mut self, batch: Batch) -> Result<BatchCounts, SinkError> {
        self.write(&batch.table)?;
        Ok(BatchCounts {
            stored: batch.table.len() as u64,
            repeated: 0,
            quarantined: batch.bad.len() as u64,
        })
    }
}

fn header(schema: &Schema, out: &mut Vec<u8>) {
    let target = schema.target().column.as_str();
    let columns = schema.columns().iter().map(|c| c.name.as_str());
    let names = schema.id().into_iter().chain([target]).chain(columns);
    let names = names.chain(ordering(schema));
    for (i, name) in names.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        csv_cell(name, out);
    }
    out.push(b'\n');
}

fn csv_line(table: &Table, i: usize, out: &mut Vec<u8>) {
    let (schema, text) = (table.schema(), table.text());
    if schema.id().is_some() {
        csv_id(table.id(i), text, out);
        out.push(b',');
    }
    if let Some(positive) = table.target(i) {
        csv_label(schema.target().label(positive), out);
    }
    for (at, column) in schema.columns().iter().enumerate() {
        out.push(b',');
        value(table.cell(i, at), column, text, out);
    }
    if ordering(schema).is_some() {
        out.push(b',');
        csv_id(table.by(i), text, out);
    }
    out.push(b'\n');
}

/// The name of the group or time column, if it is an unused column, which would otherwise not be written.
fn ordering(schema: &Schema) -> Option<&str> {
    match schema.by() {
        Some(By {
            slot: slot @ Slot::Unused(_),
            ..
        }) => Some(schema.name(slot)),
        _ => None,
    }
}

/// Appends a cell in the number or date form of its column, so that it is read back as the same value.
fn value(cell: Cell, column: &Column, text: &str, out: &mut Vec<u8>) {
    match (cell, &column.kind) {
        (Cell::Missing, _) => {}
        (Cell::Number(seconds), Kind::Date(form)) => csv_cell(&form.write(seconds), out),
        (Cell::Number(v), _) => match &column.number {
            Some(form) => csv_cell(&form.write(v), out),
            None => write!(out, "{v}").expect(MEMORY),
        },
        (Cell::Text(span), _) => csv_cell(span.get(text), out),
        (Cell::Level(level), Kind::Category { levels }) => csv_cell(&levels[level as usize], out),
        (Cell::Level(level), _) => write!(out, "{level}").expect(MEMORY),
    }
}

fn csv_id(id: Cell, text: &str, out: &mut Vec<u8>) {
    match id {
        Cell::Text(span) => csv_cell(span.get(text), out),
        Cell::Number(v) => write!(out, "{v}").expect(MEMORY),
        _ => {}
    }
}
