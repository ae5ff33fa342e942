//! The server of the bot, over real sockets.

mod hostile;
mod load;
mod metrics;
mod orders_by_url;
mod permissions;
mod schema;

use std::io::{Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

use crate::bot::{Bot, Home};
use crate::servers::free_port;

/// The server's token.
pub(crate) const TOKEN: &str = "server-s3cr3t-0123456789";

/// The token of the source that feeds `web`.
pub(crate) const SHOP: &str = "shop-s3cr3t-0123456789";

/// The token of the source that feeds `celery`.
pub(crate) const JOBS: &str = "jobs-s3cr3t-0123456789";

/// A configuration that measures nothing and scales copies that sleep.
pub(crate) fn configuration(port: u16) -> String {
    let process = |name: &str| {
        format!(
            "[processes.{name}]\nmeasurement = {{ backend = \"none\", measurement_interval_in_seconds = 0.5 }}\n\
             decision = {{ backend = \"schedule_only\", min_processes = 1, max_processes = 3 }}\n\
             scaling = {{ backend = \"local\", command = [\"sleep\", \"1000\"] }}\n"
        )
    };
    format!(
        "[state]\nurl = \"file:state.db\"\n[server]\nlisten = \"127.0.0.1:{port}\"\ntoken = \"{TOKEN}\"\n\
         [[server.source]]\nname = \"shop\"\ntoken = \"{SHOP}\"\nfeeds = [\"web\"]\n\
         [[server.source]]\nname = \"jobs\"\ntoken = \"{JOBS}\"\nfeeds = [\"celery\"]\n{}{}",
        process("web"),
        process("celery")
    )
}

/// A bot that serves, and where.
pub(crate) struct Serving<'a> {
    pub(crate) bot: Bot<'a>,
}

/// Starts a bot with this configuration on a free port, and waits until it answers.
pub(crate) fn serve(home: &Home, port: u16) -> Serving<'_> {
    let bot = home.run();
    home.wait("the server answers", || {
        TcpStream::connect(("127.0.0.1", port)).is_ok()
    });
    Serving { bot }
}

/// A home with the configuration above, and its port.
pub(crate) fn home() -> (Home, u16) {
    let port = free_port();
    (Home::with(&configuration(port)), port)
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (found, value) = line.split_once(':')?;
            found.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }
}

/// Asks by hand: what is sent is what is written here.
pub(crate) fn ask(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> Answer {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    let own = format!("127.0.0.1:{port}");
    let host = headers.iter().find(|(name, _)| *name == "Host");
    let host = host.map_or(own.as_str(), |(_, host)| host);
    let others = headers.iter().filter(|(name, _)| *name != "Host");
    let others: Vec<String> = others
        .map(|(name, value)| format!("{name}: {value}\r\n"))
        .collect();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n{}Content-Length: {}\r\n\r\n{body}",
        others.concat(),
        body.len()
    );
    stream.write_all(text.as_bytes()).unwrap();
    let mut answer = Vec::new();
    // A stream of events does not end by itself.
    if path.ends_with("/events") {
        let mut some = [0; 4096];
        let length = stream.read(&mut some).unwrap();
        answer.extend_from_slice(&some[..length]);
        stream.shutdown(Shutdown::Both).ok();
    } else {
        stream.read_to_end(&mut answer).unwrap();
    }
    let text = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    Answer {
        status: status.unwrap_or_else(|| panic!("no answer to {method} {path}: {text:?}")),
        head: head.to_owned(),
        body: body.to_owned(),
    }
}

/// Asks with the server's token.
pub(crate) fn get(port: u16, path: &str) -> Answer {
    ask(
        port,
        "GET",
        path,
        &[("Authorization", &format!("Bearer {TOKEN}"))],
        "",
    )
}

/// The cookie of a login.
pub(crate) fn log_in(port: u16) -> String {
    let form = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = ask(port, "POST", "/login", &form, &format!("token={TOKEN}"));
    let cookie = answer
        .header("set-cookie")
        .unwrap_or_else(|| panic!("{answer:?}"));
    cookie.split(';').next().unwrap().to_owned()
}
