//! The requests of real clients, as they were captured, through the parsers and into the intake.

use std::path::PathBuf;
use std::time::Duration;

use autoscalebot::clock::Now;
use autoscalebot::intake::reading::Figure;
use autoscalebot::intake::sketch::Statistic;
use autoscalebot::intake::{Format, Headers, Intake, Taken, parse};
use autoscalebot::model::ProcessName;
use autoscalebot::server::settings::SourceSettings;
use autoscalebot::settings::Secret;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

/// A captured request: its headers as text, and its body.
struct Capture {
    head: String,
    body: Vec<u8>,
}

impl Capture {
    fn read(name: &str) -> Self {
        let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contract/captures/sent");
        let bytes = std::fs::read(folder.join(format!("{name}.http"))).unwrap();
        let end = bytes.windows(4).position(|four| four == b"\r\n\r\n");
        let end = end.unwrap_or_else(|| panic!("{name} has headers"));
        Self {
            head: String::from_utf8(bytes[..end].to_vec()).unwrap(),
            body: bytes[end + 4..].to_vec(),
        }
    }

    fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(": ")?;
            key.eq_ignore_ascii_case(name).then_some(value)
        })
    }

    fn headers(&self) -> Headers<'_> {
        Headers {
            content_type: self.header("Content-Type"),
            frame_id: self.header("Logplex-Frame-Id"),
            drain_token: self.header("Logplex-Drain-Token"),
            msg_count: self.header("Logplex-Msg-Count"),
        }
    }
}

fn name(text: &str) -> ProcessName {
    ProcessName::new(text).unwrap()
}

fn source(called: &str, feeds: &[&str], process: Option<&str>) -> SourceSettings {
    SourceSettings {
        name: called.to_owned(),
        token: Secret::new("0123456789abcdef"),
        processes: feeds.iter().map(|process| name(process)).collect(),
        process: process.map(name),
    }
}

/// An intake with one source, `shop`.
fn intake(feeds: &[&str], process: Option<&str>) -> Intake {
    let intake = Intake::default();
    intake.set_sources(&[source("shop", feeds, process)]);
    intake
}

/// So many seconds after a second since 1970 at which the program had run for 1000 s.
fn after(second: i64, seconds: u64) -> Now {
    let base = DateTime::<Utc>::from_timestamp(second, 0).unwrap();
    Now {
        wall: base + TimeDelta::seconds(i64::try_from(seconds).unwrap()),
        mono: Duration::from_secs(1000 + seconds),
    }
}

#[track_caller]
fn send(intake: &Intake, format: &Format, capture: &str, now: Now) -> Taken {
    let capture = Capture::read(capture);
    let delivery = parse(format, &capture.headers(), &capture.body).unwrap();
    intake.take("shop", delivery, now)
}

#[track_caller]
fn text(intake: &Intake, format: &Format, body: &str, now: Now) -> Taken {
    let delivery = parse(format, &Headers::default(), body.as_bytes()).unwrap();
    intake.take("shop", delivery, now)
}

const MINUTE: Duration = Duration::from_secs(60);

/// `(count of requests, p50)` of a minute.
fn requests(intake: &Intake, process: &str, now: Now) -> Option<(u64, f64)> {
    let heard = intake.requests(&name(process), MINUTE, now)?;
    let queue = heard.told.queue;
    Some((
        queue.count(),
        queue.statistic(Statistic::P50).unwrap_or(0.0),
    ))
}

fn near(found: f64, expected: f64) {
    assert!(
        (found - expected).abs() <= expected * 0.0101,
        "{found}, not {expected}"
    );
}

fn queue(intake: &Intake, figure: Figure, queue: &str, now: Now) -> Option<f64> {
    let all = intake.queues(&name("worker"), figure, now);
    all.iter()
        .find(|one| one.name == queue)
        .map(|one| one.value)
}

