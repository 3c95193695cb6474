//! Entry point of the binary: runs the command line.

use std::process::ExitCode;

/// Predictions are allocated on one thread and freed on another; with the system allocator that costs
/// a microsecond more for each.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    titanic_platform::cli::main()
}
