//! Reads the rows of a request body in any accepted format, for all routes that accept rows.

use std::ops::ControlFlow;

use super::body::Format;
use super::problem::{Problem, kind};
use super::shape;
use crate::schema::csv::{self, BrokenLineError, CsvError};
use crate::schema::json::{self, JsonError};
use crate::schema::row::Purpose;
use crate::schema::text::HeaderError;
use crate::schema::{Dialect, Fault, Row, Schema};

/// Receives the rows of a body.
pub trait RowSink {
    /// Receives a row with its warnings and faults. `line` is its line number, if the format has lines.
    fn row(&mut self, row: &mut Row, line: Option<u64>);

    /// Receives the faults of a table's header. They concern all of the approximately `rows` rows, none of which is read.
    fn header(&mut self, _faults: &[Fault], _rows: usize) {}
}

/// Reads the rows of a body according to a schema.
#[derive(Clone, Copy, Debug)]
pub struct RowReader<'s> {
    pub schema: &'s Schema,
    /// What the rows are used for, which decides how they are checked.
    pub purpose: Purpose,
    /// Maximum rows of a body.
    pub most: usize,
}

impl RowReader<'_> {
    /// Reads all rows of a body into `sink`.
    ///
    /// # Errors
    /// 400 if the body is not valid in its format, 413 if it has too many rows, 422 if it is not a table of rows.
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

/// Calls `take` with the number and the text of each line of a body that is not blank.
///
/// # Errors
/// 413 if there are more than `most` such lines, or the first error of `take`.
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

/// The problem of a line that cannot be read as a row.
pub fn unreadable(line: u64, why: &str) -> Problem {
    Problem::new(&kind::UNREADABLE, format!("line {line}: {why}"))
}
