//! Shared by commands that read a table: how many bad rows are tolerated, and the report at the end.

use clap::Args;

use super::site::Site;
use super::text;
use crate::ingest::{Loaded, MAX_BAD};
use crate::schema::{ColumnWarning, Problem};

/// How much of a table may be bad.
#[derive(Clone, Copy, Debug, Args)]
pub struct Tolerance {
    /// Largest share of bad rows, from 0 to 1: above it the command fails
    #[arg(long, value_name = "SHARE", default_value_t = MAX_BAD, value_parser = share)]
    pub max_bad: f64,
    /// End at the first bad row
    #[arg(long)]
    pub strict: bool,
}

fn share(text: &str) -> Result<f64, String> {
    let share = text.parse::<f64>().ok();
    share
        .filter(|share| (0.0..=1.0).contains(share))
        .ok_or_else(|| "write a number from 0 to 1, such as 0.05".into())
}

/// Reports how a table was read, lists the first bad rows and counts all of them.
pub fn report_bad(site: &Site, name: &str, loaded: &Loaded) {
    const SHOWN: usize = 10;
    text::report_notices(site, name, &loaded.notices);
    for (line, fault) in loaded.bad.iter().take(SHOWN) {
        site.warn(format!("left out: line {line}: {fault}"));
    }
    if loaded.left_out > 0 {
        site.warn(format!(
            "{} of {} rows were left out",
            loaded.left_out, loaded.read
        ));
    }
    if loaded.unlabelled > 0 {
        let target = &loaded.table.schema().target().column;
        site.warn(format!(
            "{} of {} rows have no value of the target {target:?} and were not used",
            loaded.unlabelled, loaded.read
        ));
    }
}

/// Prints warnings, one line per column and problem.
pub fn report_warnings<'a>(site: &Site, warnings: impl IntoIterator<Item = &'a ColumnWarning>) {
    for warning in warnings {
        match warning.problem {
            // An unused column is information, not an issue.
            Problem::UnusedColumn => site.say(warning.to_string()),
            _ => site.warn(warning.to_string()),
        }
    }
}
