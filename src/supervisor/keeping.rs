//! What of a process's state outlives the program: a snapshot that is kept after every cycle, and before every scale. Pure.
//!
//! The state counts time on the monotonic clock, which begins anew with the program; a snapshot says which wall time its
//! moment was, and what is restored from it is moved by the difference. While the program was away, time went on: a
//! cooldown that would have ended has ended, and a history that has grown old is let go of.
//!
//! A scale that was ordered and never answered counts as made at the moment of the order: whether it was, the next count
//! shows, and a cooldown too many does less harm than one that is forgotten.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::clock::Now;
use crate::envelope::Cause;
use crate::envelope::futility::Futility;
use crate::envelope::usage::Usage;
use crate::envelope::wishes::Wishes;
use crate::model::{Count, Cycle, Direction, ProcessName};
use crate::notification::Event;
use crate::notification::policy::Told;
use crate::orders::news::Announced;
use crate::scaling::settling::Settling;
use crate::state::Snapshot;
use crate::supervisor::cooldown::Cooldown;
use crate::supervisor::kept_view::KeptView;
use crate::supervisor::ledger::ScaleRecord;
use crate::supervisor::manual::OnItsWay;
use crate::supervisor::memory::State;
use crate::supervisor::plan::Plan;
use crate::supervisor::respect::Changed;
use crate::supervisor::standby::Watch;

/// The form of a snapshot. One of another form is not read.
const FORM: u32 = 1;

/// How many of the latest scales are kept: for rapid scaling, rates and waits.
const MOST_SCALES: usize = 200;

/// What is kept of a process.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Kept {
    form: u32,
    at: DateTime<Utc>,
    mono: Duration,
    cycle: Cycle,
    count: Option<Count>,
    adopted_max: Option<Count>,
    counted: bool,
    #[serde(flatten)]
    view: KeptView,
    /// Those of further measurements.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    more_views: Vec<KeptView>,
    /// What the measurements are called; empty: nobody wrote it down.
    #[serde(default)]
    metrics: Vec<String>,
    wishes: Wishes,
    futility: Futility,
    usage: Usage,
    cooldown: Cooldown,
    #[serde(default)]
    settling: Settling,
    scales: Vec<(Duration, Direction)>,
    told: Vec<Told>,
    conditions: BTreeMap<Event, String>,
    rapid: BTreeMap<usize, String>,
    announced: Announced,
    /// The scale that was ordered and has not been answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ordered: Option<(Count, Count)>,
    /// The scale that the count may still be on its way to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    on_its_way: Option<OnItsWay>,
    /// The change by hand that is respected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    manual: Option<Changed>,
}

impl Kept {
    /// What is kept at `now` of this state under this plan.
    pub fn of(state: &State, plan: &Plan, now: Now) -> Self {
        let scales: Vec<_> = state.ledger.scales().collect();
        let skipped = scales.len().saturating_sub(MOST_SCALES);
        let mut views = state.views.iter().map(KeptView::of);
        Self {
            form: FORM,
            at: now.wall,
            mono: now.mono,
            cycle: state.cycle,
            count: state.watch.known,
            adopted_max: state.adopted_max,
            counted: state.counted,
            view: views.next().unwrap_or_default(),
            more_views: views.collect(),
            metrics: names(plan).map(str::to_owned).collect(),
            wishes: state.wishes.clone(),
            futility: state.futility,
            usage: state.usage,
            cooldown: state.cooldown.clone(),
            settling: state.settling.clone(),
            scales: scales.into_iter().skip(skipped).collect(),
            told: state.told.clone(),
            conditions: state.conditions.clone(),
            rapid: state.rapid.clone(),
            announced: state.announced.clone(),
            ordered: state.sent().map(|order| (order.from, order.to)),
            on_its_way: state.watch.on_its_way,
            manual: state.manual,
        }
    }

    /// Its text, for the store.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// What the store keeps of it.
    pub fn snapshot(&self, process: &ProcessName) -> Snapshot {
        Snapshot {
            process: process.clone(),
            at: self.at,
            text: self.text(),
        }
    }

    /// Reads a text; `Err` says why it cannot be.
    pub fn read(text: &str) -> Result<Self, String> {
        let kept: Self = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if kept.form == FORM {
            Ok(kept)
        } else {
            Err(format!(
                "it is of form {}, and this program reads form {FORM}",
                kept.form
            ))
        }
    }

