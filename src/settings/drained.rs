//! The drain of a scaling table, as far as it takes from the measurement, and what of it contradicts another table.

use serde_json::Value;

use super::process::ProcessTables;
use super::table::{Entry, Table, Walk};
use crate::drain::settings::{BROKER_URL, CA_FILE, CELERY, DRAIN, KEY_PREFIX, TIMEOUT};

/// Measures what waits in the broker of the workers.
const OF_THE_BROKER: &str = "celery_redis_queue_size";

/// Does not say which of its processes a scale down takes away.
const ANONYMOUS: &str = "command";

/// Takes the broker over from the measurement, unless the scaling table names one.
pub(super) fn join(tables: &mut ProcessTables) {
    let metrics = tables.metrics.iter();
    let mut measurements = metrics.filter_map(|metric| metric.measurement.as_ref());
    let of_the_broker = measurements.find(|table| table.backend == OF_THE_BROKER);
    let (Some(measurement), Some(scaling)) = (of_the_broker, &mut tables.scaling) else {
        return;
    };
    let names_one =
        scaling.written(BROKER_URL.name).is_some() || scaling.spoilt.contains(BROKER_URL.name);
    if !is_drained(scaling) || names_one {
        return;
    }
    let Some(url) = broker_url(measurement) else {
        // What is wrong with it is told where it stands.
        scaling.spoilt.insert(BROKER_URL.name.to_owned());
        return;
    };
    scaling.entries.insert(BROKER_URL.name.to_owned(), url);
    for (here, there) in [
        (CA_FILE.name, "tls_ca_file"),
        (KEY_PREFIX.name, "global_keyprefix"),
    ] {
        let theirs = measurement
            .good(there)
            .filter(|_| scaling.written(here).is_none());
        if let Some(entry) = theirs.map(taken) {
            scaling.entries.insert(here.to_owned(), entry);
        }
    }
}

/// It keeps no place: a fault in it is told at the measurement.
fn taken(entry: &Entry) -> Entry {
    Entry {
        place: None,
        ..entry.clone()
    }
}

/// The measurement's broker in one URL.
fn broker_url(measurement: &Table) -> Option<Entry> {
    if measurement.spoilt.contains("redis_url") {
        return None;
    }
    if let Some(url) = measurement.good("redis_url") {
        return Some(taken(url));
    }
    let setting = |name| measurement.good(name);
    let (host, port) = (setting("host")?, setting("port")?);
    let database = setting("database_number")?;
    let name = host.value.as_str()?;
    let name = if name.contains(':') {
        format!("[{name}]")
    } else {
        name.to_owned()
    };
    let url = format!("redis://{name}:{}/{}", port.value, database.value);
    Some(Entry {
        value: Value::from(url),
        veil: [host, port, database].iter().find_map(|entry| entry.veil),
        ..taken(host)
    })
}

fn is_drained(scaling: &Table) -> bool {
    let drain = scaling.good(DRAIN.name);
    drain.is_some_and(|drain| drain.value == CELERY)
}

/// Tells what contradicts another table.
pub(super) fn check(walk: &mut Walk<'_>, tables: &ProcessTables) {
    let Some(scaling) = tables.scaling.as_ref().filter(|table| is_drained(table)) else {
        return;
    };
    let place = scaling.place_of(DRAIN.name);
    if scaling.backend == ANONYMOUS {
        let wrong = "`command` does not say which process a scale down takes away, so that nobody knows whom to drain";
        walk.find(&place, wrong, "`local` or `heroku`, or no such line");
        return;
    }
    let is_known =
        scaling.entries.contains_key(BROKER_URL.name) || scaling.spoilt.contains(BROKER_URL.name);
    let all_are_read = tables
        .metrics
        .iter()
        .all(|metric| metric.measurement.is_some());
    if !is_known && all_are_read {
        let wrong = format!(
            "`celery` needs the broker of the workers, and no measurement is `{OF_THE_BROKER}`, from which it would be taken"
        );
        let right = "write drain_broker_url too, a URL such as `redis://:password@host:6379/0`, or drain = \"none\"";
        walk.find(&place, wrong, right);
    }
    interval(walk, tables, scaling);
}

