//! The records that are played again: from the process's store, or from a log of them; and what each says of the load.

use std::path::Path;

use chrono::TimeDelta;
use serde_json::Value;

use super::look::Look;
use crate::envelope::doubt::Trust;
use crate::model::ProcessName;
use crate::record::{CycleRecord, Input, Outcome};
use crate::simulation::number::{length, real};
use crate::simulation::plant::Kind;

/// What the records say.
#[derive(Debug, Clone, PartialEq)]
pub struct Past {
    /// Each cycle, in the order of time.
    pub looks: Vec<Look>,
    /// How far two are apart, usually; in whole seconds.
    pub interval: u32,
    /// The backend whose measurement was taken, where there are several.
    pub chosen: Option<String>,
    /// In what part of the cycles nothing could be measured.
    pub unmeasured: f64,
    /// In what part the bot only watched.
    pub shadow: f64,
}

/// Reads a log: the lines of `why --since --json`.
pub fn read_log(path: &Path) -> Result<Vec<CycleRecord>, String> {
    let name = path.display();
    let text =
        std::fs::read_to_string(path).map_err(|error| format!("cannot read {name}: {error}"))?;
    let lines = (1..).zip(text.lines());
    let lines = lines.filter(|(_, line)| !line.trim().is_empty());
    let records = lines.map(|(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|error| {
            format!(
                "{name}, line {number}: this is no record of a cycle ({error}); the lines are those of `autoscalebot why \
                 PROCESS --since 7d --json`"
            )
        })
    });
    records.collect()
}

/// Those of one process, in the order of time.
pub fn of_process(
    records: Vec<CycleRecord>,
    process: &ProcessName,
    source: &str,
) -> Result<Vec<CycleRecord>, String> {
    let mut others: Vec<String> = Vec::new();
    let mut own: Vec<CycleRecord> = Vec::new();
    for record in records {
        let name = record.process.as_str();
        if record.process == *process {
            own.push(record);
        } else if !others.iter().any(|other| other == name) {
            others.push(name.to_owned());
        }
    }
    if own.is_empty() {
        let there = if others.is_empty() {
            String::new()
        } else {
            format!(" (there are those of {})", others.join(", "))
        };
        return Err(format!(
            "{source} has no record of {process}{there}; the bot writes one in each cycle, with [state] in its configuration"
        ));
    }
    own.sort_by_key(|record| (record.at, record.cycle));
    own.dedup_by_key(|record| record.at);
    Ok(own)
}

impl Past {
    /// What the records of one process say, which there are.
    pub fn of(records: &[CycleRecord], kind: Option<Kind>) -> Self {
        let chosen = chosen(records);
        let start = records.first().map(|record| record.at).unwrap_or_default();
        let many = length(records.len().max(1));
        let share = |is: &dyn Fn(&CycleRecord) -> bool| {
            length(records.iter().filter(|record| is(record)).count()) / many
        };
        let taken = |record: &CycleRecord| record.inputs.get(chosen).is_some_and(is_taken);
        let several = records.iter().any(|record| record.inputs.len() > 1);
        let backend = records.iter().find_map(|record| record.inputs.get(chosen));
        Self {
            looks: records
                .iter()
                .map(|record| Look {
                    at: real(u64::try_from((record.at - start).num_milliseconds()).unwrap_or(0))
                        / 1000.0,
                    count: record.count.map(f64::from),
                    ready: record.ready.or(record.count).map_or(0.0, f64::from),
                    ..record
                        .inputs
                        .get(chosen)
                        .filter(|input| is_taken(input))
                        .map(|input| said(input, kind))
                        .unwrap_or_default()
                })
                .collect(),
            interval: interval(records),
            chosen: backend
                .filter(|_| several)
                .map(|input| input.backend.clone()),
            unmeasured: share(&|record| !taken(record)),
            shadow: share(&|record| matches!(record.outcome, Outcome::Would { .. })),
        }
    }

    /// What is to be known of them.
    pub fn remarks(&self) -> Vec<String> {
        let chosen = self.chosen.as_ref().map(|backend| {
            format!("There are several measurements: the load is inferred from the first that does not only limit, {backend}.")
        });
        let shadow = (self.shadow > 0.0).then(|| {
            format!(
                "The bot only watched (shadow), and would have scaled, in {:.0} % of the cycles: what ran was not its doing, and \
                 how far the present settings are from it is no error of the model.",
                100.0 * self.shadow
            )
        });
        chosen.into_iter().chain(shadow).collect()
    }

    /// Whether what was measured is a queue.
    pub fn is_queue(records: &[CycleRecord]) -> bool {
        let chosen = chosen(records);
        let inputs = records
            .iter()
            .filter_map(|record| record.inputs.get(chosen))
            .filter(|input| is_taken(input));
        let mut inputs = inputs.map(|input| said(input, None));
        inputs.any(|look| look.queue.is_some() && look.response.is_none())
    }
}

/// The first measurement that does not only limit.
fn chosen(records: &[CycleRecord]) -> usize {
    let first = records.iter().find(|record| !record.inputs.is_empty());
    let limits = |input: &Input| input.alone.as_ref().is_some_and(|alone| alone.is_ceiling);
    first
        .and_then(|record| record.inputs.iter().position(|input| !limits(input)))
        .unwrap_or(0)
}

