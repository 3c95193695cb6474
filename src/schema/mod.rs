//! Columns, rows and tables, and the decoding and checking of a row.
//!
//! A [`Schema`] is the checked description of one table: feature columns in order, a target, an optional id. A row is
//! decoded straight from JSON ([`json`]) or from text cells ([`text`]) into a compact [`Row`]; all faults of a row are
//! reported at once. Code outside this module receives checked values and does not validate them again.
//!
//! Architecture invariant: this module depends on no file access, no HTTP, no data frame and no model.

pub mod answer;
pub mod cell;
pub mod column;
pub mod csv;
pub mod date;
pub mod dialect;
pub mod fault;
#[cfg(test)]
pub(crate) mod fixture;
pub mod json;
pub mod level;
pub mod missing;
pub mod number;
pub mod own_id;
mod packed;
pub mod rejected;
pub mod row;
pub mod spec;
pub mod table;
pub mod text;
pub mod value;
pub mod warnings;

pub use cell::{Cell, Scalar, Span};
pub use column::{Column, Kind, Policy, Schema, Slot, Target};
pub use dialect::{Dialect, Notice};
pub use fault::{Fault, Problem};
pub use number::NumberForm;
pub use rejected::{LeftOut, Rejected};
pub use row::{Row, RowView};
pub use table::Table;
pub use warnings::{ColumnWarning, Warning, WarningSummary};
