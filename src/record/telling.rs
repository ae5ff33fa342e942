//! A record for people: readable in ten seconds.
//!
//! ```text
//! web at 2026-11-24 14:03:30 (cycle 1234): stays at 3
//!   because    the last result, 840, is within 400 to 1200
//!   measured   840 by response_time
//!   count      3 asked for, 3 up; 1 to 5 allowed
//!   wished     3 by consecutive_threshold
//!   otherwise  up, if 3 more results had been above 1200 (the last was 840)
//! ```

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::{CycleRecord, Input, ManualScale, Outcome};
use crate::envelope::Clamp;
use crate::orders::words::moment;

/// The whole record.
pub fn told(record: &CycleRecord, zone: Tz) -> String {
    let mut lines = vec![format!(
        "{} at {} (cycle {}): {}",
        record.process,
        record.at.with_timezone(&zone).format("%Y-%m-%d %H:%M:%S"),
        record.cycle,
        outcome(record)
    )];
    let mut row = |name: &str, texts: Vec<String>| {
        for (number, text) in texts.into_iter().enumerate() {
            let name = if number == 0 { name } else { "" };
            lines.push(format!("  {name:<10} {text}"));
        }
    };
    row("because", vec![record.reason.clone()]);
    let measured = record.inputs.iter().map(|it| input(it, &record.reason));
    row("measured", measured.collect());
    row("count", vec![count(record)]);
    let by_hand = record
        .manual
        .map(|manual| by_hand(&manual, record.at, zone));
    row("by hand", by_hand.into_iter().collect());
    row("wished", vec![wished(record)]);
    row("alone", record.inputs.iter().filter_map(alone).collect());
    let rules = record
        .clamps
        .iter()
        .map(|clamp| rule(clamp, &record.reason));
    row("rules", rules.collect());
    row("otherwise", record.otherwise.clone());
    lines.join("\n") + "\n"
}

/// The record in a line: `14:03:30  stays at 3: the last result, 840, is within 400 to 1200`.
pub fn in_a_line(record: &CycleRecord, zone: Tz) -> String {
    let time = record.at.with_timezone(&zone).format("%m-%d %H:%M:%S");
    format!("{time}  {}", in_short(record))
}

/// What became of the count, and why; after a word on a change by hand that was noticed just now.
pub fn in_short(record: &CycleRecord) -> String {
    let told = format!("{}: {}", outcome(record), record.reason);
    match record.manual.filter(|manual| manual.at == record.at) {
        Some(manual) => format!("changed by hand {} -> {}; {told}", manual.from, manual.to),
        None => told,
    }
}

/// A change by hand: `changed from 2 to 5 on the platform, respected until 14:03`.
pub fn by_hand(manual: &ManualScale, now: DateTime<Utc>, zone: Tz) -> String {
    let then = match manual.until {
        Some(until) => format!("respected until {}", moment(until, now, zone)),
        None => "not respected (respect_manual_scale_for_seconds is 0)".to_owned(),
    };
    format!(
        "changed from {} to {} on the platform, noticed at {}, {then}",
        manual.from,
        manual.to,
        moment(manual.at, now, zone)
    )
}

/// What became of the count: `stays at 3`, `scaled up 2 -> 3`.
pub fn outcome(record: &CycleRecord) -> String {
    let from = record
        .count
        .map_or_else(|| "?".to_owned(), |count| count.to_string());
    let way = |to: u32| match record.count {
        Some(count) if to < count => "down",
        Some(_) | None => "up",
    };
    match &record.outcome {
        Outcome::Held => format!("stays at {from}"),
        Outcome::Ordered { to } => format!("is being scaled {} {from} -> {to}", way(*to)),
        Outcome::Draining { to } => format!("stays at {from}, and drains for {to}"),
        Outcome::Scaled { to } => format!("scaled {} {from} -> {to}", way(*to)),
        Outcome::Would { to } => format!("would be scaled {} {from} -> {to}", way(*to)),
        Outcome::Failed { to, .. } => format!("could not be scaled {} {from} -> {to}", way(*to)),
        Outcome::Uncounted => "stays, for the count could not be read".to_owned(),
        Outcome::Lost => format!("stays at {from}, for a part of the bot failed"),
    }
}

