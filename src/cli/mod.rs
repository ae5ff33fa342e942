//! The command line: one short function a command. What is for people and pipes goes to standard output, the log and
//! complaints to standard error.

mod trying;

use std::io::IsTerminal;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Result;
use clap::{Parser, Subcommand};

use crate::backend::Registry;
use crate::clock::Clock;
use crate::demo::DemoArguments;
use crate::exit::Exit;
use crate::offline::command::OfflineCommand;
use crate::orders::command::{self, OrderCommand, Place};
use crate::output::{complain, say};
use crate::record::command::{self as look, LookCommand};
use crate::run::own_program;
use crate::settings::{self, Problems, Settings};
use crate::supervisor::works::Works;
use crate::telemetry::{self, LogFormat};
use trying::{check, once};

/// How far back the monotonic clock reaches: an earlier run's cooldowns, scales and waits have their times on it.
const PAST: Duration = Duration::from_secs(31 * 86_400);

/// Keeps each process type of an application at the right count: measures, decides, scales, notifies.
#[derive(Debug, Parser)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
#[command(name = "autoscalebot", version, arg_required_else_help = true)]
struct Arguments {
    /// How log lines on standard error look; what is logged is RUST_LOG's to say
    #[arg(long, global = true, value_enum, default_value_t)]
    log_format: LogFormat,
    /// Ask the bot that serves at this address, with the token in $AUTOSCALEBOT_TOKEN, rather than its store: for status,
    /// why, compare, pause, resume, override, scale and orders
    #[arg(long, global = true, value_name = "URL")]
    url: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
enum Command {
    /// Run until told to stop (SIGTERM, SIGINT); SIGHUP reads the configuration again
    Run {
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
    },
    /// Read the configuration and print every problem, or a summary of what would run
    Check {
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        file: Option<PathBuf>,
        /// The same, written as for the other commands
        #[arg(long, value_name = "FILE", conflicts_with = "file", hide = true)]
        config: Option<PathBuf>,
        /// Also try each URL, platform and notifier, and send one test notice; changes nothing
        #[arg(long)]
        live: bool,
    },
    /// Measure, read the counts and decide once; print what would be done and why; changes nothing
    Once {
        /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]
        #[arg(long, value_name = "FILE")]
        config: Option<PathBuf>,
        /// Only these processes
        #[arg(value_name = "PROCESS")]
        processes: Vec<String>,
    },
    #[command(flatten)]
    Look(LookCommand),
    #[command(flatten)]
    Order(OrderCommand),
    #[command(flatten)]
    Try(OfflineCommand),
    /// Scale a real application on this machine under a real wave of load: no account, no configuration
    Demo(DemoArguments),
    /// List every backend, or show one with its settings and an example
    Backends {
        /// The backend
        name: Option<String>,
    },
    /// Print the full configuration reference
    Reference,
}

/// Runs the command line with the built-in backends.
pub fn main() -> Exit {
    main_with(Registry::built_in())
}

/// Runs the command line with these backends: for a program of another crate that adds its own.
pub fn main_with(registry: Registry) -> Exit {
    crate::http::install_tls_provider();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => return usage(&error),
    };
    let clock = Clock::system().with_past(PAST);
    telemetry::start(arguments.log_format, clock);
    if arguments.url.is_some() && !arguments.command.goes_by_url() {
        complain(
            "error: --url is for status, why, compare, pause, resume, override, scale and orders\n",
        );
        return Exit::Usage;
    }
    let obeyed = AssertUnwindSafe(|| obey(arguments.command, arguments.url, registry, clock));
    match catch_unwind(obeyed) {
        Ok(Ok(exit)) => exit,
        Ok(Err(error)) => {
            complain(&format!("error: {error:#}\n"));
            Exit::Failure
        }
        // What the panic was stands in the log.
        Err(_) => Exit::Internal,
    }
}

