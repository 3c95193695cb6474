//! Makes one backup: copies the state, packs it, verifies the archive by restoring it, and removes older ones.

use std::fs;
use std::num::NonZeroUsize;
use std::path::Path;

use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::contents::Contents;
use super::error::BackupError;
use super::manifest;
use super::pack::pack;
use super::place::{Place, is_named_by_time, name_at};
use super::scratch::Scratch;
use super::storage::{Storage, Upload};
use super::unpack::unpack;
use super::watch::{Stage, Watch};
use crate::bucket::Limits;
use crate::clock::Clock;
use crate::priority;
use crate::registry::Registry;
use crate::store::{self, File};

/// The state that is backed up.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The state folder; temporary files of an upload to a bucket go there.
    pub state: &'a Path,
    pub file: &'a File,
    pub registry: &'a Registry,
    /// The effective settings without secrets, as JSON.
    pub settings: &'a str,
}

/// How a backup is made.
#[derive(Clone, Debug)]
pub struct Order {
    pub to: Place,
    /// Whether the archive is restored into a temporary folder before it counts as done.
    pub verify: bool,
    /// How many archives the place keeps. `None`: nothing is removed. Otherwise the place is a folder.
    pub keep: Option<NonZeroUsize>,
    /// Whether the thread's priority is lowered, because the process does more important things.
    pub background: bool,
    pub limits: Limits,
}

/// The result of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "BackedUp")]
pub struct Made {
    /// Path or address of the archive.
    pub file: String,
    /// Size of the archive in bytes.
    pub bytes: u64,
    /// Whether the archive was restored into a temporary folder and compared.
    pub verified: bool,
    /// What the archive holds.
    pub contents: Contents,
    /// Older archives that were removed.
    pub removed: Vec<String>,
}

/// Makes a backup. On an error no archive appears, and an earlier one of the same name is unchanged.
pub fn make(
    source: Source<'_>,
    order: &Order,
    clock: &dyn Clock,
    watch: Watch<'_>,
) -> Result<Made, BackupError> {
    let created = clock.now();
    let (storage, name) = match order.keep {
        Some(_) => (order.to.as_folder(order.limits)?, name_at(created)),
        None => order.to.for_writing(created, order.limits)?,
    };
    if order.background {
        priority::lower(priority::APART);
    }
    let disk = storage.disk().unwrap_or(source.state);
    let scratch = Scratch::new(disk, clock.id())?;
    // The store is locked while it is copied: onto its own disk, because the archive's may be far and slow.
    let beside = Scratch::new(source.state, clock.id())?;
    // First of all, so that a place that cannot be written costs nothing.
    let mut upload = storage.write(&name, scratch.path())?;
    let work = Work {
        source,
        order,
        created,
        shown: storage.shown(&name),
        scratch: &scratch,
        beside: &beside,
        watch,
    };
    let (bytes, contents) = match work.fill(&mut *upload) {
        Ok(done) => done,
        Err(error) => {
            upload.discard();
            return Err(error);
        }
    };
    upload.publish()?;
    (watch.report)(1.0);
    let removed = match order.keep {
        Some(keep) => prune(&*storage, keep, &name),
        None => Vec::new(),
    };
    Ok(Made {
        file: work.shown,
        bytes,
        verified: order.verify,
        contents,
        removed,
    })
}

struct Work<'a> {
    source: Source<'a>,
    order: &'a Order,
    created: Timestamp,
    /// The archive, for people.
    shown: String,
    scratch: &'a Scratch,
    /// Temporary folder on the disk of the state.
    beside: &'a Scratch,
    watch: Watch<'a>,
}

impl Work<'_> {
    /// Writes the archive and verifies it; returns its size and what it holds.
    fn fill(&self, upload: &mut dyn Upload) -> Result<(u64, Contents), BackupError> {
        let copy = self.beside.folder("state")?;
        let contents = self.copy(&copy)?;
        let verify = self.order.verify;
        let share = if verify { [0.2, 0.6] } else { [0.2, 1.0] };
        let packed = pack(
            &copy,
            contents.clone(),
            self.created,
            (upload, &self.shown),
            (self.watch, share),
        );
        let bytes = packed?;
        upload.complete()?;
        let _ = fs::remove_dir_all(&copy); // makes room; what is left goes with the scratch
        if verify {
            let back = self.scratch.folder("restored")?;
            let stage = Stage::new(self.watch, [0.6, 1.0], bytes);
            let manifest = unpack(&mut *upload.reread()?, &self.shown, &back, &stage)?;
            if let Some(what) = contents.difference(&manifest.contents) {
                let archive = self.shown.clone();
                return Err(BackupError::Unlike { archive, what });
            }
        }
        Ok((bytes, contents))
    }

    /// Copies the state as it is at one moment. Events first: they then name no version that the copied registry lacks.
    fn copy(&self, to: &Path) -> Result<Contents, BackupError> {
        let Source {
            file,
            registry,
            settings,
            ..
        } = self.source;
        file.backup(&to.join(store::NAME))?;
        self.watch.check()?;
        registry.copy_to(to)?;
        let path = to.join(manifest::SETTINGS);
        fs::write(&path, settings).map_err(BackupError::io("write", &path))?;
        if self.order.background {
            // Nothing waits for the rest.
            priority::lower(priority::TRAINING);
        }
        (self.watch.report)(0.1);
        let copied = File::open(to)?;
        let contents = Contents::of(to, &copied, self.watch);
        copied.shut();
        (self.watch.report)(0.2);
        contents
    }
}

/// Removes the oldest archives beyond `keep`, but not `newest`, which may look older than those of a clock that was ahead;
/// returns those that were removed.
fn prune(storage: &dyn Storage, keep: NonZeroUsize, newest: &str) -> Vec<String> {
    let mut removed = Vec::new();
    let result = storage.list().and_then(|mut names| {
        names.retain(|name| is_named_by_time(name) && name != newest);
        names.sort();
        let surplus = (names.len() + 1).saturating_sub(keep.get());
        for name in &names[..surplus] {
            storage.remove(name)?;
            removed.push(storage.shown(name));
        }
        Ok(())
    });
    if let Err(error) = result {
        tracing::warn!(%error, "backup: cannot remove older archives; the next backup tries again");
    }
    removed
}
