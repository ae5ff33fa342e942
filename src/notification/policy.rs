//! Which notices a notifier tells, and when: the events it picked, its quiet hours, and each condition once when it
//! begins and once when it ends. Pure; asked by the notifiers' actor, for each notifier, before a notice is queued.
//!
//! ```text
//! the condition      ┌──────────────────┐        ┌─────────────────────────────┐
//! holds     ─────────┘                  └────────┘                             └────
//! the supervisor     H  H  H  H  H  H  H E       H  H  H  H  H  H  H  H  H  H  H E
//! told               ▲                  ▲              quiet hours ──┤▲         ▲
//!                    begins             ends           nothing        still lasts, ends
//! ```
//!
//! Quiet hours drop beginnings, repetitions and ends alike. What begins in them and lasts is told at the first cycle
//! after them. What ends in them is forgotten: its end is not told, then or later, for it would be stale news in the
//! morning; should it begin again, it is a new condition, told as one. What was told before them and outlasts them is
//! not told anew (but by `repeat_after_minutes`), and its end is told when it comes.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::settings::{SHARED, SWITCHES};
use super::{Event, Notice, Phase};
use crate::backend::BuildError;
use crate::clock::Now;
use crate::decision::schedule::{LocalTime, Periods, Schedule};
use crate::settings::problem::Fault;
use crate::settings::schema::{Default as SchemaDefault, Section};
use crate::settings::similar::nearest;
use crate::supervisor::keeping::Moved;
use crate::supervisor::rapid::RapidRule;

/// What one notifier tells, and when.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    events: BTreeSet<Event>,
    quiet_hours: Periods,
    repeat_after: Option<Duration>,
    rapid_scales: Schedule,
    rapid_minutes: Schedule,
    timeout: Duration,
}

/// Which conditions a notifier was told of and has not seen the end of, and when it was last told. One for each
/// notifier, kept where it outlives the notifier's actor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Told {
    /// On the monotonic clock.
    last: BTreeMap<Event, Duration>,
}

impl Told {
    /// The same on another program's clock.
    #[must_use]
    pub fn moved(self, moved: Moved) -> Self {
        let last = self.last.into_iter();
        Self {
            last: last.map(|(event, at)| (event, moved.time(at))).collect(),
        }
    }

    /// The notice could not be delivered: a condition that still holds is told at the next cycle.
    pub fn forget(&mut self, undelivered: &Notice) {
        if undelivered.phase == Phase::Holds {
            self.last.remove(&undelivered.event);
        }
    }
}

impl Policy {
    /// The policy of a checked table. What the table leaves out has its default, so that an empty section will do.
    pub fn from_section(section: &Section) -> Result<Self, BuildError> {
        let written: Written = section.read()?;
        let events = match written.notify_on {
            Some(names) => names
                .iter()
                .map(|name| named(name))
                .collect::<Result<_, _>>()?,
            None => switched_on(section),
        };
        let repeat_after = seconds(written.repeat_after_minutes * 60.0)?;
        Ok(Self {
            events,
            quiet_hours: written.quiet_hours.unwrap_or_default(),
            repeat_after: (!repeat_after.is_zero()).then_some(repeat_after),
            rapid_scales: written.notify_if_scaling_is_too_rapid_num_scales,
            rapid_minutes: written.notify_if_scaling_is_too_rapid_time_period_minutes,
            timeout: seconds(written.timeout_in_seconds)?,
        })
    }

    /// Whether this notifier picked the event at all, whatever the hour.
    pub fn picks(&self, event: Event) -> bool {
        self.events.contains(&event)
    }

    /// The events that it picked, in the order of the reference.
    pub fn events(&self) -> impl Iterator<Item = Event> + '_ {
        self.events.iter().copied()
    }

    /// How long one delivery may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// How much scaling is too rapid at a local time.
    pub fn rapid_rule(&self, local: LocalTime) -> RapidRule {
        let minutes = u64::from(self.rapid_minutes.at(local));
        RapidRule {
            limit: self.rapid_scales.at(local),
            period: Duration::from_secs(minutes * 60),
        }
    }

    /// Whether this notice is told now; `told` then remembers it. A condition is to be offered at every cycle while it
    /// holds, and once when it ends.
    pub fn admits(&self, told: &mut Told, notice: &Notice, now: Now, zone: Tz) -> bool {
        let event = notice.event;
        let heard = self.picks(event) && !self.is_quiet(event, now, zone);
        match notice.phase {
            Phase::Moment => heard,
            Phase::Holds => {
                let due = heard && self.is_due(told.last.get(&event), now);
                if due {
                    told.last.insert(event, now.mono);
                }
                due
            }
            // Forgotten in any case, so that what begins next is told as a new condition.
            Phase::Ended => told.last.remove(&event).is_some() && heard,
        }
    }

    fn is_quiet(&self, event: Event, now: Now, zone: Tz) -> bool {
        !is_urgent(event) && self.quiet_hours.contain(LocalTime::at(now.wall, zone))
    }

    fn is_due(&self, last: Option<&Duration>, now: Now) -> bool {
        match (last, self.repeat_after) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(last), Some(repeat)) => now.mono.saturating_sub(*last) >= repeat,
        }
    }
}

