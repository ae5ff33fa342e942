//! `autoscalebot backtest` as a person meets it: from a log and from a store, the table, the JSON, the picture, and what it
//! refuses.

use std::fs;
use std::process::Output;
use std::time::Duration;

use autoscalebot::clock::Clock;
use autoscalebot::record::CycleRecord;
use autoscalebot::state::{Batch, FileStore, StateStore as _};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use crate::bot::Home;

const CONFIG: &str = "
[state]
url = \"file:state.db\"
[processes.web]
measurement = { backend = \"command\", command = \"none\" }
scaling = { backend = \"local\", command = \"true\" }
[processes.web.decision]
backend = \"adaptive\"
target_response_time_ms = 1000
max_processes = 40
[processes.mail]
measurement = { measurement_url = \"${URL_NOT_SET_ANYWHERE}\" }
scaling = { backend = \"local\", command = \"true\" }
[processes.mail.decision]
max_processes = 4
";

/// Six hours of a web process that had 12 processes all the time, of 0.1 s a request: 40 requests a second, 80 in the
/// fourth hour.
fn records(from: DateTime<Utc>) -> Vec<CycleRecord> {
    cycles(from, 6 * 240)
}

fn cycles(from: DateTime<Utc>, many: i32) -> Vec<CycleRecord> {
    let record = |cycle: i32| {
        let at = from + TimeDelta::seconds(15) * cycle;
        let rate = if (720..960).contains(&cycle) { 80 } else { 40 };
        let busy = f64::from(rate) * 0.1;
        let response = 100.0 / (1.0 - busy / 12.0);
        let data = json!({"arrivals": 15 * rate, "response_time_ms": response});
        let record = json!({
            "process": "web", "cycle": cycle, "at": at, "count": 12, "ready": 12, "min": 1, "max": 40,
            "inputs": [{
                "backend": "command", "at": at, "value": response, "data": data.to_string(), "trust": null
            }],
            "wish": null, "cause": "load", "outcome": "held", "reason": "enough",
        });
        serde_json::from_value(record).unwrap()
    };
    (0..many).map(record).collect()
}

fn log(home: &Home, records: &[CycleRecord]) {
    let lines = records
        .iter()
        .map(|record| serde_json::to_string(record).unwrap() + "\n");
    fs::write(home.file("week.jsonl"), lines.collect::<String>()).unwrap();
}

fn long_ago() -> DateTime<Utc> {
    "2026-11-16T00:00:00Z".parse().unwrap()
}

fn backtest(home: &Home, arguments: &[&str]) -> Output {
    let mut command = home.command(&[&["backtest"], arguments].concat());
    command.env_remove("DYNO").output().unwrap()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[track_caller]
fn good(home: &Home, arguments: &[&str]) -> String {
    let output = backtest(home, arguments);
    assert_eq!(
        (output.status.code(), err(&output)),
        (Some(0), String::new())
    );
    out(&output)
}

#[test]
fn a_log_becomes_a_sentence_and_a_table() {
    let home = Home::with(CONFIG);
    log(&home, &records(long_ago()));
    let arguments = ["web", "--log", "week.jsonl", "--price-per-hour", "0.5"];
    let said = good(&home, &arguments);
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("web, 6 hours: 72 process-hours as it ran; ")
            && first.contains("with the present settings, simulated")
            && first.contains("instead of 0.0 % late (cost: ")
            && first.ends_with("instead of 36.00)."),
        "{first}"
    );
    assert!(!said.contains("tried settings, simulated"), "{said}");
    let tried = [
        &arguments[..],
        &["--set", "target_response_time_ms=400", "--plot", "out.svg"],
    ]
    .concat();
    let said = good(&home, &tried);
    for row in [
        "as it ran  ",
        "present settings, simulated  ",
        "tried settings, simulated  ",
        "This is a model. The load was inferred from counted arrivals in 1440 records",
        "learned from the rate and the response time",
    ] {
        assert!(said.contains(row), "{row}: {said}");
    }
    let picture = fs::read_to_string(home.file("out.svg")).unwrap();
    assert!(picture.contains("tried settings") && picture.ends_with("</svg>\n"));
    assert_eq!(good(&home, &tried), said, "the same each time");
}

#[test]
fn a_store_becomes_json() {
    let home = Home::with(CONFIG);
    let ago = Clock::system().now().wall - TimeDelta::hours(6);
    keep(&home, &records(ago));
    // The settings that are tried have a file of their own.
    fs::write(home.file("few.toml"), CONFIG.replace("= 40", "= 6")).unwrap();
    let arguments = ["web", "--since", "7d", "--with", "few.toml", "--json"];
    let report: Value = serde_json::from_str(&good(&home, &arguments)).unwrap();
    let rows = report["rows"].as_array().unwrap();
    let names = rows.iter().map(|row| row["name"].as_str().unwrap());
    assert_eq!(
        names.collect::<Vec<_>>(),
        [
            "as it ran",
            "present settings, simulated",
            "tried settings, simulated"
        ]
    );
    let number = |row: usize, name: &str| rows[row][name].as_f64().unwrap();
    assert!((number(0, "hours") - 72.0).abs() < 0.2, "{report}");
    assert!(number(0, "scales").abs() < 1e-9, "{report}");
    // 4 processes are busy, 8 in one hour: six are too few for that.
    assert!((28.0..45.0).contains(&number(1, "hours")), "{report}");
    assert!(number(1, "late") < 3.0, "{report}");
    assert!(number(2, "hours") <= 36.1, "{report}");
    assert!(number(2, "late") > 20.0, "{report}");
    let busy = report["busy_processes"].as_f64().unwrap();
    assert!((busy - 28.0 / 6.0).abs() < 0.1, "{report}");
    let service = report["service_seconds"].as_f64().unwrap();
    assert!((service - 0.1).abs() < 0.001, "{report}");
}

fn keep(home: &Home, records: &[CycleRecord]) {
    let path = home.file("state.db");
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        let store = FileStore::new(path, 100, Duration::from_secs(20), Clock::system());
        for some in records.chunks(200) {
            let batch = Batch {
                records: some.iter().map(CycleRecord::kept).collect(),
                ..Batch::default()
            };
            store.save(&batch).await.unwrap();
        }
    });
}

#[test]
fn what_is_wrong_is_told() {
    let home = Home::with(CONFIG);
    log(&home, &records(long_ago()));
    fs::write(home.file("bad.jsonl"), "{\"at\": 3}\n").unwrap();
    fs::write(home.file("none.jsonl"), "\n").unwrap();
    let bare = CONFIG.replace("[state]", "");
    let bare = bare.replace("url = \"file:state.db\"", "");
    fs::write(home.file("bare.toml"), bare).unwrap();
    for (line, code, part) in [
        ("wbe --log week.jsonl", 64, "there is no process `wbe`"),
        ("--log week.jsonl", 64, "there are several processes"),
        (
            "mail --log week.jsonl",
            1,
            "no record of mail (there are those of web)",
        ),
        ("web --log gone.jsonl", 1, "cannot read gone.jsonl"),
        (
            "web --log bad.jsonl",
            1,
            "bad.jsonl, line 1: this is no record",
        ),
        ("web --log none.jsonl", 1, "none.jsonl has no record of web"),
        (
            "web --log week.jsonl --since 30m",
            1,
            "a backtest takes an hour",
        ),
        (
            "web --log week.jsonl --set max_proceses=3",
            78,
            "max_processes",
        ),
        ("web --price-per-hour -0.5", 64, "a number from 0 on"),
        ("web --price-per-hour NaN", 64, "a number from 0 on"),
        ("web --config bare.toml", 78, "[state]"),
        ("web", 1, "the store has no record of web"),
    ] {
        let output = backtest(&home, &line.split(' ').collect::<Vec<_>>());
        let told = err(&output);
        assert_eq!(
            (output.status.code(), out(&output)),
            (Some(code), String::new()),
            "{line}: {told}"
        );
        assert!(told.contains(part), "{line}: {told}");
    }
}

#[test]
fn a_shadow_and_several_measurements_are_told() {
    let home = Home::with(CONFIG);
    let mut all = records(long_ago());
    // A measurement that only limits comes before the one that counts.
    for record in &mut all {
        record.outcome = serde_json::from_value(json!({"would": {"to": 5}})).unwrap();
        let limit = json!({
            "backend": "command", "at": record.at, "value": 3.0, "trust": null,
            "alone": {"is_ceiling": true, "desired": null, "reason": "x"},
        });
        record
            .inputs
            .insert(0, serde_json::from_value(limit).unwrap());
    }
    log(&home, &all);
    let said = good(&home, &["web", "--log", "week.jsonl"]);
    for part in [
        "72 process-hours as it ran",
        "(shadow)",
        "several measurements",
    ] {
        assert!(said.contains(part), "{said}");
    }
}

/// A week has more cycles than are read at a time.
#[test]
fn what_why_prints_is_a_log_and_whole() {
    let home = Home::with(CONFIG);
    let ago = Clock::system().now().wall - TimeDelta::hours(45);
    keep(&home, &cycles(ago, 10_800));
    let output = home
        .command(&["why", "web", "--since", "7d", "--json"])
        .env("URL_NOT_SET_ANYWHERE", "https://x.invalid/")
        .env_remove("DYNO")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    fs::write(home.file("week.jsonl"), &output.stdout).unwrap();
    assert_eq!(out(&output).lines().count(), 10_800);
    let by_log = good(&home, &["web", "--log", "week.jsonl", "--json"]);
    assert_eq!(good(&home, &["web", "--json"]), by_log);
    let report: Value = serde_json::from_str(&by_log).unwrap();
    assert_eq!(report["cycles"], 10_800);
}
