//! Conversion of domain errors into problems.

use actix_web::http::header;

use super::entry::{Cell, Entry};
use super::{Faults, Problem, kind};
use crate::alert::AskError;
use crate::control::jobs::{BusyError, CancelError, QueueError};
use crate::registry::RegistryError;
use crate::schema::csv::{BrokenLineError, CsvError};
use crate::schema::json::JsonError;
use crate::schema::text::HeaderError;
use crate::store::StoreError;
use crate::store::feed::SinceError;

/// Remedy for text that is not UTF-8.
const ENCODED: &str =
    "send UTF-8, or name the encoding: Content-Type: text/csv; charset=windows-1252";

impl From<JsonError> for Problem {
    fn from(fault: JsonError) -> Problem {
        let kind = match fault {
            JsonError::Syntax(_)
            | JsonError::NotFinite { .. }
            | JsonError::TooLarge { .. }
            | JsonError::NotRows(_) => &kind::UNREADABLE,
            JsonError::TooMany(_) => &kind::TOO_LARGE,
        };
        Problem::new(kind, fault.to_string())
    }
}

impl From<CsvError> for Problem {
    fn from(fault: CsvError) -> Problem {
        let at = |line: u64, column: Option<String>, problem: &str, remedy: &str| Entry {
            cell: Some(Cell { line, column }),
            ..Entry::new("", problem, serde_json::Value::Null, "", remedy)
        };
        let unreadable = |entry: Option<Entry>| {
            Problem::new(&kind::UNREADABLE, fault.to_string()).with(entry.into_iter().collect())
        };
        match &fault {
            CsvError::Header(HeaderError::Columns(faults)) => {
                let mut all = Faults::default();
                all.row(faults, "", Some(1));
                Problem::new(&kind::INVALID, "the header does not fit the table")
                    .with(all.into_listed())
            }
            CsvError::Header(HeaderError::Twice(name)) => unreadable(Some(at(
                1,
                Some(name.clone()),
                "column_twice",
                "keep one of them",
            ))),
            CsvError::Header(HeaderError::Nameless(_)) => {
                unreadable(Some(at(1, None, "no_name", "name the column")))
            }
            CsvError::OpenQuote(line) => {
                unreadable(Some(at(*line, None, "open_quote", "close the quote")))
            }
            CsvError::HeaderNotUtf8 => unreadable(Some(at(1, None, "not_utf8", ENCODED))),
            CsvError::NoMark(_) => unreadable(Some(at(1, None, "not_utf8", ENCODED))),
            CsvError::Above(_) => unreadable(Some(at(
                1,
                None,
                "no_header",
                "send the header as the first line",
            ))),
            CsvError::Empty | CsvError::TooManyColumns(_) | CsvError::Io(_) => unreadable(None),
        }
    }
}

impl Problem {
    /// The problem of a line of a text table that cannot be read as a row.
    pub fn broken_line(line: u64, broken: BrokenLineError) -> Problem {
        let (problem, got, remedy) = match broken {
            BrokenLineError::Ragged { cells, .. } => (
                "ragged",
                cells.into(),
                "give every line as many cells as the header has",
            ),
            BrokenLineError::NotUtf8 => ("not_utf8", serde_json::Value::Null, ENCODED),
        };
        let cell = Some(Cell { line, column: None });
        let entry = Entry {
            cell,
            ..Entry::new("", problem, got, "", remedy)
        };
        Problem::new(&kind::UNREADABLE, format!("line {line}: {broken}")).with(vec![entry])
    }
}

impl From<RegistryError> for Problem {
    fn from(error: RegistryError) -> Problem {
        let kind = match error {
            RegistryError::NotFound { .. } | RegistryError::Removed { .. } => &kind::NOT_FOUND,
            RegistryError::Version(_) => &kind::BAD_REQUEST,
            RegistryError::Damaged { .. }
            | RegistryError::Unrecorded { .. }
            | RegistryError::Evidence { .. }
            | RegistryError::NoChampion
            | RegistryError::NothingToGoBackTo { .. } => &kind::CONFLICT,
            RegistryError::Pointer { .. }
            | RegistryError::NothingIntact { .. }
            | RegistryError::Table { .. }
            | RegistryError::Io { .. } => return Problem::internal(error),
        };
        Problem::new(kind, over_http(&error))
    }
}

