//! The commands that try decisions before they are live.

use std::path::PathBuf;

use anyhow::Result;
use clap::Subcommand;

use super::backtest::arguments::BacktestArguments;
use super::decide;
use super::simulate::SimulateArguments;
use super::subject::SubjectArguments;
use super::tune::TuneArguments;
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;

/// The commands.
#[derive(Debug, Subcommand)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
pub(crate) enum OfflineCommand {
    /// Decide on measurements from standard input, one JSON object a line, in the time that they tell
    ///
    /// A line comes in: {"at": 30, "measurement": {"response_time_ms": 840, "arrivals": 2200}, "count": 2, "ready": 2}
    ///
    /// A line goes out: {"at":30.0,"desired":3,"reason":"...","count":2,"wish":3,"rules":[],"cause":"load"}
    ///
    /// `at` is in seconds and never goes back. A measurement is a number, or has any of response_time_ms, arrivals (since
    /// the last line), queue_length, busy, utilisation (0 to 1), in_flight, probes; or `data`: whatever the process's measurement
    /// delivers. It is null when it could not be taken, with `error` saying why. `age` is how old it already was.
    /// `measurements` has those of a process with several, by name. `count` is how many are asked for (left out: as many
    /// as were desired), `ready` how many of them serve.
    Decide {
        #[command(flatten)]
        subject: SubjectArguments,
        /// With each answer, the whole record, as `why --json` has it
        #[arg(long)]
        record: bool,
    },
    /// Try a process's settings on a load before they are live: late requests, process-hours, scales, a picture
    ///
    /// autoscalebot simulate --process web access.log --as-it-is --service-time-ms 120 --plot week.svg
    ///
    /// autoscalebot simulate --policy adaptive --set target_response_time_ms=1000 --load flash-crowd --against hpa,keda
    ///
    /// The decision, the cooldowns and the envelope are the production code, under virtual time.
    Simulate(Box<SimulateArguments>),
    /// What would other settings have done on the process's own past? Process-hours, late requests, cost
    ///
    /// autoscalebot backtest web --since 7d --set target_response_time_ms=800 --price-per-hour 0.07
    ///
    /// autoscalebot why web --since 7d --json > week.jsonl; autoscalebot backtest web --log week.jsonl --with other.toml
    ///
    /// What came is inferred from the records, and the settings run on it in the simulator. It is a model: the present
    /// settings are simulated too, so that its error is seen.
    Backtest(Box<BacktestArguments>),
    /// Search a process's settings for those that cost the least while no more than a budget is late
    ///
    /// autoscalebot tune --process web access.log --as-it-is --service-time-ms 120 --budget 1
    ///
    /// autoscalebot tune --policy target_tracking --set target_value=0.7 --sees utilisation --try target_value=0.3..0.95
    ///
    /// Each is tried as `simulate` would. What comes out: how much late how many process-hours buy, and the TOML to paste.
    Tune(Box<TuneArguments>),
}

impl OfflineCommand {
    /// Obeys.
    pub(crate) fn obey(
        &self,
        config: impl Fn(Option<PathBuf>) -> PathBuf,
        registry: &Registry,
        clock: Clock,
    ) -> Result<Exit> {
        match self {
            Self::Simulate(arguments) => arguments.obey(config, registry, clock),
            Self::Backtest(arguments) => arguments.obey(config, registry, clock),
            Self::Tune(arguments) => arguments.obey(config, registry, clock),
            Self::Decide { subject, record } => {
                let subject = match subject.open(config, registry) {
                    Ok(subject) => subject,
                    Err(exit) => return Ok(exit),
                };
                let (replay, signals) = subject.replay(registry, clock)?;
                let (input, output) = (std::io::stdin().lock(), std::io::stdout().lock());
                crate::system::block_on(decide::filter(replay, &signals, *record, input, output))
            }
        }
    }
}
