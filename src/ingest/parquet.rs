//! Parquet, through polars: read here, written in [`write`].

pub(super) mod write;

use std::io::{Cursor, Read};

use polars::prelude::{
    ChunkedArray, Column, DataFrame, DataType, Float64Type, ParquetReader, SerReader,
};

use super::format::Format;
use super::numbers::{self, EachCells};
use super::source::{EachRow, SourceRow};
use crate::schema::csv::MOST_COLUMNS;
use crate::schema::row::{Purpose, Value};
use crate::schema::text::Header;
use crate::schema::{NumberForm, Row, Schema, Slot, text};

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
        let frame = frame(source)?;
        let names = frame.columns().iter().map(|c| c.name().as_str());
        let header = Header::resolve(schema, names, purpose).map_err(|e| e.to_string())?;
        let columns = frame
            .columns()
            .iter()
            .zip(header.slots())
            .map(|(column, slot)| Typed::of(column, *slot))
            .collect::<Result<Vec<_>, _>>()?;
        let mut row = Row::new(schema, purpose);
        header.tell(&mut row);
        for i in 0..frame.height() {
            row.clear();
            for (slot, column) in header.slots().iter().zip(&columns) {
                match column.value(i) {
                    Value::Text(cell) if purpose == Purpose::Infer => {
                        text::put(schema, *slot, cell, &NumberForm::default(), &mut row);
                    }
                    value => row.put(schema, *slot, value),
                }
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

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String> {
        let frame = frame(source)?;
        let names: Vec<&str> = frame.columns().iter().map(|c| c.name().as_str()).collect();
        let column = |place: usize| Typed::of(&frame.columns()[place], Slot::Target);
        let places = numbers::places(&names, wanted)?;
        let columns: Result<Vec<Typed>, String> = places.into_iter().map(column).collect();
        let columns = columns?;
        for i in 0..frame.height() {
            let cells: Vec<Value<'_>> = columns.iter().map(|column| column.value(i)).collect();
            if each(i as u64 + 1, &cells).is_break() {
                break;
            }
        }
        Ok(())
    }
}

/// The whole file.
fn frame(source: &mut dyn Read) -> Result<DataFrame, String> {
    let mut bytes = Vec::new();
    source
        .read_to_end(&mut bytes)
        .map_err(|e| format!("reading failed: {e}"))?;
    let frame = ParquetReader::new(Cursor::new(bytes))
        .finish()
        .map_err(|e| format!("it is not readable: {e}"))?;
    let columns = frame.columns().len();
    if columns > MOST_COLUMNS {
        return Err(format!(
            "it has {columns} columns, {MOST_COLUMNS} are the most"
        ));
    }
    Ok(frame)
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
