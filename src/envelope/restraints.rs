//! The rules that only take something off a step, in their order.

use num_traits::ToPrimitive as _;

use super::course::Course;
use super::question::Question;
use super::verdict::Rule;
use super::words::{left, shown};
use crate::model::{Count, Direction};

/// Applies them all.
pub(super) fn apply(question: &Question, course: &mut Course) {
    people(question, course);
    manual(question, course);
    trust(question, course);
    increment(question, course);
    direction(question, course);
    stabilization(question, course);
    flap(question, course);
    futile(question, course);
    rate(question, course);
    total(question, course);
}

/// What people said.
pub(super) fn people(question: &Question, course: &mut Course) {
    let said = match course.direction() {
        Some(Direction::Up) => &question.paused.up,
        Some(Direction::Down) => &question.paused.down,
        None => &None,
    };
    if let Some(said) = said {
        course.hold(
            Rule::Pause,
            said.clone(),
            Some("it had not been paused".to_owned()),
        );
    }
}

/// What somebody did on the platform.
fn manual(question: &Question, course: &mut Course) {
    let Some(respected) = &question.respected else {
        return;
    };
    let left = left(respected.left);
    course.hold(
        Rule::Manual,
        respected.why.clone(),
        Some(format!(
            "respect_manual_scale_for_seconds had ended, in {left}"
        )),
    );
}

fn trust(question: &Question, course: &mut Course) {
    if let Some(why) = question.unsettled.as_ref().filter(|_| course.is_down()) {
        course.hold(
            Rule::Trust,
            format!("not down before it has settled: {why}"),
            Some("all had been up, and of one release".to_owned()),
        );
    }
    if question.doubts.is_empty() || !course.is_down() {
        return;
    }
    course.hold(
        Rule::Trust,
        format!(
            "not down on what cannot be trusted: {}",
            question.doubts.join("; ")
        ),
        Some("every measurement that it rests on had been fresh and plausible".to_owned()),
    );
}

fn increment(question: &Question, course: &mut Course) {
    let count = i64::from(course.count());
    let (step, name, sign) = match course.direction() {
        Some(Direction::Up) => (question.up_step, "scale_up_increment", 1),
        Some(Direction::Down) => (question.down_step, "scale_down_increment", -1),
        None => return,
    };
    let Some(step) = step else { return };
    let most = count + sign * i64::from(step.of(course.count()));
    course.no_further(
        Rule::Increment,
        most,
        |to| format!("cut to {to}: {name} is {step}"),
        Some(format!("{name} had been larger")),
    );
}

fn direction(question: &Question, course: &mut Course) {
    let (wait, name) = match course.direction() {
        Some(Direction::Up) => (question.waits.up, "scale_up_cooldown_seconds"),
        Some(Direction::Down) => (question.waits.down, "scale_down_cooldown_seconds"),
        None => return,
    };
    let Some(left) = wait.map(left) else { return };
    course.hold(
        Rule::Direction,
        format!("{left} of {name} are left"),
        Some(format!("{name} had ended, in {left}")),
    );
}

fn stabilization(question: &Question, course: &mut Course) {
    let seen = question.stabilized;
    match course.direction() {
        Some(Direction::Up) => {
            let Some(lowest) = seen.lowest else { return };
            course.no_further(
                Rule::Stabilization,
                lowest,
                |to| format!("no higher than {to}, the lowest wish within scale_up_stabilization_window_seconds"),
                Some("that wish had been longer ago".to_owned()),
            );
        }
        Some(Direction::Down) => {
            if let Some(left) = seen.warming.map(left) {
                course.hold(
                    Rule::Stabilization,
                    format!("not down before scale_down_stabilization_window_seconds has passed once, in {left}"),
                    Some(format!("it had passed, in {left}")),
                );
            }
            let Some(highest) = seen.highest else { return };
            course.no_further(
                Rule::Stabilization,
                highest,
                |to| format!("no lower than {to}, the highest wish within scale_down_stabilization_window_seconds"),
                Some("that wish had been longer ago".to_owned()),
            );
        }
        None => {}
    }
}

/// A scale down that the measurement would at once take back: a smaller step, or none.
fn flap(question: &Question, course: &mut Course) {
    let Some(projection) = question.projection.filter(|_| course.is_down()) else {
        return;
    };
    let count = course.count();
    let Ok(target) = Count::try_from(course.target()) else {
        return;
    };
    if projection.at(count, target) <= projection.max {
        return;
    }
    // The projection falls as the count grows: the fewest that can carry it.
    let fewest = projection.value * f64::from(count) / projection.max;
    let carries = fewest.ceil().to_u32().map(|fewest| fewest.max(target));
    let (value, max) = (shown(projection.value), shown(projection.max));
    course.no_further(
        Rule::Flap,
        i64::from(carries.unwrap_or(count)),
        |to| {
            let what = if to == i64::from(count) {
                "not down".to_owned()
            } else {
                format!("only down to {to}")
            };
            if target == 0 {
                return format!("{what}: 0 cannot carry the {value} that are measured");
            }
            let then = shown(projection.at(count, target));
            format!("{what}: {value} with {count} would be about {then} with {target}, above {max}")
        },
        Some(format!(
            "the measurement had been at most {}",
            shown(projection.max * f64::from(target) / f64::from(count))
        )),
    );
}

fn futile(question: &Question, course: &mut Course) {
    if let Some(why) = question.futile.as_ref().filter(|_| course.is_up()) {
        course.hold(
            Rule::Futile,
            why.clone(),
            Some("one of them had helped".to_owned()),
        );
    }
}

fn rate(question: &Question, course: &mut Course) {
    let Some(rate) = question.rate.filter(|rate| rate.made >= rate.most) else {
        return;
    };
    let left = left(rate.free_in);
    course.hold(
        Rule::Rate,
        format!(
            "{} scales within an hour, and max_scales_per_hour is {}; the next in {left}",
            rate.made, rate.most
        ),
        Some(format!("the oldest scale had been an hour ago, in {left}")),
    );
}

fn total(question: &Question, course: &mut Course) {
    let Some(total) = question.total.as_ref().filter(|_| course.is_up()) else {
        return;
    };
    let most = total.most;
    if let Some(first) = &total.first {
        course.hold(
            Rule::Total,
            format!("{first} has a higher priority and comes first: max_total_processes is {most}"),
            Some(format!("{first} had not needed more")),
        );
        return;
    }
    let room = i64::from(most).saturating_sub(i64::try_from(total.others).unwrap_or(i64::MAX));
    let others = total.others;
    course.no_further(
        Rule::Total,
        room,
        |to| format!("no more than {to}: the other process types have {others}, and max_total_processes is {most}"),
        Some("max_total_processes had been higher, or the others fewer".to_owned()),
    );
}
