//! `autoscalebot simulate` as a person meets it: the table, the JSON, the picture, and what it refuses.

use std::fs;
use std::process::Output;

use serde_json::Value;

use crate::bot::Home;

/// Three hours: quiet, many, quiet.
fn load() -> String {
    let rate = |minute: u32| if (60..120).contains(&minute) { 300 } else { 60 };
    let lines = (0..180).map(|minute| format!("{},{}\n", minute * 60, rate(minute)));
    std::iter::once("seconds,rate\n".to_owned())
        .chain(lines)
        .collect()
}

const ADAPTIVE: [&str; 5] = [
    "simulate",
    "--policy",
    "adaptive",
    "--set",
    "target_response_time_ms=1000",
];

fn simulate(home: &Home, arguments: &[&str]) -> Output {
    home.command(arguments).output().unwrap()
}

fn rows(home: &Home, arguments: &[&str]) -> Vec<Value> {
    let output = simulate(home, &[arguments, &["load.csv", "--json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["rows"].as_array().unwrap().clone()
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn home() -> Home {
    let home = Home::with("");
    fs::write(home.file("load.csv"), load()).unwrap();
    home
}

#[test]
fn a_sentence_and_a_table_the_same_each_time() {
    let home = home();
    let arguments = [
        &ADAPTIVE[..],
        &["load.csv", "--against", "hpa,keda,static,clairvoyant"],
    ]
    .concat();
    let output = simulate(&home, &arguments);
    assert_eq!(
        (output.status.code(), err(&output)),
        (Some(0), String::new())
    );
    let said = out(&output);
    let first = said.lines().next().unwrap();
    assert!(
        first.starts_with("adaptive: ") && first.contains("of the requests took longer than 1 s"),
        "{first}"
    );
    for name in ["adaptive", "hpa", "keda", "static", "clairvoyant"] {
        let row = |line: &&str| line.starts_with(&format!("{name} "));
        assert!(said.lines().any(|line| row(&line)), "{name}: {said}");
    }
    assert_eq!(out(&simulate(&home, &arguments)), said);
}

#[test]
fn figures_as_json_and_several_seeds() {
    let home = home();
    let rows = rows(
        &home,
        &[&ADAPTIVE[..], &["--seeds", "2", "--price-per-hour", "0.5"]].concat(),
    );
    let number = |name: &str| rows[0][name].as_f64().unwrap();
    assert!((number("cost_a_day") - 0.5 * number("hours_a_day")).abs() < 1e-9);
    assert!(number("worst_late") >= number("late"), "{rows:?}");
    assert!((0.8..3.0).contains(&number("hours_to_demand")), "{rows:?}");
}

/// What is simulated is the code that runs: a rule of the envelope holds in it too.
#[test]
fn a_rule_of_the_envelope_changes_what_comes_of_it() {
    let home = home();
    let scales = |set: &[&str]| {
        let rows = rows(&home, &[&ADAPTIVE[..], set].concat());
        let day = rows[0]["days"].as_f64().unwrap();
        (
            rows[0]["actions"].as_f64().unwrap() * day,
            rows[0]["late"].as_f64().unwrap(),
        )
    };
    let (free, in_time) = scales(&[]);
    let (budget, late) = scales(&["--set", "max_scales_per_hour=2"]);
    assert!(free > 12.0, "{free}");
    assert!(budget <= 8.0, "two in each of three hours: {budget}");
    assert!(late > in_time, "{late} {in_time}");
    let (rested, _) = scales(&["--set", "scale_up_cooldown_seconds=1800"]);
    assert!(rested < free, "{rested} {free}");
}

#[test]
fn a_minimum_by_the_clock_holds_at_its_local_time() {
    let home = Home::with(
        "time_zone = \"Europe/Berlin\"\n[processes.web]\nmeasurement = { measurement_url = \"https://x.invalid/\" }\n\
         scaling = { backend = \"local\", command = \"true\" }\n[processes.web.decision]\nbackend = \"adaptive\"\n\
         target_response_time_ms = 1000\nmax_processes = 40\nmin_processes = { \"0:00\" = 1, \"9:00\" = 30, \"10:00\" = 1 }\n",
    );
    fs::write(home.file("load.csv"), load()).unwrap();
    let hours = |start: &str| {
        let arguments = ["simulate", "--sees", "all", "--start", start];
        rows(&home, &arguments)[0]["hours"].as_f64().unwrap()
    };
    // Berlin is an hour ahead; nine o'clock there comes in the last, quiet hour.
    let outside = hours("2026-01-05T10:00:00Z");
    let inside = hours("2026-01-05T06:00:00Z");
    assert!(inside > outside + 8.0, "{inside} {outside}");
    let same = hours("2026-01-05T07:00:00+01:00");
    assert!((same - inside).abs() < 1e-9, "{same} {inside}");
}

#[test]
fn a_picture_in_a_file() {
    let home = home();
    let arguments = [
        &ADAPTIVE[..],
        &["load.csv", "--against", "hpa,static", "--plot", "out.svg"],
    ]
    .concat();
    let output = simulate(&home, &arguments);
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    let picture = fs::read_to_string(home.file("out.svg")).unwrap();
    assert!(picture.len() < 500_000, "{}", picture.len());
    for part in [
        "<svg xmlns",
        "% late",
        "Mon 05 Jan",
        "02:00",
        "hpa",
        "</svg>",
    ] {
        assert!(picture.contains(part), "{part}");
    }
    assert!(!picture.contains("<script") && !picture.contains("NaN") && !picture.contains("inf"));
    well_formed(&picture);
}

/// Every tag that is opened is closed, in order, and `&` begins an entity.
fn well_formed(text: &str) {
    let mut open = Vec::new();
    for tag in text.split('<').skip(1) {
        let (tag, after) = tag.split_once('>').expect("a tag that ends");
        assert!(
            after.split('&').skip(1).all(|part| part.contains(';')),
            "{after}"
        );
        assert!(tag.matches('"').count() % 2 == 0, "{tag}");
        let name = tag.split_whitespace().next().unwrap();
        if let Some(name) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?}");
}

#[test]
fn what_is_wrong_is_told_and_leaves_nothing() {
    let home = home();
    fs::write(home.file("bad.csv"), "seconds,rate\n0,many\n").unwrap();
    for (arguments, code, part) in [
        (
            &["--load", "daily-wav"][..],
            64,
            "did you mean `daily-wave`",
        ),
        (&["--against", "hpaa"], 64, "did you mean `hpa`"),
        (&["--price-per-hour", "-0.5"], 64, "a number from 0 on"),
        (&["--price-per-hour", "nan"], 64, "a number from 0 on"),
        (&["none.csv"], 1, "none.csv: it cannot be read"),
        (&["bad.csv"], 1, "line 2: `many` is no rate"),
        (
            &["load.csv", "--plot", "no/out.svg"],
            1,
            "no/out.svg cannot be written",
        ),
        (&["load.csv", "--plot", "."], 1, "it is a folder"),
    ] {
        let output = simulate(&home, &[&ADAPTIVE[..], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        assert!(
            err(&output).contains(part),
            "{arguments:?}: {}",
            err(&output)
        );
        assert_eq!(out(&output), "", "{arguments:?}");
    }
    let arguments = [
        "simulate",
        "--policy",
        "command",
        "--set",
        "command=decider",
    ];
    let output = simulate(&home, &arguments);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        err(&output).contains("a simulation cannot wait for"),
        "{}",
        err(&output)
    );
    let files = fs::read_dir(home.file("")).unwrap();
    let names = files.map(|file| file.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    assert_eq!(names, ["autoscalebot.toml", "bad.csv", "load.csv"]);
}