/// A drain is looked after at each measurement, and so is its time-out.
fn interval(walk: &mut Walk<'_>, tables: &ProcessTables, scaling: &Table) {
    let first = tables.metrics.first();
    let measurement = first.and_then(|metric| metric.measurement.as_ref());
    let interval = measurement.and_then(|table| table.good("measurement_interval_in_seconds"));
    let Some((timeout, place)) = scaling.written(TIMEOUT.name) else {
        return;
    };
    let number = |entry: &Entry| entry.value.as_f64();
    let Some((seconds, every)) = number(timeout).zip(interval.and_then(number)) else {
        return;
    };
    if seconds < every {
        let shown = |entry: Option<&Entry>, number: f64| {
            let veil = entry.and_then(|entry| entry.veil);
            veil.map_or_else(|| number.to_string(), str::to_owned)
        };
        let (seconds, every) = (shown(Some(timeout), seconds), shown(interval, every));
        let wrong = format!(
            "it is {seconds}, below measurement_interval_in_seconds, which is {every}: a drain would be over before it was \
             looked after again"
        );
        walk.find(
            place,
            wrong,
            format!("at least {every}, or a shorter interval"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::backend::Registry;
    use crate::settings::{Settings, Source, load};

    fn settings(measurement: &str, scaling: &str) -> Result<Settings, String> {
        let text = format!(
            "[processes.worker.measurement]\n{measurement}\n[processes.worker.scaling]\nbackend = \"local\"\n\
             command = \"x\"\n{scaling}\n"
        );
        let variables =
            |name: &str| (name == "REDIS_URL").then(|| "redis://:hunter2@a.test/1".to_owned());
        let loaded = load(
            &Source::new("x.toml", &text),
            &Registry::built_in(),
            &variables,
        );
        loaded.map_err(|problems| problems.to_string())
    }

    #[test]
    fn the_broker_is_the_measurements_unless_another_is_named() {
        const QUEUE: &str = "backend = \"celery_redis_queue_size\"\n";
        const DRAIN: &str = "drain = \"celery\"\n";
        for (measurement, scaling, url, prefix, ca) in [
            ("", DRAIN, "redis://localhost:6379/0", "", ""),
            (
                "host = \"b.test\"\nport = 7000\ndatabase_number = 3\nglobal_keyprefix = \"app:\"",
                DRAIN,
                "redis://b.test:7000/3",
                "app:",
                "",
            ),
            ("host = \"::1\"", DRAIN, "redis://[::1]:6379/0", "", ""),
            (
                "redis_url = \"rediss://c.test/2\"\ntls_ca_file = \"ca.pem\"",
                DRAIN,
                "rediss://c.test/2",
                "",
                "ca.pem",
            ),
            (
                "global_keyprefix = \"app:\"",
                "drain = \"celery\"\ndrain_broker_url = \"redis://d.test\"\n",
                "redis://d.test",
                "",
                "",
            ),
            ("", "drain = \"none\"\n", "", "", ""),
            ("", "", "", "", ""),
        ] {
            let settings = settings(&format!("{QUEUE}{measurement}"), scaling).unwrap();
            let section = &settings.processes[0].scaling.section;
            let text = |name| section.text(name).unwrap_or_default();
            let found = [
                "drain_broker_url",
                "drain_global_keyprefix",
                "drain_tls_ca_file",
            ]
            .map(text);
            assert_eq!(found, [url, prefix, ca], "{measurement} {scaling}");
        }
    }

    #[test]
    fn a_broker_from_the_environment_is_not_shown() {
        let queue = "backend = \"celery_redis_queue_size\"\nredis_url = \"${REDIS_URL}\"";
        let settings = settings(queue, "drain = \"celery\"").unwrap();
        let section = &settings.processes[0].scaling.section;
        assert_eq!(
            section.text("drain_broker_url"),
            Some("redis://:hunter2@a.test/1")
        );
        assert!(section.is_veiled("drain_broker_url"));
        assert!(!format!("{settings:?}").contains("hunter2"));
    }

    #[test]
    fn what_is_wrong_with_the_measurements_broker_is_told_there_alone() {
        let queue = "backend = \"celery_redis_queue_size\"\nredis_url = \"redis://a.test/-1\"";
        let told = settings(queue, "drain = \"celery\"").unwrap_err();
        assert!(
            told.contains("redis_url") && !told.contains("scaling.drain"),
            "{told}"
        );
        let queue = "backend = \"celery_redis_queue_size\"\nredis_url = 3";
        let told = settings(queue, "drain = \"celery\"").unwrap_err();
        assert!(!told.contains("scaling.drain"), "{told}");
    }
}
