//! `store export`: every event in order, as lines of JSON or as a Parquet table.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, Result};
use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::civil::Date;

use crate::cli::exit::{Exit, WithExit};
use crate::cli::site::Site;
use crate::clock;
use crate::ingest::write;
use crate::ingest::write::columns::{Column, ColumnFile};
use crate::store::kind::{self, Kind};
use crate::store::{File, Record, maintenance};

/// Arguments.
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
    /// Write here instead of to standard output
    #[arg(short, long = "output", value_name = "FILE")]
    output: Option<PathBuf>,
}

/// How events are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Form {
    /// One object a line
    Jsonl,
    /// Columns seq, time, kind, id and body (JSON)
    Parquet,
}

/// Rows of one group of a Parquet file: what is in memory at once.
const GROUP: usize = 1 << 14;

/// Runs it.
pub fn run(args: &ExportArgs, site: &Site, file: &File) -> Result<Exit> {
    let events = match &args.output {
        Some(path) => write::beside(path, |to| args.write(file, to))?,
        None if args.form() == Form::Parquet => {
            return Err(WithExit {
                message: "Parquet is no text for a terminal; name a file with -o".into(),
                exit: Exit::Usage,
            }
            .into());
        }
        None => args.write(file, &mut io::BufWriter::new(io::stdout().lock()))?,
    };
    site.say(format!("{events} events"));
    Ok(Exit::Done)
}

impl ExportArgs {
    fn form(&self) -> Form {
        let ending = self.output.as_deref().and_then(|path| path.extension());
        let said = ending.is_some_and(|ending| ending.eq_ignore_ascii_case("parquet"));
        self.format
            .unwrap_or(if said { Form::Parquet } else { Form::Jsonl })
    }

    fn wants(&self, event: &Record<'_>) -> bool {
        self.kind.is_none_or(|kind| kind == event.kind)
            && self.since.is_none_or(|since| since <= event.time)
            && self.until.is_none_or(|until| event.time < until)
    }

    /// Writes them; gives how many.
    fn write(&self, file: &File, to: &mut dyn Write) -> Result<u64> {
        let failed = "the export cannot be written";
        match self.form() {
            Form::Jsonl => {
                let put = |event: &Record<'_>| writeln!(to, "{}", event.line()).context(failed);
                let events = self.each(file, put)?;
                to.flush().context(failed)?;
                Ok(events)
            }
            Form::Parquet => {
                let mut table = Events::new(to)?;
                let events = self.each(file, |event| table.put(event))?;
                table.finish()?;
                Ok(events)
            }
        }
    }

    fn each(&self, file: &File, mut put: impl FnMut(&Record<'_>) -> Result<()>) -> Result<u64> {
        let (mut count, mut done) = (0, Ok(()));
        maintenance::events(file, |event| {
            if self.wants(&event) {
                done = put(&event);
                count += 1;
            }
            done.is_ok()
        })?;
        done.map(|()| count)
    }
}

/// Events on their way into a table.
struct Events<'w> {
    file: ColumnFile<'w>,
    seq: Vec<i64>,
    /// Time, kind, id, body.
    texts: [Vec<String>; 4],
}

impl Events<'_> {
    fn new(to: &mut dyn Write) -> Result<Events<'_>> {
        let (seq, texts) = Default::default();
        let mut file = ColumnFile::new(to);
        // A table without rows still has its columns.
        file.group(columns(&mut Vec::new(), &mut Default::default()))?;
        Ok(Events { file, seq, texts })
    }

    fn put(&mut self, event: &Record<'_>) -> Result<()> {
        self.seq.push(i64::try_from(event.seq)?);
        let cells = [
            clock::rfc3339(event.time),
            kind::name(event.kind).into(),
            event.id.into(),
            String::from_utf8_lossy(event.body).into_owned(),
        ];
        for (column, cell) in self.texts.iter_mut().zip(cells) {
            column.push(cell);
        }
        if self.seq.len() == GROUP {
            self.group()?;
        }
        Ok(())
    }

    fn group(&mut self) -> Result<()> {
        Ok(self.file.group(columns(&mut self.seq, &mut self.texts))?)
    }

    fn finish(mut self) -> Result<()> {
        if !self.seq.is_empty() {
            self.group()?;
        }
        Ok(self.file.finish()?)
    }
}

/// The columns, taken out of what was gathered.
fn columns(seq: &mut Vec<i64>, texts: &mut [Vec<String>; 4]) -> Vec<(&'static str, Column)> {
    let names = ["time", "kind", "id", "body"];
    let texts = texts.iter_mut().map(|t| Column::Text(std::mem::take(t)));
    let seq = ("seq", Column::Whole(std::mem::take(seq)));
    std::iter::once(seq)
        .chain(names.into_iter().zip(texts))
        .collect()
}

fn parse_kind(text: &str) -> Result<Kind, String> {
    let names: Vec<&str> = kind::all().map(kind::name).collect();
    kind::named(text).ok_or_else(|| format!("there are {}", names.join(", ")))
}

/// A moment, or the begin of a day in UTC.
pub(in crate::cli) fn parse_time(text: &str) -> Result<Timestamp, String> {
    let moment = match text.parse::<Date>() {
        Ok(day) if text.len() == "2026-01-31".len() => format!("{day}T00:00:00Z"),
        _ => text.to_owned(),
    };
    moment
        .parse()
        .map_err(|_| "write a day as 2026-01-31 or a moment as 2026-01-31T09:15:00Z".into())
}

#[cfg(test)]
mod tests {
    use super::*;

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
