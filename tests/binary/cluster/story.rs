//! The troubles, one after the other: one of the replicas, mostly the leader, is killed, stopped or cut off; another takes
//! over; and the first comes back, now and then only after the next has got into trouble.

use std::time::Duration;

use autoscalebot::clock::Clock;
use rustix::process::Signal;

use super::LEASE;
use super::observer::Observer;
use super::replicas::{Call, NAMES, Replicas, TYPES, calls, type_name};
use crate::servers::heroku::Heroku;
use crate::servers::pause;
use crate::servers::proxy::Way;

const LOOK: Duration = Duration::from_millis(20);

/// The longest that is waited for anything; a bound, not an expectation.
const LONG: Duration = Duration::from_secs(30);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// `kill -9`; it is started again.
    Kill,
    /// SIGSTOP for longer than the lease, then SIGCONT.
    Stop,
    /// The same, and when it goes on, it is cut off for another while: it can ask nobody whether it still leads.
    StopAndCut,
    /// Its connections to Redis are closed, and new ones too.
    Reset,
    /// Nothing passes between it and Redis; what was held back arrives later.
    Silence,
}

/// How long one that was stopped and cut off remains cut off when it goes on.
const STILL_CUT: Duration = Duration::from_secs(2);

/// All of them.
pub(crate) const KINDS: [Trouble; 5] = [
    Trouble::Kill,
    Trouble::Stop,
    Trouble::StopAndCut,
    Trouble::Reset,
    Trouble::Silence,
];

/// A leader that got into trouble, and what came of it: times from the trouble on.
#[derive(Clone, Debug)]
pub(crate) struct Takeover {
    pub(crate) trouble: Trouble,
    /// Until another had the lease.
    pub(crate) lease: Duration,
    /// Until its first order.
    pub(crate) first_type: Duration,
    /// Until it had ordered something for every process type.
    pub(crate) last_type: Duration,
}

/// A replica that was stopped for longer than its lease.
#[derive(Clone, Debug)]
pub(crate) struct Slept {
    pub(crate) replica: &'static str,
    pub(crate) from: Duration,
    pub(crate) until: Duration,
}

struct Patient {
    name: &'static str,
    trouble: Trouble,
    since: Duration,
    well_at: Duration,
}

pub(crate) struct Chaos<'a, 'g> {
    replicas: &'a mut Replicas<'g>,
    observer: &'a Observer,
    heroku: &'a Heroku,
    clock: Clock,
    random: u64,
    patients: Vec<Patient>,
    takeovers: Vec<Takeover>,
    slept: Vec<Slept>,
}

impl<'a, 'g> Chaos<'a, 'g> {
    pub(crate) fn new(
        replicas: &'a mut Replicas<'g>,
        observer: &'a Observer,
        heroku: &'a Heroku,
        seed: u64,
    ) -> Self {
        println!("seed {seed}");
        Self {
            replicas,
            observer,
            heroku,
            clock: Clock::system(),
            random: seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1,
            patients: Vec::new(),
            takeovers: Vec::new(),
            slept: Vec::new(),
        }
    }

    /// A number below this one.
    fn below(&mut self, bound: u64) -> u64 {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % bound
    }

    pub(crate) fn run(mut self, end: Duration) -> (Vec<Takeover>, Vec<Slept>) {
        self.wait("orders of a first leader", |chaos| {
            let leader = chaos.observer.holder().map(|seen| seen.owner);
            leader
                .and_then(|leader| chaos.ordered(&leader, Duration::ZERO))
                .is_some()
        });
        while self.clock.boot() < end {
            let calm = self.clock.boot() + Duration::from_millis(200 + self.below(1_800));
            self.wait("calm to end", |chaos| chaos.clock.boot() >= calm);
            // One at least is always well.
            self.wait("a second one to be well", |chaos| chaos.patients.len() < 2);
            self.trouble();
        }
        self.wait("all to be well", |chaos| chaos.patients.is_empty());
        (self.takeovers, self.slept)
    }

