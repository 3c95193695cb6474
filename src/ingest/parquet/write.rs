//! Writes tables and predictions as Parquet.

use std::io::Write;

use polars::prelude::{
    BatchedWriter, Column, DataFrame, NamedFrom, ParquetCompression, ParquetWriter, Series,
};

use crate::ingest::write::answers::{Answers, in_words};
use crate::ingest::write::column::Column as Plain;
use crate::ingest::write::error::WriteError;
use crate::schema::answer;
use crate::schema::column::{By, Kind, Label, Order};
use crate::schema::number::{whole, whole_text};
use crate::schema::{Cell, Slot, Table};

/// A table as Parquet with the columns id, target and features. The same table always gives the same bytes.
pub(in crate::ingest) fn table(table: &Table, to: &mut dyn Write) -> Result<(), WriteError> {
    let mut writer = TableWriter {
        ids: Some(IdKind::of(table)),
        ..TableWriter::new(to)
    };
    let rows: Vec<usize> = (0..table.len()).collect();
    let columns = table.schema().columns().len().max(1);
    let group = (GROUP_CELLS / columns).clamp(LEAST_GROUP, MOST_GROUP);
    for rows in rows.chunks(group) {
        writer.group(&table.select(rows))?;
    }
    writer.finish(&table.select(&[]))
}

/// Cells of a row group, whose columns are held in memory a second time while they are written.
const GROUP_CELLS: usize = 1 << 20;

/// Rows of a group, at least and at most.
const LEAST_GROUP: usize = 1 << 10;
const MOST_GROUP: usize = 1 << 18;

/// Writes a table row group by row group, so that the table need not fit into memory.
pub(in crate::ingest) struct TableWriter<'w> {
    writer: Option<BatchedWriter<&'w mut dyn Write>>,
    sink: Option<&'w mut dyn Write>,
    /// None before the first group, which then decides.
    ids: Option<IdKind>,
}

impl<'w> TableWriter<'w> {
    pub(in crate::ingest) fn new(sink: &'w mut dyn Write) -> TableWriter<'w> {
        TableWriter {
            writer: None,
            sink: Some(sink),
            ids: None,
        }
    }

    /// Writes one group of rows. Ids are written as numbers or as text, as in the first group.
    pub(in crate::ingest) fn group(&mut self, table: &Table) -> Result<(), WriteError> {
        let ids = *self.ids.get_or_insert_with(|| IdKind::of(table));
        if !ids.fits(table) {
            return Err(WriteError::MixedIds);
        }
        let columns = table_columns(table, ids);
        let frame = DataFrame::new(table.len(), columns)?;
        if let Some(sink) = self.sink.take() {
            self.writer = Some(settings(sink).batched(frame.schema())?);
        }
        let writer = self.writer.as_mut().expect("made with the first group");
        Ok(writer.write_batch(&frame)?)
    }

    /// Writes the footer of the file; `empty` provides the columns of a file without rows.
    pub(in crate::ingest) fn finish(mut self, empty: &Table) -> Result<(), WriteError> {
        if self.sink.is_some() {
            self.group(empty)?; // a table without rows still has its columns
        }
        let writer = self.writer.as_mut().expect("made with the first group");
        writer.finish()?;
        Ok(())
    }
}

/// Writes columns that have no schema, row group by row group.
pub(in crate::ingest) struct ColumnWriter<'w> {
    writer: Option<BatchedWriter<&'w mut dyn Write>>,
    sink: Option<&'w mut dyn Write>,
}

