//! How fast the simulator and `decide` are, and what `adaptive` costs a decision: a year of a process by the production code
//! on a virtual plant, lines through the filter, decisions alone, and the size of what was learned. In CPU time of one thread.

use std::fmt::Write as _;
use std::io::BufRead as _;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, ensure};
use autoscalebot::backend::Registry;
use autoscalebot::clock::Clock;
use autoscalebot::decision::{Level, Reading, Situation};
use autoscalebot::exit::Exit;
use autoscalebot::model::Bounds;
use autoscalebot::offline::decide::filter;
use autoscalebot::offline::simulated::{Simulated, Visible};
use autoscalebot::offline::subject::Subject;
use autoscalebot::run::own_program;
use autoscalebot::simulation::plant::Plant;
use autoscalebot::simulation::policy::Policy;
use autoscalebot::simulation::run::{Conditions, run};
use autoscalebot::simulation::scenario::{Scale, Scenario};
use autoscalebot::simulation::sight::Sight;
use autoscalebot::simulation::trace::generator::Shape;
use autoscalebot::supervisor::works::Works;
use autoscalebot::system::block_on;
use chrono::{DateTime, TimeDelta};
use serde_json::{Value, json};

use crate::usage::thread_cpu;

/// The two that are told beside each other, and what they need.
const POLICIES: [(&str, &str); 2] = [
    ("consecutive_threshold", ""),
    ("adaptive", "target_response_time_ms = 1000"),
];

/// The seconds between two looks: those of a process without settings for it.
const INTERVAL: u32 = 15;

/// How many lines go through the filter, and how many decisions are taken alone.
const LINES: u32 = 200_000;

/// How many decisions are timed at once: the clock's own cost vanishes in them.
const BATCH: u32 = 1000;

pub(crate) fn figure(days: u32) -> Result<String> {
    // The production code asks its runtime for the time-out of a decision.
    block_on(async { told(days).await })
}

async fn told(days: u32) -> Result<String> {
    let trace = Shape::DailyWave.trace(days, 0)?;
    let scenario = Scenario::new(&trace, Plant::web(), Scale::SCOREBOARD, 0);
    let mut text = format!(
        "offline: CPU of one thread; {days} days of one web process, a look every {INTERVAL} s, a mean load of ten processes\n"
    );
    let plant = year(&scenario, &mut Stays);
    row(&mut text, "the plant alone", &scenario, plant)?;
    for (policy, settings) in POLICIES {
        let took = year(&scenario, &mut simulated(policy, settings)?);
        row(&mut text, policy, &scenario, took)?;
    }
    let looks = looks()?;
    for (policy, settings) in POLICIES {
        let second = f64::from(LINES) / lines(&looks, policy, settings).await?.as_secs_f64();
        writeln!(
            text,
            "  decide, {policy:21} {second:9.0} lines a second, of {LINES}"
        )?;
    }
    let (nanoseconds, learned) = alone(&looks).await?;
    writeln!(
        text,
        "  adaptive, a decision alone    {nanoseconds:.0} ns; what it has learned is {learned} bytes of JSON\n"
    )?;
    Ok(text)
}

fn row(text: &mut String, what: &str, scenario: &Scenario, took: Duration) -> Result<()> {
    let seconds = f64::from(scenario.seconds());
    let rate = seconds / took.as_secs_f64();
    writeln!(
        text,
        "  {what:29} {:6.2} s, {:.1} million simulated seconds and {:.0} looks a second",
        took.as_secs_f64(),
        rate / 1e6,
        rate / f64::from(INTERVAL),
    )?;
    Ok(())
}

/// As many as at the start, without a look.
struct Stays;

impl Policy for Stays {
    fn interval(&self) -> u32 {
        INTERVAL
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        sight.target
    }
}

fn year(scenario: &Scenario, policy: &mut dyn Policy) -> Duration {
    let begin = thread_cpu();
    let _ = run(scenario, &Conditions::scoreboard(0), policy, |_| {});
    thread_cpu().saturating_sub(begin)
}

fn subject(policy: &str, settings: &str) -> Result<(Registry, Subject)> {
    let registry = Registry::built_in();
    let subject = Subject::bare(policy, settings, &registry).map_err(|why| anyhow!("{why}"))?;
    Ok((registry, subject))
}

