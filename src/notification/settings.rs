//! The settings that every notification table may have: which events it tells, when it is quiet, how long it may take.

use super::Event;
use crate::settings::schema::{Default, Kind, Setting};

/// The most scales that the `too_rapid` limit may name: the ledger that is counted is bounded.
const MOST_SCALES: i64 = 1_000;

/// The longest period of the `too_rapid` limit: a day.
const MOST_MINUTES: i64 = 24 * 60;

/// The rows, in the order of the reference.
pub static SHARED: &[Setting] = &[
    switch(
        "notify_on_every_measurement",
        false,
        "Tells each measurement that was taken (`measurement`).",
    ),
    switch(
        "notify_on_every_scale",
        false,
        "Tells each change of the count (`scale`).",
    ),
    switch(
        "notify_if_needs_below_min",
        false,
        "Tells when it is at the minimum and still too low (`below_min`).",
    ),
    switch(
        "notify_if_needs_exceed_max",
        true,
        "Tells when it is at the maximum and still too high (`above_max`).",
    ),
    switch(
        "notify_on_scale_fails",
        true,
        "Tells when a count could not be set or read (`scale_failed`).",
    ),
    switch(
        "notify_if_scaling_is_too_rapid",
        false,
        "Tells when there are more scales in one direction than the two numbers below allow (`too_rapid`). It never holds \
         a scale back.",
    ),
    Setting::new(
        "notify_if_scaling_is_too_rapid_num_scales",
        Kind::Schedule(1, MOST_SCALES),
        Default::Whole(5),
        "Scaling is too rapid with more scales than this in one direction: a number, or a table of local times and numbers, \
         as for `min_processes`.",
    ),
    Setting::new(
        "notify_if_scaling_is_too_rapid_time_period_minutes",
        Kind::Schedule(1, MOST_MINUTES),
        Default::Whole(1),
        "The period over which scales are counted for `too_rapid`: a number of minutes, or a table of local times and \
         such numbers, as for `min_processes`.",
    ),
    switch(
        "notify_on_restart",
        true,
        "Tells when a part failed and was restarted, and when a reload was refused (`restarted`).",
    ),
    switch(
        "notify_on_degraded",
        true,
        "Tells when a process failed so often that it is not scaled for now, and when it is again (`degraded`).",
    ),
    switch(
        "notify_when_switched_off",
        true,
        "Tells when the count is 0 although the minimum is not: someone switched it off (`switched_off`).",
    ),
    switch(
        "notify_on_measurement_fails",
        false,
        "Tells when a measurement could not be taken (`measurement_failed`).",
    ),
    switch(
        "notify_when_futile",
        true,
        "Tells when more processes did not help, so that no more are added (`futile`; see futile_after).",
    ),
    switch(
        "notify_on_orders",
        true,
        "Tells when a person's order (pause, override, scale) begins and when it is over (`ordered`).",
    ),
    switch(
        "notify_on_store_fails",
        true,
        "Tells when the store of `[state]` fails, and when it works again (`store_failed`).",
    ),
    switch(
        "notify_on_drain",
        false,
        "Tells when a scale down begins to wait until those that go have finished their work, and how that ended (`drain`).",
    ),
    switch(
        "notify_on_manual_scale",
        true,
        "Tells when somebody has changed the count on the platform, and what follows (`manual_scale`; see \
         respect_manual_scale_for_seconds).",
    ),
    Setting::new(
        "notify_on",
        Kind::Texts,
        Default::Absent,
        "The short form: exactly these events are told, by the names in brackets above, in either case. It replaces the \
         switches, so that a table has the one or the others.",
    ),
    Setting::new(
        "quiet_hours",
        Kind::Periods,
        Default::Absent,
        "Local periods, of every day (`22:00-7:00`), of weekdays or a date (`fri 18:00-20:00`), or whole days (`sat-sun`, \
         `2026-12-25`); one over midnight belongs to the day on which it begins. In them only `restarted`, `degraded`, `scale_failed` and `too_rapid` are told. A condition that \
         still lasts when they end, and was not told before them, is told then; the end of one that ends in them is not told.",
    ),
    Setting::new(
        "repeat_after_minutes",
        Kind::Number(0.0, 525_600.0),
        Default::Number(0.0),
        "A condition that lasts is told again after so many minutes; 0 is never.",
    ),
    Setting::new(
        "timeout_in_seconds",
        Kind::Seconds,
        Default::Number(30.0),
        "How long the delivery of one notice may take before it is given up.",
    ),
];

/// Which switch stands for which event.
pub(super) const SWITCHES: [(&str, Event); 15] = [
    ("notify_on_every_measurement", Event::Measurement),
    ("notify_on_every_scale", Event::Scale),
    ("notify_if_needs_below_min", Event::BelowMin),
    ("notify_if_needs_exceed_max", Event::AboveMax),
    ("notify_on_scale_fails", Event::ScaleFailed),
    ("notify_if_scaling_is_too_rapid", Event::TooRapid),
    ("notify_on_restart", Event::Restarted),
    ("notify_on_degraded", Event::Degraded),
    ("notify_when_switched_off", Event::SwitchedOff),
    ("notify_on_measurement_fails", Event::MeasurementFailed),
    ("notify_when_futile", Event::Futile),
    ("notify_on_orders", Event::Ordered),
    ("notify_on_store_fails", Event::StoreFailed),
    ("notify_on_drain", Event::Drain),
    ("notify_on_manual_scale", Event::ManualScale),
];

const fn switch(name: &'static str, on: bool, meaning: &'static str) -> Setting {
    Setting::new(name, Kind::Boolean, Default::Boolean(on), meaning)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_event_has_one_switch_that_is_a_setting() {
        for event in Event::ALL {
            let switches: Vec<_> = SWITCHES.iter().filter(|(_, told)| *told == event).collect();
            assert_eq!(switches.len(), 1, "{event} has one switch");
        }
        for (name, _) in SWITCHES {
            let found = SHARED.iter().find(|setting| setting.name == name);
            assert_eq!(
                found.map(|setting| setting.kind),
                Some(Kind::Boolean),
                "{name}"
            );
        }
    }
}
