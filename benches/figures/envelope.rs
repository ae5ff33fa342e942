//! What the safety envelope costs a decision, in CPU time: one in which nothing holds anything, one in which every rule is in
//! force and as many as can take their part of the step, and one for each rule that has the last word alone.

use std::hint::black_box;
use std::time::Duration;

use anyhow::{Result, ensure};
use autoscalebot::decision::Wish;
use autoscalebot::envelope::{
    Budget, Ordered, Paused, Projection, Question, Rate, Respected, Rule, Stabilized, Step, Total,
    Waits, weigh,
};
use autoscalebot::model::Bounds;

use crate::usage::{percentile, sorted, thread_cpu};

/// How many decisions are timed at once: the clock's own cost vanishes in them.
const BATCH: u32 = 1000;

pub(crate) fn figure(length: Duration) -> Result<String> {
    let (plain, all, alone) = (plain()?, every_rule()?, alone()?);
    let share = length / u32::try_from(alone.len() + 2)?;
    let of_one = |question: &Question| nanoseconds(question, share);
    let met = weigh(&all).clamps.len();
    let mut costs: Vec<(f64, Rule)> = Vec::new();
    for (rule, question) in &alone {
        costs.push((of_one(question), *rule));
    }
    costs.sort_by(|one, other| one.0.total_cmp(&other.0));
    let told: Vec<String> = costs
        .iter()
        .map(|(cost, rule)| format!("{} {cost:.0}", rule.name()))
        .collect();
    Ok(format!(
        "envelope: CPU a decision, the median of batches of {BATCH} on one thread; without putting the question together
  nothing to clamp           {:.0} ns
  every rule in force        {:.0} ns, {met} of which take their part
  one rule holds alone       {} ns

",
        of_one(&plain),
        of_one(&all),
        told.join(", "),
    ))
}

/// The median over so long.
fn nanoseconds(question: &Question, length: Duration) -> f64 {
    let end = thread_cpu() + length;
    let mut batches = Vec::new();
    while batches.is_empty() || thread_cpu() < end {
        let begin = thread_cpu();
        for _ in 0..BATCH {
            black_box(weigh(black_box(question)));
        }
        let took = thread_cpu().saturating_sub(begin) / BATCH;
        batches.push(took.as_secs_f64() * 1e9);
    }
    percentile(&sorted(batches), 0.5)
}

/// 10 run, of 2 to 20, and so many are wished for.
fn wishing(desired: i64) -> Result<Question> {
    Ok(Question {
        wish: Some(Wish {
            desired,
            reason: "the last 3 results are above 1200".to_owned(),
        }),
        ..Question::new(10, Bounds::new(2, 20)?)
    })
}

fn plain() -> Result<Question> {
    wishing(11)
}

/// Rules of both directions are in force. Those that can only hold hold the other one, so that the step goes through them
/// all.
fn every_rule() -> Result<Question> {
    let said = || Some("paused (up) by ann until 14:30: database migration".to_owned());
    let question = Question {
        zero_is_off: true,
        limit: Some(15),
        paused: Paused {
            up: said(),
            down: None,
        },
        up_step: Some(Step::Percent(50.0)),
        down_step: Some(Step::Count(6)),
        waits: Waits {
            up: Some(Duration::from_secs(41)),
            down: None,
        },
        stabilized: Stabilized {
            lowest: Some(3),
            highest: Some(5),
            warming: None,
        },
        projection: Some(Projection {
            value: 60.0,
            max: 100.0,
        }),
        futile: Some("the last 3 scales up did not help".to_owned()),
        rate: Some(rate(3)),
        total: Some(total()),
        budget: Some(spent()),
        stands_by: Some("standby: another replica leads".to_owned()),
        ..wishing(0)?
    };
    let met: Vec<Rule> = weigh(&question).clamps.iter().map(|it| it.rule).collect();
    let wanted = [
        Rule::Bounds,
        Rule::Increment,
        Rule::Stabilization,
        Rule::Flap,
        Rule::Budget,
        Rule::Standby,
    ];
    ensure!(met == wanted, "{met:?} take their part, not {wanted:?}");
    Ok(question)
}

fn rate(made: u32) -> Rate {
    Rate {
        most: 5,
        made,
        free_in: Duration::from_secs(90),
    }
}

fn total() -> Total {
    Total {
        most: 30,
        others: 20,
        first: None,
    }
}

fn spent() -> Budget {
    Budget {
        allowed_hours: 100.0,
        used_hours: 90.0,
        reserved_hours: 12.0,
    }
}

/// For each rule a question in which it alone has a say.
fn alone() -> Result<Vec<(Rule, Question)>> {
    let (up, down) = (wishing(12)?, wishing(8)?);
    let text = || "paused by ann until 14:30: database migration".to_owned();
    let seconds = Duration::from_secs(41);
    let all = vec![
        (Rule::Off, off(&up)),
        (Rule::Bounds, bounds(&up)?),
        (Rule::Cooldown, with(&up, |it| it.cooling = Some(seconds))),
        (Rule::Pause, with(&up, |it| it.paused.up = Some(text()))),
        (Rule::Manual, with(&up, |it| it.respected = Some(by_hand()))),
        (Rule::Trust, with(&down, |it| it.doubts = vec![text()])),
        (
            Rule::Increment,
            with(&up, |it| it.up_step = Some(Step::Count(1))),
        ),
        (Rule::Direction, with(&up, |it| it.waits.up = Some(seconds))),
        (
            Rule::Stabilization,
            with(&down, |it| it.stabilized.highest = Some(10)),
        ),
        (
            Rule::Flap,
            with(&down, |it| it.projection = Some(flapping())),
        ),
        (Rule::Futile, with(&up, |it| it.futile = Some(text()))),
        (Rule::Rate, with(&up, |it| it.rate = Some(rate(5)))),
        (Rule::Total, with(&up, |it| it.total = Some(total()))),
        (Rule::Budget, with(&up, |it| it.budget = Some(spent()))),
        (Rule::Standby, with(&up, |it| it.stands_by = Some(text()))),
    ];
    for (rule, question) in &all {
        let met: Vec<Rule> = weigh(question).clamps.iter().map(|it| it.rule).collect();
        ensure!(met == [*rule], "{met:?} have a say, not {rule:?}");
    }
    Ok(all)
}

fn with(question: &Question, change: impl FnOnce(&mut Question)) -> Question {
    let mut question = question.clone();
    change(&mut question);
    question
}

fn off(question: &Question) -> Question {
    with(question, |it| (it.count, it.zero_is_off) = (0, true))
}

fn bounds(question: &Question) -> Result<Question> {
    let most = Some("held at 10 or fewer by ann until 14:30: sale".to_owned());
    let bounds = Bounds::new(2, 10)?;
    Ok(with(question, |it| {
        it.bounds = bounds;
        it.ordered = Ordered {
            min: None,
            max: most,
        };
    }))
}

fn by_hand() -> Respected {
    Respected {
        why: "changed by hand from 8 to 10, which is respected until 14:03".to_owned(),
        left: Duration::from_secs(1800),
    }
}

fn flapping() -> Projection {
    Projection {
        value: 95.0,
        max: 100.0,
    }
}