    fn trouble(&mut self) {
        let mut leader = None;
        self.wait("a leader", |chaos| {
            leader = chaos.observer.holder();
            leader.is_some()
        });
        let leader = leader.expect("a leader").owner;
        let is_ill =
            |chaos: &Self, name: &str| chaos.patients.iter().any(|patient| patient.name == name);
        let well: Vec<_> = NAMES
            .into_iter()
            .filter(|name| !is_ill(self, name))
            .collect();
        // Each trouble once for a leader, then anything for anybody.
        let (kind, anybody) = (self.below(5), self.below(4) == 0);
        let (kind, anybody) = match KINDS.get(self.takeovers.len()) {
            Some(kind) => (*kind, false),
            None => (KINDS[usize::try_from(kind).unwrap()], anybody),
        };
        let chosen = if !anybody && !is_ill(self, &leader) {
            well.iter().find(|name| **name == leader).copied()
        } else {
            None
        };
        let at = usize::try_from(self.below(3)).unwrap() % well.len();
        let name = chosen.unwrap_or(well[at]);
        let since = self.clock.boot();
        self.begin(name, kind);
        // Longer than the lease, so that it is lost.
        let length = LEASE.mul_f64(1.1) + Duration::from_millis(self.below(3_000));
        self.patients.push(Patient {
            name,
            trouble: kind,
            since,
            well_at: since + length,
        });
        println!(
            "{name}{}: {kind:?} for {length:.1?}",
            if name == leader { " (leads)" } else { "" }
        );
        if name == leader {
            self.take_over(name, kind, since);
        }
    }

    fn begin(&mut self, name: &'static str, trouble: Trouble) {
        match trouble {
            Trouble::Kill => self.replicas.kill(name),
            Trouble::Stop => self.replicas.signal(name, Signal::STOP),
            Trouble::StopAndCut => {
                self.replicas.signal(name, Signal::STOP);
                self.replicas.way(name, Way::Silent);
            }
            Trouble::Reset => self.replicas.way(name, Way::Closed),
            Trouble::Silence => self.replicas.way(name, Way::Silent),
        }
    }

    fn take_over(&mut self, old: &str, trouble: Trouble, since: Duration) {
        let mut next = None;
        self.wait("another leader", |chaos| {
            next = chaos.observer.holder().filter(|seen| seen.owner != old);
            next.is_some()
        });
        let next = next.expect("another leader");
        let mut orders = None;
        self.wait("orders of the next leader for all process types", |chaos| {
            orders = chaos.ordered(&next.owner, next.from);
            orders.is_some()
        });
        let (first, last) = orders.expect("orders");
        self.takeovers.push(Takeover {
            trouble,
            lease: next.from.saturating_sub(since),
            first_type: first.saturating_sub(since),
            last_type: last.saturating_sub(since),
        });
    }

    /// When a leader's first orders came, for the first process type and for the last; `None`: some are missing.
    fn ordered(&self, leader: &str, from: Duration) -> Option<(Duration, Duration)> {
        let all = calls(self.heroku);
        let of = |process_type: String| {
            let is_one = |call: &&Call| {
                call.replica == leader && call.at >= from && call.process_type == process_type
            };
            all.iter().find(is_one).map(|call| call.at)
        };
        let firsts: Option<Vec<_>> = (0..TYPES).map(|number| of(type_name(number))).collect();
        let firsts = firsts?;
        Some((*firsts.iter().min()?, *firsts.iter().max()?))
    }

    /// Waits; meanwhile what is set is set back by hand, and who is due comes back.
    #[track_caller]
    fn wait(&mut self, what: &str, mut until: impl FnMut(&Self) -> bool) {
        let end = self.clock.boot() + LONG;
        while !until(self) {
            assert!(
                self.clock.boot() < end,
                "waited in vain for {what}; the lease: {:#?}\n{}",
                self.observer.around(self.clock.boot()),
                self.replicas.what_was_said()
            );
            for number in 0..TYPES {
                self.heroku.set(&type_name(number), 1);
            }
            self.heal();
            pause(LOOK);
        }
    }

    fn heal(&mut self) {
        let now = self.clock.boot();
        let (due, ill) = std::mem::take(&mut self.patients)
            .into_iter()
            .partition(|patient: &Patient| patient.well_at <= now);
        self.patients = ill;
        let due: Vec<Patient> = due;
        for patient in due {
            let Patient {
                name,
                trouble,
                since,
                ..
            } = patient;
            match trouble {
                Trouble::Kill => self.replicas.revive(name),
                Trouble::Stop | Trouble::StopAndCut => {
                    let until = self.clock.boot();
                    self.replicas.signal(name, Signal::CONT);
                    self.slept.push(Slept {
                        replica: name,
                        from: since,
                        until,
                    });
                }
                Trouble::Reset | Trouble::Silence => self.replicas.way(name, Way::Open),
            }
            if trouble == Trouble::StopAndCut {
                let well_at = now + STILL_CUT;
                self.patients.push(Patient {
                    trouble: Trouble::Silence,
                    well_at,
                    ..patient
                });
            }
        }
    }
}
