//! The store of a bot that runs elsewhere, by way of its server: for commands with `--url`. It reads and orders; it keeps nothing.

use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::{Client, Method};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::{Batch, First, Limits, Record, Remark, Snapshot, StateStore, StoreError, Wanted};
use crate::backend::BuildError;
use crate::http::{Http, trouble};
use crate::model::{Cycle, ProcessName};
use crate::orders::{Draft, Ended, Kind, Order, OrderId};
use crate::settings::{Secret, without_secrets};

/// How long one question may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// A bot that serves.
pub struct RemoteStore {
    url: String,
    token: Option<Secret>,
    client: Client,
    place: String,
}

impl std::fmt::Debug for RemoteStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RemoteStore({})", self.place)
    }
}

/// What must be known of the bot before it is asked anything.
#[derive(Debug, Clone)]
pub struct Known {
    /// Its processes.
    pub processes: Vec<ProcessName>,
    /// The zone of its times of day.
    pub zone: Tz,
}

#[derive(Deserialize)]
struct Overview {
    time_zone: String,
    processes: Vec<Named>,
}

#[derive(Deserialize)]
struct Named {
    name: String,
}

#[derive(Deserialize)]
struct Told {
    error: String,
}

#[derive(Deserialize)]
struct Records {
    records: Vec<Kept>,
}

#[derive(Deserialize)]
struct Kept {
    at: DateTime<Utc>,
    cycle: Cycle,
    record: Value,
}

#[derive(Deserialize)]
struct Orders {
    orders: Vec<Order>,
}

#[derive(Deserialize)]
struct Given {
    id: u64,
}

#[derive(Deserialize)]
struct Over {
    ended: bool,
}

impl RemoteStore {
    /// The bot at this address, asked with this token.
    pub fn new(url: &str, token: Option<Secret>, http: &Http) -> Result<Self, BuildError> {
        let place = without_secrets(url);
        let is_http = url.starts_with("http://") || url.starts_with("https://");
        if !is_http {
            return Err(BuildError(format!(
                "--url {place} is no address of a bot: it must be as in `http://127.0.0.1:8787`"
            )));
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            token,
            client: http.client(&crate::http::Wanted::default())?,
            place,
        })
    }

    /// What is known of the bot there.
    pub async fn known(&self) -> Result<Known, StoreError> {
        let overview: Overview = self.ask(Method::GET, "/processes", &[], None).await?;
        let processes = overview.processes.iter();
        Ok(Known {
            processes: processes
                .filter_map(|process| ProcessName::new(&process.name).ok())
                .collect(),
            zone: overview.time_zone.parse().unwrap_or(Tz::UTC),
        })
    }

    async fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        query: &[(&str, String)],
        body: Option<&Value>,
    ) -> Result<T, StoreError> {
        let place = &self.place;
        let pairs = query.iter().map(|(name, value)| {
            let value = utf8_percent_encode(value, NON_ALPHANUMERIC);
            format!("{name}={value}")
        });
        let query = pairs.collect::<Vec<_>>().join("&");
        let separator = if query.is_empty() { "" } else { "?" };
        let url = format!("{}/api/v1{path}{separator}{query}", self.url);
        let mut request = self.client.request(method, url);
        if let Some(token) = &self.token {
            request = request.bearer_auth(token.expose());
        }
        if let Some(body) = body {
            request = request
                .header("content-type", "application/json")
                .body(body.to_string());
        }
        let work = async {
            let response = request.send().await?;
            let status = response.status().as_u16();
            Ok::<_, reqwest::Error>((status, response.bytes().await?))
        };
        let late = |_| {
            StoreError::Away(format!(
                "{place} does not answer within {} s",
                PATIENCE.as_secs()
            ))
        };
        let answered = tokio::time::timeout(PATIENCE, work).await.map_err(late)?;
        let (status, bytes) =
            answered.map_err(|error| StoreError::Away(format!("{place}: {}", trouble(error))))?;
        if (200..300).contains(&status) {
            let unread = |error| {
                StoreError::Damaged(format!("{place} answered with something else: {error}"))
            };
            return serde_json::from_slice(&bytes).map_err(unread);
        }
        let told = serde_json::from_slice::<Told>(&bytes);
        let told = told.map_or_else(
            |_| format!("it answers with status {status}"),
            |told| told.error,
        );
        Err(match status {
            401 | 403 => StoreError::Refused(format!(
                "{place}: {told}: put the server's token into the variable AUTOSCALEBOT_TOKEN"
            )),
            500.. => StoreError::Away(format!("{place}: {told}")),
            _ => StoreError::Refused(format!("{place}: {told}")),
        })
    }
}

