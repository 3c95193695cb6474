//! Reports to look at: whole documents that need nothing beside them, neither a server nor a script.
//!
//! * [`drift`]: verdicts, figure by figure.
//!
//! Architecture invariant: text out of figures. Nothing is computed here that a verdict does not hold, no file is written.

pub mod drift;