#[test]
fn every_captured_report_is_taken_once() {
    for (capture, accepted) in [
        ("judoscale-flask-001", 8),
        ("judoscale-flask-002", 1),
        ("judoscale-celery-001", 9),
        ("judoscale-celery-002", 9),
        ("judoscale-rq-001", 6),
        ("judoscale-rq-002", 6),
        ("judoscale-node-001", 7),
        ("judoscale-node-002", 3),
        ("judoscale-ruby-001", 8),
        ("judoscale-ruby-002", 4),
        ("judoscale-hang-001", 0),
        ("judoscale-retry503-001", 0),
    ] {
        let intake = intake(&["web", "worker"], None);
        let now = after(1_795_452_500, 0);
        let first = send(&intake, &Format::Judoscale, capture, now);
        let expected = Taken {
            accepted,
            ..Taken::default()
        };
        assert_eq!(first, expected, "{capture}");
        let again = send(
            &intake,
            &Format::Judoscale,
            capture,
            after(1_795_452_500, 5),
        );
        let expected = Taken {
            repeated: true,
            ..Taken::default()
        };
        assert_eq!(again, expected, "{capture}");
    }
}

#[test]
fn a_slow_answer_brings_the_same_report_three_times() {
    let intake = intake(&["web"], None);
    let captures = [
        "judoscale-hang-001",
        "judoscale-hang-002",
        "judoscale-hang-003",
    ];
    let taken = captures.map(|capture| {
        send(
            &intake,
            &Format::Judoscale,
            capture,
            after(1_795_452_000, 0),
        )
        .repeated
    });
    assert_eq!(taken, [false, true, true]);
    // Other processes of the same container report the same of themselves.
    for number in 1..=4 {
        let capture = format!("judoscale-retry503-00{number}");
        assert!(
            !send(
                &intake,
                &Format::Judoscale,
                &capture,
                after(1_795_452_000, 1)
            )
            .repeated
        );
    }
}

#[test]
fn a_report_without_requests_is_a_zero_and_silence_is_not() {
    let intake = intake(&["web"], None);
    assert_eq!(
        requests(&intake, "web", after(1_795_451_773, 0)),
        None,
        "nothing is known"
    );
    let at = after(1_795_451_773, 0);
    send(&intake, &Format::Judoscale, "judoscale-flask-001", at);
    let (count, median) = requests(&intake, "web", at).unwrap();
    assert_eq!(count, 3);
    near(median, 273.0);
    // The report has the requests that came 8 s before it, in their slot.
    let window = Duration::from_secs(2);
    let heard = intake.requests(&name("web"), window, at).unwrap();
    assert_eq!(heard.told.queue.count(), 0, "the last 2 s had none");
    let busy = intake.utilisation(&name("web"), MINUTE, at).unwrap().told;
    assert!((busy.percent - 2.0).abs() < 1e-9, "{busy:?}");
    // An age of silence: the last value, and its age.
    let later = after(1_795_451_773, 45);
    let heard = intake.requests(&name("web"), MINUTE, later).unwrap();
    assert_eq!(
        (heard.told.queue.count(), heard.age),
        (3, Duration::from_secs(45))
    );
    let later = after(1_795_451_773, 120);
    let body = r#"{"container": "web.1", "pid": 16297, "metrics": []}"#;
    text(&intake, &Format::Judoscale, body, later);
    let heard = intake.requests(&name("web"), MINUTE, later).unwrap();
    assert_eq!((heard.told.queue.count(), heard.age), (0, Duration::ZERO));
}

