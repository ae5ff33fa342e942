//! The dynos of the stand-in: they boot as long as a test says, and are replaced by a release, beside the old ones where
//! preboot is on.

use autoscalebot::clock::Clock;
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};

use super::http::Reply;
use super::platform::id;
use super::schema::{self, Part};
use super::{APP, World};

/// All dynos of the app.
pub(super) struct Fleet {
    pub(super) boot: TimeDelta,
    pub(super) preboot: bool,
    version: u64,
    dynos: Vec<Dyno>,
}

struct Dyno {
    process_type: String,
    number: u32,
    id: String,
    version: u64,
    started: DateTime<Utc>,
    boot: TimeDelta,
    crashed: bool,
    /// It goes when those of the new release are up.
    retires: bool,
}

impl Dyno {
    fn is_up(&self) -> bool {
        !self.crashed && now() >= self.started + self.boot
    }

    fn json(&self) -> Value {
        let (state, since) = match (self.crashed, self.is_up()) {
            (true, _) => ("crashed", self.started),
            (false, true) => ("up", self.started + self.boot),
            (false, false) => ("starting", self.started),
        };
        json!({
            "attach_url": null,
            "command": format!("bin/{}", self.process_type),
            "created_at": self.started,
            "id": self.id,
            "name": format!("{}.{}", self.process_type, self.number),
            "release": {"id": id(), "version": self.version},
            "app": {"name": APP, "id": id()},
            "size": "standard-1X",
            "state": state,
            "type": self.process_type,
            "updated_at": since,
        })
    }
}

impl Fleet {
    pub(super) fn new() -> Self {
        Self {
            boot: TimeDelta::zero(),
            preboot: false,
            version: 11,
            dynos: Vec::new(),
        }
    }

    /// Those that start are up.
    pub(super) fn come_up(&mut self) {
        for dyno in self.dynos.iter_mut().filter(|dyno| !dyno.is_up()) {
            dyno.boot = now() - dyno.started;
        }
    }

    /// One dyno of a process type ends by itself.
    pub(super) fn crash(&mut self, process_type: &str) {
        let mut ours = self.dynos.iter_mut();
        let ours = ours.find(|dyno| dyno.process_type == process_type);
        ours.expect("a dyno").crashed = true;
    }

    /// One dyno of a process type is restarted, as each is once a day.
    pub(super) fn restart(&mut self, process_type: &str) {
        let boot = self.boot;
        let mut ours = self.dynos.iter_mut();
        let ours = ours.find(|dyno| dyno.process_type == process_type);
        let ours = ours.expect("a dyno");
        (ours.started, ours.boot, ours.id) = (now(), boot, id());
    }

    /// A new release: all dynos are replaced; those of `web` retire only later where preboot is on.
    pub(super) fn release(&mut self) {
        self.version += 1;
        let preboot = self.preboot;
        self.dynos
            .retain(|dyno| preboot && dyno.process_type == "web");
        for dyno in &mut self.dynos {
            dyno.retires = true;
        }
    }

    /// Whether those of two releases run side by side.
    pub(super) fn is_prebooting(&self) -> bool {
        self.dynos.iter().any(|dyno| dyno.retires)
    }

    /// As many as are asked for, and none that has retired.
    pub(super) fn tend(&mut self, process_type: &str, quantity: u32) {
        let ours = |dyno: &Dyno| dyno.process_type == process_type && !dyno.retires;
        self.dynos
            .retain(|dyno| !ours(dyno) || dyno.number <= quantity);
        for number in 1..=quantity {
            if !self
                .dynos
                .iter()
                .any(|dyno| ours(dyno) && dyno.number == number)
            {
                self.dynos.push(Dyno {
                    process_type: process_type.to_owned(),
                    number,
                    id: id(),
                    version: self.version,
                    started: now(),
                    boot: self.boot,
                    crashed: false,
                    retires: false,
                });
            }
        }
        if self.dynos.iter().filter(|dyno| ours(dyno)).all(Dyno::is_up) {
            let retired = |dyno: &Dyno| dyno.process_type == process_type && dyno.retires;
            self.dynos.retain(|dyno| !retired(dyno));
        }
    }
}

impl World {
    /// The dynos are as many as the formation says.
    pub(super) fn tend(&mut self) {
        for entry in &self.formation {
            self.fleet.tend(&entry.name, entry.quantity);
        }
        let there = |dyno: &Dyno| {
            let mut formation = self.formation.iter();
            formation.any(|entry| entry.name == dyno.process_type)
        };
        self.fleet.dynos.retain(there);
    }

    pub(super) fn list_dynos(&mut self) -> Reply {
        let body = Value::Array(self.fleet.dynos.iter().map(Dyno::json).collect());
        for entry in body.as_array().into_iter().flatten() {
            schema::hold(&mut self.complaints, Part::Dyno, entry);
        }
        self.reply(200, &body)
    }

    /// What an app with preboot answers while a release is under way. Heroku's sentence; which `id` it has is not known.
    pub(super) fn refuse_during_preboot(&mut self) -> Reply {
        self.refuse(
            422,
            "invalid_params",
            "Cannot change formation for a preboot app until release phase and preboot complete.",
        )
    }
}

fn now() -> DateTime<Utc> {
    Clock::system().now().wall
}
