//! Whose decisions are tried: a process of a configuration, or a decision backend that the command line names with its
//! settings, for those who have no configuration yet.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::rc::Rc;

use anyhow::{Context as _, Result};
use clap::Args;
use toml::{Table, Value};

use super::replay::Replay;
use super::signal::Signal;
use crate::backend::{BuildError, Registry};
use crate::clock::Clock;
use crate::exit::Exit;
use crate::output::complain;
use crate::run::own_program;
use crate::settings::{self, Problems, ProcessSettings, Settings, Source};
use crate::supervisor::works::Works;

/// The process's name where no configuration gives it one.
const UNNAMED: &str = "web";

/// Whose decisions are tried.
#[derive(Debug, Clone, Default, Args)]
#[expect(
    clippy::doc_markdown,
    reason = "this is help on a terminal, where backticks are noise"
)]
pub(crate) struct SubjectArguments {
    /// The configuration [default: $AUTOSCALEBOT_CONFIG, else autoscalebot.toml]; what it needs of the environment may be unset
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The process; may be left out where there is one
    #[arg(long, value_name = "NAME")]
    process: Option<String>,
    /// No configuration, but this decision backend (`autoscalebot backends`), its defaults, every 15 s, up to 200 processes
    #[arg(long, value_name = "BACKEND", conflicts_with_all = ["config", "process"])]
    policy: Option<String>,
    /// A setting to be tried, as in --set max_processes=20; those of other steps as measurement.on_failure=ignore
    #[arg(long, value_name = "SETTING=VALUE")]
    set: Vec<String>,
}

/// The settings that are tried.
#[derive(Debug, Clone)]
pub struct Subject {
    /// The whole configuration.
    pub settings: Settings,
    /// The process of it.
    pub process: ProcessSettings,
    source: Source,
}

impl SubjectArguments {
    /// A process of a configuration, with other settings of it.
    pub(crate) fn named(config: PathBuf, process: Option<String>, set: Vec<String>) -> Self {
        Self {
            config: Some(config),
            process,
            policy: None,
            set,
        }
    }

    /// Reads the settings; `Err` when that cannot be, which has been told.
    pub(crate) fn open(
        &self,
        otherwise: impl Fn(Option<PathBuf>) -> PathBuf,
        registry: &Registry,
    ) -> Result<Subject, Exit> {
        let written = match &self.policy {
            Some(policy) => Ok((format!("--policy {policy}"), bare(policy, UNNAMED))),
            None => read(&otherwise(self.config.clone())),
        };
        let (name, text) = match written {
            Ok(written) => written,
            Err(why) => {
                complain(&format!("error: {why}\n"));
                return Err(Exit::Config);
            }
        };
        match self.settings(&name, text, registry) {
            Ok(subject) => Ok(subject),
            Err(Refused::Usage(why)) => {
                complain(&format!("error: {why}\n"));
                Err(Exit::Usage)
            }
            Err(Refused::Settings(problems)) => {
                complain(&problems.render(std::io::stderr().is_terminal()));
                Err(Exit::Config)
            }
        }
    }

    fn settings(&self, name: &str, text: String, registry: &Registry) -> Result<Subject, Refused> {
        let source = if self.set.is_empty() {
            Source::new(name, text)
        } else {
            // As it is, it must be good: what is wrong with it is told by its lines.
            let before = if self.policy.is_none() {
                Some(load(&Source::new(name, text.clone()), registry)?)
            } else {
                None
            };
            let process = match &before {
                Some(settings) => self.chosen(settings)?.name.as_str().to_owned(),
                None => UNNAMED.to_owned(),
            };
            let text = changed(&text, &process, &self.set).map_err(Refused::Usage)?;
            Source::new(format!("{name} with --set"), text)
        };
        let settings = load(&source, registry)?;
        let process = self.chosen(&settings)?.clone();
        Ok(Subject {
            settings,
            process,
            source,
        })
    }

