//! The CSV and TSV formats.

use std::io::Read;
use std::ops::ControlFlow;

use super::cells;
use super::error::FormatError;
use super::format::{EachCells, Format, Reading};
use super::rows::{Rows, SourceRow};
use crate::schema::csv::{self, BrokenLineError, CsvError};
use crate::schema::fault::{Fault, Problem};
use crate::schema::{Dialect, Row};

/// Advice for text that is not UTF-8.
const ENCODED: &str = "name the encoding of the file, such as --format encoding=latin-1, or `format: {encoding: latin-1}` in \
                       the spec";

#[derive(Debug)]
pub struct Delimited {
    name: &'static str,
    endings: &'static [&'static str],
    /// The delimiter to use if none is configured and none is detected.
    usual: u8,
}

pub static CSV: Delimited = Delimited {
    name: "csv",
    endings: &["csv"],
    usual: b',',
};

pub static TSV: Delimited = Delimited {
    name: "tsv",
    endings: &["tsv", "tab"],
    usual: b'\t',
};

impl Format for Delimited {
    fn name(&self) -> &'static str {
        self.name
    }

    fn endings(&self) -> &'static [&'static str] {
        self.endings
    }

    fn read(
        &self,
        source: &mut dyn Read,
        reading: &Reading<'_>,
        to: &mut dyn Rows,
    ) -> Result<ControlFlow<()>, FormatError> {
        reading.no_items(self.name)?;
        let mut row = Row::new(reading.schema, reading.purpose);
        let mut going = ControlFlow::Continue(());
        let mut notices = Vec::new();
        csv::rows(
            reading.schema,
            source,
            &reading.dialect.usually(self.usual),
            &mut row,
            &mut |(line, outcome)| {
                let row = outcome.map_err(not_a_row);
                going = to.row(SourceRow { line, row });
                going
            },
            &mut |notice| notices.push(notice),
        )?;
        notices.into_iter().for_each(|notice| to.notice(notice));
        Ok(going)
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), FormatError> {
        let dialect = Dialect::default().usually(self.usual);
        let form = dialect.number_form();
        let mut lines = csv::Lines::new(source, &dialect)?;
        let names = lines.header()?;
        let names: Vec<&str> = names.iter().map(|name| name.trim()).collect();
        let places = cells::places(&names, wanted)?;
        while let Some((line, cells)) = lines.next()? {
            let at = |broken: BrokenLineError| format!("line {line}: {broken}");
            let cells = cells.map_err(at)?;
            let text = |place: &usize| {
                let text = std::str::from_utf8(&cells[*place]);
                text.map(|text| cells::cell(text, &form))
            };
            let wanted: Result<Vec<_>, _> = places.iter().map(text).collect();
            let wanted = wanted.map_err(|_| at(BrokenLineError::NotUtf8))?;
            if each(line, &wanted).is_break() {
                break;
            }
        }
        Ok(())
    }
}

impl From<CsvError> for FormatError {
    fn from(error: CsvError) -> FormatError {
        let text = match error {
            CsvError::HeaderNotUtf8 => format!("{error}; {ENCODED}"),
            CsvError::NoMark(name) => {
                let name = name.to_lowercase();
                format!("{error}; name its encoding: --format encoding={name}")
            }
            CsvError::Above(above) => {
                let remedy = match above.comment {
                    Some(mark) => format!("--format comment={mark}"),
                    None => format!("--format skip={}", above.lines),
                };
                format!("{error}; {remedy} passes them over")
            }
            other => other.to_string(),
        };
        text.into()
    }
}

fn not_a_row(broken: BrokenLineError) -> Fault {
    let remedy = match broken {
        BrokenLineError::NotUtf8 => ENCODED,
        BrokenLineError::Ragged { .. } => "",
    };
    Fault {
        column: String::new(),
        problem: Problem::NotARow,
        got: broken.to_string(),
        typed: false,
        allowed: String::new(),
        remedy: remedy.into(),
    }
}
