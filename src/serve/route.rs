//! What is said of a route: to the router, the guard, the metrics, the OpenAPI document.

use super::body::{self, Format};
use super::guard::Access;
use super::labels;
use super::problem::kind::Kind;

/// A method of a path.
pub struct Route {
    /// The method.
    pub method: &'static str,
    /// The path, with parameters in braces.
    pub pattern: &'static str,
    /// What it asks for.
    pub access: Access,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// What it takes beside the path.
    pub takes: Takes,
    /// Status, what it means, and the schema of what is answered.
    pub answers: &'static [Answer],
    /// What it may answer instead, beside what every route may.
    pub problems: &'static [&'static Kind],
    /// The handler.
    pub handler: fn() -> actix_web::Route,
}

/// What a route takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Takes {
    /// Nothing.
    Nothing,
    /// Rows.
    Rows,
    /// Rows that are kept, not answered.
    RowsToKeep,
    /// Truths.
    Labels,
    /// From where on, and how many.
    Page,
    /// How to train.
    Training,
    /// How long to be silent, and why.
    Silence,
    /// The same, and of which alerts.
    LabelSilence,
    /// From where on in a list with ids, and how many.
    After,
    /// Which events, and in which form.
    Export,
    /// Where a backup goes.
    Backup,
}

impl Takes {
    /// The formats of the body; none where there is none.
    pub fn formats(self) -> Option<&'static [Format]> {
        match self {
            Takes::Nothing | Takes::Page | Takes::After | Takes::Export => None,
            Takes::Rows => Some(body::ROWS),
            Takes::RowsToKeep => Some(body::KEPT_ROWS),
            Takes::Labels => Some(labels::FORMATS),
            Takes::Training | Takes::Silence | Takes::LabelSilence | Takes::Backup => {
                Some(body::DOCUMENT)
            }
        }
    }
}

/// What a route answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// What it means.
    pub about: &'static str,
    /// Name of its schema among the components; empty for none.
    pub schema: &'static str,
    /// Its media type; empty for none.
    pub media_type: &'static str,
}

/// An answer in a line of the table.
pub const fn answer(
    status: u16,
    about: &'static str,
    schema: &'static str,
    media_type: &'static str,
) -> Answer {
    Answer {
        status,
        about,
        schema,
        media_type,
    }
}
