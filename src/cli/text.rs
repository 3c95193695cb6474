//! Flags for the text format of tables, shared by all commands that read one.

use clap::Args;

use crate::ingest::source::Options;
use crate::schema::dialect::{DialectError, Setting};
use crate::schema::{Dialect, WarningSummary};

use super::site::Site;

/// Flags of how a table is written.
#[derive(Debug, Default, Args)]
pub struct TextArgs {
    /// How the text is written, in place of what the spec says; may be repeated: delimiter=auto|;|tab, decimal=., thousands=,
    /// encoding=auto|latin-1, comment=#, skip=LINES
    #[arg(long, value_name = "KEY=VALUE")]
    pub format: Vec<Setting>,
}

impl TextArgs {
    /// The dialect of the spec, overridden by the flags.
    pub fn over(&self, spec: &Dialect) -> Result<Dialect, DialectError> {
        spec.clone().with(&self.format)
    }
}

/// Flags of a table that may be JSON, too.
#[derive(Debug, Default, Args)]
pub struct ReadArgs {
    #[command(flatten)]
    text: TextArgs,
    /// JSON: field that holds the list of rows, such as data.rows [default: the document itself]
    #[arg(long, value_name = "FIELD")]
    items: Option<String>,
    /// Database: the SQL query to read; its columns are matched by name
    #[arg(long, value_name = "SQL", conflicts_with = "table")]
    query: Option<String>,
    /// Database: the table to read
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
}

impl ReadArgs {
    /// Text format settings from the flags.
    pub fn format(&self) -> &[Setting] {
        &self.text.format
    }

    /// Read options of a source: those of the spec, overridden by the flags.
    pub fn options(&self, spec: &Dialect) -> Result<Options, DialectError> {
        Ok(Options {
            items: self.items.clone(),
            query: self.query.clone(),
            table: self.table.clone(),
            format: self.text.over(spec)?,
            ..Options::default()
        })
    }

    /// Whether any flag is given.
    pub fn any(&self) -> bool {
        let database = self.query.is_some() || self.table.is_some();
        database || self.items.is_some() || !self.text.format.is_empty()
    }
}

/// Reports how a table was read, and warnings about its columns.
pub fn report(site: &Site, name: &str, notices: &[String], warnings: &WarningSummary) {
    report_notices(site, name, notices);
    warnings
        .entries()
        .for_each(|warning| site.warn(warning.to_string()));
}

/// Reports how a table was read.
pub fn report_notices(site: &Site, name: &str, notices: &[String]) {
    for notice in notices {
        site.say(format!("{name}: {notice}"));
    }
}
