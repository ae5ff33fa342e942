//! A stand-in for Heroku: the Platform API, Logplex, and the router with an application behind it, all on one port.
//!
//! It runs on threads of its own, so that tests of every kind can use it: inside an actor system, or around the built
//! program (`#[path = "../contract/servers/heroku.rs"] mod heroku;`). It keeps a formation as Heroku does, answers with
//! Heroku's headers and errors, does what a test scripted with [`Heroku::trouble`], and records every request. Each
//! good answer is held against Heroku's published schema where that is at hand.
#![expect(
    clippy::disallowed_types,
    reason = "the stand-in is no part of the program: it has threads of its own, and they share a state"
)]

#[path = "heroku/dynos.rs"]
mod dynos;
#[path = "heroku/http.rs"]
mod http;
#[path = "heroku/logplex.rs"]
mod logplex;
#[path = "heroku/platform.rs"]
mod platform;
#[path = "heroku/schema.rs"]
mod schema;
#[path = "heroku/serve.rs"]
mod serve;

use std::collections::VecDeque;
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::Duration;

use chrono::TimeDelta;
use serde_json::Value;

pub(crate) use http::Seen;
pub(crate) use logplex::{Format, Plan};

/// The app's name.
pub(crate) const APP: &str = "dancing-forest-1234";

/// The only key that is let in; with `+` and more behind it, it is let in too.
pub(crate) const KEY: &str = "HRKU-11111111-2222-3333-4444-555555555555";

