//! The events of the store, with a struct for each kind, and one encoder and one decoder.
//!
//! * `kinds`: the contents of an event of each kind.
//! * `row`: the values of a prediction's row or a stored row, typed and with column names, so that no schema is
//!   needed to read it.
//! * `binary`: the binary form of predictions, rows and labels, which are frequent. `shape`: the data that
//!   many of them share.
//! * `json`: the JSON form of every kind, for exports and `/v1/events`; it also reads stores of revision 4 and earlier.
//! * `record`: an event with its sequence number, time and id. `line`: one parsed from a line of an export.
//! * `verdict`: the verdicts about a model, and the parts of a ledger line that are read.

mod binary;
mod bytes;
mod json;
mod kinds;
mod line;
mod record;
mod row;
mod shape;
#[cfg(test)]
mod tests;
mod verdict;

pub(super) use binary::{encode, shape};
pub(super) use kinds::Identity;
pub use kinds::{Batch, Event, LabelEvent, PredictionEvent, RowEvent};
pub use line::{Line, LineError};
pub(super) use record::{Body, Entry};
pub use record::{BrokenEvent, Id, Record};
pub use row::StoredRow;
pub use verdict::{AlertEvent, EventRange, ModelEvent, VerdictEvent, WindowEvent};

pub(super) use bytes::{Reader, put_signed, put_text, put_varint};
pub(super) use row::{put as put_scalar, take_label};
pub(super) use shape::Shape;