impl<'w> ColumnWriter<'w> {
    pub(in crate::ingest) fn new(sink: &'w mut dyn Write) -> ColumnWriter<'w> {
        ColumnWriter {
            writer: None,
            sink: Some(sink),
        }
    }

    pub(in crate::ingest) fn group(
        &mut self,
        columns: Vec<(String, Plain)>,
    ) -> Result<(), WriteError> {
        let column = |(name, plain): (String, Plain)| -> Column {
            match plain {
                Plain::Whole(numbers) => Series::new(name.into(), numbers).into(),
                Plain::Number(numbers) => Series::new(name.into(), numbers).into(),
                Plain::Boolean(values) => Series::new(name.into(), values).into(),
                Plain::Text(texts) => Series::new(name.into(), texts).into(),
            }
        };
        let columns: Vec<Column> = columns.into_iter().map(column).collect();
        let frame = DataFrame::new(columns.first().map_or(0, Column::len), columns)?;
        if let Some(sink) = self.sink.take() {
            self.writer = Some(settings(sink).batched(frame.schema())?);
        }
        let writer = self.writer.as_mut().expect("made with the first group");
        Ok(writer.write_batch(&frame)?)
    }

    /// Writes the footer of the file, which must have at least one group.
    pub(in crate::ingest) fn finish(mut self) -> Result<(), WriteError> {
        if let Some(writer) = self.writer.as_mut() {
            writer.finish()?;
        }
        Ok(())
    }
}

/// The type of the id column: whole numbers if every id is one, otherwise text.
#[derive(Clone, Copy, PartialEq, Eq)]
enum IdKind {
    Whole,
    Text,
}

impl IdKind {
    fn of(table: &Table) -> IdKind {
        let any = table.ids().any(|c| !c.is_missing());
        match any && IdKind::Whole.fits(table) {
            true => IdKind::Whole,
            false => IdKind::Text,
        }
    }