fn is_taken(input: &Input) -> bool {
    let unknown = input.trust.as_ref().is_some_and(Trust::is_unknown);
    input.error.is_none() && !unknown && (input.value.is_some() || input.data.is_some())
}

/// The usual distance.
fn interval(records: &[CycleRecord]) -> u32 {
    let times = records.iter().map(|record| record.at);
    let mut apart: Vec<i64> = times
        .clone()
        .zip(times.skip(1))
        .map(|(one, next)| (next - one).num_milliseconds())
        .collect();
    apart.sort_unstable();
    let middle = apart.get(apart.len() / 2).copied().unwrap_or(15_000);
    u32::try_from((middle + 500) / 1000)
        .unwrap_or(u32::MAX)
        .clamp(1, 3600)
}

/// What a measurement says: its fields, or its number alone, which is a response time in milliseconds or how many jobs wait.
fn said(input: &Input, kind: Option<Kind>) -> Look {
    let field = |name: &str| {
        let number = number(input.data.as_deref()?, name);
        number.filter(|number| number.is_finite() && *number >= 0.0)
    };
    let mut look = Look {
        response: field("response_time_ms").map(|ms| ms / 1000.0),
        probes: field("probes"),
        arrivals: field("arrivals"),
        queue: field("queue_length"),
        busy: field("busy"),
        utilisation: field("utilisation").map(|part| part.min(1.0)),
        ..Look::default()
    };
    let fields = [
        look.response,
        look.arrivals,
        look.queue,
        look.busy,
        look.utilisation,
    ];
    if fields.iter().all(Option::is_none) {
        let value = input.value.filter(|value| *value >= 0.0);
        match (input.backend.as_str(), kind) {
            ("response_time", _) => {
                look.response = value.map(|ms| ms / 1000.0);
                look.probes = Some(1.0);
            }
            ("celery_redis_queue_size", _) => look.queue = value,
            ("heroku_service_time", _) | (_, Some(Kind::Web)) => {
                look.response = value.map(|ms| ms / 1000.0);
            }
            (_, Some(Kind::Queue)) => look.queue = value,
            (_, None) => {}
        }
    }
    let zero = match &input.trust {
        Some(Trust::ZeroWhileBusy { busy }) => Some(*busy),
        _ => None,
    };
    look.busy = look.busy.or(input.busy.or(zero).map(real));
    look
}

/// A number of the data. A record has them shortened, so that they may be no JSON any more.
fn number(data: &str, name: &str) -> Option<f64> {
    if let Ok(data) = serde_json::from_str::<Value>(data) {
        return data.get(name)?.as_f64();
    }
    let key = format!("\"{name}\":");
    let from = data.find(&key)? + key.len();
    let rest = data.get(from..)?.trim_start();
    let end = rest.find([',', '}', ' '])?;
    rest.get(..end)?.parse().ok()
}

/// Leaves those of the last while before the newest, of records in the order of time.
pub fn keep_last(records: &mut Vec<CycleRecord>, while_: TimeDelta) {
    if let Some(last) = records.last().map(|record| record.at) {
        records.retain(|record| last - record.at <= while_);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn input(backend: &str, value: Option<f64>, data: Option<&str>, busy: Option<u64>) -> Input {
        let (at, data) = ("2026-11-24T12:00:00Z", data.map(str::to_owned));
        let input = json!({
            "backend": backend, "at": at, "value": value, "data": data, "busy": busy, "trust": null
        });
        serde_json::from_value(input).unwrap()
    }

    #[test]
    fn a_measurement_says_what_its_backend_measures() {
        let (web, queue) = (Some(Kind::Web), Some(Kind::Queue));
        let look = Look::default();
        let response = Look {
            response: Some(0.25),
            ..look
        };
        let jobs = Look {
            queue: Some(7.0),
            ..look
        };
        let cut = "{\"arrivals\":30,\"busy\":2.5,\"queue_length\":7,\"rest\":\"and so o…";
        for (because, input, kind, expected) in [
            (
                "a number",
                input("command", Some(250.0), None, None),
                web,
                response,
            ),
            (
                "of jobs",
                input("command", Some(7.0), None, None),
                queue,
                jobs,
            ),
            (
                "one probe",
                input("response_time", Some(250.0), None, None),
                web,
                Look {
                    probes: Some(1.0),
                    ..response
                },
            ),
            (
                "Celery's, and what is not acknowledged",
                input("celery_redis_queue_size", Some(7.0), None, Some(3)),
                None,
                Look {
                    busy: Some(3.0),
                    ..jobs
                },
            ),
            (
                "data that were cut",
                input("command", Some(7.0), Some(cut), None),
                queue,
                Look {
                    arrivals: Some(30.0),
                    busy: Some(2.5),
                    ..jobs
                },
            ),
        ] {
            assert_eq!(said(&input, kind), expected, "{because}");
        }
        let negative = input("command", None, Some("{\"arrivals\":-3}"), None);
        assert_eq!(said(&negative, web), look, "no number is below nothing");
    }
}
