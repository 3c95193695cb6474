//! Domain errors as problems.

use actix_web::http::header;

use super::entry::{Cell, Entry};
use super::{Faults, Problem, kind};
use crate::alert::AskFault;
use crate::control::jobs::{CancelFault, QueueFull, TooBusy};
use crate::registry::RegistryError;
use crate::schema::csv::{Broken, CsvFault};
use crate::schema::json::JsonFault;
use crate::schema::text::HeaderFault;
use crate::store::StoreError;
use crate::store::feed::SinceFault;

/// What to do about text that is not UTF-8.
const ENCODED: &str =
    "send UTF-8, or name the encoding: Content-Type: text/csv; charset=windows-1252";

impl From<JsonFault> for Problem {
    fn from(fault: JsonFault) -> Problem {
        let kind = match fault {
            JsonFault::Syntax(_)
            | JsonFault::NotFinite { .. }
            | JsonFault::TooLarge { .. }
            | JsonFault::NotRows(_) => &kind::UNREADABLE,
            JsonFault::TooMany(_) => &kind::TOO_LARGE,
        };
        Problem::new(kind, fault.to_string())
    }
}

impl From<CsvFault> for Problem {
    fn from(fault: CsvFault) -> Problem {
        let at = |line: u64, column: Option<String>, problem: &str, remedy: &str| Entry {
            cell: Some(Cell { line, column }),
            ..Entry::new("", problem, serde_json::Value::Null, "", remedy)
        };
        let unreadable = |entry: Option<Entry>| {
            Problem::new(&kind::UNREADABLE, fault.to_string()).with(entry.into_iter().collect())
        };
        match &fault {
            CsvFault::Header(HeaderFault::Columns(faults)) => {
                let mut all = Faults::default();
                all.row(faults, "", Some(1));
                Problem::new(&kind::INVALID, "the header does not fit the table")
                    .with(all.into_listed())
            }
            CsvFault::Header(HeaderFault::Twice(name)) => unreadable(Some(at(
                1,
                Some(name.clone()),
                "column_twice",
                "keep one of them",
            ))),
            CsvFault::Header(HeaderFault::Nameless(_)) => {
                unreadable(Some(at(1, None, "no_name", "name the column")))
            }
            CsvFault::OpenQuote(line) => {
                unreadable(Some(at(*line, None, "open_quote", "close the quote")))
            }
            CsvFault::HeaderNotUtf8 => unreadable(Some(at(1, None, "not_utf8", ENCODED))),
            CsvFault::NoMark(_) => unreadable(Some(at(1, None, "not_utf8", ENCODED))),
            CsvFault::Above(_) => unreadable(Some(at(
                1,
                None,
                "no_header",
                "send the header as the first line",
            ))),
            CsvFault::Empty | CsvFault::TooManyColumns(_) | CsvFault::Io(_) => unreadable(None),
        }
    }
}

impl Problem {
    /// A line of a table of text that is no row.
    pub fn broken_line(line: u64, broken: Broken) -> Problem {
        let (problem, got, remedy) = match broken {
            Broken::Ragged { cells, .. } => (
                "ragged",
                cells.into(),
                "give every line as many cells as the header has",
            ),
            Broken::NotUtf8 => ("not_utf8", serde_json::Value::Null, ENCODED),
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

/// The message for somebody who has only HTTP: remedies that are commands become routes, or work for an operator.
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

impl From<QueueFull> for Problem {
    fn from(full: QueueFull) -> Problem {
        Problem::overloaded(full.to_string())
    }
}

impl From<TooBusy> for Problem {
    fn from(busy: TooBusy) -> Problem {
        Problem::overloaded(busy.to_string())
    }
}

impl From<CancelFault> for Problem {
    fn from(fault: CancelFault) -> Problem {
        let kind = match fault {
            CancelFault::Unknown(_) => &kind::NOT_FOUND,
            CancelFault::Over { .. } | CancelFault::Whole { .. } => &kind::CONFLICT,
        };
        Problem::new(kind, fault.to_string())
    }
}

impl From<AskFault> for Problem {
    fn from(fault: AskFault) -> Problem {
        match fault {
            AskFault::NoAlert(_) | AskFault::NoLetter(_) => {
                Problem::new(&kind::NOT_FOUND, fault.to_string())
            }
            AskFault::NotSilenced(_) | AskFault::NoChannel(_) => {
                Problem::new(&kind::CONFLICT, fault.to_string())
            }
            AskFault::Closed | AskFault::NotKept => Problem::overloaded(fault.to_string()),
        }
    }
}

impl From<SinceFault> for Problem {
    fn from(fault: SinceFault) -> Problem {
        let kind = match fault {
            SinceFault::TooOld { .. } | SinceFault::Epoch { .. } => &kind::GONE,
            SinceFault::Future { .. } => &kind::INVALID,
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
