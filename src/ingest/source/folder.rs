//! The files of a folder, in the order of their names.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::File;
use super::{Kind, Options, Pull, Rows};
use crate::ingest::ReadFault;

/// A folder.
#[derive(Debug)]
struct Folder {
    path: PathBuf,
    name: String,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadFault>> {
    let path = Path::new(text);
    if !path.is_dir() {
        return None;
    }
    let folder = Folder {
        path: path.to_owned(),
        name: path.display().to_string(),
    };
    Some(
        options
            .only("a folder", &[])
            .map(|()| Arc::new(folder) as _),
    )
}

impl Folder {
    fn entries(&self) -> Result<Vec<PathBuf>, ReadFault> {
        let failed = |source| ReadFault::Open {
            path: self.path.clone(),
            source,
        };
        let entries = fs::read_dir(&self.path).map_err(failed)?;
        let paths: Result<Vec<PathBuf>, _> = entries.map(|e| e.map(|e| e.path())).collect();
        let mut paths = paths.map_err(failed)?;
        paths.sort();
        Ok(paths)
    }
}

impl Kind for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    /// The cursor holds the stamp of every file read so far, so that only new and changed ones are read.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadFault> {
        let seen = pull.cursor.and_then(|c| serde_json::from_str(c).ok());
        let seen: BTreeMap<String, String> = seen.unwrap_or_default();
        let mut now = BTreeMap::new();
        for path in self.entries()? {
            if path.is_dir() {
                to.skipped(&path.display().to_string(), "it is a folder");
                continue;
            }
            let file = match File::new(&path) {
                Ok(file) => file,
                Err(_) => {
                    to.skipped(&path.display().to_string(), "its ending is not known");
                    continue;
                }
            };
            let stamp = file.stamp()?;
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            if seen.get(&*name) != Some(&stamp) && file.rows(pull, to)?.is_break() {
                return Ok(());
            }
            now.insert(name.into_owned(), stamp);
            to.reached(serde_json::to_string(&now).expect("names and stamps are text"));
        }
        Ok(())
    }
}
