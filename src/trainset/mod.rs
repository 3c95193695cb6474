//! The training set: a table, and the labelled rows of the store that came since.
//!
//! * [`table`]: the table that is used where none is named.
//! * [`labelled`]: rows of the store whose labels have come.
//! * [`lesson`]: both as one table.

pub mod labelled;
pub mod lesson;
pub mod table;
