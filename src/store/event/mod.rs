//! Events as facts: a struct for each kind, with one encoder and one decoder.
//!
//! * [`kinds`]: what an event of each kind says.
//! * [`row`]: the row of a prediction or a stored row, as typed values under shared names; no schema is needed to read it.
//! * [`binary`]: the bytes of predictions, rows and labels, of which there are many. [`shape`]: what many of them share.
//! * [`json`]: the JSON of every kind, as exports and `/v1/events` have it; it is also what stores of revision 4 and before
//!   hold, and it is read here and nowhere else.
//! * [`record`]: an event with its number, time and id; [`line`]: one out of a line of an export.
//! * [`verdict`]: what the verdicts of monitors say to whoever retrains.

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
pub use verdict::{ModelEvent, Retrain, VerdictEvent};

pub(super) use bytes::{Reader, put_signed, put_text, put_varint};
pub(super) use row::{put as put_scalar, take_label};
pub(super) use shape::Shape;
