//! Runs the real binary as users and scripts do: arguments in; text, files and exit codes out.

mod batch;
mod budget;
mod closed;
mod drift;
mod exported;
mod folder;
mod models;
mod monitor;
mod others;
mod predict;
mod second;
mod train;
mod two;

pub use folder::{BINARY, Folder, QUICK, Ran};
