//! autoscalebot, the program.

use std::process::ExitCode;

use autoscalebot::clock::Clock;
use autoscalebot::exit::Exit;
use autoscalebot::output::complain;
use autoscalebot::telemetry::{self, LogFormat};
use clap::Parser;

/// Until the command line is here: its `demo` alone.
#[derive(Debug, Parser)]
enum Command {
    Demo {
        #[arg(long, default_value_t = 60, value_parser = clap::value_parser!(u64).range(15..=3600))]
        seconds: u64,
    },
}

fn main() -> ExitCode {
    if let Some(done) = autoscalebot::errand::run(std::env::args_os()) {
        return done;
    }
    autoscalebot::http::install_tls_provider();
    let Command::Demo { seconds } = match Command::try_parse() {
        Ok(command) => command,
        Err(error) => {
            error.print().unwrap_or_default();
            return Exit::Usage.into();
        }
    };
    let clock = Clock::system();
    telemetry::start(LogFormat::Text, clock);
    let exit = autoscalebot::demo::run(seconds, clock).unwrap_or_else(|error| {
        complain(&format!("error: {error:#}\n"));
        Exit::Failure
    });
    exit.into()
}