    fn chosen<'s>(&self, settings: &'s Settings) -> Result<&'s ProcessSettings, Refused> {
        let names = || {
            let names = settings
                .processes
                .iter()
                .map(|process| process.name.as_str());
            names.collect::<Vec<_>>().join(", ")
        };
        match (&self.process, settings.processes.as_slice()) {
            (None, [alone]) => Ok(alone),
            (None, _) => Err(Refused::Usage(format!(
                "there are several processes ({}): which one, says --process",
                names()
            ))),
            (Some(wanted), all) => {
                let found = all.iter().find(|process| process.name.as_str() == wanted);
                found.ok_or_else(|| {
                    Refused::Usage(format!(
                        "there is no process `{wanted}`; there are: {}",
                        names()
                    ))
                })
            }
        }
    }
}

impl Subject {
    /// The settings of a text, which has one process.
    pub fn of_text(name: &str, text: &str, registry: &Registry) -> Result<Self, String> {
        let arguments = SubjectArguments::default();
        arguments
            .settings(name, text.to_owned(), registry)
            .map_err(Refused::told)
    }

    /// A decision backend with these settings, each a line of TOML, and nothing else.
    pub fn bare(policy: &str, decision: &str, registry: &Registry) -> Result<Self, String> {
        let text = format!("{}{decision}\n", bare(policy, UNNAMED));
        Self::of_text(policy, &text, registry)
    }

    /// The same process with other settings of its decision, each a line of TOML; else what is wrong with them.
    pub fn with(&self, lines: &[String], registry: &Registry) -> Result<Self, String> {
        let name = self.process.name.as_str();
        let text = changed(self.source.text(), name, lines)?;
        let arguments = SubjectArguments {
            process: Some(name.to_owned()),
            ..SubjectArguments::default()
        };
        let subject = arguments.settings(&self.source.name, text, registry);
        subject.map_err(Refused::told)
    }

    /// The process at its beginning, and which numbers of what is measured it compares.
    pub fn replay(&self, registry: &Registry, clock: Clock) -> Result<(Replay, Vec<Signal>)> {
        let works = Works::new(registry.clone(), clock, own_program()?);
        let replay = Replay::new(&works, (&self.settings).into(), &self.process);
        let replay = replay.map_err(|BuildError(why)| anyhow::anyhow!("{why}"))?;
        let metrics = self.process.metrics();
        let signals = metrics
            .map(|metric| Signal::of(metric.measurement))
            .collect();
        Ok((replay, signals))
    }
}

enum Refused {
    /// The command line.
    Usage(String),
    /// The settings.
    Settings(Rc<Problems>),
}

impl Refused {
    fn told(self) -> String {
        match self {
            Self::Usage(why) => why,
            Self::Settings(problems) => problems.to_string(),
        }
    }
}

/// A configuration with nothing but a decision backend, at whose end its further settings may be written. Nothing is measured
/// by it, and nothing scaled.
fn bare(policy: &str, process: &str) -> String {
    let policy = Value::from(policy);
    format!(
        "[processes.{process}]\n\
         measurement = {{ backend = \"command\", command = \"none\", measurement_interval_in_seconds = 15 }}\n\
         scaling = {{ backend = \"command\", command = \"none\" }}\n\
         [processes.{process}.decision]\n\
         backend = {policy}\n\
         max_processes = 200\n"
    )
}

fn read(path: &std::path::Path) -> Result<(String, String), String> {
    let name = path.display().to_string();
    let text = std::fs::read_to_string(path).map_err(|error| {
        format!("cannot read {name}: {error}; a file with --config, or a backend with --policy")
    })?;
    Ok((name, text))
}

fn load(source: &Source, registry: &Registry) -> Result<Settings, Refused> {
    settings::load(source, registry, &|name| {
        Some(std::env::var(name).unwrap_or_else(|_| stand_in(name)))
    })
    .map_err(|problems| Refused::Settings(Rc::new(problems)))
}

/// What stands for a variable that is not set: nothing is called, so that it only has to look right.
fn stand_in(name: &str) -> String {
    let has = |part: &str| name.to_ascii_uppercase().contains(part);
    let text = if has("REDIS") || has("BROKER") || has("VALKEY") {
        "redis://unset.invalid/"
    } else if has("URL") || has("URI") {
        "https://unset.invalid/"
    } else {
        "unset"
    };
    text.to_owned()
}

