//! Reports as self-contained documents, which need neither a server nor a script.
//!
//! * [`document`]: a document as a tree; [`html`] and [`pdf`] set it as one file.
//! * [`model`]: the report on a model.
//! * [`chart`]: charts, apart from how they are drawn.
//! * [`drift`]: drift verdicts with their statistics.
//!
//! Architecture invariant: reports only format existing values. This module computes nothing beyond a verdict, and neither
//! reads nor writes files.

pub mod chart;
pub mod document;
pub mod drift;
pub mod html;
pub mod model;
pub mod pdf;
pub mod table;
mod visible;

pub use visible::{code, visible};
