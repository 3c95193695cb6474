//! The live model: loads it, swaps it, and follows the ledger that names it.
//!
//! * [`champion`]: a loaded model with its version name; [`cost`]: the cost of its predictions.
//! * [`LiveModel`]: the champion as loaded in memory, behind one atomic pointer.
//! * [`mod@pointer`]: the task that follows the ledger and swaps the live model.
//! * [`promoter`]: promotion and rollback on request, which return once the promoted model is live.
//! * [`model_events`]: the task that records every line of the ledger as an event of the store.

pub mod champion;
pub mod cost;
mod model;
pub mod model_events;
pub mod pointer;
pub mod promoter;

pub use champion::Champion;
pub use model::{LiveModel, Snapshot};
