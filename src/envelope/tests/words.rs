//! The language of the tables: a question, and what is answered, in words.

use super::*;

/// Checks each row of a table, one a line: count; bounds; the count wished for (its reason is `R`) or `-`; `cooling`,
/// `limit=N`, `not_off`; the target and its cause, or `stay`, `above_max`, `below_min`, `off`, with the reason; why.
#[track_caller]
pub(super) fn check(table: &str) {
    for row in table.lines().filter(|row| !row.trim().is_empty()) {
        let [count, bounds, wish, state, wanted, because] =
            row.split(" | ").map(str::trim).collect::<Vec<_>>()[..]
        else {
            panic!("six columns, please: {row}");
        };
        let question = question(count, bounds, wish, state);
        let (wanted, reason) = wanted.split_once(": ").unwrap();
        let answer = weigh(&question);
        assert_eq!(answer.reason, reason, "{because}: {row}");
        assert_eq!(summary(&answer), wanted, "{because}: {answer:?}");
        assert_ne!(answer.target, Some(question.count), "a target is a change");
    }
}

fn question(count: &str, bounds: &str, wish: &str, state: &str) -> Question {
    let (min, max) = bounds.split_once('-').unwrap();
    let mut asked = Question::new(
        count.parse().unwrap(),
        Bounds::new(min.parse().unwrap(), max.parse().unwrap()).unwrap(),
    );
    asked.wish = wish.parse().ok().map(|desired| Wish {
        desired,
        reason: "R".to_owned(),
    });
    asked.zero_is_off = !state.contains("not_off");
    for word in state.split_whitespace() {
        let (name, value) = word.split_once('=').unwrap_or((word, ""));
        rule(&mut asked, name, value);
    }
    asked
}

/// Puts a rule in force.
fn rule(asked: &mut Question, name: &str, value: &str) {
    let seconds = |value: &str| Some(Duration::from_secs_f64(value.parse().unwrap()));
    match name {
        "not_off" => {}
        "cooling" => asked.cooling = Some(Duration::from_millis(3250)),
        "limit" => asked.limit = Some(value.parse().unwrap()),
        "paused_up" => asked.paused.up = Some("P".to_owned()),
        "paused_down" => asked.paused.down = Some("P".to_owned()),
        "manual" => {
            let (why, left) = ("M".to_owned(), Duration::from_secs(90));
            asked.respected = Some(Respected { why, left });
        }
        "doubt" => asked.doubts.push(value.to_owned()),
        "unsettled" => asked.unsettled = Some(value.to_owned()),
        "up_step" => asked.up_step = Some(value.parse().unwrap()),
        "down_step" => asked.down_step = Some(value.parse().unwrap()),
        "up_wait" => asked.waits.up = seconds(value),
        "down_wait" => asked.waits.down = seconds(value),
        "lowest" => asked.stabilized.lowest = Some(value.parse().unwrap()),
        "highest" => asked.stabilized.highest = Some(value.parse().unwrap()),
        "warming" => asked.stabilized.warming = seconds(value),
        "projected" => {
            let (value, max) = value.split_once('/').unwrap();
            let (value, max) = (value.parse().unwrap(), max.parse().unwrap());
            asked.projection = Some(Projection { value, max });
        }
        "futile" => asked.futile = Some("F".to_owned()),
        "rate" => {
            let (made, most) = value.split_once('/').unwrap();
            asked.rate = Some(Rate {
                most: most.parse().unwrap(),
                made: made.parse().unwrap(),
                free_in: Duration::from_secs(90),
            });
        }
        "total" => {
            let (others, most) = value.split_once('/').unwrap();
            asked.total = Some(Total {
                most: most.parse().unwrap(),
                others: others.parse().unwrap(),
                first: None,
            });
        }
        "first" => {
            let first = Some(crate::model::ProcessName::new(value).unwrap());
            asked.total = Some(Total {
                most: 20,
                others: 5,
                first,
            });
        }
        "budget" => {
            let (used_hours, allowed_hours) = value.split_once('/').unwrap();
            asked.budget = Some(Budget {
                allowed_hours: allowed_hours.parse().unwrap(),
                used_hours: used_hours.parse().unwrap(),
                reserved_hours: 10.0,
            });
        }
        odd => panic!("what is {odd}?"),
    }
}

fn summary(answer: &Verdict) -> String {
    let cause = match answer.cause {
        Cause::Load => "load",
        Cause::Bounds => "bounds",
        Cause::Budget => "budget",
    };
    match (
        answer.target,
        &answer.above_max,
        &answer.below_min,
        answer.switched_off,
    ) {
        (Some(target), None, None, false) => format!("{target} {cause}"),
        (None, None, None, false) => "stay".to_owned(),
        (None, Some(told), None, false) => format!("above_max ({told})"),
        (None, None, Some(told), false) => format!("below_min ({told})"),
        (None, None, None, true) => "off".to_owned(),
        odd => panic!("an answer that contradicts itself: {odd:?}"),
    }
}
