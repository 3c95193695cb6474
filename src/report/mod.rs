//! Reports as self-contained documents, which need neither a server nor a script.
//!
//! * [`document`]: a document as a tree; [`html`] and [`pdf`] set it as one file.
//! * [`model`]: the report on a model.
//! * [`chart`]: charts, apart from how they are drawn.
//! * [`evaluated`]: the charts of a model's evaluation.
//! * [`drift`]: drift verdicts with their statistics.
//!
//! * [`explore`]: what is in a table, as statistics and findings.
//!
//! Architecture invariant: reports are functions of existing values: tables, models, verdicts. This module reads and writes no
//! files and knows no clock.

pub mod chart;
pub mod document;
pub mod drift;
pub mod evaluated;
pub mod explore;
pub mod html;
pub mod model;
pub mod pdf;
pub mod table;
mod visible;

pub use visible::{code, harmless, visible};
