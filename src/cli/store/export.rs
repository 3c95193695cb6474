//! Subcommand `store export`: all events in order, as JSON lines or as one Parquet table per kind.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::Timestamp;

use crate::cli::exit::{Exit, ExitError};
use crate::cli::remote::Opened;
use crate::cli::site::Site;
use crate::cli::time::parse_time;
use crate::export::table::Layouts;
use crate::export::{ExportError, Filter};
use crate::ingest::write;
use crate::store::kind::{self, Kind};

#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Only events of this kind: row, prediction, label, label_expired, quarantine, verdict, alert, model
    #[arg(long, value_parser = parse_kind)]
    kind: Option<Kind>,
    /// Only events from this time on: 2026-01-31 or 2026-01-31T09:15:00Z
    #[arg(long, value_name = "T", value_parser = parse_time)]
    since: Option<Timestamp>,
    /// Only events before this time
    #[arg(long, value_name = "T", value_parser = parse_time)]
    until: Option<Timestamp>,
    /// [default: what the ending of the file says, else jsonl]
    #[arg(long)]
    format: Option<Form>,
    /// Write here instead of to standard output; for Parquet a folder, or a file where one kind is named
    #[arg(short, long = "output", value_name = "FILE|DIR")]
    output: Option<PathBuf>,
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One object a line
    Jsonl,
    /// One table a kind, with a column for every key and `row.NAME` for every column of a row
    Parquet,
}

pub fn run(args: &ExportArgs, site: &Site, opened: &Opened) -> Result<Exit> {
    let events = match (args.form(), &args.output) {
        (Form::Jsonl, Some(path)) => write::beside(path, |to| args.lines(opened, to))?,
        (Form::Jsonl, None) => args.lines(opened, &mut io::BufWriter::new(io::stdout().lock()))?,
        (Form::Parquet, Some(path)) => args.tables(opened, path)?,
        (Form::Parquet, None) => {
            return Err(usage(
                "Parquet cannot be shown on a terminal; name a folder with -o",
            ));
        }
    };
    site.say(format!("{events} events"));
    Ok(Exit::Done)
}

fn usage(message: &str) -> anyhow::Error {
    ExitError {
        message: message.into(),
        exit: Exit::Usage,
    }
    .into()
}

impl ExportArgs {
    fn form(&self) -> Form {
        let said = self.output.as_deref().is_some_and(is_table);
        self.format
            .unwrap_or(if said { Form::Parquet } else { Form::Jsonl })
    }

    fn filter(&self) -> Filter {
        Filter {
            kind: self.kind,
            since: self.since,
            until: self.until,
            last: None,
        }
    }

    fn lines(&self, opened: &Opened, to: &mut dyn Write) -> Result<u64> {
        let done = opened.events().lines(&self.filter(), to);
        done.map_err(|error| explained(opened, error))
    }

    /// Writes one table per kind to a folder, or a single kind to a file.
    fn tables(&self, opened: &Opened, path: &Path) -> Result<u64> {
        let (events, filter) = (opened.events(), self.filter());
        if self.kind.is_none() && is_table(path) && !path.is_dir() {
            let why = "a Parquet table holds events of one kind; name a folder with -o, or one kind with --kind";
            return Err(usage(why));
        }
        let found = Layouts::find(events, &filter);
        let layouts = found.map_err(|error| explained(opened, error))?;
        let table = |kind: Kind, path: &Path| {
            write::beside(path, |to| {
                let written = layouts.write(kind, events, &filter, to);
                written.map_err(|error| explained(opened, error))
            })
        };
        if let Some(kind) = self.kind.filter(|_| is_table(path) && !path.is_dir()) {
            return table(kind, path);
        }
        let made = std::fs::create_dir_all(path);
        made.with_context(|| format!("{} cannot be made", path.display()))?;
        let mut count = 0;
        for kind in kind::all().filter(|kind| self.kind.is_none_or(|wanted| wanted == *kind)) {
            count += table(kind, &path.join(format!("{}.parquet", kind::name(kind))))?;
        }
        Ok(count)
    }
}

/// Whether a path has the extension of a Parquet file.
fn is_table(path: &Path) -> bool {
    let ending = path.extension();
    ending.is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"))
}

fn explained(opened: &Opened, error: ExportError) -> anyhow::Error {
    match opened {
        Opened::Server(remote) => remote.explain(error),
        Opened::File(_) => error.into(),
    }
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let names: Vec<&str> = kind::all().map(kind::name).collect();
    kind::named(text).ok_or_else(|| format!("there are {}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock;

    #[test]
    fn times_are_days_or_moments() {
        let read = |text: &str| parse_time(text).map(clock::rfc3339);
        assert_eq!(read("2026-01-31").unwrap(), "2026-01-31T00:00:00.000Z");
        assert_eq!(
            read("2026-01-31T10:15:00+01:00").unwrap(),
            "2026-01-31T09:15:00.000Z"
        );
        for bad in ["", "yesterday", "2026-02-31", "2026-01-31T09:15:00"] {
            assert!(read(bad).is_err(), "{bad}");
        }
    }
}