/// What is not said in the reason already.
fn unsaid(text: &str, before: &str, reason: &str) -> String {
    if text.is_empty() || reason.contains(text) {
        return String::new();
    }
    format!("{before}{text}")
}

/// What a rule made of the count.
fn rule(clamp: &Clamp, reason: &str) -> String {
    let (from, to) = (clamp.from, clamp.to);
    let done = if from == to {
        format!("held at {to}")
    } else {
        format!("{from} -> {to}")
    };
    let why = unsaid(&clamp.why, ", ", reason);
    format!("{}: {done}{why}", clamp.rule.name())
}

fn input(input: &Input, reason: &str) -> String {
    let backend = &input.backend;
    let mut text = match (&input.error, input.value, &input.data) {
        (Some(error), _, _) => format!("nothing by {backend}: {error}"),
        (None, Some(value), _) => format!("{value} by {backend}"),
        (None, None, Some(data)) => format!("{data} by {backend}"),
        (None, None, None) => format!("nothing by {backend}"),
    };
    let doubts = input.doubts.join("; ");
    text += &unsaid(&doubts, "; not to be trusted for a scale down: ", reason);
    text
}

/// What one of several measurements would have led to.
fn alone(input: &Input) -> Option<String> {
    let alone = input.alone.as_ref()?;
    let ceiling = if alone.is_ceiling { " (a ceiling)" } else { "" };
    let desired = alone
        .desired
        .map_or_else(|| "nothing".to_owned(), |desired| desired.to_string());
    Some(format!(
        "{}{ceiling}: {desired}, {}",
        input.backend, alone.reason
    ))
}

fn count(record: &CycleRecord) -> String {
    let (min, max) = (record.min, record.max);
    let allowed = if min == max {
        format!("exactly {min} allowed")
    } else {
        format!("{min} to {max} allowed")
    };
    match (record.count, record.ready) {
        (Some(count), Some(ready)) => {
            format!("{count} asked for, {ready} up; {allowed}")
        }
        (Some(count), None) => {
            format!("{count} asked for, not known how many up; {allowed}")
        }
        (None, _) => format!("not known; {allowed}"),
    }
}

