//! `store backup` and `store restore`; `serve --restore` uses the latter.

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use serde_json::json;

use super::super::exit::{Exit, ExitError};
use super::super::interrupt;
use super::super::out::{outln, print_json};
use super::super::progress::Shown;
use super::super::remote::{Opened, Remote, not_understood};
use super::super::site::Site;
use crate::backup::{self, BackupError, Made, Place, Restored, Source, Watch};
use crate::bucket::Limits;
use crate::clock::System;
use crate::control::jobs::Product;
use crate::store::{File, NAME, OpenError, maintenance};
use crate::train::Progress;

/// Steps of the displayed progress, which arrives as a share.
const STEPS: usize = 10;

/// The displayed progress of a backup.
struct Meter {
    shown: Shown,
    done: Cell<usize>,
}

impl Meter {
    fn new(site: &Site, stop: Arc<AtomicBool>) -> Meter {
        let shown = Shown::new(site.json, site.quiet, stop).counting("parts");
        shown.begin(STEPS);
        let done = Cell::new(0);
        Meter { shown, done }
    }

    fn report(&self, share: f64) {
        let reached = (share * STEPS as f64) as usize;
        (self.done.get()..reached).for_each(|_| self.shown.advance("backed up"));
        self.done.set(self.done.get().max(reached));
    }
}

impl Drop for Meter {
    fn drop(&mut self) {
        self.shown.finish();
    }
}

/// Makes a backup, in this process or through the server that holds the store.
pub fn make(site: &Site, to: &str) -> anyhow::Result<Exit> {
    let place = Place::parse(to)?;
    let made = match Opened::of(site)? {
        Opened::File(file) => alone(site, &file, place)?,
        Opened::Server(remote) => through(&remote, site, &place, to)?,
    };
    if site.json {
        print_json(&serde_json::to_value(&made)?)?;
        return Ok(Exit::Done);
    }
    let Made {
        file,
        bytes,
        verified,
        contents,
        ..
    } = made;
    let checked = if verified { ", verified" } else { "" };
    outln!(
        "{file}: {bytes} bytes, {} events, {} models, {} tables{checked}",
        contents.total(),
        contents.models,
        contents.tables
    );
    Ok(Exit::Done)
}

fn alone(site: &Site, file: &File, place: Place) -> anyhow::Result<Made> {
    let stop = interrupt::flag()?;
    let meter = Meter::new(site, stop.clone());
    let watch = Watch {
        report: &|share| meter.report(share),
        stopped: &|| stop.load(Ordering::Relaxed),
    };
    let source = Source {
        state: &site.settings.state,
        file,
        registry: &site.registry,
        settings: &site.settings.document(),
    };
    let order = site.settings.backup.order(place, false);
    backup::make(source, &order, &System, watch).map_err(interrupted)
}

fn through(remote: &Remote, site: &Site, place: &Place, to: &str) -> anyhow::Result<Made> {
    // Relative paths refer to the folder of this command, not of the server.
    let to = match place.path() {
        Some(path) => {
            let path = std::path::absolute(path).context("the folder of this command is gone")?;
            path.to_str()
                .map(str::to_owned)
                .context("the path is not UTF-8")?
        }
        None => to.to_owned(),
    };
    let stop = interrupt::flag()?;
    let meter = Meter::new(site, stop.clone());
    let path = "/v1/backups";
    let document = json!({"to": to});
    let product = remote.job(path, Some(&document), &stop, &mut |share| {
        meter.report(share)
    });
    match product? {
        Product::Backup(made) => Ok(made),
        _ => bail!(not_understood(path)),
    }
}

fn interrupted(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Stopped => ExitError {
            message: "interrupted; no archive was made".into(),
            exit: Exit::Interrupted,
        }
        .into(),
        error => error.into(),
    }
}

/// Restores an archive into an empty state, or a copy of the event store alone into a state without events.
pub fn restore(site: &Site, from: &str, force: bool) -> anyhow::Result<Exit> {
    let place = Place::parse(from)?;
    if let Some(path) = place.path().filter(|path| backup::is_store_alone(path)) {
        return store_alone(site, path, force);
    }
    if force {
        bail!(
            "--force is for a copy of the event store alone, which {from} is not; an archive is restored into an empty folder: name one with --state"
        );
    }
    let restored = whole(site, &place)?;
    if site.json {
        print_json(&serde_json::to_value(&restored)?)?;
    } else {
        outln!("{}", said(&restored));
    }
    Ok(Exit::Done)
}

/// Restores an archive, and warns about newer ones that could not be.
pub fn whole(site: &Site, from: &Place) -> anyhow::Result<Restored> {
    let state = &site.settings.state;
    if let Some(path) = from.path().filter(|path| backup::is_store_alone(path)) {
        bail!(
            "{} is a copy of the event store alone, and no archive; `store restore` takes it",
            path.display()
        );
    }
    let restored = backup::restore(state, from, Limits::default(), Watch::nobody());
    let restored = restored.map_err(|error| match error {
        BackupError::Open(OpenError::Held { file, holder, .. }) => held(&file, &holder),
        error => interrupted(error),
    })?;
    for fault in &restored.passed_over {
        site.warn(fault);
    }
    Ok(restored)
}

/// One line about what was restored.
pub fn said(restored: &Restored) -> String {
    let contents = &restored.contents;
    format!(
        "restored {} of {}: {} events, {} models, {} tables, champion {}",
        restored.file,
        restored.created,
        contents.total(),
        contents.models,
        contents.tables,
        contents.champion.as_deref().unwrap_or("none")
    )
}

fn held(file: &str, holder: &str) -> anyhow::Error {
    ExitError {
        message: format!("the store {file} is held by {holder}; stop it first"),
        exit: Exit::Held,
    }
    .into()
}

fn store_alone(site: &Site, from: &Path, force: bool) -> anyhow::Result<Exit> {
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
        Err(OpenError::Held { file, holder, .. }) => return Err(held(&file, &holder)),
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
