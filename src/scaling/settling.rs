//! Whether a process type has come to rest after a release, a restart or a scale up: what is measured before says little
//! about the load. Asked in each cycle, once the count was read; kept in the memory. Pure: it is given the time.
//!
//! ```text
//!   up up up │ starting         │ up up up                       boot: boot_time_in_seconds, or learned
//!            ├──────────────────┤                                unsettled: no scale down by load
//!            ├──────────────────┼─── boot ───┤                   masked: told, but not taken into the history
//!            begin              last one up
//!            ├──────── 2 × boot at most ─────────┤               then what is measured counts, whatever is under way
//!            ├─────────────────── 4 × boot ───────────────────┤  and no new mask before this, nor before a rest
//!
//!   scale up │ added ones starting │ up                          masked until they are up, or boot has passed
//! ```
//!
//! A mask must not hide an outage, nor a release that cannot carry its load: there is none while a process has crashed,
//! none without an end, and at most half of the time of a type that restarts again and again is masked. What cannot be
//! measured is told all the same, and bounds are enforced all the same. Where the platform does not tell how its
//! processes are, nothing is masked.

use std::collections::VecDeque;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::Observed;
use super::fleet::{Fleet, Member, Phase};
use crate::model::Count;
use crate::supervisor::keeping::Moved;

/// How long a boot is taken to last before one was seen: Heroku gives a web dyno no longer.
pub const UNLEARNED: Duration = Duration::from_secs(60);

/// The longest boot that a mask is made for.
pub const LONGEST: Duration = Duration::from_secs(300);

/// What took longer was no boot.
const NO_BOOT: Duration = Duration::from_secs(3600);

/// How many boots are remembered; their median counts.
const REMEMBERED: usize = 5;

/// How many starting processes are watched for the end of their boot.
const MOST_WATCHED: usize = 100;

/// What is remembered of one process type.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settling {
    /// How long the latest boots took, oldest first.
    boots: VecDeque<Duration>,
    /// The processes that were starting at the last look.
    starting: Vec<Starting>,
    /// The count at the last look.
    count: Option<Count>,
    /// How many were up the last time that nothing was under way.
    rested: Option<Count>,
    /// When the count last grew, until what was added is up.
    grown: Option<Duration>,
    mask: Option<Mask>,
    unsettled: Option<Unsettled>,
    /// Since when the platform refuses because of a release.
    refused: Option<Duration>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Starting {
    id: String,
    seen: Duration,
    since: Option<DateTime<Utc>>,
}

/// A release or restart whose measurements do not count.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Mask {
    began: Duration,
    /// When something was still under way.
    last: Duration,
    /// Whether there was rest after it.
    is_over: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unsettled {
    at: Duration,
    why: String,
}

impl Settling {
    /// How long a boot lasts: as written, as learned, or a guess.
    pub fn boot(&self, written: Option<Duration>) -> Duration {
        let mut boots: Vec<Duration> = self.boots.iter().copied().collect();
        boots.sort();
        let learned = boots.get(boots.len() / 2).copied();
        written.or(learned).unwrap_or(UNLEARNED).min(LONGEST)
    }

    /// Looks at the processes; says why what was measured does not count now, if it does not.
    pub fn look(
        &mut self,
        seen: &Observed,
        written: Option<Duration>,
        now: Duration,
    ) -> Option<String> {
        let before = self.count.replace(seen.count);
        if before.is_some_and(|before| seen.count > before) {
            self.grown = Some(now);
        }
        let boot = self.boot(written);
        let Some(fleet) = &seen.fleet else {
            // What was under way at the last look may still be.
            self.unsettled
                .take_if(|last| now >= last.at.saturating_add(boot * 2));
            return None;
        };
        self.learn(fleet, now);
        let why = fleet.unsettled();
        self.unsettled = why.clone().map(|why| Unsettled { at: now, why });
        let missing = missing(seen.count, fleet);
        if why.is_none() && missing == 0 {
            self.rested = Some(fleet.many(Phase::Up));
            self.grown = None;
        }
        let masked = if self.only_grows(seen.count, fleet) {
            self.growing(missing, seen.count, boot, now)
        } else {
            self.disturbed(why, boot, now)
        };
        masked.filter(|_| fleet.many(Phase::Crashed) == 0)
    }

