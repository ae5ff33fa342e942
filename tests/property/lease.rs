//! Whatever the network and the clocks do, no two replicas lead at one moment: several replicas, each with a boot clock
//! that runs a little fast or slow, ask a referee that goes by its own clock and keeps to the rules of the script in
//! Redis. Questions and answers are late, lost on their way there or back, and replicas are stopped and go on.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use autoscalebot::cluster::lease::{Answer, Candidacy, Standing, Taken, Terms};
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

use crate::runner::holds;

const LEASE: u64 = 15_000_000;
const REPLICAS: usize = 3;

/// How long a run is, in microseconds of the true time, which nobody has; and how long nothing is lost at its end.
const LENGTH: u64 = 300_000_000;
const QUIET: u64 = 6 * LEASE;

/// What happens to one question.
#[derive(Clone, Copy, Debug)]
struct Trip {
    there: u64,
    back: u64,
    fate: Fate,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Answered,
    LostThere,
    LostBack,
}

/// A replica does nothing from `at` on, for so long.
#[derive(Clone, Copy, Debug)]
struct Stop {
    at: u64,
    length: u64,
}

#[derive(Clone, Debug)]
struct Replica {
    offset: u64,
    /// Parts of a million by which its clock is fast.
    fast: i64,
    trips: Vec<Trip>,
    stops: Vec<Stop>,
    /// When it gives the lease back, should it have it; it competes again as another.
    leaves: Vec<u64>,
}

#[derive(Clone, Debug)]
struct Schedule {
    replicas: Vec<Replica>,
    referee_fast: i64,
    /// When the referee is emptied.
    forgets: Vec<u64>,
}

fn trip() -> impl Strategy<Value = Trip> {
    let fate = prop_oneof![
        6 => Just(Fate::Answered), 1 => Just(Fate::LostThere), 1 => Just(Fate::LostBack)
    ];
    // Mostly quick, now and then longer than a lease.
    let delay = || prop_oneof![8 => 0_u64..3_000, 4 => 0_u64..200_000, 2 => 0_u64..4_000_000, 1 => 0_u64..2 * LEASE];
    (delay(), delay(), fate).prop_map(|(there, back, fate)| Trip { there, back, fate })
}

/// A thousandth in all: twice what the time service slews.
fn drift() -> impl Strategy<Value = i64> {
    -500_i64..=500
}

fn replica() -> impl Strategy<Value = Replica> {
    let stop = (0..LENGTH, 0..3 * LEASE).prop_map(|(at, length)| Stop { at, length });
    (
        0..LENGTH,
        drift(),
        prop::collection::vec(trip(), 1..40),
        prop::collection::vec(stop, 0..6),
        prop::collection::vec(0..LENGTH, 0..3),
    )
        .prop_map(|(offset, fast, trips, stops, leaves)| Replica {
            offset,
            fast,
            trips,
            stops,
            leaves,
        })
}

fn schedule() -> impl Strategy<Value = Schedule> {
    (
        prop::collection::vec(replica(), REPLICAS),
        drift(),
        prop::collection::vec(0..LENGTH, 0..3),
    )
        .prop_map(|(replicas, referee_fast, forgets)| Schedule {
            replicas,
            referee_fast,
            forgets,
        })
}

/// What a clock shows, that began at `offset` and is so fast, at a true moment.
fn shown(at: u64, offset: u64, fast: i64) -> u64 {
    let gained = i128::from(at) * i128::from(fast) / 1_000_000;
    offset + u64::try_from(i128::from(at) + gained).unwrap()
}

/// The true moment (or a microsecond later) at which it shows this.
fn moment(clock: u64, offset: u64, fast: i64) -> u64 {
    let ran = i128::from(clock.saturating_sub(offset));
    u64::try_from(ran * 1_000_000 / (1_000_000 + i128::from(fast))).unwrap() + 1
}

fn micros(micros: u64) -> Duration {
    Duration::from_micros(micros)
}

/// Redis, as far as the script goes.
#[derive(Default)]
struct Referee {
    fast: i64,
    token: Option<u64>,
    /// Who has the lease (nobody, until it is certain), and until when by its clock.
    lease: Option<(Option<u64>, u64)>,
}

impl Referee {
    fn ask(&mut self, asker: u64, at: u64) -> Answer {
        let now = shown(at, 0, self.fast);
        self.lease = self.lease.filter(|(_, end)| now < *end);
        let end = now + LEASE;
        match (self.lease, self.token) {
            (None, None) => {
                self.token = Some(0);
                self.lease = Some((None, end));
                Self::taken(0, None, LEASE)
            }
            (None, Some(token)) => {
                self.token = Some(token + 1);
                self.lease = Some((Some(asker), end));
                Answer::Yours { token: token + 1 }
            }
            (Some((Some(holder), _)), token) if holder == asker => {
                self.lease = Some((Some(asker), end));
                let token = token.unwrap_or_default();
                Answer::Yours { token }
            }
            (Some((holder, end)), token) => {
                Self::taken(token.unwrap_or_default(), holder, end - now)
            }
        }
    }

