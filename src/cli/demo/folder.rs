//! Temporary state folder of the demo.

use std::path::{Path, PathBuf};

use anyhow::Context;

use crate::clock::{Clock, System};

/// A folder that is removed when this value is dropped, unless `keep` is set.
pub struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    pub fn new(keep: bool) -> anyhow::Result<Folder> {
        let path = std::env::temp_dir().join(format!("titanic-demo-{}", System.id()));
        std::fs::create_dir(&path).with_context(|| {
            let path = path.display();
            format!("{path} cannot be made; name another place in TMPDIR")
        })?;
        Ok(Folder { path, keep })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.keep {
            return;
        }
        if let Err(error) = std::fs::remove_dir_all(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "demo: its state folder could not be removed");
        }
    }
}