    /// Whether a release or a restart is under way, by the last look; not for ever, and not what a larger count adds.
    pub fn is_disturbed(&self, written: Option<Duration>, now: Duration) -> bool {
        let end = |mask: &Mask| mask.began.saturating_add(self.boot(written) * 2);
        let mask = self.mask.as_ref().filter(|mask| !mask.is_over);
        mask.is_some_and(|mask| now < end(mask))
    }

    /// Why there is no scale down, by the last look.
    pub fn unsettled(&self) -> Option<String> {
        self.unsettled.as_ref().map(|last| last.why.clone())
    }

    /// The platform refuses a change because of a release; for how long it has.
    pub fn refused(&mut self, now: Duration) -> Duration {
        now.saturating_sub(*self.refused.get_or_insert(now))
    }

    /// There is nothing more that the platform refuses.
    pub fn granted(&mut self) {
        self.refused = None;
    }

    /// The same on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        let starting = |starting: Starting| Starting {
            seen: moved.time(starting.seen),
            ..starting
        };
        Self {
            starting: self.starting.into_iter().map(starting).collect(),
            grown: self.grown.map(|at| moved.time(at)),
            mask: self.mask.map(|mask| Mask {
                began: moved.time(mask.began),
                last: moved.time(mask.last),
                ..mask
            }),
            unsettled: self.unsettled.map(|last| Unsettled {
                at: moved.time(last.at),
                ..last
            }),
            refused: self.refused.map(|at| moved.time(at)),
            ..self
        }
    }

    /// Enters the boots that have ended, and watches those that have begun.
    fn learn(&mut self, fleet: &Fleet, now: Duration) {
        let watched = std::mem::take(&mut self.starting);
        let known = |member: &Member| watched.iter().find(|known| known.id == member.id);
        for member in fleet.members() {
            match (member.phase, known(member)) {
                (Phase::Up, Some(known)) => {
                    let boot = known.took(member, now);
                    if boot < NO_BOOT {
                        self.boots.push_back(boot);
                    }
                }
                (Phase::Starting, Some(known)) => self.starting.push(known.clone()),
                (Phase::Starting, None) => self.starting.push(Starting {
                    id: member.id.clone(),
                    seen: now,
                    since: member.since,
                }),
                (Phase::Up, None)
                | (Phase::Crashed | Phase::Idle | Phase::Down | Phase::Unknown, _) => {}
            }
        }
        self.starting.truncate(MOST_WATCHED);
        let surplus = self.boots.len().saturating_sub(REMEMBERED);
        self.boots.drain(..surplus);
    }

    /// Whether all that is under way is what a larger count has added: one release, and as many up as there were.
    fn only_grows(&self, count: Count, fleet: &Fleet) -> bool {
        let up = fleet.many(Phase::Up);
        let kept = self.rested.is_some_and(|rested| up >= rested.min(count));
        self.grown.is_some() && kept && fleet.releases().len() <= 1
    }

    fn growing(
        &self,
        missing: Count,
        count: Count,
        boot: Duration,
        now: Duration,
    ) -> Option<String> {
        let until = self.grown?.saturating_add(boot);
        let left = left(until, now).filter(|_| missing > 0)?;
        let verb = if missing == 1 { "is" } else { "are" };
        Some(format!(
            "{missing} of the {count} asked for {verb} not up yet; until then, {left:.0} s at most, what is measured does not \
             count"
        ))
    }

    /// A release or a restart, as long as `why` says so, and what follows on it.
    fn disturbed(&mut self, why: Option<String>, boot: Duration, now: Duration) -> Option<String> {
        let may_begin = self.mask.as_ref().is_none_or(|mask| {
            mask.is_over && now >= mask.began.saturating_add(boot.saturating_mul(4))
        });
        if why.is_some() && may_begin {
            self.mask = Some(Mask {
                began: now,
                last: now,
                is_over: false,
            });
        }
        let mask = self.mask.as_mut()?;
        if why.is_some() && !mask.is_over {
            mask.last = now;
        }
        let end = mask.began.saturating_add(boot * 2);
        let left = left(end.min(mask.last.saturating_add(boot)), now);
        match (why, left) {
            (None, None) => {
                mask.is_over = true;
                None
            }
            (Some(_), None) => None,
            (Some(why), Some(_)) => {
                let most = end.saturating_sub(now).as_secs_f64();
                Some(format!(
                    "{why}; what is measured does not count until it has settled, {most:.0} s at most"
                ))
            }
            (None, Some(left)) => Some(format!(
                "a release or restart has just ended; what is measured does not count for another {left:.0} s"
            )),
        }
    }
}

