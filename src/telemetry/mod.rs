//! Metrics, the log and standard error. Every module may use it.

mod instrument;
mod labels;
pub mod answers;
pub mod latency;
pub mod logging;
pub mod metrics;
pub mod panics;
mod process;
mod queue;
pub mod stderr;
