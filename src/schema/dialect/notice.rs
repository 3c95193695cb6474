//! Notices about a table as a whole: how it was read, what of it was passed over.

use crate::schema::fault::Problem;

/// Something a reader found out about a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notice {
    /// The column; empty where it is about the whole table.
    pub column: String,
    /// The kind of data-quality issue; none where the notice is for information alone.
    pub problem: Option<Problem>,
    pub rows: u64,
    /// Some of the values.
    pub examples: Vec<String>,
    /// A sentence for people; empty where `problem` says it all.
    pub text: String,
}

impl Notice {
    /// A notice for information, about the table as a whole.
    pub fn plain(text: impl Into<String>) -> Notice {
        Notice {
            text: text.into(),
            ..Notice::default()
        }
    }

    /// A file of a folder that is passed over.
    pub fn skipped(name: &str, why: &str) -> Notice {
        Notice::plain(format!("skipped {name}: {why}"))
    }
}

/// The receiver of notices.
pub type Note<'a> = &'a mut dyn FnMut(Notice);