/// What goes wrong with one request.
#[derive(Clone, Debug)]
pub(crate) enum Trouble {
    /// This status, headers and body instead of what was asked for.
    Answer(u16, Vec<(&'static str, String)>, Value),
    /// What was asked for, but this much later.
    Late(Duration),
    /// No answer, on a connection that stays open.
    Hang,
    /// What was asked for, on a connection that is kept until the next request comes over it, and then closed.
    CloseLater,
    /// Half of what was asked for, then the end of the connection.
    Half,
    /// A page of HTML instead of JSON.
    Rubbish,
}

/// The running stand-in. Dropped, it is gone, and complains if an answer of its own was not as the schema says.
pub(crate) struct Heroku {
    port: u16,
    inner: Arc<Inner>,
    accepting: Option<JoinHandle<()>>,
}

struct Inner {
    world: Mutex<World>,
    changed: Condvar,
}

/// All that the stand-in knows.
struct World {
    stopped: bool,
    port: u16,
    formation: Vec<platform::Dynos>,
    fleet: dynos::Fleet,
    remaining: u64,
    page_size: usize,
    limit: Option<u32>,
    troubles: VecDeque<(&'static str, String, Trouble)>,
    requests: Vec<Seen>,
    logplex: logplex::Logplex,
    complaints: Vec<String>,
}

impl Heroku {
    /// Starts with an app of two process types: `web` at 2 and `worker` at 1.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
        let port = listener.local_addr().expect("its address").port();
        let inner = Arc::new(Inner {
            world: Mutex::new(World {
                stopped: false,
                port,
                formation: vec![
                    platform::Dynos::new("web", 2),
                    platform::Dynos::new("worker", 1),
                ],
                fleet: dynos::Fleet::new(),
                remaining: 4500,
                page_size: 200,
                limit: None,
                troubles: VecDeque::new(),
                requests: Vec::new(),
                logplex: logplex::Logplex::default(),
                complaints: Vec::new(),
            }),
            changed: Condvar::new(),
        });
        let serving = inner.clone();
        let accepting = std::thread::spawn(move || {
            for connection in listener.incoming() {
                if serving.world().stopped {
                    return;
                }
                let (Ok(connection), serving) = (connection, serving.clone()) else {
                    continue;
                };
                std::thread::spawn(move || serving.serve(connection));
            }
        });
        Self {
            port,
            inner,
            accepting: Some(accepting),
        }
    }

    /// The address of the Platform API, and of the application behind the router.
    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Sets a process type's quantity by hand, making the type if it is not there.
    pub(crate) fn set(&self, process_type: &str, quantity: u32) {
        let mut world = self.inner.world();
        match world.dynos(process_type) {
            Some(dynos) => dynos.quantity = quantity,
            None => world
                .formation
                .push(platform::Dynos::new(process_type, quantity)),
        }
    }

    /// A process type's quantity.
    pub(crate) fn quantity(&self, process_type: &str) -> Option<u32> {
        let mut world = self.inner.world();
        world.dynos(process_type).map(|dynos| dynos.quantity)
    }

    /// Resizes a process type's dynos.
    pub(crate) fn resize(&self, process_type: &str, size: &str) {
        let mut world = self.inner.world();
        let dynos = world.dynos(process_type).expect("a process type");
        dynos.size = size.to_owned();
    }

    /// Takes a process type out of the release.
    pub(crate) fn remove(&self, process_type: &str) {
        let mut world = self.inner.world();
        world.formation.retain(|dynos| dynos.name != process_type);
    }

    /// How long dynos that start from now on boot; at first they are up at once.
    pub(crate) fn boot_takes(&self, time: Duration) {
        let time = TimeDelta::from_std(time).expect("a boot");
        self.tended().fleet.boot = time;
    }

    /// All that start are up.
    pub(crate) fn come_up(&self) {
        self.tended().fleet.come_up();
    }

    /// A dyno of a process type is restarted.
    pub(crate) fn restart(&self, process_type: &str) {
        self.tended().fleet.restart(process_type);
    }

    /// A dyno of a process type crashes.
    pub(crate) fn crash(&self, process_type: &str) {
        self.tended().fleet.crash(process_type);
    }

    /// A new release is deployed.
    pub(crate) fn release(&self) {
        self.tended().fleet.release();
    }

    /// From now on a release keeps the old dynos of `web` until the new ones are up, and no count is changed meanwhile.
    pub(crate) fn preboot(&self) {
        self.inner.world().fleet.preboot = true;
    }

    /// The world, its dynos as they are now.
    fn tended(&self) -> MutexGuard<'_, World> {
        let mut world = self.inner.world();
        world.tend();
        world
    }

    /// How many calls the rate limit leaves; each call takes one.
    pub(crate) fn leave(&self, remaining: u64) {
        self.inner.world().remaining = remaining;
    }

    /// How many process types a page of the list holds.
    pub(crate) fn page_by(&self, size: usize) {
        self.inner.world().page_size = size;
    }

    /// No more than this many dynos from now on: a 422 that says so.
    pub(crate) fn limit(&self, limit: Option<u32>) {
        self.inner.world().limit = limit;
    }

    /// The next request with this method whose path contains `path` meets this trouble. One after the other.
    pub(crate) fn trouble(&self, method: &'static str, path: &str, trouble: Trouble) {
        let mut world = self.inner.world();
        world.troubles.push_back((method, path.to_owned(), trouble));
    }

    /// All requests so far.
    pub(crate) fn requests(&self) -> Vec<Seen> {
        self.inner.world().requests.clone()
    }

    /// How many requests had this method and a path that contains `path`.
    pub(crate) fn asked(&self, method: &str, path: &str) -> usize {
        let requests = self.requests();
        let same = |seen: &&Seen| seen.method == method && seen.path.contains(path);
        requests.iter().filter(same).count()
    }

    /// How the log sessions to come are written.
    pub(crate) fn write_logs_as(&self, format: Format) {
        self.inner.world().logplex.format = format;
    }

    /// What the router and the application do with each request from now on.
    pub(crate) fn plan(&self, plan: Plan) {
        self.inner.world().logplex.plan = plan;
    }

    /// Writes a line to the app's log.
    pub(crate) fn say(&self, line: &str) {
        self.inner.world().logplex.write(line.to_owned());
        self.inner.changed.notify_all();
    }

    /// The log sessions that are followed say nothing any more, and do not end.
    pub(crate) fn silence_sessions(&self) {
        let mut world = self.inner.world();
        world.logplex.silent = world.logplex.opened;
    }

    /// Ends all log sessions that are followed.
    pub(crate) fn end_sessions(&self) {
        self.inner.world().logplex.era += 1;
        self.inner.changed.notify_all();
    }

    /// How many log sessions are followed now.
    pub(crate) fn followers(&self) -> usize {
        self.inner.world().logplex.followers
    }
}

impl Drop for Heroku {
    fn drop(&mut self) {
        self.inner.world().stopped = true;
        self.inner.changed.notify_all();
        // Wakes the thread that waits for a connection.
        TcpStream::connect(("127.0.0.1", self.port)).ok();
        if let Some(accepting) = self.accepting.take() {
            accepting.join().ok();
        }
        let complaints = std::mem::take(&mut self.inner.world().complaints);
        if !std::thread::panicking() {
            assert_eq!(complaints, Vec::<String>::new(), "not as the schema says");
        }
    }
}

impl World {
    fn dynos(&mut self, process_type: &str) -> Option<&mut platform::Dynos> {
        self.formation
            .iter_mut()
            .find(|dynos| dynos.name == process_type)
    }

    /// Records the request and takes the trouble that is meant for it.
    fn meet(&mut self, seen: &Seen) -> Option<Trouble> {
        self.requests.push(seen.clone());
        let place = self
            .troubles
            .iter()
            .position(|(method, path, _)| *method == seen.method && seen.path.contains(path))?;
        self.troubles.remove(place).map(|(_, _, trouble)| trouble)
    }
}

impl Inner {
    fn world(&self) -> MutexGuard<'_, World> {
        // A test that failed while it held the lock has said so already.
        self.world
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}