/// What only the bot itself writes.
fn its_own() -> StoreError {
    StoreError::Refused("only the bot itself writes its state".to_owned())
}

#[async_trait(?Send)]
impl StateStore for RemoteStore {
    fn place(&self) -> &str {
        &self.place
    }

    async fn load(&self) -> Result<Vec<Snapshot>, StoreError> {
        Err(its_own())
    }

    async fn save(&self, _: &Batch) -> Result<(), StoreError> {
        Err(its_own())
    }

    async fn records(
        &self,
        process: &ProcessName,
        wanted: Wanted,
    ) -> Result<Vec<Record>, StoreError> {
        let mut query = vec![
            ("process", process.to_string()),
            (
                "most",
                wanted.most.min(crate::server::ledger::MOST).to_string(),
            ),
            ("oldest_first", (wanted.first == First::Oldest).to_string()),
        ];
        query.extend(wanted.since.map(|at| ("since", at.to_rfc3339())));
        query.extend(wanted.until.map(|at| ("until", at.to_rfc3339())));
        let found: Records = self.ask(Method::GET, "/records", &query, None).await?;
        let read = |kept: Kept| Record {
            process: process.clone(),
            at: kept.at,
            cycle: kept.cycle,
            text: kept.record.to_string(),
        };
        Ok(found.records.into_iter().map(read).collect())
    }

    async fn prune(&self, _: Limits, _: DateTime<Utc>) -> Result<u64, StoreError> {
        Err(its_own())
    }

    async fn orders(&self) -> Result<Vec<Order>, StoreError> {
        let all = [("all", "true".to_owned())];
        let found: Orders = self.ask(Method::GET, "/kept_orders", &all, None).await?;
        Ok(found.orders)
    }

    async fn put(&self, draft: &Draft) -> Result<Order, StoreError> {
        let lasts = draft.ends.signed_duration_since(draft.begins).num_seconds();
        let mut order = json!({
            "process": draft.process, "for": format!("{lasts}s"), "because": draft.because, "owner": draft.owner,
        });
        let kind = match draft.kind {
            Kind::Pause {
                up: true,
                down: false,
            } => json!({ "kind": "pause_up" }),
            Kind::Pause {
                up: false,
                down: true,
            } => json!({ "kind": "pause_down" }),
            Kind::Pause { .. } => json!({ "kind": "pause" }),
            Kind::Override { min, max } => json!({ "kind": "override", "min": min, "max": max }),
            Kind::Scale { count } => json!({ "kind": "scale", "count": count }),
        };
        if let (Some(order), Value::Object(kind)) = (order.as_object_mut(), kind) {
            order.extend(kind);
        }
        let Given { id } = self.ask(Method::POST, "/orders", &[], Some(&order)).await?;
        Ok(draft.clone().numbered(OrderId(id)))
    }

    async fn end(&self, id: OrderId, ended: &Ended) -> Result<bool, StoreError> {
        let by = [("by", ended.by.clone())];
        let path = format!("/orders/{}", id.0);
        let over: Over = self.ask(Method::DELETE, &path, &by, None).await?;
        Ok(over.ended)
    }

    fn remarks(&self) -> Vec<Remark> {
        Vec::new()
    }
}
