//! Tells the bot how an application fared since it last asked: how many requests came, and how long those took on average
//! that were answered. An application, or the proxy before it, would know this of itself; here the one who sends the load does.

use std::net::Ipv4Addr;
use std::time::Duration;

use anyhow::{Context as _, Result};
use serde_json::{Map, Value};
use tokio::io::AsyncWriteExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

use super::load::Answers;
use super::server;

/// How long who asks may take to say so.
const PATIENCE: Duration = Duration::from_secs(1);

/// Where it is told how this application fared.
pub(super) fn url(port: u16, name: &str) -> String {
    format!("http://127.0.0.1:{port}/{name}")
}

/// Who tells it.
#[derive(Debug)]
pub(super) struct Meter {
    listener: TcpListener,
}

impl Meter {
    pub(super) async fn open() -> Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.context("the demo finds no free port on 127.0.0.1")?;
        Ok(Self { listener })
    }

    pub(super) fn port(&self) -> Result<u16> {
        Ok(self.listener.local_addr()?.port())
    }

    /// Tells whoever asks, and never ends.
    pub(super) async fn serve(&self, applications: [(&str, &Answers); 2]) {
        loop {
            // Who could not be accepted asks again at the next tick.
            let Ok((mut stream, _)) = self.listener.accept().await else {
                tokio::time::sleep(PATIENCE).await;
                continue;
            };
            let answered = timeout(PATIENCE, answer(&mut stream, applications)).await;
            answered.unwrap_or(Ok(())).unwrap_or_default();
        }
    }
}

async fn answer(
    stream: &mut TcpStream,
    applications: [(&str, &Answers); 2],
) -> std::io::Result<()> {
    let head = server::read_head(stream).await?;
    let asked = applications
        .iter()
        .find(|(name, _)| head.starts_with(format!("GET /{name} ").as_bytes()));
    let (status, body) = match asked {
        Some((_, answers)) => ("200 OK", told(answers).to_string()),
        None => ("404 Not Found", String::new()),
    };
    let text = format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(text.as_bytes()).await?;
    stream.shutdown().await
}

/// What came since the last look.
fn told(answers: &Answers) -> Value {
    let since = answers.since_last_look();
    let mut fields = Map::new();
    fields.insert("arrivals".to_owned(), since.sent.into());
    if let Some(mean) = since.mean() {
        fields.insert(
            "response_time_ms".to_owned(),
            (mean.as_secs_f64() * 1000.0).into(),
        );
    }
    Value::Object(fields)
}
