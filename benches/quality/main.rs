//! How good the decisions of the peers are: process-hours against the clairvoyant's, and late requests, over many loads.
//!
//! ```text
//! cargo bench --bench quality                                       the generated loads
//! cargo bench --bench quality -- --traces DIR                       every CSV of a folder (`seconds,rate`)
//! cargo bench --bench quality -- --traces DIR --seeds 1 --details   one seed, and a line for each load
//! ```
//!
//! `--boot 120` or `--boot 20..120`, `--slots 4`, `--drift 0.2` and `--erlang 4` change the plant. The clairvoyant takes up
//! to a minute for a load and a seed; what it found is kept in `target/quality`. `--no-clairvoyant` does without: hours are
//! then against the demand itself.

mod loads;
mod peers;
mod reference;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use autoscalebot::clock::Clock;
use autoscalebot::output::{complain, say};
use autoscalebot::simulation::fleet::Boot;
use autoscalebot::simulation::plant::Kind;
use autoscalebot::simulation::run::{Conditions, run};

use self::loads::{Load, Variant};
use self::peers::{PEERS, Peer};
use self::table::Row;

/// What is wanted.
struct Wanted {
    traces: Option<PathBuf>,
    seeds: u64,
    boot: Boot,
    variant: Variant,
    clairvoyant: bool,
    details: bool,
}

fn main() -> ExitCode {
    // Without `--bench` nobody wants figures: a test runner looks whether there are tests in here.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    let told = wanted(&words).and_then(|wanted| {
        // The production code asks its runtime for the time-out of a decision.
        autoscalebot::system::block_on(async { tell(&wanted) })
    });
    match told {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn wanted(words: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted {
        traces: None,
        seeds: 3,
        boot: Boot::Fixed(30),
        variant: Variant {
            slots: 1,
            drift: 0.0,
            erlang: 10.0,
        },
        clairvoyant: true,
        details: false,
    };
    let mut words = words.iter().filter(|word| *word != "--bench");
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--traces" => wanted.traces = Some(PathBuf::from(value()?)),
            "--seeds" => wanted.seeds = value()?.parse()?,
            "--boot" => wanted.boot = boot(value()?)?,
            "--slots" => wanted.variant.slots = value()?.parse()?,
            "--drift" => wanted.variant.drift = value()?.parse()?,
            "--erlang" => wanted.variant.erlang = value()?.parse()?,
            "--no-clairvoyant" => wanted.clairvoyant = false,
            "--details" => wanted.details = true,
            other => bail!("{other} is no option; they are at the head of benches/quality/main.rs"),
        }
    }
    Ok(wanted)
}

/// `120`, or `20..120`.
fn boot(text: &str) -> Result<Boot> {
    Ok(match text.split_once("..") {
        Some((least, most)) => Boot::Between(least.parse()?, most.parse()?),
        None => Boot::Fixed(text.parse()?),
    })
}

fn tell(wanted: &Wanted) -> Result<()> {
    for (kind, name) in [(Kind::Web, "web"), (Kind::Queue, "queue")] {
        let mut rows: Vec<Row> = PEERS.iter().map(|peer| Row::new(peer.name)).collect();
        let mut best = Row::new("clairvoyant, 1 % budget");
        let traces = loads::traces(wanted.traces.as_deref(), kind)?;
        for seed in 0..wanted.seeds {
            for trace in &traces {
                let load = trace.load(kind, wanted.variant, seed)?;
                let conditions = Conditions {
                    boot: wanted.boot,
                    ..Conditions::scoreboard(seed)
                };
                let reference = reference(&load, &conditions, wanted, &mut best)?;
                for (peer, row) in PEERS.iter().zip(&mut rows) {
                    measure(peer, &load, &conditions, reference, row);
                }
            }
        }
        if wanted.clairvoyant {
            rows.push(best);
        }
        let names: Vec<&str> = traces.iter().map(|trace| trace.name.as_str()).collect();
        say(&table::render(name, &names, &rows, wanted.details)).context("standard output")?;
    }
    Ok(())
}

/// The hours that all are compared with.
fn reference(load: &Load, conditions: &Conditions, wanted: &Wanted, row: &mut Row) -> Result<f64> {
    if !wanted.clairvoyant {
        let demand: f64 = load
            .scenario
            .demand
            .iter()
            .map(|many| f64::from(*many))
            .sum();
        return Ok(demand / 3600.0);
    }
    let best = reference::best(load, conditions)?;
    row.add(&best, best.hours, load.scenario.seconds(), Duration::ZERO);
    Ok(best.hours)
}

fn measure(peer: &Peer, load: &Load, conditions: &Conditions, reference: f64, row: &mut Row) {
    let Some(mut policy) = (peer.make)(&load.scenario) else {
        return;
    };
    let clock = Clock::system();
    let begun = clock.now().mono;
    let figures = run(&load.scenario, conditions, policy.as_mut(), |_| {});
    let took = clock.now().mono.saturating_sub(begun);
    row.add(&figures, reference, load.scenario.seconds(), took);
}