    /// When it was taken.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// Goes on from it, in a state that has just begun.
    pub fn restore(self, state: &mut State, plan: &Plan, now: Now) {
        let away = (now.wall - self.at).max(TimeDelta::zero());
        let moved = Moved::new(self.mono, now.mono, away);
        state.cycle = self.cycle;
        state.adopted_max = self.adopted_max.filter(|_| !plan.max_is_written);
        state.counted = self.counted;
        state.before_start = self.count;
        let on_its_way = self.on_its_way.map(|order| order.moved(moved));
        state.watch = Watch::resumed(self.count, on_its_way);
        state.manual = self.manual.map(|changed| changed.moved(moved));
        state.futility = self.futility;
        state.usage = self.usage;
        state.conditions = self.conditions;
        state.announced = self.announced;
        state.cooldown = self.cooldown.moved(moved);
        state.settling = self.settling.moved(moved);
        state.wishes = self.wishes.moved(moved);
        if self.told.len() <= plan.policies.len() {
            state.told = self
                .told
                .into_iter()
                .map(|told| told.moved(moved))
                .collect();
            state.rapid = self.rapid;
        }
        for (at, direction) in self.scales {
            state
                .ledger
                .enter(past_scale(moved.time(at), self.at, direction));
        }
        let away = away.to_std().unwrap_or_default();
        // Under other settings nothing says whose view it was.
        let is_known =
            self.metrics.is_empty() || self.metrics.iter().map(String::as_str).eq(names(plan));
        let kept = std::iter::once(self.view)
            .chain(self.more_views)
            .filter(|_| is_known);
        let views = kept.zip(&plan.metrics).map(|(kept, metric)| {
            let is_fresh = away <= metric.max_age(plan.history_length);
            kept.view(moved, is_fresh)
        });
        state.views.set(views);
        if let Some((from, to)) = self.ordered {
            state.before_start = Some(to);
            // However long the program was away: what is found may be what it asked for.
            state.watch.on_its_way = Some(OnItsWay {
                from,
                to,
                at: now.mono,
                is_answered: false,
                counts: true,
                cause: Cause::Load,
            });
            let at = moved.time(self.mono);
            if let Some(direction) = Direction::between(from, to) {
                state.ledger.enter(past_scale(at, self.at, direction));
            }
            state.cooldown.start(at, plan.wait);
            state.views.forget();
        }
    }
}

/// What the measurements are called.
fn names(plan: &Plan) -> impl Iterator<Item = &str> {
    plan.metrics.iter().map(|metric| metric.name.as_str())
}

/// Of a scale before the start nobody asks more than when it was and which way it went.
fn past_scale(mono: Duration, wall: DateTime<Utc>, direction: Direction) -> ScaleRecord {
    ScaleRecord {
        at: Now { wall, mono },
        cycle: 0,
        from: 0,
        to: 0,
        direction,
        cause: Cause::Load,
        reason: String::new(),
    }
}

/// From an earlier program's monotonic time to this one's.
#[derive(Debug, Clone, Copy)]
pub struct Moved {
    /// The same moment, on the one clock and on the other.
    then: Duration,
    there: Duration,
}

impl Moved {
    /// `then` was the time `away` before `now`.
    fn new(then: Duration, now: Duration, away: TimeDelta) -> Self {
        let away = away.to_std().unwrap_or_default();
        Self {
            then,
            there: now.saturating_sub(away),
        }
    }

