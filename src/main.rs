//! autoscalebot, the program: an errand for its own child processes, or the command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    autoscalebot::errand::run(std::env::args_os())
        .unwrap_or_else(|| autoscalebot::cli::main().into())
}
