//! CSV and TSV.

use std::io::Read;

use super::format::Format;
use super::numbers::{self, EachCells};
use super::source::{EachRow, SourceRow};
use crate::schema::fault::{Fault, Problem};
use crate::schema::row::Purpose;
use crate::schema::{Row, Schema, csv};

/// Delimited text.
#[derive(Debug)]
pub struct Delimited {
    name: &'static str,
    endings: &'static [&'static str],
    delimiter: u8,
}

/// Comma-separated.
pub static CSV: Delimited = Delimited {
    name: "csv",
    endings: &["csv"],
    delimiter: b',',
};

/// Tab-separated.
pub static TSV: Delimited = Delimited {
    name: "tsv",
    endings: &["tsv", "tab"],
    delimiter: b'\t',
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
        schema: &Schema,
        purpose: Purpose,
        each: EachRow<'_>,
    ) -> Result<(), String> {
        let mut row = Row::new(schema, purpose);
        csv::rows(schema, source, self.delimiter, &mut row, &mut |(
            line,
            outcome,
        )| {
            let row = outcome.map_err(|broken| Fault {
                column: String::new(),
                problem: Problem::NotARow,
                got: broken.to_string(),
                allowed: String::new(),
                remedy: String::new(),
            });
            each(SourceRow { line, row })
        })
        .map_err(|e| e.to_string())
    }

    fn numbers(
        &self,
        source: &mut dyn Read,
        wanted: &[&str],
        each: EachCells<'_>,
    ) -> Result<(), String> {
        let said = |e: csv::CsvFault| e.to_string();
        let mut lines = csv::Lines::new(source, self.delimiter).map_err(said)?;
        let names = lines.header().map_err(said)?;
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let places = numbers::places(&names, wanted)?;
        while let Some((line, cells)) = lines.next().map_err(said)? {
            let at = |broken: csv::Broken| format!("line {line}: {broken}");
            let cells = cells.map_err(at)?;
            let text = |place: &usize| std::str::from_utf8(&cells[*place]).map(numbers::cell);
            let wanted: Result<Vec<_>, _> = places.iter().map(text).collect();
            let wanted = wanted.map_err(|_| at(csv::Broken::NotUtf8))?;
            if each(line, &wanted).is_break() {
                break;
            }
        }
        Ok(())
    }
}
