//! The command: parse, dispatch, exit.

use std::process::ExitCode;

/// Predictions are made on one thread and forgotten on another: the system's allocator makes the two wait for each other.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    titanic_platform::cli::main()
}
