//! What is told at the end: both applications side by side, and what that means in a sentence.

use std::fmt::Write as _;
use std::time::Duration;

use super::history::History;
use super::load::Answers;
use super::settings::HIGH_MS;
use crate::model::{Count, Direction};

/// What one application did under the wave.
#[derive(Debug, Clone, PartialEq)]
pub struct Column {
    /// The least and the most processes that it had.
    pub processes: (Count, Count),
    /// How often it was scaled up.
    pub ups: usize,
    /// How often it was scaled down.
    pub downs: usize,
    /// How many requests were sent and had their time.
    pub requests: usize,
    /// How many of them were answered later than [`HIGH_MS`], or not at all.
    pub slow: usize,
    /// How many of them were not answered at all.
    pub unanswered: usize,
    /// The time within which half of them were answered; `None`: they were not.
    pub median: Option<Duration>,
    /// The time within which 95 of 100 were.
    pub p95: Option<Duration>,
    /// The seconds of all processes together.
    pub process_seconds: f64,
}

impl Column {
    /// What an application did between `from` and `to` (monotonic).
    pub fn new(history: &History, answers: &Answers, from: Duration, to: Duration) -> Self {
        let (mut times, unanswered) = (answers.times(), answers.missing());
        times.sort_unstable();
        let late = times
            .iter()
            .filter(|time| **time > Duration::from_millis(HIGH_MS.into()));
        let requests = times.len() + unanswered;
        Self {
            processes: history.range(from, to),
            ups: history.scales(Direction::Up, from),
            downs: history.scales(Direction::Down, from),
            requests,
            slow: late.count() + unanswered,
            unanswered,
            median: rank(&times, requests, 50),
            p95: rank(&times, requests, 95),
            process_seconds: history.process_seconds(from, to),
        }
    }

    fn slow_percent(&self) -> f64 {
        if self.requests == 0 {
            0.0
        } else {
            100.0 * float(self.slow) / float(self.requests)
        }
    }
}

/// What both are called at the head of their columns, and in a sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Names<'a> {
    /// `fixed`, or the rival's policy.
    pub rival: &'a str,
    /// `adaptive`.
    pub by: &'a str,
    /// `one process`, or the rival's policy.
    pub against: &'a str,
}

/// The time that this percentage of all requests did not exceed. One without an answer took longer than any.
fn rank(sorted: &[Duration], requests: usize, percent: usize) -> Option<Duration> {
    let place = (requests * percent).div_ceil(100);
    sorted.get(place.checked_sub(1)?).copied()
}

fn float(count: usize) -> f64 {
    u32::try_from(count).map_or(f64::INFINITY, f64::from)
}

/// The summary: `web`, and what stands beside it under its name and as what it is told of.
pub fn summary(web: &Column, rival: &Column, names: Names<'_>, length: Duration) -> String {
    let mut text = format!(
        "\n{:<28}{:>24}{:>24}\n",
        format!("{:.0} s of load", length.as_secs_f64()),
        names.by,
        names.rival
    );
    let mut row = |name: &str, of: &dyn Fn(&Column) -> String| {
        writeln!(text, "  {name:<26}{:>24}{:>24}", of(web), of(rival)).unwrap_or_default();
    };
    row("processes", &|column| match column.processes {
        (least, most) if least == most => most.to_string(),
        (least, most) => format!("{least} to {most}"),
    });
    row("scales up", &|column| column.ups.to_string());
    row("scales down", &|column| column.downs.to_string());
    row("requests", &|column| column.requests.to_string());
    row(&format!("slow (over {HIGH_MS} ms)"), &|column| {
        format!("{} ({:.0} %)", column.slow, column.slow_percent())
    });
    row("  of these unanswered", &|column| {
        column.unanswered.to_string()
    });
    row("half were answered within", &|column| time(column.median));
    row("95 % were answered within", &|column| time(column.p95));
    row("process-seconds", &|column| {
        format!("{:.0}", column.process_seconds)
    });
    text + "\n" + &verdict(web, rival, names) + "\n"
}

fn time(time: Option<Duration>) -> String {
    time.map_or_else(
        || "never".to_owned(),
        |time| format!("{} ms", time.as_millis()),
    )
}

