//! The Platform API of the stand-in: formations, dynos and log sessions, with Heroku's headers, pages and errors.

use serde_json::{Value, json};

use super::http::{Reply, Seen};
use super::schema::{self, Part};
use super::{APP, KEY, World};

/// When everything here was made.
const MADE: &str = "2012-01-01T12:00:00Z";

/// The dynos of one process type.
pub(super) struct Dynos {
    pub(super) name: String,
    pub(super) quantity: u32,
    pub(super) size: String,
}

impl Dynos {
    pub(super) fn new(name: &str, quantity: u32) -> Self {
        Self {
            name: name.to_owned(),
            quantity,
            size: "Standard-1X".to_owned(),
        }
    }

    fn json(&self) -> Value {
        json!({
            "app": {"id": id(), "name": APP},
            "command": format!("bin/{}", self.name),
            "created_at": MADE,
            "dyno_size": {"id": id(), "name": self.size},
            "id": id(),
            "quantity": self.quantity,
            "size": self.size,
            "type": self.name,
            "updated_at": MADE,
        })
    }
}

impl World {
    /// An answer of the Platform API with the headers of each.
    pub(super) fn reply(&mut self, status: u16, body: &Value) -> Reply {
        self.remaining = self.remaining.saturating_sub(1);
        let headers = [
            ("Content-Type", "application/json".to_owned()),
            ("RateLimit-Remaining", self.remaining.to_string()),
            ("RateLimit-Multiplier", "1".to_owned()),
            ("Request-Id", id()),
            ("ETag", format!("\"{}\"", id())),
        ];
        Reply {
            status,
            headers: headers
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect(),
            body: body.to_string(),
        }
    }

    /// What the Platform API answers to a request.
    pub(super) fn answer(&mut self, seen: &Seen) -> Reply {
        if seen.header("accept") != "application/vnd.heroku+json; version=3" {
            return self.refuse(406, "not_acceptable", "Name a version of the API.");
        }
        // Who has more than one bot tells them apart by what they append to the key.
        let key = format!("Bearer {KEY}");
        let known = seen.header("authorization").strip_prefix(&key);
        if known.is_none_or(|rest| !rest.is_empty() && !rest.starts_with('+')) {
            return self.refuse(401, "unauthorized", "Invalid credentials provided.");
        }
        let path: Vec<&str> = seen.path.split('/').skip(2).collect();
        let (app, rest) = path.split_first().expect("an app");
        if *app != APP {
            let body =
                json!({"resource": "app", "id": "not_found", "message": "Couldn't find that app."});
            return self.reply(404, &body);
        }
        self.tend();
        match (seen.method.as_str(), rest) {
            ("GET", ["dynos"]) => self.list_dynos(),
            ("PATCH", ["formation", "web"]) if self.fleet.is_prebooting() => {
                self.refuse_during_preboot()
            }
            ("GET", ["formation"]) => self.list(seen.header("range")),
            ("PATCH", ["formation", name]) => self.update(name, &seen.json()),
            ("POST", ["log-sessions"]) => self.open_session(&seen.json()),
            _ => self.refuse(
                404,
                "not_found",
                "The requested API endpoint was not found.",
            ),
        }
    }

    pub(super) fn refuse(&mut self, status: u16, id: &str, message: &str) -> Reply {
        self.reply(status, &json!({"id": id, "message": message}))
    }

    fn list(&mut self, range: &str) -> Reply {
        // A range of ours: `]web..; max=200`, that is, what follows `web`.
        let after = range
            .strip_prefix(']')
            .and_then(|rest| rest.split_once(".."))
            .map(|(name, _)| name);
        let start = after.map_or(0, |name| {
            let place = self.formation.iter().position(|dynos| dynos.name == name);
            place.expect("a known range") + 1
        });
        let page: Vec<&Dynos> = self
            .formation
            .iter()
            .skip(start)
            .take(self.page_size)
            .collect();
        let more = start + page.len() < self.formation.len();
        let last = page.last().map(|dynos| dynos.name.clone());
        let body = Value::Array(page.into_iter().map(Dynos::json).collect());
        for entry in body.as_array().into_iter().flatten() {
            schema::hold(&mut self.complaints, Part::Formation, entry);
        }
        let mut reply = self.reply(if more { 206 } else { 200 }, &body);
        if more && let Some(last) = last {
            reply.set("Next-Range", &format!("]{last}..; max=200"));
        }
        reply
    }

    fn update(&mut self, name: &str, body: &Value) -> Reply {
        schema::hold(&mut self.complaints, Part::FormationUpdate, body);
        let quantity = body.get("quantity").and_then(Value::as_u64);
        let Some(quantity) = quantity.and_then(|number| u32::try_from(number).ok()) else {
            return self.refuse(422, "invalid_params", "Quantity is invalid.");
        };
        let limit = self.limit.filter(|limit| quantity > *limit);
        let Some(dynos) = self.dynos(name) else {
            let message = format!("Couldn't find that process type ({name}).");
            return self.refuse(404, "not_found", &message);
        };
        if let Some(limit) = limit {
            let size = dynos.size.clone();
            let message = format!("Cannot run more than {limit} {size} size dynos.");
            let body = json!({"limit": limit, "size": size, "id": "cannot_run_above_limit", "message": message,
                "url": "https://devcenter.heroku.com/articles/dyno-size#default-scaling-limits"});
            return self.reply(422, &body);
        }
        dynos.quantity = quantity;
        let body = dynos.json();
        schema::hold(&mut self.complaints, Part::Formation, &body);
        self.reply(200, &body)
    }

    fn open_session(&mut self, body: &Value) -> Reply {
        schema::hold(&mut self.complaints, Part::LogSessionCreate, body);
        let lines = body.get("lines").and_then(Value::as_u64).unwrap_or(100);
        let session = id();
        let url = format!("http://127.0.0.1:{}/sessions/{session}?srv=1", self.port);
        self.logplex.sessions.insert(session.clone(), lines);
        let body =
            json!({"created_at": MADE, "id": session, "logplex_url": url, "updated_at": MADE});
        schema::hold(&mut self.complaints, Part::LogSession, &body);
        self.reply(201, &body)
    }
}

pub(super) fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}
