//! `check` and `once`: what would be, without doing it.

use std::path::PathBuf;

use anyhow::Result;

use super::{config_file, load};
use crate::backend::Registry;
use crate::clock::Clock;
use crate::exit::Exit;
use crate::output::{complain, say};
use crate::run::own_program;
use crate::settings::{self, ProcessSettings};
use crate::supervisor::works::Works;
use crate::trial::{self, Report};

pub(super) fn check(
    file: Option<PathBuf>,
    live: bool,
    registry: Registry,
    clock: Clock,
) -> Result<Exit> {
    let file = config_file(file);
    let Some(settings) = load(&file, &registry, clock)? else {
        return Ok(Exit::Config);
    };
    let summary = settings::summary(&settings, &registry);
    say(&format!("{} is good: {summary}", file.display()))?;
    for note in settings::past_dates(&settings, &registry, clock.now().wall) {
        say(&format!("\nnote: {note}\n"))?;
    }
    for warning in settings::foreseen(&settings, clock.now().wall) {
        say(&format!("\nwarning: {warning}\n"))?;
    }
    if !live {
        return Ok(Exit::Success);
    }
    say("\nTrying what it names; nothing is scaled.\n\n")?;
    let works = Works::new(registry, clock, own_program()?);
    crate::system::block_on(async {
        let mut exit = Exit::Success;
        for process in &settings.processes {
            exit = tell(exit, trial::live(&works, &settings, process).await?)?;
        }
        say(if exit == Exit::Success {
            "\nAll of it works.\n"
        } else {
            "\nSomething FAILED: see above.\n"
        })?;
        Ok(exit)
    })
}

pub(super) fn once(
    config: Option<PathBuf>,
    names: &[String],
    registry: Registry,
    clock: Clock,
) -> Result<Exit> {
    let Some(settings) = load(&config_file(config), &registry, clock)? else {
        return Ok(Exit::Config);
    };
    let known = |name: &String| {
        settings
            .processes
            .iter()
            .any(|process| process.name.as_str() == name)
    };
    if let Some(unknown) = names.iter().find(|name| !known(name)) {
        let all: Vec<_> = settings
            .processes
            .iter()
            .map(|process| process.name.as_str())
            .collect();
        complain(&format!(
            "error: there is no process `{unknown}`; there are: {}\n",
            all.join(", ")
        ));
        return Ok(Exit::Usage);
    }
    let works = Works::new(registry, clock, own_program()?);
    let wanted = |process: &&ProcessSettings| {
        names.is_empty() || names.iter().any(|name| name == process.name.as_str())
    };
    crate::system::block_on(async {
        let mut exit = Exit::Success;
        for process in settings.processes.iter().filter(wanted) {
            exit = tell(exit, trial::once(&works, &settings, process).await?)?;
        }
        Ok(exit)
    })
}

fn tell(so_far: Exit, report: Report) -> Result<Exit> {
    say(&report.text)?;
    Ok(if report.is_good {
        so_far
    } else {
        Exit::Failure
    })
}
