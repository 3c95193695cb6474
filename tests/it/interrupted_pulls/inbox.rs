//! A folder of several files.

use std::fmt::Write;
use std::ops::RangeInclusive;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::{Feed, ROWS, numbering};
use crate::case::Case;

/// Rows per file: more than one batch, so that a kill may happen within a file.
const FILE: u64 = 6000;

pub struct Inbox {
    folder: TempDir,
    case: &'static Case,
}

impl Inbox {
    /// Files are written under another name and then renamed, as producers should do.
    fn put(&self, name: &str, rows: RangeInclusive<u64>) {
        let line = |row: &Value, text: fn((&String, &Value)) -> String| {
            let cells: Vec<String> = row.as_object().unwrap().iter().map(text).collect();
            cells.join(",")
        };
        let numbered = numbering(self.case);
        let mut text = line(&numbered(0), |(name, _)| name.clone());
        for n in rows {
            let row = numbered(n);
            write!(text, "\n{}", line(&row, |(_, value)| value.to_string())).unwrap();
        }
        let path = self.folder.path().join(name);
        std::fs::write(path.with_extension("part"), text).unwrap();
        std::fs::rename(path.with_extension("part"), path).unwrap();
    }
}

impl Feed for Inbox {
    async fn new(case: &'static Case) -> Inbox {
        let folder = tempfile::tempdir().unwrap();
        let inbox = Inbox { folder, case };
        for file in 0..ROWS / FILE {
            inbox.put(&format!("{file}.csv"), file * FILE + 1..=(file + 1) * FILE);
        }
        inbox
    }

    fn settings(&self) -> Value {
        json!({"from": self.folder.path()})
    }

    async fn one_more(&self) {
        self.put("more.csv", ROWS + 1..=ROWS + 1);
    }
}