    /// This program's time for one of the earlier program's.
    pub fn time(self, at: Duration) -> Duration {
        match at.checked_sub(self.then) {
            Some(later) => self.there.saturating_add(later),
            None => self.there.saturating_sub(self.then.saturating_sub(at)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;
    use crate::backend::Registry;
    use crate::decision::{Level, Reading};
    use crate::envelope::doubt::Trust;
    use crate::settings::{Source, load};
    use crate::supervisor::memory::{InFlight, LastCycle, Order, Stage};

    fn plan() -> Plan {
        let text = "[processes.web]\nmeasurement = { measurement_url = \"http://a.test/\" }\n\
                    scaling = { app_name = \"shop\", api_key = \"k\" }\n\
                    decision = { post_scale_wait_time_seconds = 100 }\n";
        let settings = load(&Source::new("test", text), &Registry::built_in(), &|_| None).unwrap();
        Plan::new(&settings, settings.processes.first().unwrap()).unwrap()
    }

    fn now(wall: i64, mono: u64) -> Now {
        Now {
            wall: DateTime::UNIX_EPOCH + TimeDelta::seconds(wall),
            mono: Duration::from_secs(mono),
        }
    }

    /// A process in its 7th cycle at 1000 s on both clocks, which was scaled up 40 s ago.
    fn state() -> State {
        let mut state = State {
            cycle: 7,
            counted: true,
            adopted_max: Some(8),
            last: Some(LastCycle {
                cycle: 7,
                at: now(1000, 1000),
                count: Some(3),
                reason: "R".to_owned(),
            }),
            ..State::default()
        };
        state.ledger.enter(past_scale(
            Duration::from_secs(960),
            DateTime::UNIX_EPOCH,
            Direction::Up,
        ));
        state
            .cooldown
            .start(Duration::from_secs(960), Duration::from_secs(100));
        let distrust = Duration::from_secs(60);
        let view = state.views.of(0);
        view.evidence
            .enter(Duration::from_secs(990), Trust::Sound, false, distrust, 10);
        view.history.push_back(Reading {
            at: now(990, 0).wall,
            level: Level::Number(840.0),
            data: Arc::new(Value::from(840)),
            busy: None,
        });
        state
    }

    /// What another run makes of it, whose clock says this.
    fn restored(state: &State, later: Now) -> State {
        let text = Kept::of(state, &plan(), now(1000, 1000)).text();
        let mut restored = State::default();
        Kept::read(&text)
            .unwrap()
            .restore(&mut restored, &plan(), later);
        restored
    }

    #[test]
    fn time_went_on_while_the_program_was_away() {
        // Ten seconds later by the wall, on a clock that has just begun a new count.
        let mut state = state();
        state.settling.refused(Duration::from_secs(960));
        let mut there = restored(&state, now(1010, 5000));
        assert_eq!(there.cycle, 7);
        let refused = there.settling.refused(Duration::from_secs(5000));
        assert_eq!(refused, Duration::from_secs(50), "40 s 10 s before");
        assert_eq!(there.adopted_max, Some(8));
        let left = there.cooldown.remaining(Duration::from_secs(5000));
        assert_eq!(
            left,
            Some(Duration::from_secs(50)),
            "60 s were left 10 s before"
        );
        let scales: Vec<_> = there.ledger.scales().collect();
        assert_eq!(
            scales,
            [(Duration::from_secs(4950), Direction::Up)],
            "50 s ago"
        );
        assert_eq!(there.views.readings(), 1);
        assert_eq!(
            there.views.of(0).evidence.newest().unwrap().at,
            Duration::from_secs(4980),
            "20 s ago"
        );
    }

    #[test]
    fn what_has_grown_old_is_let_go_of() {
        let mut there = restored(&state(), now(100_000, 200_000));
        assert_eq!(there.cooldown.remaining(Duration::from_secs(200_000)), None);
        assert_eq!(there.views.readings(), 0, "a day old");
        assert!(there.views.of(0).evidence.newest().is_none());
        assert_eq!(
            there.ledger.scales().count(),
            1,
            "the scale is still one of the past"
        );
    }

    #[test]
    fn a_clock_that_was_put_back_makes_no_future() {
        let there = restored(&state(), now(400, 5000));
        let left = there.cooldown.remaining(Duration::from_secs(5000)).unwrap();
        assert_eq!(left, Duration::from_secs(60), "as if no time had passed");
    }

    #[test]
    fn a_scale_without_an_answer_counts_as_made() {
        let mut state = state();
        state.cooldown = Cooldown::default();
        state.in_flight = Some(InFlight {
            cycle: 7,
            began: Duration::ZERO,
            late: Duration::ZERO,
            stage: Stage::Scaling,
            expires: Duration::from_secs(2000),
            counting: Duration::ZERO,
            order: Some(Order {
                from: 3,
                to: 2,
                cause: Cause::Load,
                reason: "R".to_owned(),
                value: None,
                metric: 0,
            }),
        });
        let there = restored(&state, now(1030, 5000));
        let left = there.cooldown.remaining(Duration::from_secs(5000));
        assert_eq!(
            left,
            Some(Duration::from_secs(70)),
            "100 s from the order on"
        );
        assert_eq!(there.views.readings(), 0);
        let last = there.ledger.scales().last();
        assert_eq!(last, Some((Duration::from_secs(4970), Direction::Down)));
    }

    #[test]
    fn what_was_measured_by_something_else_is_let_go_of() {
        let text = Kept::of(&state(), &plan(), now(1000, 1000)).text();
        for (name, readings) in [("response_time", 1), ("orders", 0)] {
            let mut kept = Kept::read(&text).unwrap();
            kept.metrics = vec![name.to_owned()];
            let mut there = State::default();
            kept.restore(&mut there, &plan(), now(1010, 5000));
            assert_eq!(there.views.readings(), readings, "{name}");
        }
    }

    #[test]
    fn large_data_and_another_form_are_left_out() {
        let mut state = state();
        if let Some(reading) = state.views.of(0).history.front_mut() {
            reading.data = Arc::new(Value::from("x".repeat(10_000)));
        }
        let kept = Kept::of(&state, &plan(), now(1000, 1000));
        assert!(kept.text().len() < 2_000, "{}", kept.text().len());
        let other = kept.text().replacen("\"form\":1", "\"form\":9", 1);
        let why = Kept::read(&other).unwrap_err();
        assert_eq!(why, "it is of form 9, and this program reads form 1");
        assert!(Kept::read("{").is_err());
    }
}