/// What was measured, in a sentence.
fn verdict(web: &Column, rival: &Column, Names { by, against, .. }: Names<'_>) -> String {
    if web.requests == 0 || rival.requests == 0 {
        return "It ended before there was anything to compare.".to_owned();
    }
    if web.processes == rival.processes && web.ups + rival.ups == 0 {
        return "It ended before anything was scaled, so that both did the same.".to_owned();
    }
    let (less, more) = (web.slow_percent(), rival.slow_percent());
    let helped = if less < more {
        "Under the same wave, measured at the same time"
    } else {
        "It did not help this time"
    };
    format!(
        "{helped}:\n{less:.0} of 100 requests were slow with {by}, {more:.0} of 100 with {against},\n\
         for {:.0} process-seconds instead of {:.0}.",
        web.process_seconds, rival.process_seconds
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn history(steps: &[(u64, Count)]) -> History {
        let mut history = History::default();
        for (second, count) in steps {
            history.keep(Duration::from_secs(*second), *count);
        }
        history
    }

    /// 100 requests, answered after 10, 20, … ms, but for the last few.
    fn answers(missing: u32) -> Answers {
        let answers = Answers::default();
        let due = Duration::from_secs(1);
        for request in 1..=100 {
            let number = answers.send(due);
            let now = due + Duration::from_millis(10) * request;
            answers.keep(number, request <= 100 - missing, now);
        }
        answers
    }

    const NAMES: Names<'_> = Names {
        rival: "fixed",
        by: "adaptive",
        against: "one process",
    };

    fn columns() -> [Column; 2] {
        let column = |steps, missing| {
            let (from, to) = (Duration::from_secs(10), Duration::from_secs(70));
            Column::new(&history(steps), &answers(missing), from, to)
        };
        let fixed = column(&[(9, 1)], 50);
        let web = column(&[(9, 1), (30, 2), (40, 1)], 0);
        [Column { slow: 20, ..web }, fixed]
    }

    #[test]
    fn a_column_is_what_was_measured() {
        let ms = |ms| Some(Duration::from_millis(ms));
        let [_, fixed] = columns();
        let expected = Column {
            processes: (1, 1),
            ups: 0,
            downs: 0,
            requests: 100,
            slow: 75,
            unanswered: 50,
            median: ms(500),
            p95: None,
            process_seconds: 60.0,
        };
        assert_eq!(
            fixed, expected,
            "late from 260 ms on, half of all without an answer"
        );
    }

    #[test]
    fn ranks_count_those_without_an_answer_as_longer_than_any() {
        let times: Vec<_> = (1..=9).map(Duration::from_secs).collect();
        let second = |second| Some(Duration::from_secs(second));
        assert_eq!(rank(&times, 9, 50), second(5));
        assert_eq!(rank(&times, 9, 95), second(9));
        assert_eq!(rank(&times, 18, 50), second(9));
        assert_eq!(
            rank(&times, 20, 50),
            None,
            "half of them never were answered"
        );
        assert_eq!(rank(&[], 0, 50), None);
    }

    #[test]
    fn both_stand_side_by_side_and_are_compared() {
        let [web, fixed] = columns();
        let text = summary(&web, &fixed, NAMES, Duration::from_secs(60));
        let expected = "
60 s of load                                adaptive                   fixed
  processes                                   1 to 2                       1
  scales up                                        1                       0
  scales down                                      1                       0
  requests                                       100                     100
  slow (over 250 ms)                       20 (20 %)               75 (75 %)
    of these unanswered                            0                      50
  half were answered within                   500 ms                  500 ms
  95 % were answered within                   950 ms                   never
  process-seconds                                 70                      60

Under the same wave, measured at the same time:
20 of 100 requests were slow with adaptive, 75 of 100 with one process,
for 70 process-seconds instead of 60.
";
        assert_eq!(text, expected);
    }

    #[test]
    fn it_does_not_praise_what_did_not_help_or_was_not_there() {
        let [web, fixed] = columns();
        assert!(verdict(&fixed, &web, NAMES).starts_with("It did not help this time"));
        assert!(verdict(&fixed, &fixed, NAMES).starts_with("It ended before anything was scaled"));
        let none = Column {
            requests: 0,
            slow: 0,
            ..web
        };
        assert!(verdict(&none, &fixed, NAMES).starts_with("It ended before"));
    }
}
