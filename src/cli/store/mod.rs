//! Subcommand `store`: inspects, checks, copies and exports the store; if a server holds the store, through that server.

mod export;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use serde_json::json;

use super::exit::{Exit, ExitError};
use super::out::{outln, print_json};
use super::remote::{Opened, Remote, not_understood};
use super::site::Site;
use super::{interrupt, table};
use crate::control::jobs::Product;
use crate::ingest::write;
use crate::store::check::{self, Report};
use crate::store::upkeep::{Checked, Compacted};
use crate::store::{File, NAME, OpenError, Stats, maintenance, replaceable};

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
    /// Copy the store into a file
    Backup {
        /// The copy
        file: PathBuf,
    },
    /// Put a copy in the store's place
    Restore {
        /// The copy
        file: PathBuf,
        /// Overwrite an existing store
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
        StoreCommand::Backup { file } => backup(site, file),
        StoreCommand::Restore { file, force } => restore(site, file, *force),
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

fn backup(site: &Site, to: &Path) -> anyhow::Result<Exit> {
    let place = site.settings.state.join(NAME);
    let opened = Opened::of(site)?;
    if to
        .canonicalize()
        .is_ok_and(|to| Some(to) == place.canonicalize().ok())
    {
        bail!("{} is the store itself; name another file", to.display());
    }
    let bytes = match opened {
        Opened::File(file) => {
            replaceable(to)?;
            write::beside(to, |to| file.copy(to).map_err(anyhow::Error::from))?
        }
        Opened::Server(remote) => {
            // Relative paths refer to the folder of this command, not of the server.
            let to = std::path::absolute(to).context("the folder of this command is gone")?;
            let path = "/v1/backups";
            match job(&remote, path, Some(&json!({"to": to})))? {
                Product::Backup(made) => made.bytes,
                _ => bail!(not_understood(path)),
            }
        }
    };
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
        Err(OpenError::Held { file, holder, .. }) => {
            return Err(ExitError {
                message: format!("the store {file} is held by {holder}; stop it first"),
                exit: Exit::Held,
            }
            .into());
        }
        Err(_) if force => File::put_back(from, state)?,
        Err(error) => return Err(error).context("with --force it is overwritten"),
    }
    site.registry.begin_epoch()?;
    let stats = maintenance::stats(&crate::store::open(state)?)?;
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
