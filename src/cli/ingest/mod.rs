//! Subcommand `ingest`: reads rows from any source, checks them, and writes them to the store or to a file.

mod sender;
mod watch;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::Exit;
use super::out::{outln, print_json};
use super::quarantine::QuarantineCommand;
use super::remote::{Opened, must_share_spec};
use super::rows::report_warnings;
use super::site::Site;
use super::text::TextArgs;
use super::{interrupt, quarantine};
use crate::clock::{Clock, System};
use crate::ingest::source::{Next, Options, Order};
use crate::ingest::write::table::{TableFile, TableFormat};
use crate::ingest::write::{self, WriteError};
use crate::ingest::{BatchCounts, SinkError, Source, Tally};
use crate::model::Spec;
use crate::pulls::intake;
use crate::store::{StoreError, offline, rows};
use crate::units::Span;
use sender::Sender;
use watch::Watch;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct IngestArgs {
    #[command(subcommand)]
    command: Option<IngestCommand>,
    /// A file or folder (CSV, TSV, JSON, JSON lines, Parquet; also gzip and zstd), `-` for standard input, an http(s)://
    /// address, or a database: sqlite:FILE, postgres://…, mysql://…
    #[arg(required = true)]
    source: Option<String>,
    /// End at the first bad row, and keep nothing of this load
    #[arg(long)]
    strict: bool,
    #[command(flatten)]
    text: TextArgs,
    /// JSON: field that holds the list of rows, such as data.rows [default: the document itself]
    #[arg(long, value_name = "FIELD")]
    items: Option<String>,
    /// Web API: how the next page is found: link, none, cursor:FIELD:PARAM or page:PARAM [default: link]
    #[arg(long, value_name = "HOW")]
    next: Option<Next>,
    /// Database: the SQL query to read; its columns are matched by name
    #[arg(long, value_name = "SQL", conflicts_with = "table")]
    query: Option<String>,
    /// Database: the table to read
    #[arg(long, value_name = "NAME")]
    table: Option<String>,
    /// Time without data after which a server or database is given up
    #[arg(long, value_name = "TIME", default_value = "30s")]
    timeout: Span,
    /// How often a request that failed is tried again
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// Write the checked table here instead of storing it, as the ending says: csv or parquet
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum IngestCommand {
    /// Rows that were put aside: list, retry, drop
    Quarantine {
        #[command(subcommand)]
        command: QuarantineCommand,
    },
}

pub fn run(args: &IngestArgs, site: &Site) -> anyhow::Result<Exit> {
    if let Some(IngestCommand::Quarantine { command }) = &args.command {
        return quarantine::run(command, site);
    }
    let source = args.source.as_deref().expect("clap asks for it");
    let source = Source::open(source, &args.options(&site.spec()?)?)?;
    let watch = Watch::new(site, interrupt::flag()?);
    let tally = match &args.out {
        Some(path) => into_file(args, site, &source, path, &watch),
        None => into_store(args, site, &source, &watch),
    };
    watch.finish();
    let tally = tally?;
    if site.json {
        print_json(&document(&source, &tally, args.out.as_deref()))?;
    } else {
        outln!("{}", summary(&source, &tally, args.out.as_deref()));
    }
    report_warnings(site, &tally.warnings);
    if tally.bad > 0 && tally.bad == tally.read {
        bail!(
            "nothing was stored: all {} rows of {} are bad",
            tally.bad,
            source.name()
        );
    }
    Ok(Exit::Done)
}

impl IngestArgs {
    fn options(&self, spec: &Spec) -> anyhow::Result<Options> {
        Ok(Options {
            items: self.items.clone(),
            format: self.text.over(&spec.format)?,
            next: self.next.clone(),
            query: self.query.clone(),
            table: self.table.clone(),
            cursor: None,
            timeout: self.timeout.0,
            retries: self.retries,
        })
    }
}

/// Writes to the store batch by batch; a strict load is one commit, or none if a row is bad.
fn into_store(
    args: &IngestArgs,
    site: &Site,
    source: &Source,
    watch: &Watch<'_>,
) -> anyhow::Result<Tally> {
    let spec = site.spec()?;
    let order = Order {
        schema: &spec.schema,
        strict: args.strict,
        cursor: None,
        world: watch,
    };
    let file = match Opened::or_made(site)? {
        Opened::File(file) => file,
        Opened::Server(remote) => {
            must_share_spec(site, &remote)?;
            let mut sink = Sender::new(&remote, args.strict);
            let tally = source.ingest(&order, &mut watch.over(&mut sink));
            return sink.finish(tally);
        }
    };
    if !args.strict {
        let mut sink = |batch| {
            taken(offline::take(
                &file,
                &intake::batch(&batch, None, &System),
                now(),
            ))
        };
        return Ok(source.ingest(&order, &mut watch.over(&mut sink))?);
    }
    let done = offline::take_all(&file, now(), |take| {
        let mut sink = |batch| taken(take(&intake::batch(&batch, None, &System)));
        source.ingest(&order, &mut watch.over(&mut sink))
    });
    Ok(done??)
}

fn now() -> jiff::Timestamp {
    System.now()
}

fn taken(done: Result<rows::StoredRows, StoreError>) -> Result<BatchCounts, SinkError> {
    Ok(intake::counts(&done?))
}

fn into_file(
    args: &IngestArgs,
    site: &Site,
    source: &Source,
    path: &Path,
    watch: &Watch<'_>,
) -> anyhow::Result<Tally> {
    let format = TableFormat::of(path)?;
    let spec = site.spec()?;
    if let Some(folder) = path.parent() {
        let made = std::fs::create_dir_all(folder);
        made.with_context(|| format!("{} cannot be made", folder.display()))?;
    }
    let order = Order {
        schema: &spec.schema,
        strict: args.strict,
        cursor: None,
        world: watch,
    };
    write::beside(path, |to| {
        let mut file = TableFile::new(format, &spec.schema, to)?;
        let tally = source.ingest(&order, &mut watch.over(&mut file))?;
        file.finish().map_err(|e| renamed(e, path))?;
        anyhow::Ok(tally)
    })
}

/// Replaces the path in an output error by the name the user gave.
fn renamed(fault: WriteError, path: &Path) -> WriteError {
    match fault {
        WriteError::Io { source, .. } => WriteError::Io {
            path: path.to_owned(),
            source,
        },
        other => other,
    }
}

fn document(source: &Source, tally: &Tally, out: Option<&Path>) -> serde_json::Value {
    let mut document = json!({
        "source": source.name(),
        "read": tally.read,
        "stored": tally.stored,
        "repeated": tally.repeated,
        "quarantined": tally.quarantined,
        "skipped": tally.skipped,
        "warnings": tally.warnings,
    });
    if let Some(out) = out {
        document["output"] = json!(out);
    }
    document
}

fn summary(source: &Source, tally: &Tally, out: Option<&Path>) -> String {
    let place = out.map_or("the store".into(), |path| path.display().to_string());
    let mut text = format!(
        "{}: {} rows read, {} → {place}",
        source.name(),
        tally.read,
        tally.stored
    );
    let more = [
        (tally.repeated, "there already"),
        (tally.quarantined, "quarantined"),
        (tally.skipped, "files skipped"),
    ];
    for (n, what) in more.into_iter().filter(|(n, _)| *n > 0) {
        text = format!("{text}, {n} {what}");
    }
    text
}
