//! `autoscalebot demo`: the real bot, on a real application, under a real wave of load, on this machine, for a minute.
//!
//! ```text
//!                ┌─ web: 1 to 4 servers ◀── scaled by `local` ◀── decided ◀── `response_time` ─┐
//!   one wave ────┤     one port, SO_REUSEPORT                                                  ├─ the bot
//!                └─ fixed: 1 server     ◀── `local`, exactly 1    ◀───────── `response_time` ──┘
//! ```
//!
//! Both applications get the same requests at the same moments ([`load`]) and are managed by one bot with an ordinary
//! configuration ([`settings`]). How each is scaled says [`scaler`]: the second may have one process only, or another
//! policy; `adaptive` is told of all requests by a meter. So the comparison at the end ([`summary`]) is of
//! two things that happened. The servers ([`server`]) are this program itself, and the `local` backend sees to it that
//! none outlives it.

pub mod history;
pub mod lines;
pub mod load;
mod meter;
pub mod scaler;
pub mod server;
pub mod settings;
pub mod summary;
pub mod wave;

use std::cell::Cell;
use std::time::Duration;

use anyhow::{Context as _, Result};
use clap::Args;
use log::LevelFilter;
use tokio::net::TcpSocket;
use tokio::signal::unix::{Signal, SignalKind, signal};

use self::lines::Board;
use self::load::{Answers, Target};
use self::meter::Meter;
use self::scaler::{Policy, Rival};
use self::settings::{Cast, HIGH_MS, MOST, Ports, WEB};
use self::summary::{Column, Names};
use self::wave::{CALM, CREST, Wave};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::output::say;
use crate::run::{Bot, own_program};
use crate::supervisor::works::Works;

/// How long the first processes may take to answer.
const START: Duration = Duration::from_secs(15);

/// What is shown, and for how long.
#[derive(Debug, Clone, Copy, Args)]
pub struct DemoArguments {
    /// How long
    #[arg(long, value_name = "N", default_value_t = 60, value_parser = clap::value_parser!(u64).range(15..=3600))]
    seconds: u64,
    /// How the application is scaled
    #[arg(long, value_enum, default_value = "consecutive_threshold")]
    policy: Policy,
    /// How the application beside it is, under the same load
    #[arg(long, value_enum, default_value = "fixed")]
    against: Rival,
}

/// Runs the demo: an application that is scaled by a policy, beside another one.
pub fn run(arguments: &DemoArguments, clock: Clock) -> Result<Exit> {
    // The table is the story; whoever wants the log beside it asks for it.
    if std::env::var_os("RUST_LOG").is_none() {
        log::set_max_level(LevelFilter::Warn);
    }
    let wave = Wave {
        length: Duration::from_secs(arguments.seconds),
    };
    let cast = Cast {
        policy: arguments.policy,
        rival: arguments.against,
    };
    crate::system::block_on(show(wave, cast, clock))
}

async fn show(wave: Wave, cast: Cast, clock: Clock) -> Result<Exit> {
    let mut stop = Stop::new()?;
    // Held, but not listened on: nobody else is given these ports while the demo runs.
    let (web, rival) = (reserve()?, reserve()?);
    let meter = Meter::open().await?;
    let ports = Ports {
        web: web.local_addr()?.port(),
        rival: rival.local_addr()?.port(),
        meter: meter.port()?,
    };
    let mut works = Works::new(Registry::built_in(), clock, own_program()?);
    let settings = settings::settings(&works.registry, &works.program, cast, ports, wave.length)?;
    let play = Play::new(wave, cast, ports, clock);
    works.tap = play.board.tap();
    say(&opening(wave, cast, ports))?;
    let bot = Bot::start(works, settings)?;
    let metering = meter.serve([
        (WEB, &play.web.answers),
        (cast.rival.name(), &play.rival.answers),
    ]);
    tokio::pin!(metering);
    let played = tokio::select! {
        played = play.run() => played,
        () = stop.told() => Ok(()),
        () = &mut metering => Ok(()),
    };
    let summary = play.end();
    tokio::select! {
        () = bot.stop() => {}
        () = stop.told() => return Ok(Exit::Failure),
        () = metering => {}
    }
    played?;
    say(&summary)?;
    Ok(Exit::Success)
}

fn reserve() -> Result<TcpSocket> {
    server::shared_socket(0).context("the demo finds no free port on 127.0.0.1")
}

