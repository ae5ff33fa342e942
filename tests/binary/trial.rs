//! `check --live` and `once` on a Heroku app: every part is tried, what fails is named, nothing is changed.

use std::process::Output;

use serde_json::json;

use crate::app::App;
use crate::bot::{Home, LONG};
use crate::servers::free_port;
use crate::servers::heroku::{APP, Heroku, KEY};
use crate::servers::http::{HttpServer, answer};
use crate::servers::smtp::MailServer;

/// What all processes share.
fn defaults(heroku: &Heroku, app: &str) -> String {
    format!(
        "[defaults.scaling]\napp_name = \"{APP}\"\napi_key = \"{KEY}\"\napi_url = \"{}\"\ntimeout_in_seconds = 2\n\
         [defaults.measurement]\nmeasurement_url = \"{app}\"\ntimeout_in_seconds = 5\n",
        heroku.url()
    )
}

/// Runs it, and checks that it changed nothing.
#[track_caller]
fn tried(home: &Home, heroku: &Heroku, arguments: &[&str]) -> (Option<i32>, String) {
    let Output { status, stdout, .. } = home.command(arguments).output().expect("an end");
    let said = String::from_utf8_lossy(&stdout).into_owned();
    let requests = heroku.requests();
    assert!(requests.iter().all(|seen| seen.method == "GET"), "{said}");
    assert!(!said.contains(KEY), "{said}");
    home.assert_empty(LONG);
    (status.code(), said)
}

/// The lines below a process's name.
fn of<'a>(said: &'a str, process: &str) -> Vec<&'a str> {
    let lines = said.lines().skip_while(|line| *line != process).skip(1);
    lines
        .take_while(|line| line.starts_with(' '))
        .map(str::trim)
        .collect()
}

