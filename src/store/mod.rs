//! What happened, kept and told on.
//!
//! * [`feed`]: the live feed of events, in memory, for subscribers.
//!
//! Architecture invariant: this room knows the schema, but no HTTP and no model.

pub mod feed;