/// The message of a registry error for an HTTP client: CLI commands in remedies are replaced by routes, or by instructions for
/// an operator.
fn over_http(error: &RegistryError) -> String {
    const OTHER: &str = "choose another with GET /v1/models";
    const NAME: &str = "name one with POST /v1/models/{version}/promote";
    match error {
        RegistryError::Removed { version } => {
            format!("{version} was removed to make room; train again, or {OTHER}")
        }
        RegistryError::Damaged {
            version,
            path,
            fault,
        } => {
            let path = path.display();
            format!(
                "{version} is damaged: {path}: {fault}; restore the file from a copy, or {OTHER}"
            )
        }
        RegistryError::Evidence {
            version,
            path,
            line,
            fault,
        } => format!(
            "{}{line}: {fault}. This line says which labelled rows {version} has learnt; without it they could be learnt and \
             weighed twice. An operator restores the ledger of the server's state from a copy",
            path.display()
        ),
        RegistryError::NoChampion => {
            format!("there is no champion yet; {NAME}, or train with POST /v1/train")
        }
        RegistryError::NothingToGoBackTo { champion } => {
            format!("there is nothing to go back to: no champion before {champion} is left; {NAME}")
        }
        other => other.to_string(),
    }
}

impl From<StoreError> for Problem {
    fn from(error: StoreError) -> Problem {
        let detail = match &error {
            StoreError::Damaged(why) => format!(
                "the store is damaged: {why}; an operator of the server puts a backup in its place"
            ),
            other => other.to_string(),
        };
        Problem::new(&kind::NOT_STORED, detail).header(header::RETRY_AFTER, "1")
    }
}

impl From<QueueError> for Problem {
    fn from(full: QueueError) -> Problem {
        Problem::overloaded(full.to_string())
    }
}

impl From<BusyError> for Problem {
    fn from(busy: BusyError) -> Problem {
        Problem::overloaded(busy.to_string())
    }
}

impl From<CancelError> for Problem {
    fn from(fault: CancelError) -> Problem {
        let kind = match fault {
            CancelError::Unknown(_) => &kind::NOT_FOUND,
            CancelError::Over { .. } | CancelError::Whole { .. } => &kind::CONFLICT,
        };
        Problem::new(kind, fault.to_string())
    }
}

impl From<AskError> for Problem {
    fn from(fault: AskError) -> Problem {
        match fault {
            AskError::NoAlert(_) | AskError::NoLetter(_) => {
                Problem::new(&kind::NOT_FOUND, fault.to_string())
            }
            AskError::NotSilenced(_) | AskError::NoChannel(_) => {
                Problem::new(&kind::CONFLICT, fault.to_string())
            }
            AskError::Closed | AskError::NotKept => Problem::overloaded(fault.to_string()),
        }
    }
}

impl From<SinceError> for Problem {
    fn from(fault: SinceError) -> Problem {
        let kind = match fault {
            SinceError::TooOld { .. } | SinceError::Epoch { .. } => &kind::GONE,
            SinceError::Future { .. } => &kind::INVALID,
        };
        Problem::new(kind, fault.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remedies_over_http_name_routes_and_no_commands() {
        let version: crate::registry::Version = "titanic@7".parse().unwrap();
        for (error, route) in [
            (
                RegistryError::NoChampion,
                "POST /v1/models/{version}/promote",
            ),
            (
                RegistryError::Removed {
                    version: version.clone(),
                },
                "GET /v1/models",
            ),
            (
                RegistryError::Damaged {
                    version: version.clone(),
                    path: "titanic@7.model".into(),
                    fault: "is gone".into(),
                },
                "GET /v1/models",
            ),
            (
                RegistryError::NothingToGoBackTo { champion: version },
                "POST /v1/models/{version}/promote",
            ),
        ] {
            let text = Problem::from(error).to_json();
            assert!(text.contains(route) && !text.contains('`'), "{text}");
        }
    }
}