#[test]
fn queues_are_the_latest_report_of_whoever_reports_them() {
    let intake = intake(&["web", "worker"], None);
    let now = after(1_795_451_981, 1);
    send(&intake, &Format::Judoscale, "judoscale-celery-001", now);
    assert_eq!(queue(&intake, Figure::Depth, "celery", now), Some(3.0));
    assert_eq!(
        queue(&intake, Figure::Latency, "celery", now),
        Some(10_925.0)
    );
    assert_eq!(queue(&intake, Figure::Busy, "celery", now), Some(2.0));
    // The same from the web's container: not twice as many.
    let copy = String::from_utf8(Capture::read("judoscale-celery-001").body).unwrap();
    let taken = text(
        &intake,
        &Format::Judoscale,
        &copy.replace("worker.1", "web.1"),
        now,
    );
    assert!(!taken.repeated);
    assert_eq!(queue(&intake, Figure::Depth, "celery", now), Some(3.0));
    send(
        &intake,
        &Format::Judoscale,
        "judoscale-celery-002",
        after(1_795_451_981, 12),
    );
    // Late and out of order: it changes nothing.
    let late = copy.replace("21939", "7");
    text(&intake, &Format::Judoscale, &late, after(1_795_451_981, 13));
    assert_eq!(queue(&intake, Figure::Depth, "celery", now), Some(1.0));
    let folded = r#"{"container": "worker.1", "pid": 1, "metrics":
        [[1795452100, 3, "qd", "celery"], [1795452100, 2, "qd", "celery\u0006\u00166"], [1795452100, 9, "qt", "celery\u0006\u00166"]]}"#;
    let now = after(1_795_452_100, 0);
    text(&intake, &Format::Judoscale, folded, now);
    assert_eq!(queue(&intake, Figure::Depth, "celery", now), Some(5.0));
    assert_eq!(
        queue(&intake, Figure::Depth, "celery\u{6}\u{16}6", now),
        None
    );
}

#[test]
fn a_source_feeds_what_it_may_and_nothing_else() {
    let now = after(1_795_451_773, 0);
    let feeds_worker = intake(&["worker"], None);
    let taken = send(
        &feeds_worker,
        &Format::Judoscale,
        "judoscale-flask-001",
        now,
    );
    assert_eq!(taken.accepted, 0);
    assert!(
        taken.refused[0]
            .0
            .contains("8 metrics of container `web.1`"),
        "{taken:?}"
    );
    assert_eq!(requests(&feeds_worker, "web", now), None);
    // A web process tells of the worker's queue.
    let taken = send(&feeds_worker, &Format::Judoscale, "judoscale-node-001", now);
    assert_eq!(taken.accepted, 2, "its queue's");
    assert_eq!(queue(&feeds_worker, Figure::Depth, "mail", now), Some(4.0));
    // Where a platform's names say nothing, the source does.
    let body =
        r#"{"container": "srv-5d8f7c-abc", "pid": 1, "metrics": [[1795451773, 9, "qt", null]]}"#;
    let named = intake(&["web"], Some("web"));
    assert_eq!(text(&named, &Format::Judoscale, body, now).accepted, 1);
    let unnamed = intake(&["web"], None);
    let taken = text(&unnamed, &Format::Judoscale, body, now);
    assert!(taken.refused[0].1.contains("write `process`"), "{taken:?}");
    let pushed = Format::Pushed {
        process: name("worker"),
    };
    let taken = text(&named, &pushed, "7", now);
    assert_eq!(
        (taken.accepted, taken.refused.len()),
        (0, 1),
        "not even by `process`"
    );
    let delivery = parse(&pushed, &Headers::default(), b"7").unwrap();
    assert_eq!(named.take("stranger", delivery, now).accepted, 0);
    let view = unnamed.view();
    assert_eq!((view[0].refused, view[0].accepted), (1, 0));
    assert!(
        serde_json::to_string(&view)
            .unwrap()
            .contains("srv-5d8f7c-abc")
    );
}

#[test]
fn what_is_no_more_fed_is_forgotten_and_the_rest_stays() {
    let intake = intake(&["web", "worker"], None);
    let now = after(1_795_451_773, 0);
    send(&intake, &Format::Judoscale, "judoscale-flask-001", now);
    intake.set_sources(&[source("shop", &["web"], None)]);
    assert_eq!(
        requests(&intake, "web", now).map(|(count, _)| count),
        Some(3)
    );
    assert_eq!(intake.sources_of(&name("worker")), Vec::<String>::new());
    intake.set_sources(&[]);
    assert_eq!(requests(&intake, "web", now), None);
}

