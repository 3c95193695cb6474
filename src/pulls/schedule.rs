//! Settings of the sources that a server pulls by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::Deserialize;

use crate::ingest::source::{Next, Options};
use crate::ingest::{Dialect, ReadFault, Source};
use crate::units::Span;

/// `sources`: by names that the user chooses.
pub type Sources = BTreeMap<String, Scheduled>;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scheduled {
    /// A file, a folder, or the address of a web API or database. It may hold a password: [`Source::name`] is to be shown.
    pub from: String,
    /// Between the end of one pull and the next.
    pub every: Span,
    /// JSON: the field that holds the list of rows.
    #[serde(default)]
    pub items: Option<String>,
    /// Web API: how the next page is found.
    #[serde(default)]
    pub next: Option<Next>,
    /// How text is written.
    #[serde(default)]
    pub format: Dialect,
    #[serde(default)]
    pub query: Option<String>,
    #[serde(default)]
    pub table: Option<String>,
    /// Database: the column that says how far a pull came.
    #[serde(default)]
    pub cursor: Option<String>,
    /// Longest silence of a server or database.
    #[serde(default = "timeout")]
    pub timeout: Span,
    /// How often a request is tried again.
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
    /// The source, ready to be pulled.
    ///
    /// # Errors
    /// When nothing like it can be read, or an option is wrong for it.
    pub fn source(&self) -> Result<Source, ReadFault> {
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

/// What types cannot say: (key below `sources`, problem).
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
