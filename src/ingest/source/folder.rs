//! The source kind for the files of a folder, read in name order.

use std::collections::BTreeMap;
use std::fs;
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file::File;
use super::kind::{Kind, Pull};
use super::options::Options;
use crate::ingest::error::ReadError;
use crate::ingest::rows::Rows;

#[derive(Debug)]
struct Folder {
    path: PathBuf,
    name: String,
    options: Options,
}

pub(super) fn open(text: &str, options: &Options) -> Option<Result<Arc<dyn Kind>, ReadError>> {
    let path = Path::new(text);
    if !path.is_dir() {
        return None;
    }
    let folder = Folder {
        path: path.to_owned(),
        name: path.display().to_string(),
        options: options.clone(),
    };
    Some(
        options
            .only("a folder", &["items"])
            .map(|()| Arc::new(folder) as _),
    )
}

impl Folder {
    fn entries(&self) -> Result<Vec<PathBuf>, ReadError> {
        let failed = |source| ReadError::Open {
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

    fn has_parts(&self) -> bool {
        true
    }

    /// The cursor holds the stamp of every processed file, so that only new and changed files are read. A file that is
    /// not a table counts as processed until it changes; a file that cannot be opened does not, because it may become
    /// readable without a change.
    fn pull(&self, pull: &Pull<'_>, to: &mut dyn Rows) -> Result<(), ReadError> {
        let seen = pull.cursor.and_then(|c| serde_json::from_str(c).ok());
        let seen: BTreeMap<String, String> = seen.unwrap_or_default();
        let mut now = BTreeMap::new();
        let (mut readable, mut first) = (false, None);
        for path in self.entries()? {
            let shown = path.display().to_string();
            if path.is_dir() {
                to.skipped(&shown, "it is a folder");
                continue;
            }
            let file = match File::new(&path, &self.options) {
                Ok(file) => file,
                Err(ReadError::Usage(why)) => return Err(ReadError::Usage(why)),
                Err(_) => {
                    to.skipped(&shown, "its ending is not known");
                    continue;
                }
            };
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // The stamp is taken before the file is read, so that a write during the read counts as a change.
            let (stamp, rows) = match file.stamp() {
                Ok(stamp) if seen.get(&*name) == Some(&stamp) => {
                    (stamp, Ok(ControlFlow::Continue(())))
                }
                Ok(stamp) => (stamp, file.rows(pull, to)),
                Err(fault) => (String::new(), Err(fault)),
            };
            match rows {
                Ok(ControlFlow::Continue(())) => readable = true,
                Ok(ControlFlow::Break(())) => return Ok(()),
                Err(fault) => {
                    if to.unreadable(&shown, &fault).is_break() {
                        return Err(fault);
                    }
                    let closed = matches!(fault, ReadError::Open { .. });
                    first.get_or_insert(fault);
                    if closed {
                        continue;
                    }
                }
            }
            now.insert(name.into_owned(), stamp);
            to.reached(serde_json::to_string(&now).expect("names and stamps are text"));
        }
        match first {
            Some(fault) if !readable => Err(fault),
            _ => Ok(()),
        }
    }
}
