//! The settings of `[server]` and `[[server.source]]`: where it listens, who may ask, and who may send.

use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::path::PathBuf;

use crate::model::ProcessName;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};
use crate::settings::secret::Secret;

/// The checked `[server]` table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSettings {
    /// Where it listens: an address and a port.
    pub listen: String,
    /// What people and programs that ask must know; `None` only on a loopback address.
    pub token: Option<Secret>,
    /// Certificate chain and key, in PEM.
    pub tls: Option<TlsFiles>,
    /// How many connections it has open at once.
    pub max_connections: usize,
    /// How many requests a second one address may make.
    pub max_requests_per_second: u32,
    /// Who may send.
    pub sources: Vec<SourceSettings>,
}

/// Where certificate and key are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The certificate and what it is signed by.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// One `[[server.source]]`: an application that sends what it measures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSettings {
    /// What it is called.
    pub name: String,
    /// What it must know.
    pub token: Secret,
    /// Which processes it may feed.
    pub processes: Vec<ProcessName>,
    /// The process that all it reports is of, whatever its containers are called.
    pub process: Option<ProcessName>,
}

/// The shortest token that nobody guesses.
const SHORTEST_TOKEN: usize = 16;

/// The longest.
const LONGEST_TOKEN: usize = 256;

/// What makes one.
const A_TOKEN: &str = "at least 16 characters out of letters, digits, `-`, `_`, `.` and `~`, such as `openssl rand -hex 32` makes";

/// The rows of `[server]`.
pub static SERVER: &[Setting] = &[
    Setting::new(
        "listen",
        Kind::Text,
        Default::Text("127.0.0.1:8787"),
        "The address and port on which the bot serves its page, its API and its metrics, and takes in what applications send. \
         On a dyno `0.0.0.0:${PORT}`.",
    ),
    Setting::secret(
        "token",
        Kind::Text,
        Default::Absent,
        "What whoever asks must know: as `Authorization: Bearer …`, or at the login of the page. Without one only a loopback \
         address may be listened on.",
    ),
    Setting::new(
        "tls_certificate",
        Kind::Text,
        Default::Absent,
        "A file with the certificate chain in PEM: with it and `tls_key`, it speaks only TLS. Not needed behind Heroku's router.",
    ),
    Setting::new(
        "tls_key",
        Kind::Text,
        Default::Absent,
        "The file with its key in PEM.",
    ),
    Setting::new(
        "max_connections",
        Kind::Whole(8, 100_000),
        Default::Whole(512),
        "How many connections are open at once; further ones wait. Never more than half of the files that this process may \
         have open: the bot's own calls need some too.",
    ),
    Setting::new(
        "max_requests_per_second",
        Kind::Whole(1, 1_000_000),
        Default::Whole(1000),
        "How many requests a second are answered for each source, and for each address that has named none; to more it says 429.",
    ),
];

/// The rows of `[[server.source]]`.
pub static SOURCE: &[Setting] = &[
    Setting::new(
        "name",
        Kind::Text,
        Default::Required,
        "What the source is called, in what is told of it.",
    ),
    Setting::secret(
        "token",
        Kind::Text,
        Default::Required,
        "What the source must know; each has another one, and none the server's. A Judoscale adapter has it in \
         JUDOSCALE_URL (`https://…/api/TOKEN`), HireFire's in HIREFIRE_TOKEN, a log drain in its URL (`https://…/logs/TOKEN`), \
         everybody else sends it as `Authorization: Bearer TOKEN`.",
    ),
    Setting::new(
        "feeds",
        Kind::Texts,
        Default::Required,
        "The processes of this file that the source may feed.",
    ),
    Setting::new(
        "process",
        Kind::Text,
        Default::Absent,
        "The process that everything of this source is of, where its platform does not say so in the containers' names \
         (Render, Fly, ECS, Railway). Else it is what stands before the last `.` or `-` of a container's name.",
    ),
];

/// What the rows of `[server]` cannot say.
pub fn check(section: &Section) -> Vec<Fault> {
    let mut faults = Vec::new();
    let listen = section.text("listen").unwrap_or_default();
    match address(listen) {
        Err(why) => {
            let right = "an address and a port, as in `127.0.0.1:8787` or `0.0.0.0:${PORT}`";
            faults.push(Fault::at("listen", why, right));
        }
        Ok(address) if !address.is_loopback() && section.text("token").is_none() => {
            let wrong = format!("{listen} can be reached from elsewhere, and there is no `token`");
            let right = format!(
                "`token = \"${{AUTOSCALEBOT_TOKEN}}\"` with {A_TOKEN}; or a loopback address"
            );
            faults.push(Fault::at("listen", wrong, right));
        }
        Ok(_) => {}
    }
    faults.extend(check_token(section));
    for (one, other) in [
        ("tls_certificate", "tls_key"),
        ("tls_key", "tls_certificate"),
    ] {
        if section.text(one).is_some() && section.text(other).is_none() {
            let wrong = format!("there is no `{other}`");
            faults.push(Fault::at(
                one,
                wrong,
                format!("`{one}` and `{other}`, or neither"),
            ));
        }
    }
    faults
}

