//! autoscalebot, the program.

use std::process::ExitCode;

fn main() -> ExitCode {
    autoscalebot::errand::run(std::env::args_os()).unwrap_or(ExitCode::SUCCESS)
}
