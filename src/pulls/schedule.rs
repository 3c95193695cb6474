//! Settings of the scheduled sources of a server.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::ingest::source::{Next, Options};
use crate::ingest::{Dialect, ReadError, Source};
use crate::units::Span;

/// The section `sources`, by user-chosen names.
pub type Sources = BTreeMap<String, Scheduled>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// A file, a folder, or the address of a web API or database. It may contain a password; [`Source::name`]
    /// is safe to display.
    pub from: String,
    /// Interval between the end of one pull and the start of the next.
    pub every: Span,
    /// JSON: name of the field that holds the list of rows.
    #[serde(default)]
    pub items: Option<String>,
    /// Web API: how to find the next page.
    #[serde(default)]
    pub next: Option<Next>,
    /// Format of text files.
    #[serde(default)]
    pub format: Dialect,
    #[serde(default)]
    pub query: Option<String>,
    #[serde(default)]
    pub table: Option<String>,
    /// Database: the column that gives the read position.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Maximum time without data from a server or database.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// Maximum number of retries of a request.
    #[serde(default = "retries")]
    pub retries: u32,
}

fn timeout() -> Span {
    Span(Options::default().timeout)
}

fn retries() -> u32 {
    Options::default().retries
}

impl Scheduled {
    /// The source with its options, ready to be pulled.
    ///
    /// # Errors
    /// If nothing of this kind can be read, or an option does not apply to it.
    pub fn source(&self) -> Result<Source, ReadError> {
        let options = Options {
            items: self.items.clone(),
            format: self.format.clone(),
            next: self.next.clone(),
            query: self.query.clone(),
            table: self.table.clone(),
            cursor: self.cursor.clone(),
            timeout: self.timeout.0,
            retries: self.retries,
        };
        Source::open(&self.from, &options)
    }

    fn fault(&self) -> Option<(&'static str, String)> {
        let short = |span: Span| span.0 < Duration::from_secs(1);
        if short(self.every) {
            let problem = format!("{} is not allowed; write 1s or longer", self.every);
            return Some((".every", problem));
        }
        if self.timeout.0.is_zero() {
            return Some((
                ".timeout",
                "0s is not allowed: nothing answers at once".into(),
            ));
        }
        if self.from == "-" {
            let problem =
                "standard input can be read but once; name a file, a folder or an address";
            return Some((".from", problem.into()));
        }
        self.source().err().map(|fault| ("", fault.to_string()))
    }
}

/// Checks that the types cannot express. Returns the key below `sources` and the problem of each invalid setting.
pub fn faults(sources: &Sources) -> Vec<(String, String)> {
    let plain = |c: char| c.is_alphanumeric() || c == '-' || c == '_';
    let each = sources.iter().filter_map(|(name, source)| {
        if name.is_empty() || !name.chars().all(plain) {
            let problem = "a name has letters, digits, - and _; choose another";
            return Some((name.clone(), problem.to_owned()));
        }
        let (key, problem) = source.fault()?;
        Some((format!("{name}{key}"), problem))
    });
    each.collect()
}
