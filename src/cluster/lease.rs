//! The rules of the lease: what a replica may think of itself at a moment, and when it asks the referee again. Pure: every
//! time is on the replica's own boot clock and is handed in.
//!
//! ```text
//!   sent ├──── answered ───────────────────────────────── sent + lease - margin ┤   ┤ the key's end in Redis
//!        │        ├─────────────── leading ────────────────────────────────────┤ ▲ │
//!        │        │         ask again: sent + lease/3                          │ │ └ somebody else may take it
//!        │                                                                     │ └ what is on the wire arrives
//!   The key ends a whole lease after Redis took the question, which is after it was sent: `sent + lease` is over before.
//! ```
//!
//! A lease counts from before its question was sent, so that the way there and back, however long, only shortens it. The
//! margin is a twentieth of it: clocks that the time service slews run apart by at most a thousandth, so that most of the
//! margin is left for a call that was sent at the last moment.

use std::time::Duration;

/// The shortest lease: a renewal must have time to fail and be tried again.
pub const SHORTEST: Duration = Duration::from_secs(3);

/// How often a replica that stands by looks at the most whether the lease was given back.
const LONGEST_LOOK: Duration = Duration::from_secs(1);

/// It looks no sooner again than this, when the lease is just about to end.
const SHORTEST_LOOK: Duration = Duration::from_millis(10);

/// The times that follow from the length of a lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    lease: Duration,
}

impl Terms {
    /// A lease of this length, or of [`SHORTEST`] when that is longer.
    pub fn new(lease: Duration) -> Self {
        Self {
            lease: lease.max(SHORTEST),
        }
    }

    /// The lease, as the referee keeps it.
    pub fn lease(self) -> Duration {
        self.lease
    }

    /// How much sooner the leader thinks it over.
    pub fn margin(self) -> Duration {
        self.lease / 20
    }

    /// After which time the leader renews it.
    pub fn renewal(self) -> Duration {
        self.lease / 3
    }

    /// How often the others look whether it was given back: the tick by which a takeover can be late.
    pub fn look(self) -> Duration {
        (self.lease / 10).min(LONGEST_LOOK)
    }

    /// How long the referee may take for one answer.
    pub fn patience(self) -> Duration {
        self.lease / 6
    }

    /// How long after a failed question the next one is asked.
    pub fn pause(self) -> Duration {
        self.lease / 20
    }
}

/// What the referee answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The lease is the asker's, from the moment at which the referee took the question.
    Yours {
        /// It counts up with each change of hands, so that whoever sees two knows the later.
        token: u64,
    },
    /// It is another's.
    Taken(Taken),
}

/// A lease in other hands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// The other's token.
    pub token: u64,
    /// Who has it; `None`: nobody, until it is certain that nobody thinks it its own.
    pub by: Option<String>,
    /// How long it still lasts.
    pub left: Duration,
}

/// What a replica is at a moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// It orders nothing; as far as it knows, this one leads.
    Standby {
        /// The token and who has it.
        leader: Option<(u64, String)>,
    },
    /// It leads until `until`, if it hears nothing more.
    Leading {
        /// Its token.
        token: u64,
        /// Until when.
        until: Duration,
    },
    /// Its lease has ended, and the referee could not be asked since: it orders nothing.
    Holding {
        /// The token that it had.
        token: u64,
    },
}

/// One replica's knowledge of the lease.
#[derive(Clone, Debug)]
pub struct Candidacy {
    terms: Terms,
    tenure: Option<Tenure>,
    leader: Option<(u64, String)>,
    next: Duration,
}

/// A lease of one's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tenure {
    /// The token.
    pub token: u64,
    /// Until when it counts.
    pub until: Duration,
}

impl Candidacy {
    /// A replica that knows nothing yet, and asks at once.
    pub fn new(terms: Terms, now: Duration) -> Self {
        Self {
            terms,
            tenure: None,
            leader: None,
            next: now,
        }
    }

    /// When the referee is asked next.
    pub fn next(&self) -> Duration {
        self.next
    }

    /// The lease that was its own last, unless it knows another to have it. It may have ended.
    pub fn tenure(&self) -> Option<Tenure> {
        self.tenure
    }

    /// What it is.
    pub fn standing(&self, now: Duration) -> Standing {
        match self.tenure {
            Some(Tenure { token, until }) if now < until => Standing::Leading { token, until },
            Some(Tenure { token, .. }) => Standing::Holding { token },
            None => Standing::Standby {
                leader: self.leader.clone(),
            },
        }
    }

    /// When its standing changes by itself, if ever.
    pub fn changes(&self, now: Duration) -> Option<Duration> {
        let until = self.tenure?.until;
        (now < until).then_some(until)
    }

