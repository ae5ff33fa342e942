//! No secret of a configuration appears on any stream, whatever fails, however much is logged.

use std::process::Output;

use serde_json::json;

use crate::app::App;
use crate::bot::{Home, assert_silent};
use crate::servers::free_port;
use crate::servers::heroku::{APP, Heroku};
use crate::servers::smtp::MailServer;
use crate::servers::tls::Tls;

/// A configuration full of secrets, most of which lead to a failure: a wrong key, a dead Redis, a dead mail server.
fn configuration(heroku: &Heroku, app: &App) -> String {
    let (dead, with_password) = (
        free_port(),
        app.url().replace("http://", "http://user:s3cr3t-url@"),
    );
    format!(
        r#"
[processes.web]
measurement = {{ measurement_url = "{with_password}?token=s3cr3t-query", headers = {{ Authorization = "Bearer s3cr3t-header" }}, measurement_interval_in_seconds = 0.5 }}
scaling = {{ app_name = "{APP}", api_key = "s3cr3t-key", api_url = "{api}", timeout_in_seconds = 2 }}
[[processes.web.notification]]
backend = "email"
smtp_url = "smtps://user:s3cr3t-mail@127.0.0.1:{dead}"
to = ["ops@example.com"]
notify_on = ["scale_failed", "measurement", "measurement_failed"]
timeout_in_seconds = 2
[[processes.web.notification]]
backend = "slack"
webhook_url = "{slack}s3cr3t-slack"
notify_on = ["scale_failed", "measurement", "measurement_failed"]
timeout_in_seconds = 2
[[processes.web.notification]]
backend = "webhook"
url = "http://127.0.0.1:{dead}/s3cr3t-hook?token=s3cr3t-token"
signing_secret = "whsec_s3cr3ts3cr3ts3cr3ts3cr3ts3cr3ts3"
headers = {{ Authorization = "Bearer s3cr3t-header" }}
notify_on = ["scale_failed", "measurement", "measurement_failed"]
timeout_in_seconds = 2
[[processes.web.notification]]
backend = "console"
notify_on = ["scale_failed", "measurement", "measurement_failed"]

[processes.refused]
measurement = {{ measurement_url = "http://user:s3cr3t-url@127.0.0.1:{dead}/", measurement_interval_in_seconds = 0.5 }}
scaling = {{ backend = "local", command = ["sleep", "600"], environment = {{ TOKEN = "s3cr3t-environment" }} }}

[processes.celery]
measurement = {{ backend = "celery_redis_queue_size", redis_url = "redis://:s3cr3t-redis@127.0.0.1:{dead}/0", measurement_interval_in_seconds = 0.5 }}
scaling = {{ backend = "command", command = ["python3", "-c", "raise SystemExit('gone')"], environment = {{ TOKEN = "s3cr3t-environment" }} }}
decision = {{ backend = "average_threshold" }}
"#,
        api = heroku.url(),
        slack = app.url()
    )
}

fn streams(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

#[test]
fn nothing_tells_a_secret_in_any_failure() {
    let (heroku, app) = (Heroku::start(), App::answering_after(0));
    heroku.set("web", 1);
    let home = Home::with(&configuration(&heroku, &app));
    for arguments in [
        &["check"][..],
        &["check", "--live"],
        &["once"],
        &["--log-format", "json", "once"],
    ] {
        let output = home
            .command(arguments)
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        let said = streams(&output);
        assert!(!said.is_empty());
        assert_silent(&arguments.join(" "), &said);
    }
    for format in ["text", "json"] {
        let home = Home::with(&configuration(&heroku, &app));
        let mut command = home.command(&["run", "--log-format", format]);
        command.env("RUST_LOG", "trace");
        let bot = home.start(command);
        home.wait_out("web: scale_failed");
        home.wait_out("celery: scale_failed");
        for notifier in ["email", "slack", "webhook"] {
            home.wait_err(&format!("was not delivered by {notifier}"));
        }
        home.configure("[processes.web.scaling]\napi_keey = \"s3cr3t-near\"\napi_key = 7\nmeasurement_url = \"s3cr3t-odd\"\n");
        bot.signal(rustix::process::Signal::HUP);
        home.wait_err("the new configuration was refused");
        home.configure(&configuration(&heroku, &app));
        bot.stop();
        assert_silent(format, &home.what_was_said());
    }
}

#[test]
fn a_refused_file_shows_no_secret() {
    let files = [
        "[processes.web.scaling]\napi_keey = \"s3cr3t\"\n",
        "[processes.web.scaling]\napp_name = 5\napi_key = [\"s3cr3t\"]\n",
        "[processes.web]\nscaling = { api_key = \"s3cr3t\", unknown = \"s3cr3t\", app_name = \"x\" }\n",
        "[processes.web.scaling]\napi_key = \"s3cr3t\napp_name = 'x'\n",
        "[processes.web.measurement]\nmeasurement_url = \"ftp://user:s3cr3t@host/\"\nheaders = { A = \"s3cr3t\", B = 5 }\n",
        "[[processes.web.notification]]\nbackend = \"email\"\nsmtp_url = \"http://u:s3cr3t@host\"\nto = 5\n",
        "[[processes.web.notification]]\nbackend = \"slack\"\nwebhook_url = \"http://host/s3cr3t\"\n",
        "[[processes.web.notification]]\nbackend = \"webhook\"\nurl = \"host/s3cr3t\"\nsigning_secret = \"s3cr3t\"\n",
    ];
    for file in files {
        let home = Home::with(file);
        let output = home
            .command(&["check"])
            .env("RUST_LOG", "trace")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(78), "{file}");
        assert_silent(file, &streams(&output));
    }
}

