//! The Parquet format: reads files row group by row group; [`write`] writes them.

mod column;
mod file;
mod instant;
pub(super) mod write;

use std::io::Read;
use std::ops::ControlFlow;

use super::cells;
use super::error::FormatError;
use super::format::{EachCells, Format, Reading};
use super::rows::{Rows, SourceRow};
use crate::schema::dialect::Notice;
use crate::schema::row::{Purpose, Value};
use crate::schema::text::{self, Header};
use crate::schema::{NumberForm, Row, Slot};
use column::{Cells, Wanted};
use file::File;

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
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, FormatError> {
        reading.no_items(self.name())?;
        let schema = reading.schema;
        let file = File::read(source)?;
        let is_index = |name: &str| is_index(name) && schema.slot(name).is_none();
        let names: Vec<&str> = file.names().filter(|name| !is_index(name)).collect();
        let header = Header::resolve(schema, names.iter().copied(), reading.purpose)
            .map_err(|e| e.to_string())?;
        header.notices().for_each(|notice| to.notice(notice));
        if names.len() < file.names().count() {
            to.notice(Notice::plain(
                "the index that pandas wrote without a name is passed over",
            ));
        }
        let infers = reading.purpose == Purpose::Infer;
        let by = schema.by().map(|by| by.slot);
        let is_passed_over = |slot: Slot| match slot {
            Slot::Unused(_) => by != Some(slot),
            slot => slot == Slot::Other,
        };
        let places = (0..).zip(file.names());
        let places = places.filter(|(_, name)| !is_index(name)).map(|(i, _)| i);
        let used: Vec<(usize, Slot)> = places
            .zip(header.slots().iter().copied())
            .filter(|(_, slot)| infers || !is_passed_over(*slot))
            .collect();
        let is_number = |slot: Slot| schema.is_number(slot);
        let is_text = |slot: Slot| infers || is_number(slot);
        let form = reading.dialect.number_form();
        let mut row = Row::new(schema, reading.purpose);
        header.tell(&mut row);
        let mut line = 0;
        for group in 0..file.groups() {
            let cells = |(place, slot): &(usize, Slot)| {
                let wanted = if is_number(*slot) {
                    Wanted::Numbers
                } else {
                    Wanted::AsWritten
                };
                let cells = file.cells(group, *place, wanted);
                match infers {
                    // Only the inference of a spec tolerates an unreadable column: no model will read it.
                    true => cells.or_else(|_| Ok(Cells::Unreadable(file.rows(group)))),
                    false => cells,
                }
            };
            let columns: Vec<Cells> = used.iter().map(cells).collect::<Result<_, _>>()?;
            for i in 0..file.rows(group) {
                row.clear();
                for ((_, slot), column) in used.iter().zip(&columns) {
                    match column.value(i) {
                        Value::Text(text) if is_text(*slot) => {
                            text::put(schema, *slot, text, &form, &mut row);
                        }
                        value => row.put(schema, *slot, value),
                    }
                }
                row.finish(schema);
                line += 1;
                let row = Ok(&mut row);
                if to.row(SourceRow { line, row }).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), FormatError> {
        let file = File::read(source)?;
        let names: Vec<&str> = file.names().collect();
        let places = cells::places(&names, wanted)?;
        let form = NumberForm::default();
        let mut line = 0;
        for group in 0..file.groups() {
            let cells = |place: &usize| file.cells(group, *place, Wanted::Numbers);
            let columns: Vec<Cells> = places.iter().map(cells).collect::<Result<_, _>>()?;
            for i in 0..file.rows(group) {
                line += 1;
                let cell = |column| match Cells::value(column, i) {
                    Value::Text(text) => cells::cell(text, &form),
                    value => value,
                };
                let cells: Vec<Value<'_>> = columns.iter().map(cell).collect();
                if each(line, &cells).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }
}

/// Whether the column is an unnamed pandas index, which holds row numbers.
fn is_index(name: &str) -> bool {
    let level = name.strip_prefix("__index_level_");
    level
        .and_then(|rest| rest.strip_suffix("__"))
        .is_some_and(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()))
}

#[cfg(test)]
mod tests;
