//! What the commands for orders need of a configuration: `[state]`, the processes' names and the time zone. What else is
//! in the file may be wrong, or want variables that are not set where an order is given.

use std::path::Path;

use chrono_tz::Tz;
use toml::de::DeTable;

use super::environment::Environment;
use super::load::{TABLES, read, variable};
use super::mask::Mask;
use super::problem::Problems;
use super::rooms::Rooms;
use super::source::Source;
use super::table::{Walk, WrittenTable};
use super::top;
use crate::backend::Registry;
use crate::model::ProcessName;
use crate::state::settings::StateSettings;

/// The part of a configuration that orders are given by.
#[derive(Debug, Clone, PartialEq)]
pub struct Part {
    /// The zone of every local time of day.
    pub time_zone: Tz,
    /// Where state is kept, if anywhere.
    pub state: Option<StateSettings>,
    /// The managed processes.
    pub processes: Vec<ProcessName>,
}

/// Reads the part from a file, with the variables of this process.
pub fn load_part_file(path: &Path, registry: &Registry) -> Result<Part, Problems> {
    load_part(&read(path)?, registry, &variable)
}

/// Reads the part from a text, with variables from `environment`.
pub fn load_part(
    source: &Source,
    registry: &Registry,
    environment: Environment<'_>,
) -> Result<Part, Problems> {
    let (document, errors) = DeTable::parse_recoverable(source.text());
    if !errors.is_empty() {
        return Err(Problems::unparsed(source, &errors));
    }
    let rooms = Rooms::new(registry);
    let mut walk = Walk {
        secrets: super::known_secrets::Secrets::default(),
        rooms: &rooms,
        environment,
        clustered: false,
        fed: super::sent::Fed::default(),
        findings: Vec::new(),
    };
    let root = WrittenTable::root(document.get_ref());
    let top = walk.plain_table(top::TIME_ZONE, Some(&root), &TABLES);
    let time_zone = walk.time_zone(&root, &top);
    let state = walk.state(&root);
    let processes = root
        .find("processes")
        .and_then(|(_, value)| value.get_ref().as_table())
        .into_iter()
        .flatten();
    let names = processes.filter_map(|(key, _)| ProcessName::new(key.get_ref()).ok());
    let part = Part {
        time_zone: time_zone.unwrap_or_default(),
        state: state.unwrap_or_default(),
        processes: names.collect(),
    };
    if walk.findings.is_empty() {
        return Ok(part);
    }
    let mask = Mask::new(document.get_ref(), source.text(), &rooms);
    Err(Problems::new(source, &mask, walk.findings))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(text: &str) -> Result<Part, Problems> {
        let variables = |name: &str| (name == "REDIS_URL").then(|| "redis://a.test/1".to_owned());
        load_part(
            &Source::new("x.toml", text),
            &Registry::built_in(),
            &variables,
        )
    }

    #[test]
    fn the_rest_of_the_file_does_not_matter() {
        let text = "time_zone = \"Europe/Vienna\"\n[state]\nurl = \"${REDIS_URL}\"\n\
                    [processes.web.scaling]\napi_key = \"${NOT_SET}\"\n[processes.celery]\nwrong = 1\n";
        let part = part(text).unwrap();
        assert_eq!(part.time_zone, Tz::Europe__Vienna);
        assert!(part.state.is_some());
        let names: Vec<_> = part.processes.iter().map(ProcessName::as_str).collect();
        assert_eq!(names, ["celery", "web"]);
    }

    #[test]
    fn what_is_needed_must_be_right() {
        let missing = part("[state]\nurl = \"${NOT_SET}\"\n")
            .unwrap_err()
            .to_string();
        assert!(missing.contains("`NOT_SET` is not set"), "{missing}");
        let unknown = part("stat = 1\n").unwrap_err().to_string();
        assert!(unknown.contains("did you mean `state`"), "{unknown}");
    }
}
