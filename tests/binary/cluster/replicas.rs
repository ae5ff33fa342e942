//! The three replicas, each with a key, a configuration and a way to Redis of its own.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use rustix::process::Signal;

use super::observer::Observer;
use super::{INTERVAL, LEASE};
use crate::app::App;
use crate::bot::{Bot, Home};
use crate::servers::heroku::{APP, Heroku, KEY};
use crate::servers::proxy::{Proxy, Way};
use crate::servers::redis::RedisServer;

/// How many process types there are.
pub(crate) const TYPES: usize = 12;

/// What the replicas are called.
pub(crate) const NAMES: [&str; 3] = ["one", "two", "three"];

/// A change of a count, as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) replica: String,
    pub(crate) process_type: String,
    pub(crate) at: Duration,
}

/// All of them so far.
pub(crate) fn calls(heroku: &Heroku) -> Vec<Call> {
    let changes = heroku
        .requests()
        .into_iter()
        .filter(|seen| seen.method == "PATCH");
    let call = |seen: crate::servers::heroku::Seen| Call {
        replica: seen
            .header("authorization")
            .rsplit('+')
            .next()
            .unwrap_or_default()
            .to_owned(),
        process_type: seen.path.rsplit('/').next().unwrap_or_default().to_owned(),
        at: seen.at,
    };
    changes.map(call).collect()
}

pub(crate) fn type_name(number: usize) -> String {
    format!("type{number}")
}

/// What the replicas stand on.
pub(crate) struct Ground {
    redis: RedisServer,
    _app: App,
    places: Vec<Place>,
}

/// One replica's folder, and its way to Redis.
struct Place {
    name: &'static str,
    way: Proxy,
    home: Home,
}

/// Those that run.
pub(crate) struct Replicas<'g> {
    ground: &'g Ground,
    bots: BTreeMap<&'static str, Bot<'g>>,
}

fn configuration(name: &str, heroku: &Heroku, app: &App, redis: &Proxy) -> String {
    let (lease, interval) = (LEASE.as_secs_f64(), INTERVAL.as_secs_f64());
    let mut text = format!(
        r#"
[cluster]
url = "redis://127.0.0.1:{}"
lease_in_seconds = {lease}
owner = "{name}"
[defaults.measurement]
measurement_url = "{}"
measurement_interval_in_seconds = {interval}
timeout_in_seconds = 5
max_time_ms = 60000
[defaults.decision]
# Each time that it is set to 1 by hand, the leader sets it to 2.
min_processes = 2
max_processes = 2
post_scale_wait_time_seconds = 0
[defaults.scaling]
app_name = "{APP}"
api_key = "{KEY}+{name}"
api_url = "{}"
timeout_in_seconds = 2
[[defaults.notification]]
backend = "console"
notify_on = ["scale"]
"#,
        redis.port(),
        app.url(),
        heroku.url()
    );
    for number in 0..TYPES {
        writeln!(text, "[processes.{}]", type_name(number)).unwrap();
    }
    text
}

impl Ground {
    /// A Redis, an app, and twelve process types of it that run once each.
    pub(crate) fn new(heroku: &Heroku) -> Self {
        heroku.leave(100_000_000);
        (0..TYPES).for_each(|number| heroku.set(&type_name(number), 1));
        let (redis, app) = (RedisServer::start(), App::answering_after(0));
        let places = NAMES.map(|name| {
            let way = Proxy::to(redis.port());
            let home = Home::with(&configuration(name, heroku, &app, &way));
            Place { name, way, home }
        });
        Self {
            redis,
            _app: app,
            places: places.into(),
        }
    }

    pub(crate) fn redis_port(&self) -> u16 {
        self.redis.port()
    }

    fn place(&self, name: &str) -> &Place {
        let mut places = self.places.iter();
        places.find(|place| place.name == name).expect("a replica")
    }

    pub(crate) fn homes(&self) -> impl Iterator<Item = (&'static str, &Home)> {
        self.places.iter().map(|place| (place.name, &place.home))
    }
}

impl<'g> Replicas<'g> {
    /// All three of them.
    pub(crate) fn start(ground: &'g Ground) -> Self {
        let mut replicas = Self {
            ground,
            bots: BTreeMap::new(),
        };
        for name in NAMES {
            replicas.revive(name);
        }
        replicas
    }

    /// Starts it again.
    pub(crate) fn revive(&mut self, name: &'static str) {
        let home = &self.ground.place(name).home;
        let mut command = home.command(&["run"]);
        command.env("RUST_LOG", "autoscalebot=info");
        self.bots.insert(name, home.start(command));
    }

    /// Kills it, as a crash does.
    pub(crate) fn kill(&mut self, name: &str) {
        self.bots.remove(name);
    }

    pub(crate) fn signal(&self, name: &str, signal: Signal) {
        self.bots.get(name).expect("it runs").signal(signal);
    }

    /// What becomes of what it and Redis say to each other.
    pub(crate) fn way(&self, name: &str, way: Way) {
        self.ground.place(name).way.set(way);
    }

    /// For the text of a failure.
    pub(crate) fn what_was_said(&self) -> String {
        let homes = self.ground.homes();
        let said = homes.map(|(name, home)| format!("=== {name}\n{}\n", home.err().join("\n")));
        said.collect()
    }

    #[track_caller]
    pub(crate) fn wait_for_a_leader(&self, observer: &Observer) -> String {
        let mut leader = None;
        let (_, home) = self.ground.homes().next().expect("a home");
        home.wait("a leader", || {
            leader = observer.holder();
            leader.is_some()
        });
        leader.map(|seen| seen.owner).unwrap_or_default()
    }

    /// Tells it to stop, and checks that it does so well.
    pub(crate) fn stop_well(&mut self, name: &str) {
        self.bots.remove(name).expect("it runs").stop();
    }

    pub(crate) fn stop_all_well(self) {
        self.bots.into_values().for_each(Bot::stop);
    }
}
