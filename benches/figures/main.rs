//! The program's figures: how large, how many processes, how fast, how punctual, how much a decision costs. They are told,
//! never asserted: what a figure may be depends on the machine, and on what else runs on it. Run it several times.
//!
//! ```text
//! cargo bench --bench figures                                      all of them
//! cargo bench --bench figures -- carry --processes 1000            one of them
//! cargo bench --bench figures -- size --binary target/x/autoscalebot
//! cargo bench --bench figures -- offline --days 30                 of the simulator, not of a year
//! ```
//!
//! `size` is that of the program that people run: without `--binary` it is built with `cargo build --release`, for what
//! comes with the benches has the tests' `harness` in it.
//!
//! Each figure is measured in a process of its own, so that none has another's memory.

mod carry;
mod envelope;
mod intake;
mod lateness;
mod offline;
mod probe;
mod rows;
mod server;
mod shown;
mod size;
mod usage;
mod week;

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use autoscalebot::output::{complain, say};

/// The figures by name, in the order in which they are told.
const FIGURES: [&str; 9] = [
    "size", "carry", "probe", "lateness", "week", "envelope", "intake", "shown", "offline",
];

/// What to measure, and how long.
struct Wanted {
    figures: Vec<String>,
    seconds: Option<u64>,
    processes: Option<u32>,
    days: Option<u32>,
    binary: Option<PathBuf>,
}

impl Wanted {
    fn length(&self, otherwise: u64) -> Duration {
        Duration::from_secs(self.seconds.unwrap_or(otherwise))
    }
}

fn main() -> ExitCode {
    // Without `--bench` nobody wants figures: a test runner looks whether there are tests in here.
    let words: Vec<String> = std::env::args().skip(1).collect();
    if !words.iter().any(|word| word == "--bench") {
        return ExitCode::SUCCESS;
    }
    match wanted(&words).and_then(|wanted| tell(&wanted, &words)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            complain(&format!("{error:#}\n"));
            ExitCode::FAILURE
        }
    }
}

fn wanted(words: &[String]) -> Result<Wanted> {
    let mut wanted = Wanted {
        figures: Vec::new(),
        seconds: None,
        processes: None,
        days: None,
        binary: None,
    };
    let mut words = words.iter().filter(|word| *word != "--bench");
    while let Some(word) = words.next() {
        let mut value = || {
            words
                .next()
                .with_context(|| format!("{word} needs a value"))
        };
        match word.as_str() {
            "--seconds" => wanted.seconds = Some(value()?.parse()?),
            "--processes" => wanted.processes = Some(value()?.parse()?),
            "--days" => wanted.days = Some(value()?.parse()?),
            "--binary" => wanted.binary = Some(PathBuf::from(value()?)),
            figure if FIGURES.contains(&figure) => wanted.figures.push(figure.to_owned()),
            other => bail!("{other} is not one of the figures: {}", FIGURES.join(", ")),
        }
    }
    if wanted.figures.is_empty() {
        wanted.figures = FIGURES.map(ToOwned::to_owned).to_vec();
    }
    Ok(wanted)
}

fn tell(wanted: &Wanted, words: &[String]) -> Result<()> {
    if let [figure] = wanted.figures.as_slice() {
        return say(&one(figure, wanted)?).context("standard output");
    }
    let options = words
        .iter()
        .filter(|word| !FIGURES.contains(&word.as_str()));
    let options: Vec<_> = options.collect();
    for figure in &wanted.figures {
        let mut child = Command::new(std::env::current_exe()?);
        let status = child.args(&options).arg(figure).status()?;
        if !status.success() {
            bail!("{figure} could not be measured");
        }
    }
    Ok(())
}

fn one(figure: &str, wanted: &Wanted) -> Result<String> {
    match figure {
        "size" => size::figure(wanted.binary.as_deref(), wanted.length(60)),
        "carry" => carry::figure(wanted.processes.unwrap_or(10_000), wanted.length(20)),
        "probe" => probe::figure(wanted.length(10)),
        "lateness" => lateness::figure(wanted.processes.unwrap_or(1_000), wanted.length(20)),
        "envelope" => envelope::figure(wanted.length(5)),
        "intake" => intake::figure(wanted.length(5)),
        "shown" => shown::figure(),
        "offline" => offline::figure(wanted.days.unwrap_or(365)),
        _ => week::figure(),
    }
}