#[test]
fn live_tries_every_part_and_sends_one_notice_to_a_shared_notifier() {
    let heroku = Heroku::start();
    let app = App::answering_after(0);
    let mails = MailServer::plain(json!({}));
    let home = Home::with(&format!(
        "{}[[defaults.notification]]\nbackend = \"email\"\nto = \"ops@example.com\"\nfrom = \"bot@example.com\"\n\
         smtp_url = \"smtp://127.0.0.1:{}?tls=none\"\n[processes.web]\n[processes.worker]\n",
        defaults(&heroku, &app.url()),
        mails.port
    ));
    let (code, said) = tried(&home, &heroku, &["check", "--live"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.ends_with("\nAll of it works.\n"), "{said}");
    let live = said.split("nothing is scaled.").nth(1).expect("the trial");
    let web = of(live, "web");
    assert!(web[0].starts_with("measurement  response_time measured "));
    assert_eq!(
        web[1..],
        [
            "count        heroku has 2 processes",
            "notification email took a test notice"
        ]
    );
    assert_eq!(
        of(live, "worker")[1..],
        [
            "count        heroku has 1 process",
            "notification email is shared with web, and was tried there"
        ]
    );
    assert_eq!(app.asked(), 2);
    let mail = mails.mail();
    assert!(
        mail.content
            .contains("a test notice of `autoscalebot check --live`; nothing was scaled"),
        "{}",
        mail.content
    );
}

#[test]
fn live_names_all_that_fails_and_goes_on() {
    let heroku = Heroku::start();
    let app = App::answering_after(0);
    let dead = free_port();
    let home = Home::with(&format!(
        "{}[processes.a]\n[processes.b.scaling]\nprocess_type = \"web\"\n\
         api_key = \"wrong\"\n[[processes.b.notification]]\nbackend = \"email\"\nto = \"ops@example.com\"\nsmtp_url = \
         \"smtp://127.0.0.1:{dead}?tls=none\"\n[processes.c.measurement]\nmeasurement_url = \"http://127.0.0.1:{dead}/\"\n\
         [processes.c.scaling]\nbackend = \"local\"\ncommand = \"no-such-program\"\n",
        defaults(&heroku, &app.url())
    ));
    let (code, said) = tried(&home, &heroku, &["check", "--live"]);
    assert_eq!(code, Some(1), "{said}");
    assert!(said.ends_with("\nSomething FAILED: see above.\n"));
    for part in [
        "count        FAILED: heroku: app `dancing-forest-1234` has no process type `a`; the app has: web, worker",
        "count        FAILED: heroku: Heroku refuses the key (401)",
        "notification FAILED: email: the mail server 127.0.0.1",
        "measurement  FAILED: response_time: GET http://127.0.0.1",
        "scaling      FAILED: local: the command `no-such-program` is in no folder of PATH",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
}

#[test]
fn once_says_what_it_would_do_and_why() {
    let heroku = Heroku::start();
    heroku.set("big", 8);
    heroku.set("off", 0);
    let app = HttpServer::start(|seen| {
        if seen.line.contains("/broken") {
            answer("404 Not Found", "")
        } else {
            answer("200 OK", r#"{"processes": 4}"#)
        }
    });
    let home = Home::with(&format!(
        "{}[processes.big]\n[processes.off]\n[processes.web]\n[processes.low]\ndecision = {{ min_processes = 3 }}\n\
         scaling = {{ process_type = \"web\" }}\n[processes.asks]\nmeasurement = {{ backend = \"app_decision\" }}\n\
         decision = {{ backend = \"app_decision\", max_processes = 5 }}\nscaling = {{ process_type = \"web\" }}\n",
        defaults(&heroku, &app.url("/"))
    ));
    let (code, said) = tried(&home, &heroku, &["once"]);
    assert_eq!(code, Some(0), "{said}");
    for (process, bounds, decision) in [
        (
            "big",
            "1 to 8 now; max_processes is not written, so the count found is the maximum",
            "would stay at 8: 1 of 5 results below 400 so far",
        ),
        (
            "off",
            "1 to 3 now",
            "would stay at 0: it is switched off: 0 run, and min_processes is 1",
        ),
        (
            "web",
            "1 to 3 now",
            "would stay at 2: 1 of 5 results below 400 so far",
        ),
        (
            "low",
            "3 to 3 now",
            "would scale 2 -> 3: 2 is below the minimum of 3",
        ),
        (
            "asks",
            "1 to 5 now",
            "would scale 2 -> 4: the application asks for 4 at /processes",
        ),
    ] {
        let lines = of(&said, process);
        assert_eq!(lines[2], format!("bounds       {bounds}"), "{process}");
        assert_eq!(lines[3], format!("decision     {decision}"), "{process}");
    }
    let (_, said) = tried(&home, &heroku, &["once", "off", "web"]);
    assert!(!said.contains("big") && said.contains("off") && said.contains("web"));
}

#[test]
fn once_without_a_result_stays_and_without_a_count_does_not_guess() {
    let heroku = Heroku::start();
    let app = HttpServer::start(|_| answer("404 Not Found", ""));
    let home = Home::with(&format!(
        "{}[processes.web]\n[processes.gone]\n",
        defaults(&heroku, &app.url("/broken"))
    ));
    let (code, said) = tried(&home, &heroku, &["once"]);
    assert_eq!(code, Some(1), "{said}");
    let web = of(&said, "web");
    assert!(
        web[0].contains("FAILED: response_time: ")
            && web[0].ends_with("404 Not Found; is measurement_url right?"),
        "{said}"
    );
    assert_eq!(
        web[3],
        "decision     would stay at 2: without a result, nothing is scaled by load"
    );
    assert!(!of(&said, "gone").iter().any(|line| line.contains("would")));
}

#[test]
fn a_command_that_was_tried_gets_its_teardown() {
    let app = App::answering_after(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/contract/command_odd.py");
    for arguments in [&["once"][..], &["check", "--live"]] {
        let folder = tempfile::tempdir().expect("a folder");
        let notes = folder.path().join("notes");
        let home = Home::with(&format!(
            "[processes.web.measurement]\nmeasurement_url = \"{}\"\n[processes.web.scaling]\nbackend = \"command\"\n\
             command = [\"python3\", \"{script}\", \"notes\", \"{}\"]\n",
            app.url(),
            notes.display()
        ));
        home.command(arguments).output().expect("an end");
        let said = std::fs::read_to_string(&notes).expect("notes");
        let words: Vec<_> = said
            .lines()
            .filter_map(|line| line.split_once(' ').map(|(_, words)| words))
            .collect();
        assert_eq!(
            words,
            ["1 setup", "2 count", "3 teardown", "end of input"],
            "{arguments:?}"
        );
    }
}
