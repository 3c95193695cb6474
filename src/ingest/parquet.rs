//! Parquet, through polars.

use std::io::{Cursor, Read};

use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, Float64Type, NamedFrom, ParquetCompression,
    ParquetReader, ParquetWriter, SerReader, Series,
};

use super::format::Format;
use super::{EachRow, SourceRow, WriteFault};
use crate::schema::column::{Kind, Label};
use crate::schema::csv::MOST_COLUMNS;
use crate::schema::row::{Purpose, Value};
use crate::schema::text::Header;
use crate::schema::{Cell, Row, Schema, Slot, Table};

/// One Parquet file.
#[derive(Debug)]
pub struct Parquet;

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "parquet"
    }

    fn endings(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn read(
        &self,
        source: &mut dyn Read,
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), String> {
        let mut bytes = Vec::new();
        source
            .read_to_end(&mut bytes)
            .map_err(|e| format!("reading failed: {e}"))?;
        let frame = ParquetReader::new(Cursor::new(bytes))
            .finish()
            .map_err(|e| format!("it is not readable: {e}"))?;
        let names: Vec<&str> = frame.columns().iter().map(|c| c.name().as_str()).collect();
        if names.len() > MOST_COLUMNS {
            return Err(format!(
                "it has {} columns, {MOST_COLUMNS} are the most",
                names.len()
            ));
        }
        let header = Header::resolve(schema, names, purpose).map_err(|e| e.to_string())?;
        let columns = frame
            .columns()
            .iter()
            .zip(header.slots())
            .map(|(column, slot)| Typed::of(column, *slot))
            .collect::<Result<Vec<_>, _>>()?;
        let mut row = Row::new(schema, purpose);
        for i in 0..frame.height() {
            row.clear();
            for (slot, column) in header.slots().iter().zip(&columns) {
                row.put(schema, *slot, column.value(i));
            }
            row.finish(schema);
            if each(SourceRow {
                line: i as u64 + 1,
                row: Ok(&mut row),
            })
            .is_break()
            {
                break;
            }
        }
        Ok(())
    }
}

/// A column in one of the few types a value can have.
enum Typed {
    Numbers(ChunkedArray<Float64Type>),
    Texts(polars::prelude::StringChunked),
    Flags(polars::prelude::BooleanChunked),
    Nothing,
}

impl Typed {
    fn of(column: &Column, slot: Slot) -> Result<Typed, String> {
        let series = column.as_materialized_series();
        let fault = |e: polars::error::PolarsError| {
            format!("the column {:?} is not readable: {e}", column.name())
        };
        Ok(match series.dtype() {
            DataType::Null => Typed::Nothing,
            DataType::String => Typed::Texts(series.str().map_err(fault)?.clone()),
            DataType::Boolean => Typed::Flags(series.bool().map_err(fault)?.clone()),
            // An id may have more digits than an f64: they are what a file of text has.
            t if t.is_integer() && slot == Slot::Id => {
                let texts = series.cast(&DataType::String).map_err(fault)?;
                Typed::Texts(texts.str().map_err(fault)?.clone())
            }
            t if t.is_primitive_numeric() => {
                let numbers = series.cast(&DataType::Float64).map_err(fault)?;
                Typed::Numbers(numbers.f64().map_err(fault)?.clone())
            }
            other => {
                return Err(format!(
                    "the column {:?} is of type {other}; numbers, text and booleans are read",
                    column.name()
                ));
            }
        })
    }

    fn value(&self, i: usize) -> Value<'_> {
        match self {
            // NaN is how other tools write a missing number.
            Typed::Numbers(numbers) => numbers
                .get(i)
                .filter(|v| !v.is_nan())
                .map_or(Value::Missing, Value::Number),
            Typed::Texts(texts) => texts.get(i).map_or(Value::Missing, Value::Text),
            Typed::Flags(flags) => flags.get(i).map_or(Value::Missing, Value::Flag),
            Typed::Nothing => Value::Missing,
        }
    }
}

