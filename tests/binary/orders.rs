//! Orders from people: `pause`, `resume`, `override`, `scale` and `orders`.

use std::process::Output;

use crate::bot::Home;
use crate::servers::redis::RedisServer;

const PROCESSES: &str = "
[processes.web.measurement]
measurement_url = \"${NOT_SET_WHERE_ORDERS_ARE_GIVEN}\"
[processes.celery.scaling]
api_key = \"hunter2\"
";

fn home(state: &str) -> Home {
    Home::with(&format!(
        "time_zone = \"Europe/Vienna\"\n{state}{PROCESSES}"
    ))
}

const FILE: &str = "[state]\nurl = \"file:state.db\"\n";

/// Runs a command as the user `ann`; yields its code, and what it said on both streams.
fn run(home: &Home, line: &str) -> (i32, String, String) {
    let words = shell_words::split(line).unwrap();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let mut command = home.command(&words);
    let output = command
        .env("USER", "ann")
        .env_remove("DYNO")
        .output()
        .unwrap();
    told(&output)
}

fn told(output: &Output) -> (i32, String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (
        output.status.code().unwrap(),
        text(&output.stdout),
        text(&output.stderr),
    )
}

#[track_caller]
fn good(home: &Home, line: &str) -> String {
    let (code, out, err) = run(home, line);
    assert_eq!((code, err.as_str()), (0, ""), "{line}: {out}");
    out
}

#[test]
fn an_order_is_given_listed_and_ended() {
    let home = home(FILE);
    assert_eq!(good(&home, "orders"), "no order is in force\n");
    let out = good(
        &home,
        "pause web --down-only --for 2h --because 'database migration'",
    );
    assert!(out.starts_with("web: paused (down) by ann@"), "{out}");
    assert!(out.ends_with(": database migration (#1)\n"), "{out}");
    let out = good(
        &home,
        "override web --min 8 --max 12 --for 1h30m --because sale --owner bob",
    );
    assert!(
        out.starts_with("web: held at 8 to 12 by bob until "),
        "{out}"
    );
    let out = good(&home, "scale celery 6 --for 30m");
    assert!(out.starts_with("celery: scaled to 6 by ann@"), "{out}");
    assert!(out.ends_with(": no reason given (#3)\n"), "{out}");

    let out = good(&home, "orders");
    let numbers: Vec<_> = out
        .lines()
        .map(|line| line.rsplit_once(' ').unwrap().1)
        .collect();
    assert_eq!(numbers, ["(#3)", "(#2)", "(#1)"], "{out}");
    let out = good(&home, "orders web");
    assert!(!out.contains("celery"), "{out}");

    let out = good(&home, "resume web --owner eve");
    assert_eq!(out.lines().count(), 2, "{out}");
    assert!(
        out.contains("web: paused (down) by ann@") && out.contains(", ended by eve at "),
        "{out}"
    );
    assert_eq!(good(&home, "resume web"), "web: no order is in force\n");
    let out = good(&home, "orders web");
    assert!(
        out.starts_with("no order is in force\n\nended in the last 24 hours\n"),
        "{out}"
    );

    let out = good(&home, "orders --json");
    let orders: Vec<serde_json::Value> = out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(orders.len(), 3);
    let first = &orders[0];
    for (field, expected) in [
        ("process", serde_json::json!("celery")),
        ("kind", "scale".into()),
        ("count", 6.into()),
        ("in_force", true.into()),
        ("ended", serde_json::Value::Null),
    ] {
        assert_eq!(first[field], expected, "{first}");
    }
    assert_eq!(orders[1]["ended"]["by"], "eve");
    assert_eq!(orders[1]["in_force"], false);
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let home = home(FILE);
    for (line, code, part) in [
        (
            "pause wbe --for 2h --because x",
            64,
            "there is no process `wbe`; did you mean `web`?",
        ),
        (
            "resume mailer",
            64,
            "there is no process `mailer`; there are: celery, web",
        ),
        ("orders wbe", 64, "did you mean `web`?"),
        ("status web.challenger", 64, "no process `web.challenger`"),
        ("compare web.challenger", 64, "no process `web.challenger`"),
        ("pause web --because x", 64, "--for <TIME>"),
        (
            "pause web --for 2hours",
            64,
            "a time such as 90s, 30m, 2h, 7d",
        ),
        ("pause web --for 90d", 64, "within 31 days"),
        (
            "pause web --for 2h --up-only --down-only",
            64,
            "cannot be used with",
        ),
        ("override web --for 2h", 64, "--min <N>"),
        (
            "override web --min 5 --max 3 --for 2h",
            64,
            "--min 5 is above --max 3",
        ),
        ("scale web --for 2h", 64, "<N>"),
        ("scale web -1 --for 2h", 64, "unexpected argument '-1'"),
        ("scale web six --for 2h", 64, "invalid value 'six'"),
        (
            "pause web --for 2h --config nowhere.toml",
            78,
            "cannot read nowhere.toml",
        ),
    ] {
        let (found, out, err) = run(&home, line);
        assert_eq!((found, out.as_str()), (code, ""), "{line}: {err}");
        assert!(err.contains(part), "{line}: {err}");
    }
    assert!(!home.file("state.db").exists(), "nothing was opened");
}