    fn taken(token: u64, by: Option<u64>, left: u64) -> Answer {
        Answer::Taken(Taken {
            token,
            by: by.map(|by| by.to_string()),
            // Redis tells milliseconds.
            left: Duration::from_millis(left / 1000),
        })
    }

    fn give_back(&mut self, asker: u64) {
        if self.lease.is_some_and(|(holder, _)| holder == Some(asker)) {
            self.lease = None;
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Event {
    /// The replica may ask, in this of its lives.
    Awake {
        replica: usize,
        life: u64,
    },
    /// The question has arrived.
    Arrived {
        replica: usize,
        life: u64,
        sent: u64,
        back: Option<u64>,
    },
    /// The answer has; `None`: the replica's patience is over.
    Answered {
        replica: usize,
        life: u64,
        sent: u64,
        answer: Option<(u64, bool, Option<u64>, u64)>,
    },
    Leaves {
        replica: usize,
    },
    Forgets,
}

struct Life {
    candidacy: Candidacy,
    number: u64,
    trips: usize,
    /// The last question has been answered, or given up.
    asked: Option<u64>,
}

struct World<'a> {
    schedule: &'a Schedule,
    referee: Referee,
    lives: Vec<Life>,
    next_life: u64,
    events: BinaryHeap<Reverse<(u64, u64, Event)>>,
    order: u64,
    led: u64,
    highest: u64,
    forgot: bool,
}

impl<'a> World<'a> {
    fn new(schedule: &'a Schedule) -> Self {
        let mut world = Self {
            schedule,
            referee: Referee {
                fast: schedule.referee_fast,
                ..Referee::default()
            },
            lives: Vec::new(),
            next_life: 0,
            events: BinaryHeap::new(),
            order: 0,
            led: 0,
            highest: 0,
            forgot: false,
        };
        for (number, replica) in schedule.replicas.iter().enumerate() {
            let life = world.life(number, 0);
            world.lives.push(life);
            world.wake(number, 0);
            for at in &replica.leaves {
                world.push(*at, Event::Leaves { replica: number });
            }
        }
        for at in &schedule.forgets {
            world.push(*at, Event::Forgets);
        }
        world
    }

    fn life(&mut self, replica: usize, at: u64) -> Life {
        self.next_life += 1;
        let terms = Terms::new(micros(LEASE));
        Life {
            candidacy: Candidacy::new(terms, self.local(replica, at)),
            number: self.next_life,
            trips: 0,
            asked: None,
        }
    }

    fn push(&mut self, at: u64, event: Event) {
        self.order += 1;
        self.events.push(Reverse((at, self.order, event)));
    }

    fn local(&self, replica: usize, at: u64) -> Duration {
        let Replica { offset, fast, .. } = self.schedule.replicas[replica];
        micros(shown(at, offset, fast))
    }

    fn truly(&self, replica: usize, local: Duration) -> u64 {
        let Replica { offset, fast, .. } = self.schedule.replicas[replica];
        moment(u64::try_from(local.as_micros()).unwrap(), offset, fast)
    }

    /// When a replica gets to what is due at `at`: after it was stopped.
    fn comes_to(&self, replica: usize, at: u64) -> u64 {
        let mut at = at;
        let mut stops = self.schedule.replicas[replica].stops.clone();
        stops.sort_by_key(|stop| stop.at);
        for stop in stops {
            if (stop.at..stop.at + stop.length).contains(&at) {
                at = stop.at + stop.length;
            }
        }
        at
    }

    /// It asks at its own time, when it gets to it.
    fn wake(&mut self, replica: usize, now: u64) {
        let life = &self.lives[replica];
        let (number, next) = (life.number, life.candidacy.next());
        let at = self.comes_to(replica, self.truly(replica, next).max(now));
        self.push(
            at,
            Event::Awake {
                replica,
                life: number,
            },
        );
    }

    fn happen(&mut self, now: u64, event: Event) {
        match event {
            Event::Awake { replica, life } if self.lives[replica].number == life => {
                self.ask(replica, now);
            }
            Event::Arrived {
                replica,
                life,
                sent,
                back,
            } => {
                let answer = self.referee.ask(life, now);
                if let Some(back) = back {
                    let answer = Some(flat(&answer));
                    let at = self.comes_to(replica, now + back);
                    self.push(
                        at,
                        Event::Answered {
                            replica,
                            life,
                            sent,
                            answer,
                        },
                    );
                }
            }
            Event::Answered {
                replica,
                life,
                sent,
                answer,
            } if self.lives[replica].number == life && self.lives[replica].asked == Some(sent) => {
                let (was, at) = (self.local(replica, sent), self.local(replica, now));
                let known = &mut self.lives[replica];
                known.asked = None;
                match answer {
                    Some(answer) => known.candidacy.answered(whole(answer), was, at),
                    None => known.candidacy.failed(at),
                }
                self.wake(replica, now);
            }
            Event::Awake { .. } | Event::Answered { .. } => {}
            Event::Leaves { replica } => {
                let number = self.lives[replica].number;
                self.referee.give_back(number);
                self.lives[replica] = self.life(replica, now);
                self.wake(replica, now);
            }
            Event::Forgets => {
                (self.referee.token, self.referee.lease) = (None, None);
                self.forgot = true;
            }
        }
    }

    fn ask(&mut self, replica: usize, now: u64) {
        let trips = &self.schedule.replicas[replica].trips;
        let life = &mut self.lives[replica];
        let quiet = Trip {
            there: 1000,
            back: 1000,
            fate: Fate::Answered,
        };
        let trip = if now > LENGTH {
            quiet
        } else {
            trips[life.trips % trips.len()]
        };
        life.trips += 1;
        life.asked = Some(now);
        let life = life.number;
        if trip.fate != Fate::LostThere {
            let back = (trip.fate == Fate::Answered).then_some(trip.back);
            self.push(
                now + trip.there,
                Event::Arrived {
                    replica,
                    life,
                    sent: now,
                    back,
                },
            );
        }
        let patience = Terms::new(micros(LEASE)).patience();
        let over = self.truly(replica, self.local(replica, now) + patience);
        let at = self.comes_to(replica, over);
        self.push(
            at,
            Event::Answered {
                replica,
                life,
                sent: now,
                answer: None,
            },
        );
    }

    /// Who leads at this moment, by their own clocks, whether they are stopped or not.
    fn leaders(&self, now: u64) -> Vec<u64> {
        let standing = |replica: usize| {
            let local = self.local(replica, now);
            self.lives[replica].candidacy.standing(local)
        };
        let lead = |replica| match standing(replica) {
            Standing::Leading { token, .. } => Some(token),
            Standing::Standby { .. } | Standing::Holding { .. } => None,
        };
        (0..REPLICAS).filter_map(lead).collect()
    }

    fn check(&mut self, now: u64) -> Result<(), TestCaseError> {
        let leaders = self.leaders(now);
        prop_assert!(leaders.len() <= 1, "{leaders:?} lead at {now}");
        if let Some(token) = leaders.first() {
            prop_assert!(
                *token >= self.highest || self.forgot,
                "{token} after {}",
                self.highest
            );
            self.highest = *token;
            self.led += 1;
        }
        Ok(())
    }
}

fn flat(answer: &Answer) -> (u64, bool, Option<u64>, u64) {
    match answer {
        Answer::Yours { token } => (*token, true, None, 0),
        Answer::Taken(Taken { token, by, left }) => {
            let by = by.as_ref().map(|by| by.parse().unwrap());
            (*token, false, by, u64::try_from(left.as_millis()).unwrap())
        }
    }
}

fn whole((token, is_yours, by, left): (u64, bool, Option<u64>, u64)) -> Answer {
    if is_yours {
        return Answer::Yours { token };
    }
    Answer::Taken(Taken {
        token,
        by: by.map(|by| by.to_string()),
        left: Duration::from_millis(left),
    })
}

#[test]
fn no_two_replicas_ever_lead_at_one_moment_and_one_does_when_all_is_quiet() {
    holds(schedule(), |schedule| {
        let mut world = World::new(&schedule);
        while let Some(Reverse((now, _, event))) = world.events.pop() {
            if now > LENGTH + QUIET {
                break;
            }
            // What changes by itself only ends; what begins does so with an event.
            world.happen(now, event);
            world.check(now)?;
        }
        // Whoever is still stopped is not asked for.
        let all_awake = (0..REPLICAS).all(|replica| {
            world.comes_to(replica, LENGTH) == LENGTH
                && world.comes_to(replica, LENGTH + LEASE) == LENGTH + LEASE
        });
        if all_awake {
            prop_assert_eq!(world.leaders(LENGTH + QUIET).len(), 1);
        }
        prop_assert!(world.led > 0 || !all_awake, "nobody ever led");
        Ok(())
    });
}
