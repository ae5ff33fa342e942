//! The command line as a person meets it: answers, complaints, exit codes.

use std::fs;
use std::process::{Output, Stdio};

use crate::app::App;
use crate::bot::Home;

/// A process that is measured at `app` and scaled on this machine.
fn local(app: &App) -> String {
    format!(
        "[processes.web]\nmeasurement = {{ measurement_url = \"{}\", measurement_interval_in_seconds = 0.5 }}\n\
         scaling = {{ backend = \"local\", command = \"sleep 600\" }}\n",
        app.url()
    )
}

fn out(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn err(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn help_and_version_are_answers_and_a_wrong_word_is_a_complaint() {
    let home = Home::with("");
    for (arguments, code, stream) in [
        (&["--help"][..], 0, "Usage: autoscalebot"),
        (&["run", "--help"], 0, "--config <FILE>"),
        (&["--version"], 0, "autoscalebot "),
        (&[], 64, "Usage: autoscalebot"),
        (&["chek"], 64, "similar subcommand exists: 'check'"),
        (&["demo", "--seconds", "1"], 64, "15..=3600"),
    ] {
        let output = home.command(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let said = if code == 0 {
            out(&output)
        } else {
            err(&output)
        };
        assert!(said.contains(stream), "{arguments:?}: {said}");
    }
}

#[test]
fn check_shows_every_problem_at_once_and_a_summary_of_a_good_file() {
    let home = Home::with("[processes.web]\ndecision = { min_procesess = 1, increment = 0 }\n");
    let output = home.command(&["check"]).output().unwrap();
    assert_eq!(output.status.code(), Some(78));
    let said = err(&output);
    for part in [
        "did you mean `min_processes`",
        "increment",
        "app_name",
        "autoscalebot.toml:2:",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    assert!(out(&output).is_empty());
    let app = App::answering_after(0);
    home.configure(&local(&app));
    let output = home.command(&["check"]).output().unwrap();
    assert_eq!(
        (output.status.code(), err(&output)),
        (Some(0), String::new())
    );
    assert!(out(&output).contains("web"), "{}", out(&output));
    assert_eq!(app.asked(), 0, "nothing is tried");
}

/// A certificate that is not there is a mistake in the file like any other, whichever step it stands in.
#[test]
fn what_cannot_be_built_refuses_the_configuration() {
    let app = App::answering_after(0);
    let home = Home::with(
        &(local(&app)
            + "notification = [{ backend = \"email\", smtp_url = \"smtps://mail.example.com\", to = \"ops@example.com\", \
               tls_ca_file = \"/no/such.pem\" }]\n[processes.other]\nmeasurement = { measurement_url = \"https://x/\", \
               tls_ca_file = \"${CA_FILE}\" }\nscaling = { backend = \"local\", command = \"true\" }\n"),
    );
    for arguments in [
        &["check"][..],
        &["check", "--live"],
        &["once", "web"],
        &["run"],
    ] {
        let mut command = home.command(arguments);
        command.env("CA_FILE", "/none/of/yours.pem");
        let output = command.output().unwrap();
        assert_eq!(output.status.code(), Some(78), "{arguments:?}");
        let said = err(&output);
        for part in [
            "web: email: tls_ca_file /no/such.pem cannot be read",
            "other: response_time: tls_ca_file *** cannot be read",
            "2 problems in autoscalebot.toml",
        ] {
            assert!(said.contains(part), "{arguments:?}, {part}: {said}");
        }
        assert!(out(&output).is_empty(), "{}", out(&output));
    }
    assert_eq!(app.asked(), 0);
    home.assert_empty(crate::bot::LONG);
}

/// The program's own fault, here for want of file descriptors, is told apart from what it was asked to do.
#[test]
fn a_panic_of_the_main_thread_is_an_internal_fault() {
    let app = App::answering_after(0);
    let home = Home::with(&local(&app));
    let program = home.command(&[]).get_program().to_owned();
    let output = std::process::Command::new("sh")
        .args(["-c", "ulimit -n 5; exec \"$0\" once"])
        .arg(program)
        .current_dir(home.file(""))
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(70), "{}", err(&output));
    assert!(err(&output).contains("a panic: "), "{}", err(&output));
}

/// What the libraries say in detail may hold what was sent, so that no name of theirs in `RUST_LOG` brings it out.
#[test]
fn no_filter_brings_the_libraries_details_to_light() {
    let app = App::answering_after(0);
    let home = Home::with(&local(&app));
    let mut command = home.command(&["--log-format", "json", "once"]);
    let filter = "hyper_util::client=trace,hyper=trace,reqwest::connect=trace,autoscalebot=debug";
    let output = command.env("RUST_LOG", filter).output().unwrap();
    let lines = err(&output);
    let told = |target: &str| lines.contains(&format!("\"target\":\"{target}"));
    assert!(!told("hyper") && !told("reqwest"), "{lines}");
}

#[test]
fn check_live_tries_everything_and_changes_nothing() {
    let app = App::answering_after(0);
    let home = Home::with(&local(&app));
    let output = home.command(&["check", "--live"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert_eq!(app.asked(), 1);
    let said = out(&output);
    for part in [
        "response_time measured",
        "local has 0 processes",
        "test notice",
    ] {
        assert!(said.contains(part), "{part}: {said}");
    }
    home.configure(&local(&app).replace(&app.url(), "http://127.0.0.1:1/"));
    let output = home.command(&["check", "--live"]).output().unwrap();
    assert_eq!(
        output.status.code(),
        Some(1),
        "what does not answer is a failure"
    );
    assert!(out(&output).contains("FAILED"), "{}", out(&output));
    home.assert_empty(crate::bot::LONG);
}

#[test]
fn once_says_what_it_would_do_and_does_not_do_it() {
    let app = App::answering_after(0);
    let home = Home::with(&local(&app));
    let output = home.command(&["once", "web"]).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", err(&output));
    assert!(
        out(&output).contains("would scale 0 -> 1"),
        "{}",
        out(&output)
    );
    home.assert_empty(crate::bot::LONG);
    let output = home.command(&["once", "wbe"]).output().unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(
        err(&output).contains("there is no process `wbe`; there are: web"),
        "{}",
        err(&output)
    );
}

#[test]
fn the_configuration_is_the_flag_else_the_variable_else_the_folder() {
    let home = Home::with("");
    for name in ["flag", "variable", "here"] {
        let file = home.file(&format!("{name}.toml"));
        fs::write(file, format!("[processes.{name}]\nscaling = {{ backend = \"local\", command = \"true\" }}\nmeasurement = {{ measurement_url = \"http://x/\" }}\n")).unwrap();
    }
    fs::rename(home.file("here.toml"), home.file("autoscalebot.toml")).unwrap();
    let summary = |arguments: &[&str], variable: &str| {
        let output = home
            .command(arguments)
            .env("AUTOSCALEBOT_CONFIG", variable)
            .output()
            .unwrap();
        out(&output) + &err(&output)
    };
    assert!(
        summary(&["check", "flag.toml"], "variable.toml")
            .starts_with("flag.toml is good: 1 process,")
    );
    assert!(summary(&["check", "--config", "flag.toml"], "variable.toml").contains("flag"));
    assert!(summary(&["check"], "variable.toml").contains("variable"));
    assert!(
        summary(&["check"], "").contains("here"),
        "an empty variable is none"
    );
    let missing = home
        .command(&["run", "--config", "nowhere.toml"])
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(78));
    assert!(err(&missing).contains("nowhere.toml"), "{}", err(&missing));
}

#[test]
fn backends_and_the_reference_are_answers() {
    let home = Home::with("");
    let output = home.command(&["reference"]).output().unwrap();
    assert_eq!(out(&output), include_str!("../../config/reference.toml"));
    let list = out(&home.command(&["backends"]).output().unwrap());
    for name in [
        "response_time",
        "heroku_service_time",
        "consecutive_threshold",
        "local",
        "email",
        "command",
    ] {
        assert!(list.contains(name), "{name}");
        let page = home.command(&["backends", name]).output().unwrap();
        assert_eq!(page.status.code(), Some(0), "{name}");
        assert!(out(&page).contains("settings"), "{name}");
    }
    for (wrong, hint) in [
        ("nobody", "`nobody`; `autoscalebot"),
        ("herok", "did you mean `heroku`?"),
    ] {
        let output = home.command(&["backends", wrong]).output().unwrap();
        assert_eq!(output.status.code(), Some(64));
        assert!(err(&output).contains(hint), "{}", err(&output));
    }
}

#[test]
fn a_reader_that_has_seen_enough_is_no_failure() {
    let home = Home::with("");
    let mut child = home
        .command(&["reference"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn notices_go_to_standard_output_and_the_log_to_standard_error_as_json_if_wanted() {
    let app = App::answering_after(0);
    let configuration =
        local(&app) + "notification = [{ backend = \"console\", notify_on = [\"SCALE\"] }]\n";
    let home = Home::with(&configuration);
    let bot = home.start(home.command(&["run", "--log-format", "json"]));
    home.wait_out("web: scale up 0 -> 1");
    bot.stop();
    let lines: Vec<serde_json::Value> = home
        .err()
        .iter()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let scaled = lines
        .iter()
        .find(|line| {
            line["message"]
                .as_str()
                .is_some_and(|text| text.starts_with("scaled web"))
        })
        .unwrap();
    assert_eq!(
        (&scaled["process"], &scaled["from"], &scaled["to"]),
        (&"web".into(), &0.into(), &1.into())
    );
    assert_eq!(home.out().len(), 1, "{:?}", home.out());
}
