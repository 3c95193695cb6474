//! The rows of a body, in whatever format it comes: one reader for every route that takes rows.

use std::ops::ControlFlow;

use super::body::Format;
use super::problem::{Problem, kind};
use super::shape;
use crate::schema::csv::{self, BrokenLineError, CsvError};
use crate::schema::json::{self, JsonError};
use crate::schema::row::Purpose;
use crate::schema::text::HeaderError;
use crate::schema::{Dialect, Fault, Row, Schema};

/// What the rows of a body are read into.
pub trait RowSink {
    /// Takes a row with its warnings and faults; `line` is where it stands in a body that has lines.
    fn row(&mut self, row: &mut Row, line: Option<u64>);

    /// Is told that the header of a table has faults, which are those of about so many rows. None of them is read.
    fn header(&mut self, _faults: &[Fault], _rows: usize) {}
}

/// Reads rows of a table.
#[derive(Clone, Copy, Debug)]
pub struct RowReader<'s> {
    pub schema: &'s Schema,
    /// What the rows are for.
    pub purpose: Purpose,
    /// Rows of one body, at most.
    pub most: usize,
}

impl RowReader<'_> {
    /// Reads a body.
    ///
    /// # Errors
    /// 400 where it is not readable as its format, 413 where it has too many rows, 422 where it is no table of rows.
    pub fn read(
        &self,
        format: Format,
        body: &[u8],
        sink: &mut impl RowSink,
    ) -> Result<(), Problem> {
        let mut row = Row::new(self.schema, self.purpose);
        match format {
            Format::Json => self.json(body, &mut row, sink),
            Format::JsonLines | Format::Batch => lines(body, self.most, |number, line| {
                json::line(self.schema, line, &mut row)
                    .map_err(|fault| unreadable(number, &fault.to_string()))?;
                sink.row(&mut row, Some(number));
                Ok(())
            }),
            Format::Csv => self.csv(body, &mut row, sink),
        }
    }

    fn json(&self, body: &[u8], row: &mut Row, sink: &mut impl RowSink) -> Result<(), Problem> {
        let mut other = None;
        let is_object = body.trim_ascii_start().first() == Some(&b'{');
        json::rows(self.schema, body, self.most, row, &mut |_, row| {
            other = is_object
                .then(|| shape::other_than_a_row(body, row, self.schema))
                .flatten();
            if other.is_none() {
                sink.row(row, None);
            }
        })?;
        other.map_or(Ok(()), Err)
    }

    fn csv(&self, body: &[u8], row: &mut Row, sink: &mut impl RowSink) -> Result<(), Problem> {
        let (mut read, mut stopped) = (0, None);
        let mut take = |(line, row): (u64, Result<&mut Row, BrokenLineError>)| {
            match row {
                _ if read == self.most => stopped = Some(JsonError::TooMany(self.most).into()),
                Ok(row) => {
                    read += 1;
                    sink.row(row, Some(line));
                }
                Err(broken) => stopped = Some(Problem::broken_line(line, broken)),
            }
            match stopped {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        };
        let dialect = Dialect::default();
        let done = csv::rows(self.schema, body, &dialect, row, &mut take, &mut |_| ());
        if let Err(CsvError::Header(HeaderError::Columns(faults))) = &done {
            let filled = body.split(|byte| *byte == b'\n');
            let filled = filled.filter(|line| !line.trim_ascii().is_empty()).count();
            sink.header(faults, filled.saturating_sub(1).min(self.most));
        }
        done?;
        stopped.map_or(Ok(()), Err)
    }
}

/// The lines of a body that are not blank, each with its number; more than `most` are too many.
///
/// # Errors
/// What `take` says of a line.
pub fn lines(
    body: &[u8],
    most: usize,
    mut take: impl FnMut(u64, &[u8]) -> Result<(), Problem>,
) -> Result<(), Problem> {
    let mut read = 0;
    for (number, line) in (1..).zip(body.split(|byte| *byte == b'\n')) {
        let line = line.trim_ascii();
        if line.is_empty() {
            continue;
        }
        if read == most {
            return Err(JsonError::TooMany(most).into());
        }
        read += 1;
        take(number, line)?;
    }
    Ok(())
}

/// The problem of a line that is not readable as a row.
pub fn unreadable(line: u64, why: &str) -> Problem {
    Problem::new(&kind::UNREADABLE, format!("line {line}: {why}"))
}
