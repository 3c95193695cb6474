//! CSV and TSV.

use std::io::Read;

use super::format::Format;
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
}