impl Default for Policy {
    /// That of a table with nothing in it but its `backend`.
    fn default() -> Self {
        Self {
            events: switched_on(&Section::new(serde_json::Map::new(), Vec::new())),
            quiet_hours: Periods::default(),
            repeat_after: None,
            rapid_scales: default_scales(),
            rapid_minutes: default_minutes(),
            timeout: Duration::from_secs(30),
        }
    }
}

/// The faults of a notification table that its schema cannot say.
pub fn check_shared(section: &Section) -> Vec<Fault> {
    let Some(names) = section.get("notify_on").and_then(Value::as_array) else {
        return Vec::new();
    };
    let mut faults: Vec<Fault> = names
        .iter()
        .filter_map(Value::as_str)
        .filter(|name| named(name).is_err())
        .map(|name| unknown_event(section, name))
        .collect();
    for (switch, event) in SWITCHES {
        if section.is_written(switch) {
            faults.push(Fault::at(
                switch,
                "it stands beside `notify_on`, which names all events that are told",
                format!("either `notify_on` (with or without \"{event}\"), or the switches alone"),
            ));
        }
    }
    faults
}

/// What is told in quiet hours too: someone has to act.
fn is_urgent(event: Event) -> bool {
    match event {
        Event::Restarted | Event::Degraded | Event::ScaleFailed | Event::TooRapid => true,
        Event::Measurement
        | Event::Scale
        | Event::BelowMin
        | Event::AboveMax
        | Event::SwitchedOff
        | Event::MeasurementFailed
        | Event::Futile
        | Event::Ordered
        | Event::StoreFailed
        | Event::Drain
        | Event::ManualScale => false,
    }
}

/// The part of a table that is read as it stands.
#[derive(Deserialize)]
struct Written {
    notify_on: Option<Vec<String>>,
    quiet_hours: Option<Periods>,
    #[serde(default)]
    repeat_after_minutes: f64,
    #[serde(default = "default_scales")]
    notify_if_scaling_is_too_rapid_num_scales: Schedule,
    #[serde(default = "default_minutes")]
    notify_if_scaling_is_too_rapid_time_period_minutes: Schedule,
    #[serde(default = "default_timeout")]
    timeout_in_seconds: f64,
}

fn default_scales() -> Schedule {
    Schedule::constant(5)
}

fn default_minutes() -> Schedule {
    Schedule::constant(1)
}

fn default_timeout() -> f64 {
    30.0
}

fn seconds(number: f64) -> Result<Duration, BuildError> {
    Duration::try_from_secs_f64(number).map_err(|error| BuildError(error.to_string()))
}

fn switched_on(section: &Section) -> BTreeSet<Event> {
    let is_on = |name: &str| match section.get(name) {
        Some(value) => value == &Value::Bool(true),
        None => SHARED
            .iter()
            .any(|row| row.name == name && row.default == SchemaDefault::Boolean(true)),
    };
    SWITCHES
        .into_iter()
        .filter(|(name, _)| is_on(name))
        .map(|(_, event)| event)
        .collect()
}

fn named(name: &str) -> Result<Event, BuildError> {
    let lower = name.trim().to_lowercase();
    let found = Event::ALL.into_iter().find(|event| event.name() == lower);
    found.ok_or_else(|| BuildError(format!("notify_on: there is no event \"{name}\"")))
}

