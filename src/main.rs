//! The command: parse, dispatch, exit.

use std::process::ExitCode;

fn main() -> ExitCode {
    titanic_platform::cli::main()
}