fn simulated(policy: &str, settings: &str) -> Result<impl Policy> {
    let (registry, subject) = subject(policy, settings)?;
    let (replay, signals) = subject.replay(&registry, Clock::system())?;
    let seen = signals.into_iter().map(|signal| (Visible::All, signal));
    let start = DateTime::UNIX_EPOCH;
    let simulated = Simulated::new(replay, seen.collect(), start, |_, _| {});
    ensure!(
        simulated.interval() == INTERVAL,
        "it looks every {} s",
        simulated.interval()
    );
    Ok(simulated)
}

/// What was seen at a look.
struct Look {
    measured: Value,
    count: u32,
    ready: u32,
}

/// A policy, and what it saw.
struct Recorder<P> {
    policy: P,
    looks: Vec<Look>,
}

impl<P: Policy> Policy for Recorder<P> {
    fn interval(&self) -> u32 {
        self.policy.interval()
    }

    fn decide(&mut self, sight: &mut Sight<'_>) -> u32 {
        self.looks.push(Look {
            measured: json!({
                "response_time_ms": sight.delay(INTERVAL).unwrap_or(0.1) * 1000.0,
                "arrivals": sight.arrivals(INTERVAL),
            }),
            count: sight.target,
            ready: sight.ready.min(sight.target),
        });
        self.policy.decide(sight)
    }
}

/// As many looks as there are lines, of a fleet that `adaptive` keeps.
fn looks() -> Result<Vec<Look>> {
    let [_, (policy, settings)] = POLICIES;
    let days = LINES * INTERVAL / 86_400 + 1;
    let trace = Shape::DailyWave.trace(days, 0)?;
    let scenario = Scenario::new(&trace, Plant::web(), Scale::SCOREBOARD, 0);
    let mut recorder = Recorder {
        policy: simulated(policy, settings)?,
        looks: Vec::new(),
    };
    year(&scenario, &mut recorder);
    recorder.looks.truncate(usize::try_from(LINES)?);
    Ok(recorder.looks)
}

/// What so many lines through the filter take.
async fn lines(looks: &[Look], policy: &str, settings: &str) -> Result<Duration> {
    let (registry, subject) = subject(policy, settings)?;
    let (replay, signals) = subject.replay(&registry, Clock::system())?;
    let mut input = String::new();
    for (number, look) in (0..LINES).zip(looks) {
        let line = json!({
            "at": number * INTERVAL,
            "measurement": look.measured,
            "count": look.count,
            "ready": look.ready,
        });
        writeln!(input, "{line}")?;
    }
    let mut output = Vec::new();
    let begin = thread_cpu();
    let exit = filter(replay, &signals, false, input.as_bytes(), &mut output).await?;
    let took = thread_cpu().saturating_sub(begin);
    let answered = output.as_slice().lines().count();
    ensure!(
        exit == Exit::Success && answered == usize::try_from(LINES)?,
        "{policy}: {answered} answers of {LINES}"
    );
    Ok(took)
}

/// Nanoseconds of a decision of `adaptive` without anything around it, and the size of what it then has learned.
async fn alone(looks: &[Look]) -> Result<(f64, usize)> {
    let [_, (policy, settings)] = POLICIES;
    let (registry, subject) = subject(policy, settings)?;
    let works = Works::new(registry, Clock::system(), own_program()?);
    let backends = works.decision(&subject.process);
    let backends = backends.map_err(|why| anyhow!("{why:?}"))?;
    let backend = backends.first().context("a decision backend")?;
    let bounds = Bounds::new(1, 200)?;
    let mut took = Duration::ZERO;
    for (batch, looks) in (0..LINES / BATCH).zip(looks.chunks(usize::try_from(BATCH)?)) {
        let numbered = (batch * BATCH..).zip(looks);
        let situations = numbered.map(|(number, look)| situation(number, look, bounds));
        let situations: Vec<Situation> = situations.collect();
        let begin = thread_cpu();
        for situation in &situations {
            let wish = backend.decide(situation).await;
            wish.map_err(|why| anyhow!("{why}"))?;
        }
        took += thread_cpu().saturating_sub(begin);
    }
    let learned = backend.learned().context("what was learned")?;
    let nanoseconds = took.as_secs_f64() * 1e9 / f64::from(LINES);
    Ok((nanoseconds, learned.to_string().len()))
}

fn situation(number: u32, look: &Look, bounds: Bounds) -> Situation {
    let at = DateTime::UNIX_EPOCH + TimeDelta::seconds(i64::from(number) * i64::from(INTERVAL));
    Situation {
        at,
        history: vec![Reading {
            at,
            level: Level::None,
            busy: None,
            data: Arc::new(look.measured.clone()),
        }],
        count: look.count,
        ready: Some(look.ready),
        bounds,
        increment: 1,
        up_step: 1,
        down_step: 1,
    }
}