#[test]
fn every_captured_push_of_hirefire_is_taken() {
    for (capture, second, accepted) in [
        ("hirefire-python-001", 1_795_452_445, 3),
        ("hirefire-python-002", 1_795_452_446, 1),
        ("hirefire-node-001", 1_795_452_496, 2),
        ("hirefire-ruby-001", 1_795_452_508, 1),
    ] {
        let intake = intake(&["web", "worker"], None);
        let taken = send(&intake, &Format::HireFire, capture, after(second, 1));
        let expected = Taken {
            accepted,
            ..Taken::default()
        };
        assert_eq!(taken, expected, "{capture}");
        // Sent again after a time-out of 5 s, and once more with what came meanwhile.
        let taken = send(&intake, &Format::HireFire, capture, after(second, 6));
        assert!(
            taken.repeated && taken.accepted == 0,
            "{capture}: {taken:?}"
        );
        let body = String::from_utf8(Capture::read(capture).body).unwrap();
        let more = body.replace('}', &format!(", \"{}\": [1, 2]}}", second + 5));
        let taken = text(&intake, &Format::HireFire, &more, after(second, 12));
        assert_eq!(taken.accepted, 2, "{capture}");
        let count = requests(&intake, "web", after(second, 12)).map(|(count, _)| count);
        assert_eq!(count, Some(accepted + 2), "{capture}");
    }
}

#[test]
fn a_log_drain_tells_of_every_request() {
    let intake = intake(&["web"], None);
    let now = after(1_767_225_600, 1);
    let taken = send(&intake, &Format::Logplex, "CONSTRUCTED-logplex-drain", now);
    assert_eq!(
        taken,
        Taken {
            accepted: 6,
            ..Taken::default()
        }
    );
    let again = send(
        &intake,
        &Format::Logplex,
        "CONSTRUCTED-logplex-drain",
        after(1_767_225_600, 4),
    );
    assert!(again.repeated && again.accepted == 0);
    let router = intake.routed(&name("web"), MINUTE, now).unwrap().told;
    assert_eq!(router.window.service.count(), 3);
    near(
        router.window.service.statistic(Statistic::P50).unwrap(),
        459.0,
    );
    near(
        router.window.connect.statistic(Statistic::P99).unwrap(),
        1.0,
    );
    assert_eq!(router.window.statuses, [0, 2, 0, 0, 1]);
    assert_eq!(json!(router.window.codes), json!({"H12": 1}));
    assert_eq!(router.window.dropped, 44);
    assert_eq!((router.load, router.total), (Some(2.46), 3));
    near(router.memory.unwrap(), 180.43 / 512.0);
    let (count, median) = requests(&intake, "web", now).unwrap();
    assert_eq!(count, 1, "[hirefire:router]");
    near(median, 131.0);
}

#[test]
fn a_drain_that_lives_tells_of_no_request_and_a_missing_queue_time_is_no_zero() {
    let intake = intake(&["web"], None);
    let frame = |text: &str| format!("{} {text}", text.len());
    let other = frame("<190>1 t host app web.1 - hello");
    let router = frame(
        "<158>1 t host heroku router - at=info dyno=web.1 connect=0ms service=5ms status=200",
    );
    let queued = frame("<190>1 t host app web.1 - [hirefire:router] queue=7ms");
    let at = |seconds| after(1_767_225_600, seconds);
    text(&intake, &Format::Logplex, &other, at(0));
    let told = |seconds| intake.routed(&name("web"), MINUTE, at(seconds));
    let known = told(0).map(|heard| heard.told.window.service.count());
    assert_eq!(known, Some(0), "it lives, and there was no request");
    assert_eq!(
        requests(&intake, "web", at(0)),
        None,
        "who logs no queue times has none"
    );
    text(&intake, &Format::Logplex, &queued, at(1));
    text(&intake, &Format::Logplex, &other, at(100));
    assert_eq!(requests(&intake, "web", at(100)), Some((0, 0.0)));
    text(&intake, &Format::Logplex, &router, at(130));
    let heard = intake.requests(&name("web"), MINUTE, at(130)).unwrap();
    assert_eq!(
        heard.age,
        Duration::from_secs(30),
        "requests, and no queue time of them"
    );
}

