//! What applications send needs somewhere to be sent to, and somebody who may.

use super::process::ProcessTables;
use super::table::{Table, Walk};
use crate::measurement::reported;
use crate::model::ProcessName;

/// Which processes sources feed.
#[derive(Debug, Default)]
pub(super) enum Fed {
    /// It cannot be said: `[server]` has faults, which are told.
    #[default]
    Unknown,
    /// There is no `[server]`.
    NoServer,
    /// These.
    By(Vec<ProcessName>),
}

/// Whether this measurement is of what an application sends.
fn is_sent(measurement: &Table) -> bool {
    let source = measurement.good("source");
    reported::NAMES.contains(&measurement.backend)
        || measurement.backend == "heroku_service_time"
            && source.is_some_and(|source| source.value == "drain")
}

/// A process that is measured by what its application sends has a source that feeds it.
pub(super) fn check(walk: &mut Walk<'_>, process: &ProcessName, tables: &ProcessTables) {
    let wrong = match &walk.fed {
        Fed::Unknown => return,
        Fed::By(fed) if fed.contains(process) => return,
        Fed::By(_) => format!("and no [[server.source]] feeds `{process}`"),
        Fed::NoServer => "and there is no [server] to which it could".to_owned(),
    };
    let right = format!(
        "`[server]`, and under `[[server.source]]` `name = \"{process}\"`, `token = \"${{INTAKE_TOKEN}}\"` and `feeds = [\"{process}\"]`"
    );
    let measurements = tables.metrics.iter();
    let sent: Vec<_> = measurements
        .filter_map(|metric| metric.measurement.as_ref())
        .filter(|measurement| is_sent(measurement))
        .map(|measurement| (measurement.place.clone(), measurement.backend))
        .collect();
    for (place, backend) in sent {
        walk.find(
            &place,
            format!("`{backend}` measures what the application sends, {wrong}"),
            right.clone(),
        );
    }
}
