//! Each rule by a table, and the whole way of a step through all of them.

mod words;

use std::time::Duration;

use super::*;
use crate::decision::Wish;
use crate::model::Bounds;
use words::check;

#[test]
fn wishes_inside_the_bounds() {
    check("
        2 | 1-5 | 3  |         | 3 load: R    | granted
        4 | 1-5 | 2  |         | 2 load: R    | granted
        2 | 1-5 | 2  |         | stay: R      | nothing to do
        2 | 1-5 | -  |         | stay: nothing is wished for | no decision
        2 | 1-5 | 3  | cooling | stay: 3.2 s of the wait after a scale are left | not while cooling
        2 | 1-5 | -  | cooling | stay: 3.2 s of the wait after a scale are left | not while cooling
        5 | 1-5 | 6  | cooling | stay: 3.2 s of the wait after a scale are left | no event on old news either
        4 | 1-5 | 6  |         | 5 load: R; cut short at the maximum of 5 | a step of 2 where 1 is left
        2 | 1-5 | -1 |         | 1 load: R; cut short at the minimum of 1 | a step of 3 where 1 is left
        1 | 0-5 | -1 |         | 0 load: R; cut short at the minimum of 0 | never below nothing
        4 | 1-5 | 9223372036854775807 |  | 5 load: R; cut short at the maximum of 5 | absurd
    ");
}

#[test]
fn at_the_bounds() {
    check(
        "
        5 | 1-5 | 6  |  | above_max (R): R; already at the maximum of 5 | still too high
        5 | 1-5 | 4  |  | 4 load: R | down from the maximum
        1 | 1-5 | 0  |  | below_min (R): R; already at the minimum of 1 | still too low
        1 | 1-5 | 2  |  | 2 load: R | up from the minimum
        0 | 0-5 | -1 |  | below_min (R): R; already at the minimum of 0 | an empty queue
        0 | 0-5 | 1  |  | 1 load: R | woken from nothing: a minimum of 0 is not off
        3 | 3-3 | 4  |  | above_max (R): R; already at the maximum of 3 | fixed
        3 | 3-3 | 2  |  | below_min (R): R; already at the minimum of 3 | fixed
        0 | 0-0 | 1  |  | above_max (R): R; already at the maximum of 0 | fixed at nothing
    ",
    );
}

#[test]
fn outside_the_bounds() {
    check("
        7 | 1-5 | -  |         | 5 bounds: 7 is above the maximum of 5 | scaled by hand
        1 | 3-5 | -  |         | 3 bounds: 1 is below the minimum of 3 | the hour changed
        7 | 1-5 | -  | cooling | 5 bounds: 7 is above the maximum of 5 | the cooldown does not matter
        1 | 3-5 | -  | cooling | 3 bounds: 1 is below the minimum of 3 | the cooldown does not matter
        7 | 1-5 | 8  |         | 5 bounds: 7 is above the maximum of 5 | nor does the wish
        1 | 3-5 | 0  |         | 3 bounds: 1 is below the minimum of 3 | nor does the wish
        4 | 0-0 | -  |         | 0 bounds: 4 is above the maximum of 0 | none may run
    ");
}

#[test]
fn off_means_off() {
    check("
        0 | 1-5 | -  |         | off: it is switched off: 0 run, and min_processes is 1 | left alone
        0 | 1-5 | 3  |         | off: it is switched off: 0 run, and min_processes is 1 | whatever is wished
        0 | 3-5 | -  | cooling | off: it is switched off: 0 run, and min_processes is 3 | cooling or not
        0 | 1-5 | -  | limit=0 | off: it is switched off: 0 run, and min_processes is 1 | limit or not
        0 | 1-5 | -  | not_off | 1 bounds: 0 is below the minimum of 1 | zero_is_off = false
    ");
}

#[test]
fn the_platforms_limit() {
    check("
        2 | 1-9 | 3  | limit=4  | 3 load: R | below the limit
        2 | 1-9 | 6  | limit=4  | 4 load: R; cut short at the platform's limit of 4 | as far as it goes
        2 | 1-9 | 8  | limit=99 | 8 load: R | a limit above the maximum does not matter
        2 | 1-9 | 10 | limit=99 | 9 load: R; cut short at the maximum of 9 | nor is it told
        4 | 1-9 | 5  | limit=4  | above_max (R; the platform grants no more than 4): R; already at the platform's limit of 4 | told
        6 | 1-9 | -  | limit=4  | stay: nothing is wished for | what runs above the limit is not cut
        6 | 1-9 | 7  | limit=4  | above_max (R; the platform grants no more than 4): R; already at the platform's limit of 4 | no further
        6 | 1-9 | 5  | limit=4  | 5 load: R | but down it may go
        10 | 1-9 | - | limit=4  | 9 bounds: 10 is above the maximum of 9 | the maximum cuts it all the same
    ");
}

#[test]
fn a_limit_below_the_minimum_wins() {
    let told = "the platform grants no more than 2, and the minimum is 3";
    let table = format!("
        1 | 3-5 | -  | limit=2 | 2 bounds: 1 is below the minimum of 3; {told} | as near as may be
        2 | 3-5 | -  | limit=2 | stay: nothing is wished for; {told} | and no nearer
        2 | 3-5 | 2  | limit=2 | stay: R; {told} | and no nearer
        2 | 3-5 | -  | limit=2 cooling | stay: 3.2 s of the wait after a scale are left; {told} | told while cooling
        2 | 3-5 | 4  | limit=2 | above_max (R; the platform grants no more than 2): R; already at the platform's limit of 2; {told} | up
        2 | 3-5 | 1  | limit=2 | below_min (R): R; already at less than the minimum; {told} | not further from the minimum
        4 | 3-5 | 3  | limit=2 | 3 load: R | above the limit: down as far as the minimum
        3 | 3-5 | 2  | limit=2 | below_min (R): R; already at the minimum of 3; {told} | above the limit: no further than that
        0 | 3-5 | -  | limit=0 not_off | stay: nothing is wished for; the platform grants no more than 0, and the minimum is 3 | none granted
    ");
    check(&table);
}

#[test]
fn people_come_first() {
    check("
        2 | 1-5 | 3 | paused_up   | stay: R; P | nothing goes up
        2 | 1-5 | 1 | paused_up   | 1 load: R  | down it may go
        2 | 1-5 | 1 | paused_down | stay: R; P | nothing goes down
        7 | 1-5 | - | paused_down | stay: 7 is above the maximum of 5 | not even to the bounds
        7 | 1-5 | - | paused_up   | 5 bounds: 7 is above the maximum of 5 | the other way does not matter
        3 | 1-5 | 3 | paused_down budget=90/100 | stay: R; what is left of the day's 100 process-hours is needed for the minimum of 1 | nor by the budget
    ");
}

#[test]
fn a_count_set_on_the_platform_is_left_alone_inside_the_bounds() {
    check("
        2 | 1-5 | 3 | manual | stay: R; M | nothing goes up
        2 | 1-5 | 1 | manual | stay: R; M | nor down
        5 | 1-5 | 9 | manual | above_max (R): R; already at the maximum of 5 | there is nothing to hold back
        7 | 1-5 | 8 | manual | 5 bounds: 7 is above the maximum of 5 | the bounds hold all the same
        4 | 2-9 | 4 | manual budget=91/100 | 2 budget: R; what is left of the day's 100 process-hours is needed for the minimum of 2 | so does the budget
        2 | 1-5 | 3 | manual paused_up | stay: R; P | what was said comes first
        2 | 1-5 | 3 | manual cooling | stay: 3.2 s of the wait after a scale are left | and the wait before that
        0 | 1-5 | 3 | manual | off: it is switched off: 0 run, and min_processes is 1 | off is off
        2 | 1-5 | - | manual | stay: nothing is wished for | nothing to hold back
    ");
}

#[test]
fn trust_is_asked_for_on_the_way_down() {
    check("
        3 | 1-5 | 2 | doubt=D | stay: R; not down on what cannot be trusted: D | held
        3 | 1-5 | 2 | doubt=D doubt=E | stay: R; not down on what cannot be trusted: D; E | all are told
        3 | 1-5 | 4 | doubt=D | 4 load: R | up may act on what there is
        3 | 1-5 | 2 | unsettled=U | stay: R; not down before it has settled: U | as a release is
        3 | 1-5 | 4 | unsettled=U | 4 load: R | up may go on all the same
        7 | 1-5 | 2 | unsettled=U | 5 bounds: 7 is above the maximum of 5 | so do the bounds
        7 | 1-5 | 2 | doubt=D | 5 bounds: 7 is above the maximum of 5 | the bounds do not rest on what was measured
        1 | 1-5 | 0 | doubt=D | below_min (R): R; already at the minimum of 1 | there is nothing to hold back
    ");
}

#[test]
fn steps_and_waits_of_one_direction() {
    check("
        2 | 1-9 | 8 | up_step=2 | 4 load: R; cut to 4: scale_up_increment is 2 | two at a time
        5 | 1-9 | 9 | up_step=50% | 8 load: R; cut to 8: scale_up_increment is 50% | half of five, rounded up
        1 | 1-9 | 2 | up_step=10% | 2 load: R | at least one
        8 | 1-9 | 1 | down_step=25% up_step=1 | 6 load: R; cut to 6: scale_down_increment is 25% | its own
        2 | 1-9 | 3 | up_wait=41 | stay: R; 41.0 s of scale_up_cooldown_seconds are left | held
        2 | 1-9 | 1 | up_wait=41 | 1 load: R | the other way does not matter
        2 | 1-9 | 1 | down_wait=7.5 | stay: R; 7.5 s of scale_down_cooldown_seconds are left | held
    ");
}

#[test]
fn stabilization_takes_the_cautious_wish_of_a_while() {
    check("
        6 | 1-9 | 2 | highest=4 | 4 load: R; no lower than 4, the highest wish within scale_down_stabilization_window_seconds | a part of the way
        6 | 1-9 | 2 | highest=8 | stay: R; no lower than 6, the highest wish within scale_down_stabilization_window_seconds | none of it
        6 | 1-9 | 2 | highest=2 | 2 load: R | nothing higher was wished for
        6 | 1-9 | 2 | warming=120 | stay: R; not down before scale_down_stabilization_window_seconds has passed once, in 2m | a warm start
        2 | 1-9 | 8 | lowest=3 | 3 load: R; no higher than 3, the lowest wish within scale_up_stabilization_window_seconds | a part of the way
        2 | 1-9 | 8 | highest=9 warming=120 | 8 load: R | the other way does not matter
    ");
}

#[test]
fn no_scale_down_that_would_be_taken_back() {
    check("
        3 | 1-9 | 2 | projected=700/1000 | stay: R; not down: 700 with 3 would be about 1050 with 2, above 1000 | it would flap
        3 | 1-9 | 2 | projected=600/1000 | 2 load: R | it would not
        8 | 1-9 | 2 | projected=500/1000 | 4 load: R; only down to 4: 500 with 8 would be about 2000 with 2, above 1000 | a smaller step
        8 | 1-9 | 2 | projected=501/1000 | 5 load: R; only down to 5: 501 with 8 would be about 2004 with 2, above 1000 | rounded up
        1 | 0-9 | 0 | projected=5/1000 | stay: R; not down: 0 cannot carry the 5 that are measured | none cannot carry any
        1 | 0-9 | 0 | projected=0/1000 | 0 load: R | nothing needs nobody
        3 | 1-9 | 4 | projected=900/1000 | 4 load: R | up is no matter of this
        4 | 1-9 | 2 | projected=0/0 | 2 load: R | a maximum of 0 and nothing measured
        4 | 1-9 | 2 | projected=1/0 | stay: R; not down: 1 with 4 would be about 2 with 2, above 0 | a maximum of 0
    ");
}

#[test]
fn futile_rate_total_and_budget() {
    check("
        2 | 1-9 | 3 | futile | stay: R; F | more is no help
        2 | 1-9 | 1 | futile | 1 load: R | fewer may be
        2 | 1-9 | 3 | rate=5/5 | stay: R; 5 scales within an hour, and max_scales_per_hour is 5; the next in 90.0 s | enough for now
        2 | 1-9 | 3 | rate=4/5 | 3 load: R | one more
        9 | 1-5 | 3 | rate=5/5 | 5 bounds: 9 is above the maximum of 5 | corrections are free
        2 | 1-9 | 6 | total=16/20 | 4 load: R; no more than 4: the other process types have 16, and max_total_processes is 20 | what is left
        2 | 1-9 | 6 | total=19/20 | stay: R; no more than 2: the other process types have 19, and max_total_processes is 20 | already too many: none is taken away
        2 | 1-9 | 1 | total=19/20 | 1 load: R | down it may go
        2 | 1-9 | 6 | first=web | stay: R; web has a higher priority and comes first: max_total_processes is 20 | after those who come first
        4 | 2-9 | 5 | budget=91/100 | 2 budget: R; what is left of the day's 100 process-hours is needed for the minimum of 2 | what is left is needed for the minimum
        4 | 2-9 | 5 | budget=89/100 | 5 load: R | not yet
        4 | 2-9 | - | budget=91/100 | 2 budget: nothing is wished for; what is left of the day's 100 process-hours is needed for the minimum of 2 | also without a wish
        4 | 2-9 | 5 | cooling budget=91/100 | 2 budget: 3.2 s of the wait after a scale are left; what is left of the day's 100 process-hours is needed for the minimum of 2 | also during the wait
        2 | 2-9 | 3 | budget=91/100 | stay: R; what is left of the day's 100 process-hours is needed for the minimum of 2 | the minimum wins over the budget
        1 | 2-9 | 3 | budget=91/100 | 2 bounds: 1 is below the minimum of 2 | and is gone to
    ");
}

#[test]
fn each_rule_takes_its_part_in_order() {
    let mut asked = Question::new(10, Bounds::new(2, 12).unwrap());
    asked.wish = Some(Wish {
        desired: 0,
        reason: "R".to_owned(),
    });
    asked.down_step = Some(Step::Count(6));
    asked.stabilized.highest = Some(5);
    let (value, max) = (60.0, 100.0);
    asked.projection = Some(Projection { value, max });
    let verdict = weigh(&asked);
    let steps: Vec<_> = verdict
        .clamps
        .iter()
        .map(|clamp| (clamp.rule.name(), clamp.from, clamp.to))
        .collect();
    assert_eq!(
        steps,
        [
            ("bounds", 0, 2),
            ("increment", 2, 4),
            ("stabilization", 4, 5),
            ("flap", 5, 6)
        ]
    );
    assert_eq!(verdict.target, Some(6));
    assert_eq!(
        verdict.otherwise(10),
        [
            "down to 0, if min_processes had been lower",
            "down to 2, if scale_down_increment had been larger",
            "down to 4, if that wish had been longer ago",
            "down to 5, if the measurement had been at most 50",
        ]
    );
}

#[test]
fn steps_are_read_as_written() {
    for (text, wanted) in [
        ("3", Ok(Step::Count(3))),
        ("50%", Ok(Step::Percent(50.0))),
        (" 12.5 % ", Ok(Step::Percent(12.5))),
        ("100% or 4", Ok(Step::Most(100.0, 4))),
        ("4 or 12.5%", Ok(Step::Most(12.5, 4))),
        (
            "4 or 5",
            Err("\"4 or 5\" is neither a number nor a percentage such as \"50%\""),
        ),
        ("4 or 0%", Err("0% is not above 0% and at most 1000%")),
        ("0", Err("0 processes at a time is no step")),
        ("0%", Err("0% is not above 0% and at most 1000%")),
        (
            "-3",
            Err("\"-3\" is neither a number nor a percentage such as \"50%\""),
        ),
        (
            "half",
            Err("\"half\" is neither a number nor a percentage such as \"50%\""),
        ),
    ] {
        assert_eq!(
            text.parse::<Step>(),
            wanted.map_err(ToOwned::to_owned),
            "{text}"
        );
    }
}

#[test]
fn the_more_of_two_steps_counts() {
    let step = Step::Most(100.0, 4);
    assert_eq!(
        [0, 1, 4, 5, 30].map(|count| step.of(count)),
        [4, 4, 4, 5, 30]
    );
    assert_eq!(step.to_string().parse(), Ok(step));
}
