//! Names of metrics, the log, standard error. Any room may use it.

mod instrument;
mod labels;
pub mod latency;
pub mod logging;
pub mod metrics;
pub mod panics;
mod process;
mod queue;
pub mod stderr;
