//! Subcommand `store`: inspects, checks, copies and exports the store; if a server holds the store, through that server.

pub(super) mod backup;
mod export;

use std::sync::atomic::AtomicBool;

use anyhow::bail;
use clap::{Args, Subcommand};

use super::exit::Exit;
use super::out::{outln, print_json};
use super::remote::{Opened, Remote, not_understood};
use super::site::Site;
use super::{interrupt, table};
use crate::control::jobs::Product;
use crate::store::check::{self, Report};
use crate::store::upkeep::{Checked, Compacted};
use crate::store::{File, NAME, OpenError, Stats, maintenance};

#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// How many events there are, of which kinds, and how large the file is
    Stats,
    /// Read every event and compare every index with them; exit code 4 if anything is damaged
    Check,
    /// Return unused space of the file to the disk
    Compact,
    /// Back up everything, with models, ledger, tables and settings, into one archive
    Backup {
        /// A file, a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX
        #[arg(value_name = "DEST")]
        to: String,
    },
    /// Restore an archive, or the newest whole one of a folder or bucket, into an empty state
    Restore {
        /// A file, a folder, s3://BUCKET/PREFIX or gs://BUCKET/PREFIX; or a copy of the event store alone
        #[arg(value_name = "SRC")]
        from: String,
        /// Overwrite an existing event store with a copy of the event store alone
        #[arg(long)]
        force: bool,
    },
    /// Every event in order, one a line or as a table
    Export(export::ExportArgs),
}

pub fn run(args: &StoreArgs, site: &Site) -> anyhow::Result<Exit> {
    match &args.command {
        StoreCommand::Stats => stats(site),
        StoreCommand::Check => check(site),
        StoreCommand::Compact => compact(site),
        StoreCommand::Backup { to } => backup::make(site, to),
        StoreCommand::Restore { from, force } => backup::restore(site, from, *force),
        StoreCommand::Export(args) => export::run(args, site, &Opened::of(site)?),
    }
}

/// A job of a server that cannot be cancelled: it ends by itself.
fn job(
    remote: &Remote,
    path: &str,
    document: Option<&serde_json::Value>,
) -> anyhow::Result<Product> {
    remote.job(path, document, &AtomicBool::new(false), &mut |_| {})
}

fn stats(site: &Site) -> anyhow::Result<Exit> {
    let stats: Stats = match Opened::of(site)? {
        Opened::File(file) => maintenance::stats(&file)?,
        Opened::Server(remote) => remote.get("/v1/store")?,
    };
    if site.json {
        print_json(&serde_json::to_value(&stats)?)?;
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
    if !state.join(NAME).exists() {
        Opened::of(site)?;
    }
    let checked: Checked = match File::open_verified(state) {
        // A page that cannot be read is a finding as well.
        Ok(file) => check::check(&file)
            .unwrap_or_else(|error| damage(&error))
            .into(),
        Err(error @ OpenError::Damaged { .. }) => damage(&error).into(),
        Err(other) => {
            let remote = Remote::instead(other, site)?;
            let stop = interrupt::flag()?;
            let path = "/v1/store/check";
            match remote.job(path, None, &stop, &mut |_| {})? {
                Product::Checked(checked) => checked,
                _ => bail!(not_understood(path)),
            }
        }
    };
    let Report {
        events,
        findings,
        untold,
    } = &checked.report;
    if site.json {
        print_json(&serde_json::to_value(&checked)?)?;
    } else if checked.intact {
        outln!("intact: {events} events");
    } else {
        outln!("{}", findings.join("\n"));
        if *untold > 0 {
            outln!("and {untold} more");
        }
    }
    Ok(if checked.intact { Exit::Done } else { Exit::No })
}

fn damage(error: &dyn std::error::Error) -> Report {
    Report {
        findings: vec![error.to_string()],
        ..Report::default()
    }
}

fn compact(site: &Site) -> anyhow::Result<Exit> {
    let compacted = match Opened::of(site)? {
        Opened::File(file) => {
            let before = file.size();
            maintenance::compact(&file)?;
            let after = file.size();
            Compacted { before, after }
        }
        Opened::Server(remote) => {
            let path = "/v1/store/compact";
            match job(&remote, path, None)? {
                Product::Compacted(compacted) => compacted,
                _ => bail!(not_understood(path)),
            }
        }
    };
    if site.json {
        print_json(&serde_json::to_value(compacted)?)?;
    } else {
        let Compacted { before, after } = compacted;
        outln!("{before} bytes before, {after} after");
    }
    Ok(Exit::Done)
}
