//! The settings that every decision table may have, those of the safety envelope among them.

use super::MOST_PROCESSES;
use crate::settings::schema::{Default, Kind, MOST_SECONDS, Setting};

/// The window of a scale down; some decisions have one by default.
pub(super) const fn down_window(default: f64) -> Setting {
    Setting::new(
        "scale_down_stabilization_window_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(default),
        "Over how long the highest wish counts for a scale down: a short lull removes nothing. After a start nothing is \
         scaled down before it has passed once.",
    )
}

/// The settings that every decision table may have.
pub static SHARED: &[Setting] = &[
    Setting::new(
        "min_processes",
        Kind::Schedule(0, MOST_PROCESSES),
        Default::Whole(1),
        "The fewest processes: a number, or a table of local times and numbers, as in `{ \"0:00\" = 1, \"mon-fri 8:00\" = 3, \
         \"mon-fri 18:00\" = 1, \"2026-12-24 12:00\" = 6 }`. In force is today's latest entry that has begun: one of today's \
         date; while there is none, one of today's weekday (`mon-fri`, `sat,sun`, `fri-mon`); while there is none, one \
         without days; and before any of them what held when the day before ended. An entry with a date holds until \
         midnight at most: the next day begins as if it had not been.",
    ),
    Setting::new(
        "max_processes",
        Kind::Schedule(0, MOST_PROCESSES),
        Default::Whole(3),
        "The most processes: a number, or a table of local times and numbers, as for `min_processes`. While it is not written, a count \
         above 3 found at the start is taken as the maximum, so that a first start never cuts an app down.",
    ),
    Setting::new(
        "increment",
        Kind::Whole(1, MOST_PROCESSES),
        Default::Whole(1),
        "How many processes one scale adds or removes.",
    ),
    Setting::new(
        "post_scale_wait_time_seconds",
        Kind::Number(0.0, 31_536_000.0),
        Default::Number(5.0),
        "The cooldown: after a scale, how long before results are evaluated again. Those taken meanwhile are told, but \
         do not enter the history. 0: there is none.",
    ),
    Setting::new(
        "history_length",
        Kind::Whole(1, 10_000),
        Default::Whole(10),
        "How many results are kept.",
    ),
    Setting::new(
        "zero_is_off",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether a count of 0 under a minimum of 1 or more means that someone switched the process off: it is then left \
         alone until it is no longer 0. Not for `local`, which starts at 0, and not where the minimum is 0 at some time, \
         be it that of a date.",
    ),
    Setting::new(
        "respect_manual_scale_for_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(0.0),
        "How long a count that somebody set on the platform (on its website, by its command line) is left as it is, from \
         when it is noticed. It is told (`manual_scale`) in any case; 0: the next decision may correct it. The bounds and \
         max_process_hours_per_day hold all the same, and an `override` or a `scale` that is ordered afterwards replaces it. With \
         `[state]`, a change while the bot is away is noticed, too. Not in the shadow, where whoever scales is not the bot.",
    ),
    Setting::new(
        "scale_up_increment",
        Kind::Step,
        Default::Derived("increment"),
        "How many processes one scale adds at the most: a number, a percentage of those that there are, rounded up, or the more \
         of the two (`\"100% or 4\"`). \
         When it is written, it holds for what an application or a command asks for, too.",
    ),
    Setting::new(
        "scale_down_increment",
        Kind::Step,
        Default::Derived("increment"),
        "How many processes one scale removes at the most; as scale_up_increment.",
    ),
    Setting::new(
        "scale_up_cooldown_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(0.0),
        "How long after any scale nothing is scaled up. Results are taken and evaluated meanwhile, unlike in \
         post_scale_wait_time_seconds.",
    ),
    Setting::new(
        "scale_down_cooldown_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(0.0),
        "How long after any scale nothing is scaled down.",
    ),
    Setting::new(
        "scale_up_stabilization_window_seconds",
        Kind::Number(0.0, MOST_SECONDS),
        Default::Number(0.0),
        "Over how long the lowest wish counts for a scale up: a short peak adds nothing.",
    ),
    down_window(0.0),
    Setting::new(
        "flap_projection",
        Kind::Boolean,
        Default::Boolean(true),
        "Whether a scale down is made smaller, or left, when the measurement, spread over fewer processes, would be above \
         max_measurement_value and so call for a scale up.",
    ),
    Setting::new(
        "futile_after",
        Kind::Whole(0, 1000),
        Default::Whole(0),
        "After how many scales up in a row without improvement (a measurement lower by 5 %) no more are added, because the \
         bottleneck is elsewhere; told as `futile`. 0: never.",
    ),
    Setting::new(
        "max_scales_per_hour",
        Kind::Whole(1, 3600),
        Default::Absent,
        "The most scales within an hour; then nothing is scaled by load. Corrections to the bounds are made all the same.",
    ),
    Setting::new(
        "max_process_hours_per_day",
        Kind::Number(0.0, 2_400_000.0),
        Default::Absent,
        "The process-hours from midnight to midnight in time_zone. Once so many are used that the rest is needed for \
         min_processes, the minimum is all there is until midnight. The minimum itself wins over it.",
    ),
    Setting::new(
        "combine",
        Kind::OneOf(&["max", "min"]),
        Default::Text("max"),
        "What several measurements come to, each of which wishes for a count by its own decision: `max`, the highest wish (up \
         when one says up, down when all say down), or `min`, the lowest. While one of them is not known, nothing goes down.",
    ),
    Setting::new(
        "mode",
        Kind::OneOf(&["live", "shadow"]),
        Default::Text("live"),
        "`shadow`: the process is measured and decided, and what would be done is told and recorded, but never done, \
         corrections to the bounds included. To try settings out beside whatever scales it now.",
    ),
    Setting::new(
        "priority",
        Kind::Whole(-1000, 1000),
        Default::Whole(0),
        "Who comes first when max_total_processes of `[limits]` is reached: while a process type of a higher priority is held \
         back by it, those of a lower one are not scaled up. Nothing is taken from anybody.",
    ),
];
