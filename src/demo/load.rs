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
use std::collections::BTreeMap;
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
    /// When each request that waits for its answer was due (monotonic).
    waiting: BTreeMap<u64, Duration>,
    sent: u64,
    since: Since,
}

/// What came since the last look.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Since {
    /// How many requests were sent.
    pub sent: u32,
    answered: u32,
    took: Duration,
}

impl Since {
    /// How long those took that had their answer, or in vain waited for one.
    pub fn mean(&self) -> Option<Duration> {
        self.took.checked_div(self.answered)
    }
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

    /// A request that was due at this moment (monotonic) is sent. Answers its number.
    pub fn send(&self, due: Duration) -> u64 {
        let mut kept = self.0.borrow_mut();
        kept.sent += 1;
        kept.since.sent += 1;
        let number = kept.sent;
        kept.waiting.insert(number, due);
        number
    }

    /// The request was answered at this moment, or it is known that it will not be.
    pub fn keep(&self, number: u64, answered: bool, now: Duration) {
        let mut kept = self.0.borrow_mut();
        let Some(due) = kept.waiting.remove(&number) else {
            return;
        };
        kept.since.answered += 1;
        kept.since.took += now.saturating_sub(due);
        if answered {
            kept.times.push(now.saturating_sub(due));
        } else {
            kept.missing += 1;
        }
    }

    /// What came since this was last asked.
    pub fn since_last_look(&self) -> Since {
        std::mem::take(&mut self.0.borrow_mut().since)
    }

    /// Waits no longer. A request that has waited longer than `patience` is one without an answer: to leave those out
    /// would flatter the slower application. One that came just now is none at all.
    pub fn close(&self, patience: Duration, now: Duration) {
        let mut kept = self.0.borrow_mut();
        let waiting = std::mem::take(&mut kept.waiting);
        let late = |due: &&Duration| now.saturating_sub(**due) > patience;
        kept.missing += waiting.values().filter(late).count();
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

/// Sends the wave, which began at `began` (monotonic), to every target, and waits for the last answer.
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
    let number = target.answers.send(due);
    let answer = timeout(clock.until(due + PATIENCE), get(target.port)).await;
    let answered = matches!(answer, Ok(Ok(())));
    target.answers.keep(number, answered, clock.now().mono);
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_look_sees_what_came_since_the_one_before() {
        let ms = Duration::from_millis;
        let answers = Answers::default();
        let numbers = [100, 200].map(|due| answers.send(ms(due)));
        answers.keep(numbers[0], true, ms(150));
        let first = answers.since_last_look();
        assert_eq!((first.sent, first.mean()), (2, Some(ms(50))));
        answers.keep(numbers[1], false, ms(5200));
        let second = answers.since_last_look();
        assert_eq!((second.sent, second.mean()), (0, Some(ms(5000))));
        assert_eq!(answers.since_last_look().mean(), None);
    }

    #[test]
    fn at_an_early_end_those_that_wait_too_long_have_no_answer() {
        let ms = Duration::from_millis;
        let answers = Answers::default();
        let numbers: Vec<_> = [100, 200, 300, 900].map(|due| answers.send(ms(due))).into();
        answers.keep(numbers[0], true, ms(150));
        answers.keep(numbers[1], false, ms(210));
        answers.close(ms(250), ms(1000));
        answers.keep(numbers[2], true, ms(1001));
        assert_eq!(
            answers.times(),
            [ms(50)],
            "what comes after the end does not count"
        );
        assert_eq!(
            answers.missing(),
            2,
            "one refused, one waiting for 700 ms; that of 100 ms is neither"
        );
    }
}
