//! Names of metrics, and the log. Any room may use it.

mod instrument;
mod labels;
pub mod latency;
pub mod logging;
pub mod metrics;
pub mod panics;
mod process;