fn unknown_event(section: &Section, name: &str) -> Fault {
    let shown = section.shown("notify_on", &format!("\"{name}\""));
    let near = nearest(name.trim(), Event::ALL.map(Event::name));
    let meant = near
        .filter(|_| !section.is_veiled("notify_on"))
        .map(|event| format!("did you mean \"{event}\"? They are "))
        .unwrap_or_default();
    let names = Event::ALL.map(|event| format!("\"{event}\"")).join(", ");
    let right = format!("{meant}events out of {names}");
    Fault::at("notify_on", format!("{shown} is no event"), right)
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};
    use serde_json::json;

    use super::*;
    use crate::model::ProcessName;
    use Phase::{Ended, Holds, Moment};

    fn section(table: &Value) -> Section {
        let values = table.as_object().cloned().unwrap();
        let written = values.keys().cloned().collect();
        Section::new(values, written)
    }

    fn policy(table: &Value) -> Policy {
        Policy::from_section(&section(table)).unwrap()
    }

    fn notice(event: Event, phase: Phase) -> Notice {
        Notice {
            process: ProcessName::new("web").unwrap(),
            event,
            phase,
            at: DateTime::UNIX_EPOCH,
            cycle: 1,
            from: Some(3),
            to: Some(3),
            direction: None,
            reason: String::new(),
        }
    }

    /// Both clocks from one text; the monotonic one counts from an arbitrary start.
    fn at(time: &str) -> Now {
        let wall: DateTime<Utc> = time.parse().unwrap();
        let start: DateTime<Utc> = "2026-01-01T00:00:00Z".parse().unwrap();
        let mono = (wall - start).to_std().unwrap();
        Now { wall, mono }
    }

    struct Story {
        given: Value,
        zone: Tz,
        /// Each offer: when, what, and whether it is told.
        when_then: &'static [(&'static str, Event, Phase, bool)],
        because: &'static str,
    }

    #[track_caller]
    fn check(story: Story) {
        let policy = policy(&story.given);
        let mut told = Told::default();
        for (time, event, phase, expected) in story.when_then {
            let admitted = policy.admits(&mut told, &notice(*event, *phase), at(time), story.zone);
            assert_eq!(
                admitted, *expected,
                "{event} {phase:?} at {time}: {}",
                story.because
            );
        }
    }

    const DAY: &str = "2026-03-02T12:00:00Z";
    const NEXT: &str = "2026-03-02T12:00:30Z";
    const LATER: &str = "2026-03-02T12:01:00Z";

    #[test]
    fn without_settings_the_documented_events_are_told() {
        let told: Vec<_> = Policy::default().events().collect();
        let expected = [
            Event::AboveMax,
            Event::ScaleFailed,
            Event::Restarted,
            Event::Degraded,
            Event::SwitchedOff,
            Event::Futile,
            Event::Ordered,
            Event::StoreFailed,
            Event::ManualScale,
        ];
        assert_eq!(told, expected);
        assert_eq!(
            policy(&json!({})),
            Policy::default(),
            "one default, two ways to it"
        );
    }

    #[test]
    fn switches_and_the_short_form_pick_events() {
        let picked = |table: Value| policy(&table).events().map(Event::name).collect::<Vec<_>>();
        for (table, expected, because) in [
            (
                json!({"notify_on": ["SCALE", "above_max"]}),
                vec!["scale", "above_max"],
                "the short form is exactly these, in either case",
            ),
            (
                json!({"notify_on": []}),
                vec![],
                "no event at all is a way to be mute",
            ),
            (
                json!({"notify_on_every_scale": true, "notify_on_restart": false}),
                vec![
                    "scale",
                    "above_max",
                    "scale_failed",
                    "degraded",
                    "switched_off",
                    "futile",
                    "ordered",
                    "store_failed",
                    "manual_scale",
                ],
                "a switch changes its own event alone",
            ),
        ] {
            assert_eq!(picked(table), expected, "{because}");
        }
    }

    #[test]
    fn a_condition_is_told_when_it_begins_and_when_it_ends() {
        check(Story {
            given: json!({}),
            zone: Tz::UTC,
            when_then: &[
                (DAY, Event::AboveMax, Ended, false),
                (DAY, Event::AboveMax, Holds, true),
                (NEXT, Event::AboveMax, Holds, false),
                (NEXT, Event::Degraded, Holds, true),
                (NEXT, Event::AboveMax, Moment, true),
                (LATER, Event::AboveMax, Ended, true),
                (LATER, Event::AboveMax, Ended, false),
                (LATER, Event::AboveMax, Holds, true),
                (LATER, Event::Degraded, Ended, true),
            ],
            because: "each condition has its own memory, and moments have none",
        });
    }

    #[test]
    fn what_is_not_picked_is_neither_told_nor_remembered() {
        check(Story {
            given: json!({"notify_on": ["scale"]}),
            zone: Tz::UTC,
            when_then: &[
                (DAY, Event::Scale, Moment, true),
                (DAY, Event::Scale, Moment, true),
                (DAY, Event::Measurement, Moment, false),
                (DAY, Event::ScaleFailed, Holds, false),
                (NEXT, Event::ScaleFailed, Ended, false),
            ],
            because: "urgency breaks the quiet hours, not the choice of events",
        });
    }

    #[test]
    fn a_lasting_condition_is_repeated_as_often_as_asked() {
        check(Story {
            given: json!({"repeat_after_minutes": 1.0}),
            zone: Tz::UTC,
            when_then: &[
                (DAY, Event::AboveMax, Holds, true),
                (NEXT, Event::AboveMax, Holds, false),
                (LATER, Event::AboveMax, Holds, true),
                ("2026-03-02T12:01:59Z", Event::AboveMax, Holds, false),
                ("2026-03-02T12:02:00Z", Event::AboveMax, Ended, true),
            ],
            because: "the repetition is counted from when it was last told",
        });
        check(Story {
            given: json!({"repeat_after_minutes": 0}),
            zone: Tz::UTC,
            when_then: &[
                (DAY, Event::AboveMax, Holds, true),
                ("2026-12-02T12:00:00Z", Event::AboveMax, Holds, false),
            ],
            because: "0 is never",
        });
    }

    #[test]
    fn a_reload_that_unpicks_an_event_forgets_it_at_its_end() {
        let mut told = Told::default();
        let zone = Tz::UTC;
        let all = Policy::default();
        assert!(all.admits(&mut told, &notice(Event::AboveMax, Holds), at(DAY), zone));
        let fewer = policy(&json!({"notify_on": []}));
        assert!(!fewer.admits(&mut told, &notice(Event::AboveMax, Ended), at(NEXT), zone));
        assert_eq!(told, Told::default(), "nothing is left behind");
    }

    #[test]
    fn quiet_hours_let_only_the_urgent_through() {
        for event in Event::ALL {
            let urgent = ["restarted", "degraded", "scale_failed", "too_rapid"];
            let names: Vec<_> = Event::ALL.map(Event::name).to_vec();
            let policy = policy(&json!({"notify_on": names, "quiet_hours": ["22:00-7:00"]}));
            for phase in [Moment, Holds] {
                let mut told = Told::default();
                let night = at("2026-03-02T23:00:00Z");
                let admitted = policy.admits(&mut told, &notice(event, phase), night, Tz::UTC);
                assert_eq!(
                    admitted,
                    urgent.contains(&event.name()),
                    "{event} {phase:?}"
                );
            }
        }
    }

    #[test]
    fn what_lasts_beyond_the_quiet_hours_is_told_after_them() {
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00"]}),
            zone: Tz::UTC,
            when_then: &[
                ("2026-03-02T22:00:00Z", Event::AboveMax, Holds, false),
                ("2026-03-03T06:59:59Z", Event::AboveMax, Holds, false),
                ("2026-03-03T07:00:00Z", Event::AboveMax, Holds, true),
                ("2026-03-03T07:00:30Z", Event::AboveMax, Holds, false),
                ("2026-03-03T07:01:00Z", Event::AboveMax, Ended, true),
            ],
            because: "it began in them and was not told yet",
        });
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00"]}),
            zone: Tz::UTC,
            when_then: &[
                ("2026-03-02T21:59:00Z", Event::AboveMax, Holds, true),
                ("2026-03-02T22:00:00Z", Event::AboveMax, Holds, false),
                ("2026-03-03T07:00:00Z", Event::AboveMax, Holds, false),
                ("2026-03-03T07:01:00Z", Event::AboveMax, Ended, true),
            ],
            because: "it was told before them and never ended",
        });
    }

    #[test]
    fn a_quiet_weekend_ends_with_monday_morning() {
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00", "sat-sun"]}),
            zone: Tz::UTC,
            when_then: &[
                ("2026-03-06T21:59:00Z", Event::Scale, Moment, false),
                ("2026-03-06T21:59:00Z", Event::AboveMax, Moment, true),
                ("2026-03-07T12:00:00Z", Event::AboveMax, Holds, false),
                ("2026-03-09T06:59:00Z", Event::AboveMax, Holds, false),
                ("2026-03-09T07:00:00Z", Event::AboveMax, Holds, true),
            ],
            because: "whole days and every night",
        });
    }

    #[test]
    fn what_ends_in_the_quiet_hours_is_forgotten() {
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00"], "repeat_after_minutes": 60}),
            zone: Tz::UTC,
            when_then: &[
                ("2026-03-02T21:59:00Z", Event::AboveMax, Holds, true),
                ("2026-03-02T23:30:00Z", Event::AboveMax, Holds, false),
                ("2026-03-02T23:31:00Z", Event::AboveMax, Ended, false),
                ("2026-03-03T07:00:00Z", Event::AboveMax, Ended, false),
                ("2026-03-03T07:01:00Z", Event::AboveMax, Holds, true),
            ],
            because: "neither its end nor its repetition is told; the next one is a new condition",
        });
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00"]}),
            zone: Tz::UTC,
            when_then: &[
                ("2026-03-02T23:30:00Z", Event::ScaleFailed, Holds, true),
                ("2026-03-02T23:31:00Z", Event::ScaleFailed, Ended, true),
            ],
            because: "what is told in quiet hours is also taken back in them",
        });
    }

    #[test]
    fn quiet_hours_are_local_also_when_the_clocks_change() {
        let zone = Tz::America__Vancouver;
        check(Story {
            given: json!({"quiet_hours": ["22:00-7:00"]}),
            zone,
            when_then: &[
                // The last winter day: 7:00 is 15:00 UTC.
                ("2026-03-07T14:59:00Z", Event::AboveMax, Moment, false),
                ("2026-03-07T15:00:00Z", Event::AboveMax, Moment, true),
                // On 8 March clocks go from 2:00 to 3:00: 7:00 is 14:00 UTC.
                ("2026-03-08T13:59:00Z", Event::AboveMax, Moment, false),
                ("2026-03-08T14:00:00Z", Event::AboveMax, Moment, true),
            ],
            because: "the night of the change is an hour shorter",
        });
        check(Story {
            given: json!({"quiet_hours": ["1:00-2:00"]}),
            zone: Tz::Europe__Berlin,
            when_then: &[
                // On 25 October clocks go back from 3:00 to 2:00; 1:00 comes once, 2:00 twice.
                ("2026-10-24T23:30:00Z", Event::AboveMax, Moment, false),
                ("2026-10-25T00:00:00Z", Event::AboveMax, Moment, true),
                ("2026-10-25T01:00:00Z", Event::AboveMax, Moment, true),
            ],
            because: "the repeated hour has the same times of day",
        });
    }

    /// A local time on a Monday.
    fn local(time: &str) -> LocalTime {
        LocalTime {
            date: "2026-03-02".parse().unwrap(),
            time: time.parse().unwrap(),
        }
    }

    #[test]
    fn the_rapid_rule_follows_the_time_of_day() {
        let policy = policy(&json!({
            "notify_if_scaling_is_too_rapid_num_scales": {"8:00": 10, "20:00": 3},
            "notify_if_scaling_is_too_rapid_time_period_minutes": {"0:00": 5, "12:00": 15},
        }));
        for (time, limit, minutes, because) in [
            (
                "0:00",
                3,
                5,
                "before the first entry the last one of the day before holds",
            ),
            ("7:59", 3, 5, "to the minute"),
            ("8:00", 10, 5, "from the entry's minute on"),
            ("12:00", 10, 15, "each number has times of its own"),
            ("23:59", 3, 15, "the day's last entries hold to its end"),
        ] {
            let period = Duration::from_secs(minutes * 60);
            let rule = policy.rapid_rule(local(time));
            assert_eq!(rule, RapidRule { limit, period }, "{because}");
        }
        let constant = Policy::default().rapid_rule(local("3:00"));
        assert_eq!((constant.limit, constant.period.as_secs()), (5, 60));
    }

    #[test]
    fn faults_name_the_event_and_what_was_meant() {
        for (table, expected) in [
            (json!({"notify_on": ["SCALE", "Above_Max"]}), vec![]),
            (json!({"notify_on_every_scale": true}), vec![]),
            (
                json!({"notify_on": ["above_mx", "lunch"]}),
                vec![
                    ("notify_on", "\"above_mx\" is no event"),
                    ("notify_on", "\"lunch\" is no event"),
                ],
            ),
            (
                json!({"notify_on": ["scale"], "notify_on_restart": true}),
                vec![(
                    "notify_on_restart",
                    "it stands beside `notify_on`, which names all events that are told",
                )],
            ),
        ] {
            let faults = check_shared(&section(&table));
            let found: Vec<_> = faults
                .iter()
                .map(|f| (f.setting.as_str(), f.wrong.as_str()))
                .collect();
            assert_eq!(found, expected);
        }
        let misspelt = check_shared(&section(&json!({"notify_on": ["Above-Mx"]})));
        let right = &misspelt[0].right;
        assert!(right.starts_with("did you mean \"above_max\"? "), "{right}");
        assert!(Policy::from_section(&section(&json!({"notify_on": ["lunch"]}))).is_err());
    }
}