#[test]
fn without_a_store_it_says_what_to_write() {
    let home = home("");
    for line in ["pause web --for 2h", "resume web", "orders"] {
        let (code, _, err) = run(&home, line);
        assert_eq!(code, 78, "{err}");
        assert!(
            err.contains("[state]\nurl = \"file:autoscalebot.db\""),
            "{err}"
        );
    }
    let home = self::home("[state]\nurl = \"redis://:hunter2@localhost:nowhere\"\n");
    let (code, _, err) = run(&home, "orders");
    assert_eq!(code, 78, "{err}");
    assert!(
        err.contains("state.url") && !err.contains("hunter2"),
        "{err}"
    );
}

#[test]
fn a_store_that_fails_is_a_failure_and_a_damaged_one_is_told() {
    let home = home("[state]\nurl = \"file:nowhere/state.db\"\n");
    let (code, out, err) = run(&home, "scale web 6 --for 30m");
    assert_eq!((code, out.as_str()), (1, ""), "{err}");
    assert!(
        err.contains("nowhere/state.db") && err.contains("its folder"),
        "{err}"
    );
    let home = self::home("[state]\nurl = \"redis://:hunter2@127.0.0.1:1\"\n");
    let (code, _, err) = run(&home, "orders");
    assert_eq!(code, 1, "{err}");
    assert!(
        err.contains("connection refused") && !err.contains("hunter2"),
        "{err}"
    );
    let home = self::home(FILE);
    std::fs::write(home.file("state.db"), "garbage ".repeat(1000)).unwrap();
    let (code, out, err) = run(&home, "scale web 6 --for 30m");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("scaled to 6"), "{out}");
    assert!(err.contains("warning: state.db was damaged"), "{err}");
}

#[test]
fn many_people_at_once_all_give_their_orders() {
    let home = home(FILE);
    let mut running: Vec<_> = (0..8)
        .map(|n| {
            let count = n.to_string();
            let mut command = home.command(&["scale", "web", &count, "--for", "30m"]);
            command
                .stdout(std::process::Stdio::piped())
                .spawn()
                .unwrap()
        })
        .collect();
    for child in &mut running {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!(good(&home, "orders").lines().count(), 8);
}

#[test]
fn through_a_redis_orders_come_from_another_machine() {
    let server = RedisServer::start();
    let state = format!("[state]\nurl = \"{}/1\"\n", server.url());
    let here = home(&state);
    let there = home(&state);
    let order = |home: &Home, dyno: &str| {
        let mut command = home.command(&["scale", "web", "6", "--for", "30m"]);
        told(&command.env("DYNO", dyno).output().unwrap())
    };
    let (code, out, err) = order(&there, "run.1234");
    assert_eq!((code, err.as_str()), (0, ""));
    assert!(
        out.starts_with("web: scaled to 6 by run.1234 until "),
        "{out}"
    );
    assert!(good(&here, "orders").contains("run.1234"));
    let (code, _, err) = order(&home(FILE), "run.1234");
    assert_eq!(code, 0);
    assert!(err.contains("each dyno has files of its own"), "{err}");
}