impl Starting {
    /// How long its boot took. The platform's own times are exact; ours know no more than the ticks.
    fn took(&self, up: &Member, now: Duration) -> Duration {
        let told = self.since.zip(up.since);
        let told = told.and_then(|(began, ended)| (ended - began).to_std().ok());
        told.filter(|told| !told.is_zero())
            .unwrap_or_else(|| now.saturating_sub(self.seen))
    }
}

/// How many of those that are asked for have not come up yet, and may still.
fn missing(count: Count, fleet: &Fleet) -> Count {
    let there = [Phase::Up, Phase::Crashed, Phase::Idle].map(|phase| fleet.many(phase));
    count.saturating_sub(there.iter().sum())
}

/// Seconds until then, if it is not over.
fn left(until: Duration, now: Duration) -> Option<f64> {
    let left = until.checked_sub(now).filter(|left| !left.is_zero());
    left.map(|left| left.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scaling::fleet::tests::fleet;

    fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    const BOOT: Option<Duration> = Some(Duration::from_secs(60));

    /// Looks at a story, one line each: the second; the count; the processes, or `?`; whether it is masked (`m`),
    /// unsettled (`u`), both (`mu`) or neither (`-`); why.
    #[track_caller]
    fn check(story: &str) -> Settling {
        let mut settling = Settling::default();
        for line in story.lines().filter(|line| !line.trim().is_empty()) {
            let [at, count, words, wanted, because] =
                line.split('|').map(str::trim).collect::<Vec<_>>()[..]
            else {
                panic!("five columns, please: {line}");
            };
            let count = count.parse().unwrap();
            let seen = match words {
                "?" => Observed::unknown(count),
                words => Observed::with(count, fleet(words)),
            };
            let masked = settling.look(&seen, BOOT, s(at.parse().unwrap()));
            let found = match (&masked, settling.unsettled()) {
                (Some(_), Some(_)) => "mu",
                (Some(_), None) => "m",
                (None, Some(_)) => "u",
                (None, None) => "-",
            };
            assert_eq!(found, wanted, "at {at}: {because} ({masked:?})");
        }
        settling
    }

    #[test]
    fn a_release_masks_until_a_boot_after_its_end() {
        check(
            "
              0 | 2 | up1 up1             | -  | at rest
             30 | 2 | starting2 starting2 | mu | a release restarts both
             60 | 2 | up2 starting2       | mu | one is up
             90 | 2 | up2 up2             | m  | the last was still starting 30 s ago
            119 | 2 | up2 up2             | m  | not a boot later
            120 | 2 | up2 up2             | -  | a boot later
            150 | 2 | up2 up2             | -  | at rest
            ",
        );
    }

    #[test]
    fn a_mask_has_an_end_while_what_it_was_for_has_none() {
        check(
            "
              0 | 2 | up1 up1             | -  | at rest
             10 | 2 | starting1 up1       | mu | one restarts
            129 | 2 | starting1 up1       | mu | not twice a boot later
            130 | 2 | starting1 up1       | u  | twice a boot later: what is measured counts
            400 | 2 | starting1 up1       | u  | it never comes up: scale downs wait, nothing is blind
            410 | 2 | up1 up1             | -  | it did
            420 | 2 | up1 starting1       | mu | after a rest, and four boots after the first began
            ",
        );
    }

    #[test]
    fn who_restarts_again_and_again_is_masked_half_of_the_time() {
        let mut settling = Settling::default();
        let mut masked = 0;
        for at in 0..2400 {
            // Every 25 s it starts, for 5 s.
            let words = if at % 25 < 5 {
                "up1 starting1"
            } else {
                "up1 up1"
            };
            let seen = Observed::with(2, fleet(words));
            if settling.look(&seen, BOOT, s(at)).is_some() {
                masked += 1;
            }
        }
        assert!((1..=1200).contains(&masked), "{masked} of 2400 s");
    }

    #[test]
    fn a_preboot_is_a_release() {
        let settling = check(
            "
              0 | 2 | up1 up1                     | -  | at rest
             10 | 2 | up1 up1 starting2 starting2 | mu | the new ones start beside the old
             40 | 2 | up1 up1 up2 up2             | mu | both are up
            130 | 2 | up1 up1 up2 up2             | u  | for minutes: what is measured counts again
            190 | 2 | up2 up2                     | -  | the old ones are gone
            ",
        );
        assert_eq!(settling.rested, Some(2));
    }

    #[test]
    fn what_was_added_is_waited_for() {
        check(
            "
              0 | 1 | up1                     | -  | at rest
             10 | 3 | up1                     | m  | they are asked for, and not there yet
             20 | 3 | up1 starting1 starting1 | mu | they start
             30 | 3 | up1 up1 starting1       | mu | one is up
             69 | 3 | up1 up1 starting1       | mu | not a boot after the count grew
             70 | 3 | up1 up1 starting1       | u  | a boot after it: it is not waited for any longer
             80 | 3 | up1 up1 up1             | -  | at rest
             90 | 4 | up1 up1 up1 starting1   | mu | the next one
            100 | 4 | up1 up1 up1 up1         | -  | up: what is measured counts at once
            ",
        );
    }

    #[test]
    fn a_restart_while_it_grows_is_a_restart() {
        check(
            "
              0 | 1 | up1                 | -  | at rest
             10 | 2 | up1 starting1       | mu | it grows
             20 | 2 | starting2 starting2 | mu | a release in the middle of it
             90 | 2 | starting2 starting2 | mu | a boot after the count grew is no end of that
            140 | 2 | starting2 starting2 | u  | twice a boot is
            ",
        );
    }

    #[test]
    fn nothing_is_masked_while_something_has_crashed() {
        check(
            "
              0 | 3 | up1 up1 up1           | -  | at rest
             10 | 3 | up2 starting2 crashed2 | u  | a release that crashes is no boot
             20 | 3 | up2 up2 crashed2       | -  | it stays so
             30 | 3 | crashed2 crashed2 crashed2 | - | an outage
            ",
        );
    }

    #[test]
    fn what_is_not_known_masks_nothing_and_forgets_slowly() {
        check(
            "
              0 | 2 | ?             | -  | nothing was ever known
             10 | 2 | up1 starting1 | mu | the bot starts in the middle of it
             20 | 2 | ?             | u  | it may still be under way
            129 | 2 | ?             | u  | for two boots
            130 | 2 | ?             | -  | but not for ever
            ",
        );
    }

    #[test]
    fn fewer_and_sleeping_ones_are_at_rest() {
        check(
            "
              0 | 3 | up1 up1 up1   | - | at rest
             10 | 2 | up1 up1 down1 | - | one is being stopped
             20 | 2 | up1 up1       | - | it is gone
             30 | 1 | idle1         | - | an Eco dyno sleeps
             40 | 0 |               | - | none is asked for
            ",
        );
    }

    #[test]
    fn no_boot_no_mask() {
        let mut settling = Settling::default();
        for (at, words) in [(0, "up1"), (10, "starting2"), (20, "up2")] {
            let seen = Observed::with(1, fleet(words));
            let zero = Some(Duration::ZERO);
            assert_eq!(settling.look(&seen, zero, s(at)), None, "{words}");
            assert_eq!(settling.unsettled().is_some(), words == "starting2");
        }
    }

    #[test]
    fn reasons_say_how_long() {
        let mut settling = Settling::default();
        for (at, count, words, wanted) in [
            (0, 2, "up1 up1", ""),
            (
                10,
                2,
                "up1 starting2",
                "release v2 beside v1, 1 of 2 processes is starting; what is measured does not count until it has settled, \
                 120 s at most",
            ),
            (
                40,
                2,
                "up2 up2",
                "a release or restart has just ended; what is measured does not count for another 30 s",
            ),
            (
                100,
                3,
                "up2 up2 starting2",
                "1 of the 3 asked for is not up yet; until then, 60 s at most, what is measured does not count",
            ),
        ] {
            let seen = Observed::with(count, fleet(words));
            let masked = settling.look(&seen, BOOT, s(at));
            assert_eq!(masked.unwrap_or_default(), wanted);
        }
    }

    /// When it is seen starting, when it is seen up, and after how long that was by the platform's clock, if it tells.
    type Boot = (u64, u64, Option<i64>);

    /// One process, named `0`, with these boots behind it.
    fn boots(rows: &[Boot]) -> Settling {
        let mut settling = Settling::default();
        for (start, up, took) in rows {
            let member = |phase, since: i64| Member {
                name: String::new(),
                id: "0".to_owned(),
                phase,
                release: None,
                since: took.map(|_| DateTime::UNIX_EPOCH + chrono::TimeDelta::seconds(since)),
            };
            let started = Fleet::new(vec![member(Phase::Starting, 1000)]);
            settling.look(&Observed::with(1, started), None, s(*start));
            let up_at = 1000 + took.unwrap_or_default();
            let came_up = Fleet::new(vec![member(Phase::Up, up_at)]);
            settling.look(&Observed::with(1, came_up), None, s(*up));
        }
        settling
    }

    #[test]
    fn a_boot_is_learned() {
        let rows: [(&[Boot], u64, &str); 7] = [
            (&[], 60, "a guess"),
            (&[(10, 40, None)], 30, "as long as it was seen to take"),
            (&[(10, 40, Some(17))], 17, "the platform knows better"),
            (&[(10, 40, Some(0))], 30, "unless its times make no sense"),
            (
                &[(0, 10, None), (20, 60, None), (70, 90, None)],
                20,
                "the median",
            ),
            (
                &[
                    (0, 90, None),
                    (100, 190, None),
                    (200, 210, None),
                    (220, 230, None),
                    (240, 250, None),
                    (260, 270, None),
                    (280, 290, None),
                ],
                10,
                "of the last five",
            ),
            (&[(0, 900, None)], 300, "no longer than the longest"),
        ];
        for (rows, wanted, because) in rows {
            assert_eq!(boots(rows).boot(None), s(wanted), "{because}");
        }
        assert_eq!(boots(&[(0, 9000, None)]).boot(None), UNLEARNED, "no boot");
        let written = boots(&[(10, 40, None)]).boot(Some(s(5)));
        assert_eq!(written, s(5), "what is written counts");
    }

    #[test]
    fn it_survives_being_written_down() {
        let settling = check(
            "
              0 | 2 | up1 up1       | -  | at rest
             30 | 2 | up1 starting1 | mu | a restart
            ",
        );
        let text = serde_json::to_string(&settling).unwrap();
        assert!(text.len() < 500, "{} bytes: {text}", text.len());
        let mut read: Settling = serde_json::from_str(&text).unwrap();
        assert_eq!(read, settling);
        assert_eq!(
            serde_json::from_str::<Settling>("{}").unwrap(),
            Settling::default()
        );
        let seen = Observed::with(2, fleet("up1 up1"));
        assert!(read.look(&seen, BOOT, s(89)).is_some());
        assert!(read.look(&seen, BOOT, s(90)).is_none());
    }

    #[test]
    fn a_refusal_lasts_until_it_is_granted() {
        let mut settling = Settling::default();
        assert_eq!(settling.refused(s(10)), s(0));
        assert_eq!(settling.refused(s(70)), s(60));
        settling.granted();
        assert_eq!(settling.refused(s(100)), s(0));
    }
}