fn opening(wave: Wave, cast: Cast, ports: Ports) -> String {
    let (seconds, service) = (wave.length.as_secs(), server::SERVICE.as_millis());
    let interval = settings::interval(wave.length).as_secs_f64();
    let (policy, rival) = (cast.policy, cast.rival);
    let beside = match rival.policy() {
        None => "1 process, always".to_owned(),
        Some(other) => format!("1 to {MOST} processes, scaled by {}", other.name()),
    };
    let other = rival.policy().filter(|other| *other != policy);
    let other = other.map_or_else(String::new, |other| {
        other.told(rival.name(), interval) + "\n"
    });
    format!(
        "The same wave of load for {seconds} s, at the same time, on two applications on this machine:

  {WEB:<6} http://127.0.0.1:{}/   1 to {MOST} processes, scaled by autoscalebot ({})
  {:<6} http://127.0.0.1:{}/   {beside}

The wave rises from {CALM} to {CREST} requests a second and falls again. A process handles one request at a
time, which takes {service} ms: {most} a second. Ctrl-C ends it early.
{}
{other}
",
        ports.web,
        policy.name(),
        rival.name(),
        ports.rival,
        policy.told(WEB, interval),
        most = 1000 / service.max(1),
    )
}

/// The wave on its way.
struct Play {
    wave: Wave,
    clock: Clock,
    board: Board,
    cast: Cast,
    web: Target,
    rival: Target,
    began: Cell<Option<Duration>>,
}

impl Play {
    fn new(wave: Wave, cast: Cast, ports: Ports, clock: Clock) -> Self {
        let target = |port| Target {
            port,
            answers: Answers::default(),
        };
        Self {
            wave,
            clock,
            board: Board::new(wave, clock),
            cast,
            web: target(ports.web),
            rival: target(ports.rival),
            began: Cell::new(None),
        }
    }

    /// Sends the wave as soon as both applications answer.
    async fn run(&self) -> Result<()> {
        for (name, target) in [(WEB, &self.web), (self.cast.rival.name(), &self.rival)] {
            let answering = tokio::time::timeout(START, answers(target.port));
            answering.await.with_context(|| {
                format!(
                    "the first process of `{name}` did not answer within {} s",
                    START.as_secs()
                )
            })?;
        }
        say(&lines::head(self.cast.rival.name()))?;
        let began = self.clock.now().mono;
        self.began.set(Some(began));
        self.board.begin(began);
        load::send(self.wave, [&self.web, &self.rival], self.clock, began).await;
        Ok(())
    }

    /// The summary of what has been so far; there are no lines after it. Who waits for an answer at an early end, and is
    /// late already, counts as one who had none.
    fn end(&self) -> String {
        let (web, rival) = self.board.end();
        let now = self.clock.now().mono;
        for target in [&self.web, &self.rival] {
            target
                .answers
                .close(Duration::from_millis(HIGH_MS.into()), now);
        }
        let began = self.began.get().unwrap_or(now);
        let end = now.min(began + self.wave.length);
        let column = |history, target: &Target| Column::new(history, &target.answers, began, end);
        let (by, against) = (self.cast.policy.name(), self.cast.rival.policy());
        let names = Names {
            rival: against.map_or("fixed", Policy::name),
            by,
            against: against.map_or("one process", Policy::name),
        };
        let (web, rival) = (column(&web, &self.web), column(&rival, &self.rival));
        summary::summary(&web, &rival, names, end.saturating_sub(began))
    }
}

/// Returns when the application on this port answers.
async fn answers(port: u16) {
    while load::get(port).await.is_err() {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// What ends the demo early.
struct Stop {
    terminate: Signal,
    interrupt: Signal,
}

impl Stop {
    fn new() -> Result<Self> {
        let listen = |kind| signal(kind).context("signals cannot be listened to");
        Ok(Self {
            terminate: listen(SignalKind::terminate())?,
            interrupt: listen(SignalKind::interrupt())?,
        })
    }

    async fn told(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::ValueEnum as _;

    use super::*;

    #[test]
    fn whatever_is_shown_its_opening_fits_a_terminal() {
        let ports = Ports {
            web: 65_000,
            rival: 65_001,
            meter: 65_002,
        };
        for seconds in [15, 60, 3600] {
            let wave = Wave {
                length: Duration::from_secs(seconds),
            };
            for (policy, rival) in Policy::value_variants().iter().flat_map(|policy| {
                Rival::value_variants()
                    .iter()
                    .map(move |rival| (*policy, *rival))
            }) {
                let text = opening(wave, Cast { policy, rival }, ports);
                let widest = text.lines().map(|line| line.chars().count()).max();
                assert!(widest <= Some(100), "{text}");
                assert!(text.contains(policy.name()), "{text}");
            }
        }
    }
}