fn usage(error: &clap::Error) -> Exit {
    // Help and the version are answers, the rest are complaints; clap knows which goes where.
    error.print().unwrap_or_default();
    if error.use_stderr() {
        Exit::Usage
    } else {
        Exit::Success
    }
}

impl Command {
    /// Whether it may be asked of a bot that serves.
    fn goes_by_url(&self) -> bool {
        match self {
            Self::Look(_) | Self::Order(_) => true,
            Self::Run { .. }
            | Self::Check { .. }
            | Self::Once { .. }
            | Self::Try(_)
            | Self::Demo(_)
            | Self::Backends { .. }
            | Self::Reference => false,
        }
    }
}

fn obey(command: Command, url: Option<String>, registry: Registry, clock: Clock) -> Result<Exit> {
    let place = |config| url.map_or_else(|| Place::File(config_file(config)), Place::Url);
    match command {
        Command::Run { config } => run(&config_file(config), registry, clock),
        Command::Check { file, config, live } => check(file.or(config), live, registry, clock),
        Command::Once { config, processes } => once(config, &processes, registry, clock),
        Command::Look(command) => {
            let place = place(command.config());
            look::obey(&command, &place, &registry, clock)
        }
        Command::Order(command) => {
            let place = place(command.config());
            command::obey(&command, &place, &registry, clock)
        }
        Command::Try(command) => command.obey(config_file, &registry, clock),
        Command::Demo(arguments) => crate::demo::run(&arguments, clock),
        Command::Backends { name: None } => answer(&settings::list(&registry)),
        Command::Backends { name: Some(name) } => describe(&registry, &name),
        Command::Reference => answer(&settings::reference(&registry)),
    }
}

/// `--config`, else `$AUTOSCALEBOT_CONFIG`, else `autoscalebot.toml` here.
fn config_file(named: Option<PathBuf>) -> PathBuf {
    let variable = || {
        std::env::var_os("AUTOSCALEBOT_CONFIG")
            .filter(|file| !file.is_empty())
            .map(PathBuf::from)
    };
    named
        .or_else(variable)
        .unwrap_or_else(|| PathBuf::from("autoscalebot.toml"))
}

fn run(file: &Path, registry: Registry, clock: Clock) -> Result<Exit> {
    match load(file, &registry, clock)? {
        Some(settings) => crate::run::run(file, settings, registry, clock),
        None => Ok(Exit::Config),
    }
}

/// The settings of a file, by which all its processes can be worked; `None` when it was refused, which is told.
fn load(file: &Path, registry: &Registry, clock: Clock) -> Result<Option<Settings>> {
    let program = own_program()?;
    let loaded = settings::load_file(file, registry).and_then(|settings| {
        // Tried with works of their own, in a system of their own, so that nothing of the trial is left.
        let unbuilt = actix_rt::System::new().block_on(async {
            let works = Works::new(registry.clone(), clock, program);
            let processes = settings.processes.iter();
            let reasons = processes.flat_map(|process| works.rehearse(&settings, process));
            let reasons = reasons.chain(crate::cluster::rehearse(&settings));
            reasons.collect::<Vec<_>>()
        });
        if unbuilt.is_empty() {
            return Ok(settings);
        }
        Err(Problems::unbuilt(&file.display().to_string(), unbuilt))
    });
    match loaded {
        Ok(settings) => Ok(Some(settings)),
        Err(problems) => {
            complain(&problems.render(std::io::stderr().is_terminal()));
            Ok(None)
        }
    }
}

fn answer(text: &str) -> Result<Exit> {
    say(text)?;
    Ok(Exit::Success)
}

fn describe(registry: &Registry, name: &str) -> Result<Exit> {
    let Some(text) = settings::describe(registry, name) else {
        let meant = settings::nearest_backend(registry, name)
            .map(|meant| format!("did you mean `{meant}`? "))
            .unwrap_or_default();
        complain(&format!(
            "error: there is no backend `{name}`; {meant}`autoscalebot backends` lists them\n"
        ));
        return Ok(Exit::Usage);
    };
    answer(&text)
}
