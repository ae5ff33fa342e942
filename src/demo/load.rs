//! Sends the wave to both applications at once, and keeps what came back.
//!
//! *Open loop*: a request is sent when it is due, whether or not the ones before it were answered, and its time is counted
//! from when it was due. Users do not wait for each other, and a sender that did would hide how slow an overloaded
//! application is.
//!
//! It is a task of the bot's own thread and not a process of its own: two times 55 requests a second are about two per
//! cent of a core, and when the machine is so busy that this thread has to wait, then both applications and the bot's
//! own measurements are late alike.

use std::cell::RefCell;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::rc::Rc;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::wave::Wave;
use crate::clock::Clock;

/// After this long a user has gone.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What came back from one application. Shared with the requests under way.
#[derive(Debug, Clone, Default)]
pub struct Answers(Rc<RefCell<Kept>>);

#[derive(Debug, Default)]
struct Kept {
    times: Vec<Duration>,
    missing: usize,
}

impl Answers {
    /// How long each answer took, in no order.
    pub fn times(&self) -> Vec<Duration> {
        self.0.borrow().times.clone()
    }

    /// How many requests had no good answer in time.
    pub fn missing(&self) -> usize {
        self.0.borrow().missing
    }

    /// Keeps that a request was answered after this time, or was not in all that time.
    pub fn keep(&self, answered: bool, took: Duration) {
        let mut kept = self.0.borrow_mut();
        if answered {
            kept.times.push(took);
        } else {
            kept.missing += 1;
        }
    }
}

/// An application under load.
#[derive(Debug, Clone)]
pub struct Target {
    /// Its port.
    pub port: u16,
    /// What came back.
    pub answers: Answers,
}

/// Sends the wave, which began at `began` (monotonic), to every target, and waits for the last answer. When it is
/// dropped before, the requests under way are not counted at all.
pub async fn send(wave: Wave, targets: [&Target; 2], clock: Clock, began: Duration) {
    let mut under_way = JoinSet::new();
    for due in wave.arrivals() {
        sleep(clock.until(began + due)).await;
        for target in targets {
            under_way.spawn_local(one(target.clone(), clock, began + due));
        }
        // What has ended already is let go: the set would keep it.
        while under_way.try_join_next().is_some() {}
    }
    sleep(clock.until(began + wave.length)).await;
    while under_way.join_next().await.is_some() {}
}

async fn one(target: Target, clock: Clock, due: Duration) {
    let answer = timeout(clock.until(due + PATIENCE), get(target.port)).await;
    let answered = matches!(answer, Ok(Ok(())));
    target
        .answers
        .keep(answered, clock.now().mono.saturating_sub(due));
}

/// One GET over a connection of its own, to the end of the answer.
pub async fn get(port: u16) -> io::Result<()> {
    let mut stream = TcpStream::connect(SocketAddr::from((Ipv4Addr::LOCALHOST, port))).await?;
    stream
        .write_all(b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        .await?;
    let mut answer = Vec::with_capacity(128);
    stream.take(1024).read_to_end(&mut answer).await?;
    if answer.starts_with(b"HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(io::ErrorKind::InvalidData.into())
    }
}