/// A table's bytes as Parquet: id, target, columns. The same table gives the same bytes.
pub(super) fn table_bytes(table: &Table) -> Result<Vec<u8>, WriteFault> {
    let schema = table.schema();
    let mut columns: Vec<Column> = Vec::new();
    if let Some(id) = schema.id() {
        columns.push(ids(id, table.ids(), table.text()));
    }
    let target = schema.target();
    let labels: Vec<Option<&Label>> = (0..table.len())
        .map(|i| table.target(i).map(|positive| target.label(positive)))
        .collect();
    columns.push(label_column(&target.column, &labels));
    for (i, column) in schema.columns().iter().enumerate() {
        let values = table.rows().map(|row| row.cells[i]);
        columns.push(match &column.kind {
            Kind::Number { .. } => {
                let numbers: Vec<Option<f64>> = values.map(|c| c.as_number()).collect();
                Series::new(column.name.as_str().into(), numbers).into()
            }
            Kind::Category { levels } => {
                let texts: Vec<Option<&str>> = values
                    .map(|c| match c {
                        Cell::Level(level) => Some(levels[level as usize].as_str()),
                        Cell::Text(span) => Some(span.get(table.text())),
                        _ => None,
                    })
                    .collect();
                Series::new(column.name.as_str().into(), texts).into()
            }
            Kind::Text => {
                let texts: Vec<Option<&str>> = values
                    .map(|c| match c {
                        Cell::Text(span) => Some(span.get(table.text())),
                        _ => None,
                    })
                    .collect();
                Series::new(column.name.as_str().into(), texts).into()
            }
        });
    }
    bytes(columns)
}

/// Ids, labels and probabilities as Parquet.
pub(super) fn answer_bytes(
    table: &Table,
    labels: &[&Label],
    p: &[f64],
) -> Result<Vec<u8>, WriteFault> {
    let schema = table.schema();
    let mut columns: Vec<Column> = Vec::new();
    if schema.id().is_some() {
        columns.push(ids(schema.name(Slot::Id), table.ids(), table.text()));
    }
    let labels: Vec<Option<&Label>> = labels.iter().map(|l| Some(*l)).collect();
    columns.push(label_column(&schema.target().column, &labels));
    columns.push(Series::new("probability".into(), p).into());
    bytes(columns)
}

/// Whole numbers where every id is one, as number or as text; else text.
fn ids(name: &str, cells: &[Cell], text: &str) -> Column {
    let whole: Option<Vec<Option<i64>>> = cells
        .iter()
        .map(|c| match *c {
            Cell::Missing => Some(None),
            Cell::Text(span) => super::write::whole_number(span.get(text)).map(Some),
            Cell::Number(v) if v.fract() == 0.0 && v.abs() < 9e15 => Some(Some(v as i64)),
            _ => None,
        })
        .collect();
    if let Some(whole) = whole.filter(|w| w.iter().any(Option::is_some)) {
        return Series::new(name.into(), whole).into();
    }
    let texts: Vec<Option<String>> = cells
        .iter()
        .map(|c| match *c {
            Cell::Text(span) => Some(span.get(text).to_owned()),
            Cell::Number(v) => Some(v.to_string()),
            _ => None,
        })
        .collect();
    Series::new(name.into(), texts).into()
}

fn label_column(name: &str, labels: &[Option<&Label>]) -> Column {
    let whole = |l: &Option<&Label>| match l {
        Some(Label::Integer(v)) => Some(Some(*v)),
        None => Some(None),
        _ => None,
    };
    match labels
        .iter()
        .map(whole)
        .collect::<Option<Vec<Option<i64>>>>()
    {
        Some(numbers) => Series::new(name.into(), numbers).into(),
        None => {
            let texts: Vec<Option<String>> =
                labels.iter().map(|l| l.map(ToString::to_string)).collect();
            Series::new(name.into(), texts).into()
        }
    }
}

fn bytes(columns: Vec<Column>) -> Result<Vec<u8>, WriteFault> {
    let height = columns.first().map_or(0, Column::len);
    let mut frame = DataFrame::new(height, columns)?;
    let mut bytes = Vec::new();
    // One thread: the same bytes whatever the machine, and no pool of threads for a small table.
    ParquetWriter::new(&mut bytes)
        .with_compression(ParquetCompression::Zstd(None))
        .set_parallel(false)
        .finish(&mut frame)?;
    Ok(bytes)
}
