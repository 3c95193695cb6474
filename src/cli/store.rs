//! `store`: what was kept, looked into, checked, copied and put out, while no server has it open.

mod export;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, WithExit};
use super::out::outln;
use super::site::Site;
use super::{print_json, table};
use crate::ingest::write;
use crate::store::check::{self, Report};
use crate::store::{File, NAME, OpenError, maintenance};
pub(super) use export::parse_time;

/// Arguments.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// How many events there are, of which kinds, and how large the file is
    Stats,
    /// Read everything and hold every index against it; exit code 4 if anything is damaged
    Check,
    /// Give room that nothing stands in back to the disk
    Compact,
    /// Copy the store into a file
    Backup {
        /// The copy
        file: PathBuf,
    },
    /// Put a copy in the store's place
    Restore {
        /// The copy
        file: PathBuf,
        /// Overwrite what is there
        #[arg(long)]
        force: bool,
    },
    /// Every event in order, one a line or as a table
    Export(export::ExportArgs),
}

/// Where a running server tells what a command would have told.
const METRICS: &str = "GET /metrics tells its figures";
const EVENTS: &str = "GET /v1/events gives what is in it";

/// Runs it.
pub fn run(args: &StoreArgs, site: &Site) -> anyhow::Result<Exit> {
    let state = &site.settings.state;
    match &args.command {
        StoreCommand::Stats => stats(site, &open(state, METRICS)?),
        StoreCommand::Check => check(site),
        StoreCommand::Compact => compact(site, &open(state, METRICS)?),
        StoreCommand::Backup { file } => backup(site, open(state, EVENTS)?, file),
        StoreCommand::Restore { file, force } => restore(site, file, *force),
        StoreCommand::Export(args) => export::run(args, site, &open(state, EVENTS)?),
    }
}

/// The store of a state; there must be one. `meanwhile` says what a server that holds it can be asked for.
pub(super) fn open(state: &Path, meanwhile: &str) -> anyhow::Result<File> {
    must_be(state)?;
    crate::store::open(state).map_err(|error| named(error, meanwhile))
}

fn must_be(state: &Path) -> anyhow::Result<()> {
    if state.join(NAME).exists() {
        return Ok(());
    }
    bail!(
        "there is no store in {} yet; serve and ingest make one",
        state.display()
    )
}

/// A store that cannot be opened; where another process has it, with what to ask that one instead.
pub fn named(error: OpenError, meanwhile: &str) -> anyhow::Error {
    match error {
        OpenError::Held { file, holder } => WithExit {
            message: format!(
                "the store {file} is held by {holder}; stop it first, or ask it: {meanwhile}"
            ),
            exit: Exit::Held,
        }
        .into(),
        other => other.into(),
    }
}

fn stats(site: &Site, file: &File) -> anyhow::Result<Exit> {
    let stats = maintenance::stats(file)?;
    if site.json {
        let kinds: serde_json::Map<_, _> = stats
            .kinds
            .iter()
            .map(|(kind, count)| ((*kind).to_owned(), json!(count)))
            .collect();
        let mut document = serde_json::to_value(&stats)?;
        document["kinds"] = kinds.into();
        print_json(&document)?;
        return Ok(Exit::Done);
    }
    let mut rows = table::new(["", "count"]);
    for (kind, count) in &stats.kinds {
        rows.add_row([format!("events of kind {kind}"), count.to_string()]);
    }
    let more = [
        ("last event", stats.seq),
        ("oldest event kept", stats.oldest),
        ("labels", stats.labels),
        ("labels that wait", stats.waiting),
        ("rows in quarantine", stats.quarantine),
        ("bytes of events", stats.event_bytes),
        ("bytes on the disk", stats.bytes),
    ];
    for (what, count) in more {
        rows.add_row([what.to_owned(), count.to_string()]);
    }
    outln!("{}", table::text(&rows));
    Ok(Exit::Done)
}

fn check(site: &Site) -> anyhow::Result<Exit> {
    let state = &site.settings.state;
    must_be(state)?;
    let report = match File::open_verified(state) {
        // A page that fails under the reading is a finding as well.
        Ok(file) => check::check(&file).unwrap_or_else(|error| damage(&error)),
        Err(error @ OpenError::Damaged { .. }) => damage(&error),
        Err(other) => return Err(named(other, METRICS)),
    };
    let Report {
        events,
        findings,
        untold,
    } = &report;
    let intact = findings.is_empty();
    if site.json {
        let document =
            json!({"intact": intact, "events": events, "findings": findings, "untold": untold});
        print_json(&document)?;
    } else if intact {
        outln!("intact: {events} events");
    } else {
        outln!("{}", findings.join("\n"));
        if *untold > 0 {
            outln!("and {untold} more");
        }
    }
    Ok(if intact { Exit::Done } else { Exit::No })
}

fn damage(error: &dyn std::error::Error) -> Report {
    Report {
        findings: vec![error.to_string()],
        ..Report::default()
    }
}

fn compact(site: &Site, file: &File) -> anyhow::Result<Exit> {
    let before = file.size();
    maintenance::compact(file)?;
    let after = file.size();
    if site.json {
        print_json(&json!({"before": before, "after": after}))?;
    } else {
        outln!("{before} bytes before, {after} after");
    }
    Ok(Exit::Done)
}

fn backup(site: &Site, file: File, to: &Path) -> anyhow::Result<Exit> {
    let place = site.settings.state.join(NAME);
    if to
        .canonicalize()
        .is_ok_and(|to| Some(to) == place.canonicalize().ok())
    {
        bail!("{} is the store itself; name another file", to.display());
    }
    let bytes = write::beside(to, |to| file.copy(to).map_err(anyhow::Error::from))?;
    if site.json {
        print_json(&json!({"file": to, "bytes": bytes}))?;
    } else {
        outln!("{}: {bytes} bytes", to.display());
    }
    Ok(Exit::Done)
}

fn restore(site: &Site, from: &Path, force: bool) -> anyhow::Result<Exit> {
    let state = &site.settings.state;
    match crate::store::open(state) {
        Ok(file) => {
            let events = maintenance::stats(&file)?.seq;
            if events > 0 && !force {
                let file = state.join(NAME);
                bail!(
                    "{} holds {events} events, which would be lost; with --force they are overwritten",
                    file.display()
                );
            }
            file.replace(from)?;
        }
        Err(error @ OpenError::Held { .. }) => return Err(named(error, EVENTS)),
        Err(_) if force => File::put_back(from, state)?,
        Err(error) => return Err(error).context("with --force it is overwritten"),
    }
    let stats = maintenance::stats(&open(state, EVENTS)?)?;
    if site.json {
        print_json(&json!({"file": from, "seq": stats.seq, "oldest": stats.oldest}))?;
    } else {
        outln!(
            "the store is that of {}, up to event {}",
            from.display(),
            stats.seq
        );
    }
    Ok(Exit::Done)
}
