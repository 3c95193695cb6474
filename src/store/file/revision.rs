//! The revision of a store's file: a later one is refused, an earlier one is upgraded after a copy of it was made.

use std::path::Path;
use std::{fs, io};

use redb::Database;

use super::verified::{part, revision};
use crate::store::error::{OpenError, StoreError};
use crate::store::layout::{self, META};

/// Brings an opened file to the revision of this program. `path` is that of a file on a disk.
pub(super) fn settle(
    database: &Database,
    name: &str,
    path: Option<&Path>,
) -> Result<(), OpenError> {
    let failed = |error| match error {
        StoreError::Damaged(why) => OpenError::Damaged {
            file: name.into(),
            why,
        },
        other => OpenError::broken(name, other),
    };
    let found = revision(database).map_err(failed)?;
    match found {
        Some(layout::REVISION) => return Ok(()),
        Some(found) if found > layout::REVISION => {
            return Err(OpenError::Later {
                file: name.into(),
                found,
                known: layout::REVISION,
            });
        }
        Some(found) => {
            if let Some(path) = path {
                keep(path, found)?;
            }
        }
        None => {}
    }
    raise(database, found).map_err(failed)
}

/// Copies a file before its upgrade, so that the release that wrote it can go on with the copy.
fn keep(path: &Path, found: u64) -> Result<(), OpenError> {
    let kept = path.with_extension(format!("redb.revision-{found}"));
    tracing::info!(
        from = found,
        to = layout::REVISION,
        copy = %kept.display(),
        "store: the file is of an earlier release; it is copied, then upgraded"
    );
    copied(path, &kept).map_err(|error| {
        let (kept, name) = (kept.display(), path.display().to_string());
        OpenError::broken(
            &name,
            format!(
                "it is of an earlier release (revision {found}), and the copy {kept} that comes before its upgrade cannot be made: {error}"
            ),
        )
    })
}

/// Copies the bytes as they are: also those of a damaged file, of which more may be readable now than later.
fn copied(path: &Path, kept: &Path) -> io::Result<()> {
    let part = part(kept);
    let done = fs::copy(path, &part)
        .and_then(|_| fs::File::options().write(true).open(&part)?.sync_all())
        .and_then(|()| fs::rename(&part, kept));
    if done.is_err() {
        let _ = fs::remove_file(&part); // the first error is the one to report
    }
    done
}

/// Creates missing tables and writes the revision, in one commit.
fn raise(database: &Database, found: Option<u64>) -> Result<(), StoreError> {
    let transaction = database.begin_write()?;
    layout::create(&transaction)?;
    let mut meta = transaction.open_table(META)?;
    meta.insert("revision", layout::REVISION)?;
    if found.is_none() {
        meta.insert(layout::ORDERED, 1)?;
    }
    drop(meta);
    Ok(transaction.commit()?)
}
