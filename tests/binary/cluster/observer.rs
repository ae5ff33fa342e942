//! Who had the lease when, as Redis itself says every few milliseconds.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use autoscalebot::clock::Clock;

use crate::servers::pause;

const EVERY: Duration = Duration::from_millis(3);

/// How far what is seen may lie beside what is: the time of a look at Redis, on a busy machine.
const BLUR: Duration = Duration::from_millis(60);

const LOOK: &str = "return {redis.call('GET', KEYS[1]) or '', redis.call('GET', KEYS[2]) or '0'}";

/// One holder's time, from its first to its last sight.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// The name that it gave itself.
    pub(crate) owner: String,
    pub(crate) token: u64,
    pub(crate) from: Duration,
    pub(crate) to: Duration,
}

pub(crate) struct Observer {
    stop: Arc<AtomicBool>,
    looking: Option<JoinHandle<()>>,
    looks: Receiver<(Duration, String, u64)>,
    seen: RefCell<Vec<Seen>>,
}

impl Observer {
    pub(crate) fn start(port: u16) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let (tell, looks) = channel();
        let stopped = Arc::clone(&stop);
        let looking = std::thread::spawn(move || look(port, &stopped, &tell));
        Self {
            stop,
            looking: Some(looking),
            looks,
            seen: RefCell::default(),
        }
    }

    /// What has been seen so far: one entry for each time that somebody had the lease.
    fn seen(&self) -> std::cell::Ref<'_, Vec<Seen>> {
        let mut seen = self.seen.borrow_mut();
        for (at, owner, token) in self.looks.try_iter() {
            match seen.last_mut() {
                Some(last) if last.owner == owner && last.token == token => last.to = at,
                Some(_) | None => seen.push(Seen {
                    owner,
                    token,
                    from: at,
                    to: at,
                }),
            }
        }
        drop(seen);
        self.seen.borrow()
    }

    /// Who has it now, if anybody.
    pub(crate) fn holder(&self) -> Option<Seen> {
        let seen = self.seen();
        seen.last().filter(|seen| !seen.owner.is_empty()).cloned()
    }

    /// The token with which this one had the lease at a moment.
    pub(crate) fn token_of(&self, owner: &str, at: Duration) -> Option<u64> {
        let had =
            |seen: &&Seen| seen.owner == owner && seen.from <= at + BLUR && at <= seen.to + BLUR;
        self.seen().iter().rev().find(had).map(|seen| seen.token)
    }

    /// The highest token at a moment.
    pub(crate) fn latest_token(&self, at: Duration) -> u64 {
        let until = |seen: &&Seen| seen.from <= at;
        self.seen()
            .iter()
            .filter(until)
            .map(|seen| seen.token)
            .max()
            .unwrap_or(0)
    }

    /// When this one had lost the lease that it had at a moment.
    pub(crate) fn end_of(&self, owner: &str, at: Duration) -> Duration {
        let seen = self.seen();
        let had = seen
            .iter()
            .find(|seen| seen.owner == owner && seen.to >= at);
        had.map_or(at, |seen| seen.to)
    }

    /// What was seen around a moment, for the text of a failure.
    pub(crate) fn around(&self, at: Duration) -> Vec<Seen> {
        let near = |seen: &&Seen| {
            seen.to + Duration::from_secs(5) > at && seen.from < at + Duration::from_secs(5)
        };
        self.seen().iter().filter(near).cloned().collect()
    }
}

impl Drop for Observer {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(looking) = self.looking.take() {
            looking.join().ok();
        }
    }
}

fn look(port: u16, stop: &AtomicBool, tell: &Sender<(Duration, String, u64)>) {
    let clock = Clock::system();
    let client = redis::Client::open(format!("redis://127.0.0.1:{port}")).expect("a client");
    let mut connection = client.get_connection().expect("a connection");
    while !stop.load(Ordering::SeqCst) {
        let mut command = redis::cmd("EVAL");
        command.arg(LOOK).arg(2);
        command.arg("autoscalebot:cluster:{autoscalebot}:lease");
        command.arg("autoscalebot:cluster:{autoscalebot}:token");
        let (owner, token): (String, u64) = command.query(&mut connection).expect("an answer");
        let label = owner.split('/').next().unwrap_or_default().to_owned();
        tell.send((clock.boot(), label, token)).ok();
        pause(EVERY);
    }
}