#[test]
fn clocks_that_are_wrong_do_no_harm() {
    for (theirs, why) in [
        (0, "right"),
        (3600, "ahead"),
        (-3600, "behind"),
        (-40, "a little behind"),
    ] {
        let intake = intake(&["web"], None);
        let base = 1_795_451_773;
        let second = base + theirs;
        let body = format!(
            r#"{{"container": "web.1", "pid": 1, "metrics": [[{second}, 5, "qt", null], [{}, 7, "qt", null], [{}, 9, "qt", null]]}}"#,
            second - 8,
            second - 1000
        );
        let taken = text(&intake, &Format::Judoscale, &body, after(base, 0));
        let count = requests(&intake, "web", after(base, 0)).map(|(count, _)| count);
        let expected = if theirs > 1000 { 3 } else { 2 };
        assert_eq!(
            (taken.accepted, count),
            (expected, Some(expected)),
            "{why}: {taken:?}"
        );
    }
}

#[test]
fn a_number_that_is_pushed_is_the_last_one() {
    let intake = intake(&["web"], None);
    let format = Format::Pushed {
        process: name("web"),
    };
    for (seconds, body) in [(0, "7.5"), (10, r#"{"value": 3, "busy": 2}"#)] {
        assert_eq!(text(&intake, &format, body, after(0, seconds)).accepted, 1);
    }
    let heard = intake.pushed(&name("web"), after(0, 25)).unwrap();
    assert_eq!(heard.told, (3.0, json!({"value": 3, "busy": 2})));
    assert_eq!(heard.age, Duration::from_secs(15));
}

#[test]
fn every_capture_is_read_whole_or_refused() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/contract/captures/sent");
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let called = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let capture = Capture::read(&called);
        let format = match called.split('-').next() {
            Some("judoscale") => Format::Judoscale,
            Some("CONSTRUCTED") => Format::Logplex,
            _ => Format::HireFire,
        };
        if called.ends_with("response") {
            continue;
        }
        for end in 0..capture.body.len() {
            let cut = parse(&format, &capture.headers(), &capture.body[..end]);
            let is_whole = end == 0 || cut.is_ok();
            assert!(
                format == Format::Logplex || cut.is_err(),
                "{called}: {end} {is_whole}"
            );
        }
        assert!(
            parse(&format, &capture.headers(), &capture.body).is_ok(),
            "{called}"
        );
    }
}

#[test]
fn a_body_that_is_too_large_is_refused_unread() {
    let large = vec![b' '; autoscalebot::intake::MOST_BODY + 1];
    for format in [Format::Judoscale, Format::HireFire, Format::Logplex] {
        let refused = parse(&format, &Headers::default(), &large).unwrap_err();
        assert!(
            refused.to_string().contains("the most that is read"),
            "{refused}"
        );
    }
}

#[test]
fn a_hostile_source_stays_in_its_bounds() {
    let intake = intake(&["web"], None);
    for number in 0..1200 {
        let body = format!(
            r#"{{"container": "web.{number}", "pid": {number}, "metrics": [[1795451773, {number}, "up", null], [1795451773, 1, "qd", "q{number}"]]}}"#
        );
        text(&intake, &Format::Judoscale, &body, after(1_795_451_773, 0));
    }
    let busy = intake
        .utilisation(&name("web"), MINUTE, after(1_795_451_773, 0))
        .unwrap();
    assert_eq!(busy.told.reporters, 1000);
    assert_eq!(
        intake
            .queues(&name("web"), Figure::Depth, after(1_795_451_773, 0))
            .len(),
        500
    );
    assert!(intake.view()[0].refusals.len() <= 16);
}