/// What the rows of `[[server.source]]` cannot say.
pub fn check_source(section: &Section) -> Vec<Fault> {
    let mut faults: Vec<Fault> = check_token(section).into_iter().collect();
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
    let is_name = |text: &str| (1..=60).contains(&text.len()) && text.chars().all(plain);
    if section.text("name").is_some_and(|name| !is_name(name)) {
        let right = "1 to 60 letters, digits, `.`, `_` and `-`";
        faults.push(Fault::at("name", "it cannot be a source's name", right));
    }
    let texts = section.get("feeds").and_then(serde_json::Value::as_array);
    if texts.is_some_and(Vec::is_empty) {
        let right = "the names of processes, as in `[\"web\", \"celery\"]`";
        faults.push(Fault::at("feeds", "the source may feed nobody", right));
    }
    let own = section.text("process");
    let listed = |name: &str| texts.is_some_and(|all| all.iter().any(|one| one == name));
    if own.is_some_and(|name| !listed(name)) {
        let right = "one of those that it `feeds`";
        faults.push(Fault::at("process", "the source may not feed it", right));
    }
    faults
}

fn check_token(section: &Section) -> Option<Fault> {
    let token = section.text("token")?;
    // What stands in a URL's path and in a header alike.
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let wrong = if token.len() < SHORTEST_TOKEN {
        "it is too short to be safe"
    } else if token.len() > LONGEST_TOKEN {
        "it is too long"
    } else if !token.chars().all(plain) {
        "it has a character that cannot stand in a URL as it is"
    } else {
        return None;
    };
    Some(Fault::at("token", wrong, A_TOKEN))
}

/// The address of a `listen`; a name must be one that this machine resolves without asking anybody: `localhost`.
fn address(listen: &str) -> Result<IpAddr, String> {
    let wrong = || format!("{listen:?} is no address to listen on");
    if let Ok(address) = listen.parse::<SocketAddr>() {
        return Ok(address.ip());
    }
    if listen.strip_prefix("localhost:").is_none() {
        return Err(wrong());
    }
    let mut found = listen.to_socket_addrs().map_err(|_error| wrong())?;
    found.next().map(|address| address.ip()).ok_or_else(wrong)
}

/// The checked `[server]` as values.
pub fn read(section: &Section, sources: Vec<SourceSettings>) -> ServerSettings {
    let text = |name: &str| section.text(name).map(str::to_owned);
    let whole = |name: &str| section.get(name).and_then(serde_json::Value::as_u64);
    let tls = text("tls_certificate").zip(text("tls_key"));
    ServerSettings {
        listen: text("listen").unwrap_or_default(),
        token: text("token").map(Secret::new),
        tls: tls.map(|(certificate, key)| TlsFiles {
            certificate: certificate.into(),
            key: key.into(),
        }),
        max_connections: whole("max_connections")
            .and_then(|number| usize::try_from(number).ok())
            .unwrap_or(512),
        max_requests_per_second: whole("max_requests_per_second")
            .and_then(|number| u32::try_from(number).ok())
            .unwrap_or(1000),
        sources,
    }
}

/// One checked `[[server.source]]` as values.
pub fn read_source(section: &Section) -> SourceSettings {
    let text = |name: &str| section.text(name).unwrap_or_default();
    let name = |text: &str| ProcessName::new(text).ok();
    let texts = section.get("feeds").and_then(serde_json::Value::as_array);
    SourceSettings {
        name: text("name").to_owned(),
        token: Secret::new(text("token")),
        processes: texts
            .into_iter()
            .flatten()
            .filter_map(|one| name(one.as_str()?))
            .collect(),
        process: section.text("process").and_then(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};

    fn section(values: Value) -> Section {
        let Value::Object(values) = values else {
            panic!("a table, please");
        };
        let written = values.keys().cloned().collect();
        Section::new(values, written)
    }

    fn faults(values: Value) -> Vec<String> {
        let faults = check(&section(values));
        faults.iter().map(|fault| format!("{fault:?}")).collect()
    }

    #[test]
    fn what_can_be_reached_from_elsewhere_needs_a_token() {
        let token = "0123456789abcdef";
        for (listen, token, expected) in [
            ("127.0.0.1:8787", None, ""),
            ("[::1]:8787", None, ""),
            ("localhost:8787", None, ""),
            ("0.0.0.0:80", None, "there is no `token`"),
            ("[::]:80", None, "there is no `token`"),
            ("192.168.0.1:80", None, "there is no `token`"),
            ("0.0.0.0:80", Some(token), ""),
            ("0.0.0.0", Some(token), "no address"),
            ("example.com:80", Some(token), "no address"),
            ("127.0.0.1:8787", Some("short"), "too short"),
            ("127.0.0.1:8787", Some("0123456789/abcdef"), "in a URL"),
        ] {
            let mut values = json!({"listen": listen});
            if let (Some(token), Some(table)) = (token, values.as_object_mut()) {
                table.insert("token".into(), token.into());
            }
            let found = faults(values).join("\n");
            assert_eq!(found.is_empty(), expected.is_empty(), "{listen}: {found}");
            assert!(found.contains(expected), "{listen}: {found}");
        }
    }

    #[test]
    fn a_certificate_has_a_key() {
        let found = faults(json!({"listen": "127.0.0.1:1", "tls_certificate": "a.pem"})).join("\n");
        assert!(found.contains("there is no `tls_key`"), "{found}");
    }

    #[test]
    fn a_source_feeds_its_own() {
        let good = json!({"name": "shop", "token": "0123456789abcdef", "feeds": ["web"], "process": "web"});
        assert_eq!(check_source(&section(good.clone())), []);
        let settings = read_source(&section(good));
        assert_eq!(settings.process, ProcessName::new("web").ok());
        assert!(!format!("{settings:?}").contains("0123"), "{settings:?}");
        let other = json!({"name": "shop", "token": "0123456789abcdef", "feeds": ["web"], "process": "celery"});
        assert_eq!(check_source(&section(other)).len(), 1);
        let nobody = json!({"name": "a b", "token": "0123456789abcdef", "feeds": []});
        assert_eq!(check_source(&section(nobody)).len(), 2);
    }
}