/// A configuration with other settings of a process.
fn changed(text: &str, process: &str, set: &[String]) -> Result<String, String> {
    let mut table: Table = toml::from_str(text).map_err(|error| error.to_string())?;
    for setting in set {
        let (path, value) = setting.split_once('=').ok_or_else(|| {
            format!("--set {setting}: a setting and a value, as in --set max_processes=20")
        })?;
        let (step, key) = path
            .trim()
            .split_once('.')
            .unwrap_or(("decision", path.trim()));
        let value = value.trim();
        // A word is a text.
        let written: Result<Table, _> = toml::from_str(&format!("value = {value}"));
        let value = written.ok().and_then(|mut table| table.remove("value"));
        let value = value.unwrap_or_else(|| {
            Value::from(
                setting
                    .split_once('=')
                    .map_or("", |(_, value)| value.trim()),
            )
        });
        let step = table
            .get_mut("processes")
            .and_then(|processes| processes.get_mut(process)?.as_table_mut())
            .map(|process| {
                process
                    .entry(step)
                    .or_insert_with(|| Value::Table(Table::new()))
            });
        let step = step.and_then(Value::as_table_mut).ok_or_else(|| {
            format!("--set {setting}: the process has no table or several tables of that name; change the file instead")
        })?;
        step.insert(key.to_owned(), value);
    }
    toml::to_string(&table)
        .context("TOML")
        .map_err(|error| format!("{error:#}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_goes_into_its_step() {
        let text = bare("average_threshold", "web");
        let set = [
            "max_processes=20",
            "measurement.on_failure=ignore",
            "min_processes = { \"0:00\" = 2 }",
        ];
        let set = set.map(str::to_owned);
        let text = changed(&text, "web", &set).unwrap();
        let table: Table = toml::from_str(&text).unwrap();
        let web = &table["processes"]["web"];
        assert_eq!(web["decision"]["max_processes"].as_integer(), Some(20));
        assert_eq!(
            web["decision"]["min_processes"]["0:00"].as_integer(),
            Some(2)
        );
        assert_eq!(web["measurement"]["on_failure"].as_str(), Some("ignore"));
    }

    #[test]
    fn what_is_wrong_is_told() {
        let registry = Registry::built_in();
        let open = |policy: &str, set: &[&str]| {
            let arguments = SubjectArguments {
                policy: Some(policy.to_owned()),
                set: set.iter().map(|set| (*set).to_owned()).collect(),
                ..SubjectArguments::default()
            };
            let text = bare(policy, UNNAMED);
            match arguments.settings("x", text, &registry) {
                Ok(_) => String::new(),
                Err(Refused::Usage(why)) => why,
                Err(Refused::Settings(problems)) => problems.to_string(),
            }
        };
        assert_eq!(open("average_threshold", &["max_processes=20"]), "");
        for (policy, set, part) in [
            ("average_thresholt", "max_processes=2", "average_threshold"),
            ("average_threshold", "max_procesess=2", "max_processes"),
            (
                "average_threshold",
                "max_processes",
                "--set max_processes=20",
            ),
            ("adaptive", "max_processes=2", "target_response_time_ms"),
        ] {
            let told = open(policy, &[set]);
            assert!(told.contains(part), "{policy} {set}: {told}");
        }
    }

    #[test]
    fn what_the_environment_lacks_has_a_stand_in() {
        let text = "[state]\nurl = \"${STATE_REDIS_URL_NOBODY_HAS}\"\n[processes.web]\n\
                    measurement = { measurement_url = \"${URL_NOBODY_HAS}\" }\n\
                    scaling = { app_name = \"${APP_NOBODY_HAS}\", api_key = \"${KEY_NOBODY_HAS}\" }\n";
        let subject = Subject::of_text("x", text, &Registry::built_in()).unwrap();
        assert_eq!(subject.process.name.as_str(), "web");
    }
}
