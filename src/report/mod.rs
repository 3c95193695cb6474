//! Reports as self-contained documents, which need neither a server nor a script.
//!
//! * [`drift`]: drift verdicts with their statistics.
//!
//! Architecture invariant: reports only format existing values. This module computes nothing beyond a verdict
//! and writes no files.

pub mod chart;
pub mod document;
pub mod drift;
pub mod html;
pub mod table;
