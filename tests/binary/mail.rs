//! Mail from a running bot: to a real mail server, and to one that never answers.

use std::net::TcpListener;

use serde_json::json;

use crate::app::App;
use crate::bot::Home;
use crate::heroku_app::web;
use crate::servers::heroku::Heroku;
use crate::servers::smtp::MailServer;
use crate::servers::tls::Tls;

#[test]
fn a_scale_is_told_by_mail_over_starttls_with_a_password() {
    let tls = Tls::new();
    let server = MailServer::starttls(
        &tls,
        json!({"user": "bot@example.com", "password": "s3cr3t/w"}),
    );
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(600);
    let table = format!(
        "[[processes.web.notification]]\nbackend = \"email\"\nto = [\"Ops <ops@example.com>\", \"boss@example.com\"]\n\
         from = \"bot@example.com\"\nsmtp_url = \"${{MAIL}}\"\ntls_ca_file = \"{}\"\nnotify_on = [\"scale\"]\n",
        tls.ca_file().display()
    );
    let home = Home::with(&(web(&heroku, &app.url(), "max_processes = 2") + &table));
    let mut command = home.command(&["run"]);
    command.env(
        "MAIL",
        format!(
            "smtp://bot%40example.com:s3cr3t%2Fw@localhost:{}?tls=required",
            server.port
        ),
    );
    let bot = home.start(command);
    let mail = server.mail();
    assert!(mail.tls);
    assert_eq!(mail.login.as_deref(), Some("bot@example.com"));
    assert_eq!(mail.sender, "bot@example.com");
    assert_eq!(mail.recipients, ["ops@example.com", "boss@example.com"]);
    assert_eq!(
        mail.header("Subject"),
        Some("[autoscalebot] web: scale up 1 -> 2")
    );
    assert!(
        mail.content.contains("the last 2 results are above 400"),
        "{}",
        mail.content
    );
    app.answer_after(0);
    let mail = server.mail();
    assert_eq!(
        mail.header("Subject"),
        Some("[autoscalebot] web: scale down 2 -> 1")
    );
    bot.stop();
}

#[test]
fn a_mail_server_that_never_answers_delays_no_cycle_and_no_other_notifier() {
    let silent = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    let port = silent.local_addr().expect("its address").port();
    let heroku = Heroku::start();
    heroku.set("web", 1);
    let app = App::answering_after(600);
    let tables = format!(
        "[[processes.web.notification]]\nbackend = \"email\"\nto = \"ops@example.com\"\nsmtp_url = \
         \"smtp://127.0.0.1:{port}?tls=none\"\nnotify_on = [\"measurement\", \"scale\"]\ntimeout_in_seconds = 600\n\
         [[processes.web.notification]]\nbackend = \"console\"\nnotify_on = [\"measurement\", \"scale\"]\n\
         [supervision]\nshutdown_grace_in_seconds = 1\n"
    );
    let home = Home::with(&(web(&heroku, &app.url(), "max_processes = 2") + &tables));
    let bot = home.run();
    silent
        .set_nonblocking(true)
        .expect("an accept that returns");
    let mut mailing = None;
    home.wait("the bot, to deliver a mail", || {
        mailing = silent.accept().ok();
        mailing.is_some()
    });
    let asked = app.asked();
    home.wait_out("web: scale up 1 -> 2");
    app.answer_after(0);
    home.wait_out("web: scale down 2 -> 1");
    home.wait("ten cycles", || app.asked() >= asked + 10);
    let told = |line: &&String| line.starts_with("web: measurement");
    assert!(home.out().iter().filter(told).count() >= 5);
    // Whatever waits for the mail server is given up with the grace.
    bot.stop();
    drop(mailing);
}