    /// Whether all ids of the table can be written so.
    fn fits(self, table: &Table) -> bool {
        let mut known = table.ids().filter(|c| !c.is_missing());
        self == IdKind::Text || known.all(|c| whole_id(c, table.text()).is_some())
    }
}

/// The columns of a table: id, target, features.
fn table_columns(table: &Table, id_kind: IdKind) -> Vec<Column> {
    let schema = table.schema();
    let mut columns: Vec<Column> = Vec::new();
    if let Some(id) = schema.id() {
        columns.push(ids(id, table.ids(), table.text(), id_kind));
    }
    let target = schema.target();
    let labels: Vec<Option<&Label>> = (0..table.len())
        .map(|i| table.target(i).map(|positive| target.label(positive)))
        .collect();
    let whole = matches!(
        (&target.positive, &target.negative),
        (Label::Integer(_), Label::Integer(_))
    );
    columns.push(label_column(&target.column, &labels, whole));
    for (i, column) in schema.columns().iter().enumerate() {
        let values = table.column(i);
        let name = column.name.as_str().into();
        columns.push(match &column.kind {
            Kind::Number { .. } => {
                let numbers: Vec<Option<f64>> = values.map(|c| c.as_number()).collect();
                Series::new(name, numbers).into()
            }
            Kind::Date(form) => {
                let text = |c: Cell| c.as_number().map(|seconds| form.write(seconds));
                let texts: Vec<Option<String>> = values.map(text).collect();
                Series::new(name, texts).into()
            }
            kind => {
                let texts: Vec<Option<&str>> =
                    values.map(|c| word(kind, c, table.text())).collect();
                Series::new(name, texts).into()
            }
        });
    }
    if let Some(By { slot, what }) = schema.by()
        && matches!(slot, Slot::Unused(_))
    {
        let name = schema.name(slot).into();
        let cells = (0..table.len()).map(|i| table.by(i));
        columns.push(match what {
            Order::Time => {
                let times: Vec<Option<f64>> = cells.map(|c| c.as_number()).collect();
                Series::new(name, times).into()
            }
            Order::Groups => {
                let kind = &Kind::Text;
                let groups: Vec<Option<&str>> =
                    cells.map(|c| word(kind, c, table.text())).collect();
                Series::new(name, groups).into()
            }
        });
    }
    columns
}

/// The text of a level or text cell; `None` if the cell is missing.
fn word<'t>(kind: &'t Kind, cell: Cell, text: &'t str) -> Option<&'t str> {
    match (cell, kind) {
        (Cell::Level(level), Kind::Category { levels }) => Some(levels[level as usize].as_str()),
        (Cell::Text(span), _) => Some(span.get(text)),
        _ => None,
    }
}

/// Predictions as Parquet: ids (or row numbers), predicted labels, probabilities and, if there are any, warnings.
pub(in crate::ingest) fn answer_bytes(answers: Answers<'_>) -> Result<Vec<u8>, WriteError> {
    let schema = answers.loaded.table.schema();
    let rows: Vec<_> = answers.each().collect();
    let has_id = answers.has_id();
    let first = answer::first_name(schema, has_id);
    let mut columns: Vec<Column> = Vec::new();
    let ids = || {
        rows.iter()
            .map(|(answer, _)| (answer.id.unwrap_or(Cell::Missing), answer.text))
    };
    let mut known = ids().filter(|(id, _)| !id.is_missing()).peekable();
    let any = known.peek().is_some();
    let is_whole = any && known.all(|(id, text)| whole_id(id, text).is_some());
    columns.push(match has_id {
        false => {
            let numbers: Vec<i64> = (1..=rows.len() as i64).collect();
            Series::new(first.as_str().into(), numbers).into()
        }
        true if is_whole => {
            let numbers: Vec<Option<i64>> = ids().map(|(id, text)| whole_id(id, text)).collect();
            Series::new(first.as_str().into(), numbers).into()
        }
        true => {
            let texts: Vec<Option<String>> = ids().map(|(id, text)| id.id_text(text)).collect();
            Series::new(first.as_str().into(), texts).into()
        }
    });
    let target = schema.target();
    let whole = matches!(
        (&target.positive, &target.negative),
        (Label::Integer(_), Label::Integer(_))
    );
    let (labels, probabilities): (Vec<Option<&Label>>, Vec<Option<f64>>) =
        rows.iter().map(|(answer, _)| answer.said.unzip()).unzip();
    columns.push(label_column(
        &answer::column_name(&target.column),
        &labels,
        whole,
    ));
    columns.push(Series::new("probability".into(), probabilities).into());
    if answers.has_warnings() {
        let words: Vec<String> = rows.iter().map(|(_, odd)| in_words(*odd)).collect();
        columns.push(Series::new("warnings".into(), words).into());
    }
    bytes(columns)
}

fn whole_id(cell: Cell, text: &str) -> Option<i64> {
    match cell {
        Cell::Text(span) => whole_text(span.get(text)),
        Cell::Number(v) => whole(v),
        _ => None,
    }
}

fn ids(name: &str, cells: impl Iterator<Item = Cell>, text: &str, kind: IdKind) -> Column {
    if kind == IdKind::Whole {
        let whole: Vec<Option<i64>> = cells.map(|c| whole_id(c, text)).collect();
        return Series::new(name.into(), whole).into();
    }
    let texts: Vec<Option<String>> = cells.map(|c| c.id_text(text)).collect();
    Series::new(name.into(), texts).into()
}

fn label_column(name: &str, labels: &[Option<&Label>], whole: bool) -> Column {
    if whole {
        let number = |l: &Option<&Label>| match l {
            Some(Label::Integer(v)) => Some(*v),
            _ => None,
        };
        let numbers: Vec<Option<i64>> = labels.iter().map(number).collect();
        return Series::new(name.into(), numbers).into();
    }
    let texts: Vec<Option<String>> = labels.iter().map(|l| l.map(ToString::to_string)).collect();
    Series::new(name.into(), texts).into()
}

/// Writes with one thread, so that the bytes do not depend on the machine and a small table starts no thread pool.
fn settings<W: Write>(sink: W) -> ParquetWriter<W> {
    ParquetWriter::new(sink)
        .with_compression(ParquetCompression::Zstd(None))
        .set_parallel(false)
}

fn bytes(columns: Vec<Column>) -> Result<Vec<u8>, WriteError> {
    let height = columns.first().map_or(0, Column::len);
    let mut frame = DataFrame::new(height, columns)?;
    let mut bytes = Vec::new();
    settings(&mut bytes).finish(&mut frame)?;
    Ok(bytes)
}
