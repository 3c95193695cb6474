//! Metrics, the log and standard error. Every module may use it.

pub mod answers;
mod instrument;
mod labels;
pub mod latency;
pub mod logging;
pub mod metrics;
pub mod panics;
mod process;
mod queue;
pub mod stderr;
