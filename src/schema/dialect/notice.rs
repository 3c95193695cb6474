//! Notices about a table as a whole: how it was read, and which parts were skipped.

use crate::schema::fault::Problem;

/// Something that a reader found out about a table and reports to the user.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The column's name; empty if the notice concerns the whole table.
    pub column: String,
    /// The kind of data-quality issue; `None` if the notice is only informational.
    pub problem: Option<Problem>,
    pub rows: u64,
    /// Examples of the values concerned.
    pub examples: Vec<String>,
    /// Message in one sentence; empty if `problem` says everything.
    pub text: String,
}

impl Notice {
    /// An informational notice about the table as a whole.
    pub fn plain(text: impl Into<String>) -> Notice {
        Notice {
            text: text.into(),
            ..Notice::default()
        }
    }

    /// The notice for a file of a folder that is skipped.
    pub fn skipped(name: &str, why: &str) -> Notice {
        Notice::plain(format!("skipped {name}: {why}"))
    }
}

/// Callback that receives notices.
pub type Note<'a> = &'a mut dyn FnMut(Notice);