/// Mail to a server that takes the connection, the encryption and the log-in's name, and refuses the password.
#[test]
fn a_refused_mail_password_is_told_without_it() {
    let tls = Tls::new();
    let server = MailServer::starttls(&tls, json!({"user": "bot", "password": "another"}));
    let app = App::answering_after(0);
    let home = Home::with(&format!(
        "[processes.web.measurement]\nmeasurement_url = \"{}\"\nmeasurement_interval_in_seconds = 0.5\n\
         [processes.web.scaling]\nbackend = \"local\"\ncommand = \"sleep 600\"\n\
         [[processes.web.notification]]\nbackend = \"email\"\nto = \"ops@example.com\"\nnotify_on = [\"scale\"]\n\
         smtp_url = \"smtp://bot:s3cr3t-mail@localhost:{}?tls=required\"\ntls_ca_file = \"{}\"\n",
        app.url(),
        server.port,
        tls.ca_file().display()
    ));
    let mut command = home.command(&["run"]);
    command.env("RUST_LOG", "trace");
    let bot = home.start(command);
    home.wait_err("was not delivered by email");
    home.wait_err("535");
    bot.stop();
    assert_silent("run", &home.what_was_said());
    let mut live = home.command(&["check", "--live"]);
    let output = live.env("RUST_LOG", "trace").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(streams(&output).contains("535"), "{}", streams(&output));
    assert_silent("check --live", &streams(&output));
}

/// A command has this program's environment, and so the keys that fill other processes' settings.
#[test]
fn a_command_that_tells_of_its_environment_does_not_tell_another_process_s_key() {
    let app = App::answering_after(0);
    let home = Home::with(&format!(
        "[processes.web.measurement]\nmeasurement_url = \"{}\"\nmeasurement_interval_in_seconds = 0.5\n\
         [processes.web.scaling]\nbackend = \"command\"\n\
         command = [\"python3\", \"-c\", \"import os; raise SystemExit('refused: ' + os.environ['THE_KEY'])\"]\n\
         [processes.celery.measurement]\nbackend = \"celery_redis_queue_size\"\nredis_url = \"redis://:${{THE_KEY}}@127.0.0.1:{}\"\n\
         [processes.celery.decision]\nbackend = \"average_threshold\"\n\
         [processes.celery.scaling]\nbackend = \"local\"\ncommand = \"sleep 600\"\n",
        app.url(),
        free_port(),
    ));
    let told = |what: &str, said: &str| {
        assert!(said.contains("refused: ***"), "{what}: {said}");
        assert_silent(what, said);
    };
    let mut once = home.command(&["once", "web"]);
    once.env("THE_KEY", "s3cr3t");
    told("once", &streams(&once.output().unwrap()));
    let mut command = home.command(&["run"]);
    command.env("THE_KEY", "s3cr3t");
    let bot = home.start(command);
    home.wait_err("refused: ***");
    bot.stop();
    told("run", &home.what_was_said());
}

/// A secret in the environment is not told by what needs no configuration, nor by a file that lacks another variable.
#[test]
fn a_secret_in_the_environment_stays_there() {
    let home = Home::with(
        "[processes.web.scaling]\napp_name = \"${NO_SUCH_VARIABLE}\"\napi_key = \"${HEROKU_API_KEY}\"\n\
         timeout_in_seconds = \"${HEROKU_API_KEY}\"\n",
    );
    for arguments in [
        &["--help"][..],
        &["run", "--help"],
        &["backends"],
        &["backends", "heroku"],
        &["reference"],
        &["check"],
        &["once"],
        &["run"],
    ] {
        let mut command = home.command(arguments);
        command
            .env("HEROKU_API_KEY", "s3cr3t")
            .env("RUST_LOG", "trace");
        let said = streams(&command.output().unwrap());
        assert!(!said.is_empty());
        assert_silent(&arguments.join(" "), &said);
    }
}
