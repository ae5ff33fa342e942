//! What the application answers to HireFire: `/hirefire/{token}/info` of its `hirefire-resource` library, which lists a number
//! for each of its worker types: jobs, or the seconds that the oldest has waited, whichever its configuration says.

use std::rc::Rc;

use async_trait::async_trait;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Client, StatusCode, Url};
use serde::Deserialize;
use serde_json::Value;

use super::probe::TLS_CA_FILE;
use super::{MeasureError, MeasurementBackend, Sample};
use crate::backend::{Backend, BuildError, Site};
use crate::http::{Wanted, read_body, trouble};
use crate::settings::Secret;
use crate::settings::problem::Fault;
use crate::settings::schema::{Default, Kind, Section, Setting};

/// The row in the room's table.
pub static BACKEND: Backend<dyn MeasurementBackend> = Backend {
    name: "hirefire",
    summary: "the number that the application answers for one of its workers at HireFire's info address; jobs or seconds, as its own \
              configuration says",
    settings: &[
        Setting::new(
            "url",
            Kind::Url(&["http", "https"]),
            Default::Required,
            "The application's address, to which `/hirefire/…` is appended.",
        ),
        Setting::secret(
            "token",
            Kind::Text,
            Default::Required,
            "The application's HIREFIRE_TOKEN.",
        ),
        Setting::new(
            "worker",
            Kind::Text,
            Default::Derived("the process's name"),
            "Which of the names that the application lists.",
        ),
        Setting::new(
            "token_in",
            Kind::OneOf(&["path", "header"]),
            Default::Text("path"),
            "Where the token is sent: in the address (`/hirefire/TOKEN/info`, which every version of the library knows), or in a \
             header (`/hirefire` with `HireFire-Token`), so that it is in no log. A worker of Celery takes 3 s to answer when no \
             worker runs: timeout_in_seconds should be 10 at least.",
        ),
        TLS_CA_FILE,
    ],
    example: r#"backend = "hirefire"
url = "https://dancing-forest-1234.example.com"
token = "${HIREFIRE_TOKEN}"
"#,
    check,
    build,
};

struct HireFire {
    client: Client,
    url: Url,
    /// The address without its token.
    shown: String,
    header: Option<HeaderValue>,
    name: String,
}

#[derive(Deserialize)]
struct Wishes {
    url: String,
    token: Secret,
    worker: Option<String>,
    token_in: String,
    tls_ca_file: Option<std::path::PathBuf>,
}

/// One entry of the answer; older libraries call the value `quantity`.
#[derive(Deserialize)]
struct Entry {
    name: String,
    #[serde(alias = "quantity")]
    value: Value,
}

fn check(section: &Section) -> Vec<Fault> {
    let token = section.text("token").unwrap_or_default();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.~".contains(c);
    let mut faults = Vec::new();
    if section.text("token").is_some() && (token.is_empty() || !token.chars().all(is_plain)) {
        let right = "letters, digits, `-`, `_`, `.` and `~`";
        faults.push(Fault::at("token", "it cannot stand in an address", right));
    }
    let url = section.text("url").and_then(|url| Url::parse(url).ok());
    if url.is_some_and(|url| url.query().is_some() || url.fragment().is_some()) {
        let right = "an address without them, such as `https://www.example.com`";
        faults.push(Fault::at(
            "url",
            "nothing can be appended to an address with `?` or `#`",
            right,
        ));
    }
    faults
}

fn build(section: &Section, site: &Site) -> Result<Rc<dyn MeasurementBackend>, BuildError> {
    let wishes: Wishes = section.read()?;
    let base = wishes.url.trim_end_matches('/');
    let in_header = wishes.token_in == "header";
    let token = wishes.token.expose();
    let path = if in_header {
        format!("{base}/hirefire")
    } else {
        format!("{base}/hirefire/{token}/info")
    };
    let url = Url::parse(&path).map_err(|error| BuildError(format!("url: {error}")))?;
    let header = in_header.then(|| HeaderValue::from_str(token)).transpose();
    let mut header =
        header.map_err(|_bad| BuildError("token: it cannot be sent in a header".to_owned()))?;
    if let Some(header) = &mut header {
        header.set_sensitive(true);
    }
    let wanted = Wanted {
        tls_ca_file: wishes.tls_ca_file,
        fresh_connection: false,
    };
    let host = url.host_str().unwrap_or_default();
    let port = url
        .port()
        .map(|port| format!(":{port}"))
        .unwrap_or_default();
    Ok(Rc::new(HireFire {
        client: site.http.client(&wanted)?,
        shown: format!("{}://{host}{port}/hirefire", url.scheme()),
        url,
        header,
        name: wishes
            .worker
            .unwrap_or_else(|| site.process.as_str().to_owned()),
    }))
}

#[async_trait(?Send)]
impl MeasurementBackend for HireFire {
    async fn measure(&self) -> Result<Sample, MeasureError> {
        let mut request = self.client.get(self.url.clone());
        if let Some(header) = &self.header {
            request = request.header(HeaderName::from_static("hirefire-token"), header.clone());
        }
        let shown = &self.shown;
        let sent = request.send().await;
        let response = sent.map_err(|error| {
            MeasureError::Unavailable(format!("GET {shown}: {}", trouble(error.without_url())))
        })?;
        let status = response.status();
        if !status.is_success() {
            return Err(self.refused(status));
        }
        let body = read_body(response).await;
        let body = body.map_err(|why| MeasureError::Unavailable(format!("GET {shown}: {why}")))?;
        let value = value_of(&body, &self.name);
        let value = value.map_err(|why| MeasureError::Unusable(format!("GET {shown}: {why}")))?;
        Ok(Sample::number(value))
    }
}

impl HireFire {
    fn refused(&self, status: StatusCode) -> MeasureError {
        let shown = &self.shown;
        if status.is_server_error() {
            return MeasureError::ServerError(format!("GET {shown}: it answered {status}"));
        }
        let mend = "is `url` the application's, its HIREFIRE_TOKEN the `token`, and hirefire-resource in it?";
        MeasureError::Unavailable(format!("GET {shown}: it answered {status}; {mend}"))
    }
}

/// The number of this name in an answer.
pub fn value_of(body: &[u8], name: &str) -> Result<f64, String> {
    let entries: Vec<Entry> = serde_json::from_slice(body).map_err(|error| {
        format!(
            "it answered, but not with a list of names and values: line {}, column {}",
            error.line(),
            error.column()
        )
    })?;
    let Some(entry) = entries.iter().find(|entry| entry.name == name) else {
        let names: Vec<_> = entries
            .iter()
            .take(10)
            .map(|entry| format!("`{}`", entry.name.escape_debug()))
            .collect();
        return Err(format!(
            "it lists no `{name}`, but {}: set `worker`",
            if names.is_empty() {
                "nothing".to_owned()
            } else {
                names.join(", ")
            }
        ));
    };
    let number = entry.value.as_f64().filter(|number| number.is_finite());
    number.ok_or_else(|| {
        format!("the value of `{name}` is no number: its measurement in the application failed")
    })
}
