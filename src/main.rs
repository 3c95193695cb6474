//! The command: parse, dispatch, exit.

use std::process::ExitCode;

/// Predictions are made on one thread and forgotten on another: with the system's allocator that costs each a microsecond more.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    titanic_platform::cli::main()
}