fn wished(record: &CycleRecord) -> String {
    match (&record.wish, &record.silence) {
        (Some(wish), _) => {
            let why = unsaid(&wish.reason, ": ", &record.reason);
            format!("{} by {}{why}", wish.desired, wish.backend)
        }
        (None, Some(silence)) => format!("nothing{}", unsaid(silence, ": ", &record.reason)),
        (None, None) => "nothing".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::envelope::doubt::Trust;
    use crate::envelope::{Cause, Rule};
    use crate::model::ProcessName;
    use crate::record::{Alone, Wished};

    fn record() -> CycleRecord {
        let at = "2026-11-24T22:03:30Z".parse().unwrap();
        CycleRecord {
            process: ProcessName::new("web").unwrap(),
            cycle: 1234,
            at,
            count: Some(3),
            ready: Some(2),
            min: 1,
            max: 5,
            inputs: vec![Input {
                backend: "response_time".to_owned(),
                at,
                value: Some(120.5),
                data: None,
                busy: None,
                error: None,
                trust: Some(Trust::Sound),
                doubts: vec!["the source could not be read, 60 s ago".to_owned()],
                alone: None,
            }],
            wish: Some(Wished {
                backend: "consecutive_threshold".to_owned(),
                desired: 2,
                reason: "the last 5 results are below 400".to_owned(),
            }),
            silence: None,
            manual: None,
            clamps: vec![Clamp {
                rule: Rule::Trust,
                from: 2,
                to: 3,
                why: "not down on what cannot be trusted".to_owned(),
                unless: None,
            }],
            cause: Cause::Load,
            outcome: Outcome::Held,
            reason: "the last 5 results are below 400; not down on what cannot be trusted"
                .to_owned(),
            otherwise: vec!["down to 2, if …".to_owned(), "up, if …".to_owned()],
        }
    }

    #[test]
    fn all_of_it_in_ten_seconds() {
        let expected = "\
web at 2026-11-24 14:03:30 (cycle 1234): stays at 3
  because    the last 5 results are below 400; not down on what cannot be trusted
  measured   120.5 by response_time; not to be trusted for a scale down: the source could not be read, 60 s ago
  count      3 asked for, 2 up; 1 to 5 allowed
  wished     2 by consecutive_threshold
  rules      trust: 2 -> 3
  otherwise  down to 2, if …
             up, if …
";
        assert_eq!(told(&record(), chrono_tz::America::Vancouver), expected);
    }

    #[test]
    fn several_measurements_say_what_each_would_have_led_to() {
        let mut several = record();
        let one = &mut several.inputs[0];
        one.backend = "orders".to_owned();
        one.doubts.clear();
        one.alone = Some(Alone {
            is_ceiling: false,
            desired: Some(2),
            reason: "the last 5 results are below 400".to_owned(),
        });
        let ceiling = Input {
            backend: "db".to_owned(),
            value: None,
            error: Some("refused".to_owned()),
            alone: Some(Alone {
                is_ceiling: true,
                desired: None,
                reason: "not measured".to_owned(),
            }),
            ..several.inputs[0].clone()
        };
        several.inputs.push(ceiling);
        let told = told(&several, Tz::UTC);
        let expected = "\
  measured   120.5 by orders
             nothing by db: refused
  count      3 asked for, 2 up; 1 to 5 allowed
  wished     2 by consecutive_threshold
  alone      orders: 2, the last 5 results are below 400
             db (a ceiling): nothing, not measured
";
        assert!(told.contains(expected), "{told}");
    }

    #[test]
    fn a_change_by_hand_has_a_row_and_a_word_in_the_line() {
        let at = record().at;
        let changed = |until| CycleRecord {
            manual: Some(ManualScale {
                from: 2,
                to: 3,
                at,
                until,
            }),
            ..record()
        };
        for (until, row) in [
            (
                None,
                "  by hand    changed from 2 to 3 on the platform, noticed at 22:03, not respected (respect_manual_scale_for_seconds is 0)\n",
            ),
            (
                Some(at + chrono::TimeDelta::hours(3)),
                "  by hand    changed from 2 to 3 on the platform, noticed at 22:03, respected until 2026-11-25 01:03\n",
            ),
        ] {
            let told = told(&changed(until), Tz::UTC);
            assert!(told.contains(row), "{told}");
        }
        let mut later = changed(None);
        let line = in_a_line(&later, Tz::UTC);
        assert!(
            line.starts_with("11-24 22:03:30  changed by hand 2 -> 3; stays at 3: "),
            "{line}"
        );
        later.at += chrono::TimeDelta::seconds(30);
        let line = in_a_line(&later, Tz::UTC);
        assert!(line.starts_with("11-24 22:04:00  stays at 3: "), "{line}");
    }

    #[test]
    fn every_outcome_has_its_words() {
        let why = || "no".to_owned();
        for (outcome, count, wanted) in [
            (Outcome::Held, Some(3), "stays at 3"),
            (Outcome::Scaled { to: 4 }, Some(3), "scaled up 3 -> 4"),
            (
                Outcome::Would { to: 4 },
                Some(3),
                "would be scaled up 3 -> 4",
            ),
            (Outcome::Scaled { to: 2 }, Some(3), "scaled down 3 -> 2"),
            (
                Outcome::Draining { to: 2 },
                Some(3),
                "stays at 3, and drains for 2",
            ),
            (
                Outcome::Ordered { to: 4 },
                Some(3),
                "is being scaled up 3 -> 4",
            ),
            (
                Outcome::Failed { to: 2, why: why() },
                Some(3),
                "could not be scaled down 3 -> 2",
            ),
            (
                Outcome::Uncounted,
                None,
                "stays, for the count could not be read",
            ),
            (
                Outcome::Lost,
                Some(3),
                "stays at 3, for a part of the bot failed",
            ),
        ] {
            let record = CycleRecord {
                count,
                outcome,
                ..record()
            };
            assert_eq!(super::outcome(&record), wanted);
            let line = in_a_line(&record, Tz::UTC);
            assert!(line.starts_with("11-24 22:03:30  "), "{line}");
        }
    }

    #[test]
    fn it_survives_being_written_down() {
        let text = serde_json::to_string(&record()).unwrap();
        assert_eq!(
            serde_json::from_str::<CycleRecord>(&text).unwrap(),
            record()
        );
        assert!(text.len() < 1200, "{} bytes: {text}", text.len());
    }
}