    /// The referee has answered, at `now`, a question that was sent at `sent`.
    pub fn answered(&mut self, answer: Answer, sent: Duration, now: Duration) {
        let terms = self.terms;
        match answer {
            Answer::Yours { token } => {
                let until = sent + terms.lease.saturating_sub(terms.margin());
                self.tenure = Some(Tenure { token, until });
                self.leader = None;
                self.next = (sent + terms.renewal()).max(now);
            }
            Answer::Taken(Taken { token, by, left }) => {
                self.tenure = None;
                self.leader = by.map(|by| (token, by));
                // The end that was told is that of the moment in which the referee answered, which is past.
                let end = left + Duration::from_millis(1);
                self.next = now + end.min(terms.look()).max(SHORTEST_LOOK);
            }
        }
    }

    /// The referee could not be asked. Nothing is known to have changed: a lease runs on to its end.
    pub fn failed(&mut self, now: Duration) {
        self.next = now + self.terms.pause();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ms(millis: u64) -> Duration {
        Duration::from_millis(millis)
    }

    fn taken(by: Option<&str>, left: u64) -> Answer {
        Answer::Taken(Taken {
            token: 7,
            by: by.map(str::to_owned),
            left: ms(left),
        })
    }

    const YOURS: Answer = Answer::Yours { token: 8 };

    #[test]
    fn the_times_of_a_lease() {
        for (lease, margin, renewal, look, patience) in [
            (15_000, 750, 5_000, 1_000, 2_500),
            (3_000, 150, 1_000, 300, 500),
            (10, 150, 1_000, 300, 500),
            (600_000, 30_000, 200_000, 1_000, 100_000),
        ] {
            let terms = Terms::new(ms(lease));
            let times = [
                terms.margin(),
                terms.renewal(),
                terms.look(),
                terms.patience(),
            ];
            assert_eq!(times, [margin, renewal, look, patience].map(ms), "{lease}");
            // Twice the renewal, with each of its questions failing at the last moment, ends before the lease does.
            assert!(terms.renewal() + 2 * (terms.patience() + terms.pause()) < terms.lease());
        }
    }

    /// What happens, at which moment, and what the replica is then and asks next.
    #[test]
    fn a_replica_leads_from_an_answer_to_the_end_that_counts_from_the_question() {
        let terms = Terms::new(ms(15_000));
        let mut replica = Candidacy::new(terms, ms(100));
        let leading = |until| Standing::Leading {
            token: 8,
            until: ms(until),
        };
        assert_eq!(replica.next(), ms(100), "it asks at once");
        assert_eq!(
            replica.standing(ms(100)),
            Standing::Standby { leader: None }
        );

        replica.answered(YOURS, ms(200), ms(1_200));
        assert_eq!(replica.standing(ms(1_200)), leading(14_450), "200 + 14,250");
        assert_eq!(replica.next(), ms(5_200), "a third after the question");
        assert_eq!(replica.changes(ms(1_200)), Some(ms(14_450)));

        replica.answered(YOURS, ms(5_200), ms(5_210));
        assert_eq!(replica.standing(ms(5_210)), leading(19_450), "renewed");

        replica.failed(ms(12_000));
        assert_eq!(replica.next(), ms(12_750), "asked again soon");
        assert_eq!(
            replica.standing(ms(19_449)),
            leading(19_450),
            "until its end"
        );
        let holding = Standing::Holding { token: 8 };
        assert_eq!(
            replica.standing(ms(19_450)),
            holding,
            "and not a moment more"
        );
        assert_eq!(replica.changes(ms(19_450)), None);

        replica.answered(YOURS, ms(20_000), ms(40_000));
        assert_eq!(
            replica.standing(ms(40_000)),
            holding,
            "an answer that was too long on its way"
        );
        assert_eq!(replica.next(), ms(40_000), "is asked for again at once");

        replica.answered(taken(Some("b"), 9_000), ms(40_000), ms(40_001));
        let leader = Some((7, "b".to_owned()));
        assert_eq!(replica.standing(ms(40_001)), Standing::Standby { leader });
        assert_eq!(
            replica.tenure(),
            None,
            "at once, whatever it still counted on"
        );
    }

    #[test]
    fn who_stands_by_looks_when_the_lease_ends_and_now_and_then() {
        for (left, wait, because) in [
            (9_000, 1_000, "it may be given back"),
            (400, 401, "it ends"),
            (0, 10, "it is just ending"),
        ] {
            let mut replica = Candidacy::new(Terms::new(ms(15_000)), ms(0));
            replica.answered(taken(None, left), ms(50), ms(60));
            assert_eq!(replica.next(), ms(60 + wait), "{because}");
            let nobody = Standing::Standby { leader: None };
            assert_eq!(replica.standing(ms(60)), nobody, "{because}");
        }
    }

    #[test]
    fn a_leader_that_is_told_of_another_is_none_at_once() {
        let mut replica = Candidacy::new(Terms::new(ms(15_000)), ms(0));
        replica.answered(YOURS, ms(0), ms(1));
        replica.answered(taken(None, 15_000), ms(5_000), ms(5_001));
        assert_eq!(
            replica.standing(ms(5_001)),
            Standing::Standby { leader: None },
            "Redis has forgotten it"
        );
    }
}
