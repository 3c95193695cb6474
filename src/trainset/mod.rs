//! The training set: a table, and the labelled rows of the store that arrived since.
//!
//! * [`table`]: the table that is used if none is named.
//! * [`labelled`]: rows of the store whose labels have arrived.
//! * [`training_set`]: both combined into one table.

pub mod labelled;
pub mod table;
pub mod training_set;
